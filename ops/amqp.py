"""The queues over AMQP: looking without taking, and moving dead letters without losing or doubling one.

A look takes messages without acknowledging them and hands them back in order. A replay acknowledges a dead letter
only after RabbitMQ has confirmed it in its work queue. What a killed replay had in hand is known from the claim that
it left, so that the next run can tell which of those were moved already.
"""

import heapq
import json
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import batched, chain
from typing import Any, Final, Self

import pika
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.exceptions import AMQPError, ChannelClosedByBroker

from messages.queues import QUEUES, dead, declarations, delayed
from ops import letters
from ops.letters import Letter, Selection
from ops.queueing import BrokerAway, Page, QueueState, Report, Tally

LOCK: Final = "clerk.dead-letters"
"""An exclusive queue: RabbitMQ lets one connection at a time have it, and so go through the dead letters."""

CLAIMS: Final = "clerk.replay"
"""Holds one message while a replay runs: the ids that it is moving."""

BATCH: Final = 500
IDLE: Final = 2.0
"""Seconds after which a queue that had more messages a moment ago is taken to be empty."""

_QUORUM: Final = {"x-queue-type": "quorum", "x-delivery-limit": 1_000_000}
_PERSISTENT: Final = pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent.value)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Delivery:
    """A message in our hands, not acknowledged."""

    tag: int
    body: bytes
    letter: Letter


class Amqp:
    """What an AMQP connection can tell and do; each call opens one of its own."""

    def __init__(self, url: str, patience: timedelta = timedelta(seconds=30)) -> None:
        self._url, self._patience = url, patience

    def version(self) -> str:
        """What the broker calls itself."""
        with self._connected() as connection:
            told = connection._impl.server_properties
            return f"{told.get('product', 'AMQP')} {told.get('version', '')}".strip()

    def states(self) -> list[QueueState]:
        """Each queue's depth and consumers; of delayed messages, only those that no worker holds yet."""
        with self._connected() as connection:
            return [_state(connection, queue) for queue in QUEUES]

    def faults(self) -> list[str]:
        """The queues that are missing, or are not declared as this version of Clerk declares them."""
        with self._connected() as connection:
            return [
                f"{name} {fault}"
                for queue in QUEUES
                for name, arguments in declarations(queue).items()
                if (fault := _fault(connection, name, arguments)) is not None
            ]

    def peek(self, queue: str, limit: int) -> Sequence[Letter]:
        """The next messages of a queue, which stay where they are."""
        with self._connected() as connection:
            there = _declared(connection, queue)
            if there is None:
                raise BrokerAway(f"There is no queue {queue} yet: a gateway or worker makes it when it first connects.")
            with _Look(connection, queue) as look:
                return list(look.letters(min(limit, there[0])))

    def dead(self, selection: Selection, skip: int, limit: int, scan: int) -> Page:
        """Dead letters by time of death, oldest first; however many there are, only those asked for are kept."""
        now, looked, total = datetime.now(UTC), 0, 0
        found: list[Letter] = []
        with self._connected() as connection, self._alone(connection):
            for queue in map(dead, selection.queues):
                there, _ = _declared(connection, queue) or (0, 0)
                total += there
                with _Look(connection, queue) as look:
                    taken = look.letters(min(there, scan - looked))
                    matching = (letter for letter in taken if selection.matches(letter, now))
                    found = heapq.nsmallest(skip + limit, chain(found, matching), key=_died)
                    looked += look.count
        return Page(letters=tuple(found[skip:]), scanned=looked, total=total, more=looked < total)

    def replay(self, selection: Selection, report: Report) -> Tally:
        """Move dead letters back to their work queues, in the order of their queue."""
        with self._connected() as connection, self._alone(connection):
            return _Replay(connection, selection, report).run()

    def drop(self, selection: Selection, report: Report) -> Tally:
        """Acknowledge dead letters, and so throw them away."""
        with self._connected() as connection, self._alone(connection):
            return _Drop(connection, selection, report).run()

    @contextmanager
    def _connected(self) -> Iterator[BlockingConnection]:
        parameters = pika.URLParameters(self._url)
        parameters.socket_timeout = parameters.stack_timeout = 5
        parameters.blocked_connection_timeout = 10
        parameters.connection_attempts = 1
        try:
            connection = BlockingConnection(parameters)
        except (AMQPError, OSError) as error:
            raise BrokerAway(f"RabbitMQ at {parameters.host}:{parameters.port} is away: {_words(error)}") from None
        try:
            yield connection
        except AMQPError as error:
            raise BrokerAway(f"The connection to RabbitMQ broke: {_words(error)}") from None
        finally:
            if connection.is_open:
                connection.close()

    @contextmanager
    def _alone(self, connection: BlockingConnection) -> Iterator[None]:
        """Nobody else goes through the dead letters meanwhile; the lock dies with the connection."""
        until = time.monotonic() + self._patience.total_seconds()
        while True:
            channel = connection.channel()
            try:
                channel.queue_declare(LOCK, exclusive=True)
                break
            except ChannelClosedByBroker as error:
                if error.reply_code != 405 or time.monotonic() > until:
                    raise BrokerAway("Another command is going through the dead letters; try again later.") from None
                connection.sleep(0.1)
        yield


