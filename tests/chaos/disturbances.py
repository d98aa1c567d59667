"""What a network and a machine do to a deployment for a while: cuts, held back packets, processes that stand still."""

import os
import random
import signal
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Self

from tests.wire_cutter import Wire

REPEATED: int = 4
"""One in so many connections of Slack and Twilio says everything to a second gateway, too."""


@dataclass(frozen=True)
class Disturbance:
    """Something that goes wrong with one `part` for a while."""

    part: str
    what: str
    begin: Callable[[], None]
    end: Callable[[], None]


class Wiring:
    """The wires between Clerk and everything else: a wire for each of Slack, Twilio, MongoDB, RabbitMQ and webhooks."""

    def __init__(self, seed: int, sandbox_port: int, mongo_url: str, amqp_url: str) -> None:
        self._stack = ExitStack()
        self._dice = random.Random(seed)
        sandbox = f"http://127.0.0.1:{sandbox_port}/sandbox"
        self.slack, self.twilio, self.mongo, self.rabbit = (
            self._stack.enter_context(Wire(url)) for url in (sandbox, sandbox, mongo_url, amqp_url)
        )
        self.settings = {
            "CLERK_SLACK_API_URL": f"{self.slack.url}/slack/api/",
            "CLERK_TWILIO_API_URL": f"{self.twilio.url}/twilio",
        }
        self._balancer: Wire | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def balancer(self, *gateways: str) -> str:
        """The one URL of several gateways; some of what comes there reaches two of them."""
        self._balancer = self._stack.enter_context(Wire(*gateways, repeats=lambda: self._dice.randrange(REPEATED) == 0))
        return self._balancer.url

    def disturbances(self) -> Sequence[Disturbance]:
        """Everything that can go wrong with each wire."""
        named = {"Slack": self.slack, "Twilio": self.twilio, "MongoDB": self.mongo, "RabbitMQ": self.rabbit}
        if self._balancer is not None:
            named["webhooks"] = self._balancer
        return [disturbance for part, wire in named.items() for disturbance in _of_wire(part, wire)]


def _of_wire(part: str, wire: Wire) -> Sequence[Disturbance]:
    return (
        Disturbance(part, "cut", wire.cut, wire.mend),
        Disturbance(part, "requests held back", wire.hold_back_requests, wire.let_through),
        Disturbance(part, "answers held back", wire.hold_back_answers, wire.let_through),
    )


def standstill(part: str, find: Callable[[], int | None]) -> Disturbance:
    """A process that stands still for a while, as on a machine that swaps; `find` chooses it anew each time."""
    stopped: list[int] = []

    def begin() -> None:
        pid = find()
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
                stopped.append(pid)

    def end() -> None:
        while stopped:
            with suppress(ProcessLookupError):
                os.kill(stopped.pop(), signal.SIGCONT)

    return Disturbance(part, "stands still", begin, end)
