"""A broker with the promises of quorum queues: what it confirmed it delivers, once or more, in some order."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import dramatiq
from dramatiq.broker import MessageProxy
from dramatiq.message import Message
from dramatiq.middleware import TimeLimitExceeded

from messages.base import QueueMessage
from messages.process.publishing import LONGEST_DELAY, correlation
from tests.simulation.virtual_time import SimulatedProcess, VirtualLoop
from tests.simulation.wires import FaultyWire
from workers.broker import SafeRetries
from workers.ports import Ports
from workers.retries import OUTAGE
from workers.runtime import HANDLERS, dispatch

WAKE_UPS: Final = frozenset(
    {"ingestion.sequence", "tickets.file_texts", "notifications.consider", "slack.render", "sms.send"}
)
"""Messages that only wake someone up: the documents say what is due, so they may be lost."""

NOTICED_WITHIN: Final = 1.0
"""How long the broker takes at most to notice that a consumer has died."""

INTERACTIVE: Final = "interactive"


@dataclass(eq=False)
class HeldMessage:
    """A message in a queue; `holder` is the process that has it, which has not acknowledged it."""

    message: Message[Any]
    number: int
    holder: SimulatedProcess | None = None
    done: bool = False
    delivery: int = 0


@dataclass(frozen=True)
class _Actor:
    options: dict[str, Any]


class SimulatedBroker(dramatiq.Broker):
    """The queues, and the consumers that wait for a message."""

    def __init__(self, loop: VirtualLoop, dice: random.Random, note: Callable[[str, str], None] | None) -> None:
        super().__init__(middleware=[])
        self.loop, self.dice, self.note = loop, dice, note
        self.ready: dict[bool, list[HeldMessage]] = {True: [], False: []}
        self.waiting: dict[bool, list[tuple[asyncio.Future[HeldMessage], SimulatedProcess]]] = {True: [], False: []}
        self.held: dict[HeldMessage, None] = {}
        self.delayed: dict[HeldMessage, None] = {}
        self.dead: list[Message[Any]] = []
        self.lose = self.repeat = self.reorder = 0
        self.slow = 0.0
        self._number = 0

    @property
    def is_empty(self) -> bool:
        """Whether no message waits, is delayed or is being handled."""
        return not (self.held or self.delayed or self.ready[True] or self.ready[False])

    def get_actor(self, actor_name: str) -> Any:
        """What the retries want to know of an actor."""
        return _Actor(HANDLERS[actor_name].options)

    def enqueue(self, message: Any, *, delay: int | None = None) -> Any:
        """Take a message, or its retry."""
        copy: Message[Any] = Message(
            message.queue_name, message.actor_name, (), message.kwargs, dict(message.options), message.message_id
        )
        if self.lose and copy.actor_name in WAKE_UPS and self.dice.random() < 0.5:
            self._note(f"{copy.actor_name} is lost")
            return copy
        for _ in range(2 if self.repeat and self.dice.random() < 0.5 else 1):
            self._number += 1
            letter = HeldMessage(copy, self._number)
            seconds = (delay or 0) / 1000 + self.slow * self.dice.random() + 0.02 * self.dice.random()
            self.delayed[letter] = None
            self.loop.call_later(seconds, self._make_ready, letter)
        return copy

    def _make_ready(self, letter: HeldMessage) -> None:
        self.delayed.pop(letter, None)
        letter.holder = None
        kind = letter.message.queue_name == INTERACTIVE
        self.ready[kind].append(letter)
        self._deliver(kind)

    def _deliver(self, kind: bool) -> None:
        ready, waiting = self.ready[kind], self.waiting[kind]
        while ready and waiting:
            future, process = waiting.pop(self.dice.randrange(len(waiting)))
            if future.done() or not process.alive:
                continue
            letter = ready.pop(self.dice.randrange(len(ready)) if self.reorder else 0)
            letter.holder, letter.delivery = process, letter.delivery + 1
            self.held[letter] = None
            future.set_result(letter)

    async def next_for(self, process: SimulatedProcess, kind: bool) -> HeldMessage:
        """The next message for a consumer."""
        process.step()
        future: asyncio.Future[HeldMessage] = self.loop.create_future()
        self.waiting[kind].append((future, process))
        self._deliver(kind)
        return await future

    def acknowledge(self, letter: HeldMessage, delivery: int) -> None:
        """Forget a message that is done, unless it was delivered again meanwhile."""
        if letter.delivery == delivery and letter.holder is not None:
            self.held.pop(letter, None)
            letter.done = True

    def take_back(self, process: SimulatedProcess) -> None:
        """Deliver again what a process has: its connection is lost."""
        for letter in [each for each in self.held if each.holder is process]:
            del self.held[letter]
            letter.holder, letter.delivery = None, letter.delivery + 1
            self.delayed[letter] = None
            self.loop.call_later(NOTICED_WITHIN * self.dice.random(), self._make_ready, letter)

    def set_aside(self, message: Message[Any], reason: str) -> None:
        """Move a message to the dead letters."""
        self.dead.append(message)
        self._note(f"{message.actor_name} is a dead letter: {reason}")

    def _note(self, what: str) -> None:
        if self.note is not None:
            self.note("broker", what)


class SimulatedPublisher:
    """One process's publisher."""

    def __init__(self, process: SimulatedProcess, broker: SimulatedBroker, wire: FaultyWire) -> None:
        self._process, self._broker, self._wire = process, broker, wire

    async def publish(self, message: QueueMessage, *, delay: timedelta | None = None) -> None:
        """Return once the broker has confirmed the message; Unpublished otherwise."""
        cause = correlation.get()
        sent: Message[Any] = Message(
            message.queue(),
            message.actor,
            (),
            {"message": message.model_dump(mode="json")},
            {} if cause is None else {"correlation_id": cause},
        )
        milliseconds = None if delay is None else int(min(delay, LONGEST_DELAY) / timedelta(milliseconds=1))
        await self._wire.call(
            self._process, f"publish {message.actor}", lambda: self._broker.enqueue(sent, delay=milliseconds)
        )

    async def probe(self) -> str | None:
        """None: nobody asks in a simulation."""
        return None


async def consume(process: SimulatedProcess, broker: SimulatedBroker, ports: Ports, *, interactive: bool) -> None:
    """One thread of a worker: handle messages, one at a time, with the retries of the real broker."""
    retries = SafeRetries(OUTAGE)
    while True:
        letter = await broker.next_for(process, interactive)
        while not interactive and process.holds_until > process.loop.time():  # noqa: ASYNC110 - time is virtual here
            await asyncio.sleep(max(process.holds_until - process.loop.time(), 0.001))
        delivery, proxy = letter.delivery, MessageProxy(letter.message)
        correlation.set(letter.message.options.get("correlation_id"))
        failure = await _handled(proxy, ports)
        process.step()
        if failure is not None:
            retries.after_process_message(broker, proxy, exception=failure)
        if proxy.options.pop("hand_back", False):
            broker.take_back(process)
        if proxy.failed:
            broker.set_aside(letter.message, repr(failure))
        broker.acknowledge(letter, delivery)


async def _handled(message: MessageProxy, ports: Ports) -> BaseException | None:
    """What went wrong when a message was handled."""
    limit = HANDLERS[message.actor_name].options["time_limit"] / 1000
    timeout = asyncio.timeout(limit)
    try:
        async with timeout:
            await dispatch(message.actor_name, message.kwargs["message"], ports)
    except TimeoutError as error:
        return TimeLimitExceeded() if timeout.expired() else error
    except Exception as error:  # noqa: BLE001 - the retries decide what each failure means
        return error
    return None