class _Look:
    """A channel that takes messages of one queue; those that are not acknowledged go back at its end, in order."""

    def __init__(self, connection: BlockingConnection, queue: str) -> None:
        self._connection, self._queue = connection, queue
        self._channel = connection.channel()
        self._arrived: deque[Delivery] = deque()
        self._held: dict[int, None] = {}
        self._consumers = 0
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None or not self._channel.is_open:
            return
        # RabbitMQ keeps the order of what one command hands back only up to 32 messages (an Erlang map's ordered size).
        for tags in batched(self._held, 32, strict=False):
            self._channel.basic_nack(tags[-1], multiple=True, requeue=True)
        self._channel.close()

    def take(self, count: int) -> Iterator[Delivery]:
        """The next `count` messages, or fewer if others take them; of their bodies, a batch at a time is in memory."""
        while count > 0:
            want = min(BATCH, count)
            # The limit counts for the consumer that is made next: one consumer a batch, named so that RabbitMQ, which
            # hands messages back consumer by consumer, keeps their order.
            self._consumers += 1
            self._channel.basic_qos(prefetch_count=want)
            consumer = self._channel.basic_consume(self._queue, self._arrive, consumer_tag=f"look-{self._consumers:06}")
            for _ in range(want):
                if not self._wait():
                    self._channel.basic_cancel(consumer)
                    return
                delivery = self._arrived.popleft()
                self._held[delivery.tag] = None
                self.count += 1
                yield delivery
            self._channel.basic_cancel(consumer)
            count -= want

    def letters(self, count: int) -> Iterator[Letter]:
        """The next `count` messages, without their bodies."""
        return (each.letter for each in self.take(count))

    def acknowledge(self, delivery: Delivery) -> None:
        """Take a message out of its queue for good."""
        self._channel.basic_ack(delivery.tag)
        del self._held[delivery.tag]

    def settle(self) -> None:
        """Return once RabbitMQ has read every acknowledgement."""
        self._channel.basic_qos(prefetch_count=BATCH)

    def _arrive(self, _: BlockingChannel, method: Any, properties: Any, body: bytes) -> None:
        letter = letters.read(self._queue, body, properties.headers)
        self._arrived.append(Delivery(method.delivery_tag, body, letter))

    def _wait(self) -> bool:
        """Whether a message came before the queue was idle for too long."""
        until = time.monotonic() + IDLE
        while not self._arrived and time.monotonic() < until:
            self._connection.process_data_events(time_limit=IDLE)
        return bool(self._arrived)


class _Moving:
    """A run over the dead letters that takes some of them out."""

    def __init__(self, connection: BlockingConnection, selection: Selection, report: Report) -> None:
        self._connection, self._selection, self._report = connection, selection, report
        self._now = datetime.now(UTC)
        self._found: set[str] = set()
        self.tally = Tally()

    def run(self) -> Tally:
        """Go through every dead letter that is there now; a break of the connection says how far it came."""
        depths = {queue: (_declared(self._connection, dead(queue)) or (0, 0))[0] for queue in self._selection.queues}
        self._count(total=sum(depths.values()))
        try:
            self._begin()
            for queue, depth in depths.items():
                if not self.tally.stopped:
                    self._go_through(queue, depth)
        except AMQPError as error:
            raise BrokerAway(
                f"The connection to RabbitMQ broke after {self.tally.done} dead letters: {_words(error)}. "
                "Nothing is lost; the same command goes on from there."
            ) from None
        missing = () if self.tally.stopped else tuple(id for id in self._selection.ids if id not in self._found)
        return self.tally.model_copy(update={"missing": missing})

    def _go_through(self, queue: str, depth: int) -> None:
        with _Look(self._connection, dead(queue)) as look:
            batch: list[Delivery] = []
            for delivery in look.take(depth):
                self._count(scanned=1)
                if self._selection.matches(delivery.letter, self._now):
                    batch.append(delivery)
                if len(batch) == BATCH:
                    self._take_out(queue, look, batch)
                    batch = []
                if self.tally.stopped or self._has_all():
                    break
            if batch and not self.tally.stopped:
                self._take_out(queue, look, batch)

    def _has_all(self) -> bool:
        """Whether every id that was asked for has been met."""
        return bool(self._selection.ids) and self._found.issuperset(self._selection.ids)

    def _count(self, **more: int) -> None:
        counted = {name: getattr(self.tally, name) + count for name, count in more.items()}
        self.tally = self.tally.model_copy(update=counted)
        if not self._report(self.tally):
            self.tally = self.tally.model_copy(update={"stopped": True})

    def _begin(self) -> None: ...

    def _take_out(self, queue: str, look: _Look, batch: Sequence[Delivery]) -> None:
        raise NotImplementedError


