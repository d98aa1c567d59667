"""The way from one machine to one server: calls take time, and faults cut, silence and slow it."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from pymongo.errors import AutoReconnect, NetworkTimeout, ServerSelectionTimeoutError

from messages.process.publishing import CONFIRM_WITHIN, Unpublished
from tests.simulation.virtual_time import SimulatedProcess, VirtualLoop
from workers.failures import Ambiguous, Permanent, Temporary, TextingThrottled, Throttled, Undecided, Unreachable


@dataclass(frozen=True)
class Protocol:
    """How a client of a server times out, and what its failures are called.

    `refused`: the server never got the call. `unanswered`: it may have. `waits`: how long the client waits for a
    server that refuses connections.
    """

    name: str
    latency: tuple[float, float]
    timeout: float
    waits: float
    refused: Callable[[], Exception]
    unanswered: Callable[[], Exception]
    unread: Callable[[], Exception]
    """A call that only reads was not answered."""


SLACK: Final = Protocol(
    name="slack",
    latency=(0.04, 0.4),
    timeout=10,
    waits=0,
    refused=lambda: Temporary("ClientConnectorError"),
    unanswered=lambda: Ambiguous("TimeoutError"),
    unread=lambda: Ambiguous("TimeoutError"),
)
TWILIO: Final = Protocol(
    name="twilio",
    latency=(0.04, 0.4),
    timeout=10,
    waits=0,
    refused=lambda: Unreachable(None, "ClientConnectorError"),
    unanswered=lambda: Undecided(None, "TimeoutError"),
    unread=lambda: Unreachable(None, "TimeoutError"),
)
MONGO: Final = Protocol(
    name="mongo",
    latency=(0.0005, 0.006),
    timeout=20,
    waits=5,
    refused=lambda: ServerSelectionTimeoutError("no server"),
    unanswered=lambda: NetworkTimeout("timed out"),
    unread=lambda: AutoReconnect("connection closed"),
)
BROKER: Final = Protocol(
    name="broker",
    latency=(0.001, 0.01),
    timeout=CONFIRM_WITHIN.total_seconds(),
    waits=CONFIRM_WITHIN.total_seconds(),
    refused=lambda: Unpublished("RabbitMQ is away"),
    unanswered=lambda: Unpublished("RabbitMQ does not confirm"),
    unread=lambda: Unpublished("RabbitMQ does not confirm"),
)

LOOKUPS_FAIL: Final[dict[str, Callable[[], Exception]]] = {
    "slack lookups throttled": lambda: Throttled(timedelta(seconds=2)),
    "slack lookups refused": lambda: Permanent("not_in_channel"),
    "twilio lists nothing": lambda: Unreachable(503, "http_503"),
    "twilio lists nothing for long": lambda: Unreachable(503, "http_503"),
}
WRITES_FAIL: Final[dict[str, Callable[[float], Exception]]] = {
    "slack throttles": lambda seconds: Throttled(timedelta(seconds=seconds)),
    "twilio throttles": lambda seconds: TextingThrottled(None, timedelta(seconds=seconds)),
}


@dataclass
class Death:
    """A process dies at its next call of a kind but `calls`, before or after what the call does."""

    what: str
    calls: int
    after: bool


@dataclass
class StallAtClaim:
    """A process stands still for some seconds after it has written one of these but `calls`."""

    calls: int
    seconds: float


CLAIMS: Final = ("insert_one posts", "update_one posts", "update_one sms")
"""The writes by which a worker claims a post or a text, among others."""


@dataclass
class FaultyWire:
    """The way from one machine to one server, whoever runs on the machine."""

    protocol: Protocol
    dice: random.Random
    note: Callable[[str, str], None] | None = None
    cut: int = 0
    """How many faults refuse its connections."""
    resets: int = 0
    """How many faults break its connections while answers are under way."""
    silent: int = 0
    """How many faults lose its answers."""
    slow: float = 0.0
    """How many seconds faults add to a call."""
    _slowing: list[float] = field(default_factory=list)
    fails: dict[str, Callable[[], Exception]] = field(default_factory=dict)
    """The faults by which calls that change something fail."""
    lookups_fail: dict[str, Callable[[], Exception]] = field(default_factory=dict)
    """The faults by which calls that look something up fail."""
    deaths: list[Death] = field(default_factory=list)
    stalls: list[StallAtClaim] = field(default_factory=list)
    kill: Callable[[SimulatedProcess], None] = lambda process: None

    def slow_down(self, seconds: float, by: int) -> None:
        """Begin (`by` is 1) or end (-1) to add these seconds to each call; the slowest fault counts."""
        if by > 0:
            self._slowing.append(seconds)
        else:
            self._slowing.remove(seconds)
        self.slow = max(self._slowing, default=0.0)

    async def call(
        self, process: SimulatedProcess, what: str, effect: Callable[[], Any], *, reads: bool = False
    ) -> Any:
        """Have the server do something; the server does it even if the process dies meanwhile."""
        process.step()
        loop, protocol = process.loop, self.protocol
        while process.stopped_until > loop.time():  # noqa: ASYNC110 - time is virtual here
            # never so short that the time, a float, would not advance
            await asyncio.sleep(max(process.stopped_until - loop.time(), 0.001))
        if self.deaths and self._dies(process, what, after=False):
            raise asyncio.CancelledError
        began = loop.time()
        while self.cut:
            if loop.time() - began >= protocol.waits:
                await asyncio.sleep(protocol.latency[0])
                self._note(process, what, "refused")
                raise protocol.refused()
            await asyncio.sleep(0.25)
        least, most = protocol.latency
        delay = least + (most - least) * self.dice.random()
        answer: asyncio.Future[Any] = loop.create_future()
        if self.slow or self.silent:
            delay += self.slow
            given_up = loop.call_later(protocol.timeout, self._give_up, answer, process, what, reads)
        else:
            given_up = None
        loop.call_later(delay, self._carry_out, effect, answer, process, what, reads)
        try:
            return await answer
        finally:
            if given_up is not None:
                given_up.cancel()

    def _carry_out(
        self,
        effect: Callable[[], Any],
        answer: "asyncio.Future[Any]",
        process: SimulatedProcess,
        what: str,
        reads: bool,
    ) -> None:
        """What happens at the server, and whether the client hears of it."""
        result: Any = None
        failed: Exception | None = None
        fails = self.lookups_fail if reads else self.fails
        if fails:
            failed = next(iter(fails.values()))()
        else:
            try:
                result = effect()
            except Exception as error:  # noqa: BLE001 - whatever the server refuses, the client is told
                failed = error
        self._note(process, what, "done" if failed is None else f"{type(failed).__name__} {failed}")
        if self.deaths:
            self._dies(process, what, after=True)
        if self.stalls and what in CLAIMS:
            self._stall(process)
        if answer.done():
            return
        if self.resets:
            answer.set_exception(self.protocol.unread() if reads else self.protocol.unanswered())
            return
        if self.silent:
            left = self.protocol.timeout
            process.loop.call_later(left, self._give_up, answer, process, what, reads)
            return
        loop: VirtualLoop = process.loop
        if process.stopped_until > loop.time():
            loop.call_at(process.stopped_until, self._deliver, answer, result, failed)
        else:
            self._deliver(answer, result, failed)

    def _deliver(self, answer: "asyncio.Future[Any]", result: Any, failed: Exception | None) -> None:
        if answer.done():
            return
        if failed is None:
            answer.set_result(result)
        else:
            answer.set_exception(failed)

    def _give_up(self, answer: "asyncio.Future[Any]", process: SimulatedProcess, what: str, reads: bool) -> None:
        if not answer.done():
            self._note(process, what, "no answer")
            answer.set_exception(self.protocol.unread() if reads else self.protocol.unanswered())

    def _dies(self, process: SimulatedProcess, what: str, *, after: bool) -> bool:
        """Whether the process dies here."""
        if not process.alive:
            return False
        for death in self.deaths:
            if death.after is after and what.startswith(death.what):
                death.calls -= 1
                if death.calls < 0:
                    self.deaths.remove(death)
                    self.kill(process)
                    return True
        return False

    def _stall(self, process: SimulatedProcess) -> None:
        """Have the process stand still, if it is time for that."""
        stall = self.stalls[0]
        stall.calls -= 1
        if stall.calls < 0:
            self.stalls.remove(stall)
            process.stopped_until = process.loop.time() + stall.seconds

    def _note(self, process: SimulatedProcess, what: str, outcome: str) -> None:
        if self.note is not None:
            self.note(process.name, f"{self.protocol.name} {what}: {outcome}")