class _Drop(_Moving):
    """Throws dead letters away."""

    def _take_out(self, queue: str, look: _Look, batch: Sequence[Delivery]) -> None:
        for delivery in batch:
            look.acknowledge(delivery)
            self._found.add(delivery.letter.id)
            self._count(done=1)
            if self.tally.stopped:
                return


class _Replay(_Moving):
    """Moves dead letters to their work queues, under a claim that outlives this process."""

    def _begin(self) -> None:
        self._out = self._connection.channel()
        self._out.queue_declare(CLAIMS, durable=True, arguments=_QUORUM)
        self._out.confirm_delivery()
        self._claims = self._connection.channel()
        while (claim := self._claims.basic_get(CLAIMS))[0] is not None:
            claimed = json.loads(claim[2])
            self._settle(claimed["queue"], frozenset(claimed["ids"]))
            self._claims.basic_ack(claim[0].delivery_tag)

    def _settle(self, queue: str, claimed: frozenset[str]) -> None:
        """Take out the dead letters that a killed run had moved already, and had not acknowledged yet."""
        there, _ = _declared(self._connection, queue) or (0, 0)
        with _Look(self._connection, queue) as look:
            waiting = {letter.id for letter in look.letters(there)}
        moved = claimed & waiting
        if not moved:
            return
        there, _ = _declared(self._connection, dead(queue)) or (0, 0)
        with _Look(self._connection, dead(queue)) as look:
            for delivery in look.take(there):
                if delivery.letter.id in moved:
                    look.acknowledge(delivery)
                    self._found.add(delivery.letter.id)
                    self._count(already=1)

    def _take_out(self, queue: str, look: _Look, batch: Sequence[Delivery]) -> None:
        replayable = [each for each in batch if each.letter.is_replayable]
        self._found.update(each.letter.id for each in batch)
        self._count(unreplayable=len(batch) - len(replayable))
        if not replayable:
            return
        claim = json.dumps({"queue": queue, "ids": [each.letter.id for each in replayable]}).encode()
        self._out.basic_publish("", CLAIMS, claim, _PERSISTENT, mandatory=True)
        held, _, _ = self._claims.basic_get(CLAIMS)
        for delivery in replayable:
            self._out.basic_publish("", queue, letters.revived(delivery.body, queue), _PERSISTENT, mandatory=True)
            look.acknowledge(delivery)
            self._count(done=1)
            if self.tally.stopped:
                break
        look.settle()
        if held is not None:
            self._claims.basic_ack(held.delivery_tag)


def _declared(connection: BlockingConnection, queue: str) -> tuple[int, int] | None:
    """How many messages of a queue are ready, and how many consumers it has; None if it does not exist."""
    channel = connection.channel()
    try:
        told = channel.queue_declare(queue, passive=True).method
    except ChannelClosedByBroker:
        return None
    channel.close()
    return told.message_count, told.consumer_count


def _fault(connection: BlockingConnection, name: str, arguments: dict[str, Any]) -> str | None:
    if _declared(connection, name) is None:
        return "is missing"
    channel = connection.channel()
    try:
        channel.queue_declare(name, durable=True, arguments=arguments)
    except ChannelClosedByBroker as error:
        return f"was declared differently: {error.reply_text}"
    channel.close()
    return None


def _state(connection: BlockingConnection, queue: str) -> QueueState:
    ready, consumers = _declared(connection, queue) or (0, 0)
    waiting, _ = _declared(connection, delayed(queue)) or (0, 0)
    buried, _ = _declared(connection, dead(queue)) or (0, 0)
    return QueueState(name=queue, ready=ready, delayed=waiting, dead=buried, consumers=consumers)


def _died(letter: Letter) -> datetime:
    return letter.died_at or letter.published_at or _NEVER


def _words(error: BaseException) -> str:
    return str(error) or repr(error)
