"""Looking into a queue: its messages are taken without being acknowledged, and go back in order."""

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import batched
from typing import Any, Final, Self

from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.exceptions import ChannelClosedByBroker

from ops.queues import letters
from ops.queues.letters import Letter

BATCH: Final = 500
ONE_COMMAND: Final = 32
"""Messages that one command hands back in order: an Erlang map is sorted up to this size."""
IDLE: Final = 2.0
"""Seconds after which a queue that had more messages a moment ago is taken to be empty."""


@dataclass(frozen=True)
class Delivery:
    """A message in our hands, not acknowledged."""

    batch: "Batch"
    tag: int
    body: bytes
    letter: Letter


class Batch:
    """Messages of a queue that one consumer on a channel of its own took, in order."""

    def __init__(self, connection: BlockingConnection, queue: str, size: int) -> None:
        self._connection, self._queue = connection, queue
        self._channel = connection.channel()
        self._arrived: deque[Delivery] = deque()
        self._held: dict[int, None] = {}
        self._coming = size
        self._channel.basic_qos(prefetch_count=size)
        self._consumer: str | None = self._channel.basic_consume(queue, self._arrive)

    def next(self) -> Delivery | None:
        """The next message; None if none came before the queue was idle for too long."""
        until = time.monotonic() + IDLE
        while not self._arrived and time.monotonic() < until:
            self._connection.process_data_events(time_limit=IDLE)
        if not self._arrived:
            self._coming = 0
            return None
        self._coming -= 1
        delivery = self._arrived.popleft()
        self._held[delivery.tag] = None
        return delivery

    def end(self) -> None:
        """Take no more, once what is on its way has come: by itself it would go back one by one, and out of order."""
        while self._coming > 0 and self.next() is not None:
            continue
        if self._consumer is not None:
            self._channel.basic_cancel(self._consumer)
            self._consumer = None

    def acknowledge(self, delivery: Delivery) -> None:
        """Take a message out of its queue for good."""
        self._channel.basic_ack(delivery.tag)
        del self._held[delivery.tag]

    def settle(self) -> None:
        """Return once RabbitMQ has read every acknowledgement."""
        self._channel.basic_qos(prefetch_count=BATCH)

    def hand_back(self) -> None:
        """Give back what is not acknowledged, in order."""
        if self._channel.is_open:
            for tags in batched(self._held, ONE_COMMAND, strict=False):
                self._channel.basic_nack(tags[-1], multiple=True, requeue=True)
            self._channel.close()

    def _arrive(self, _: BlockingChannel, method: Any, properties: Any, body: bytes) -> None:
        letter = letters.read(self._queue, body, properties.headers)
        self._arrived.append(Delivery(self, method.delivery_tag, body, letter))


class Look:
    """Takes messages of one queue; those that are not acknowledged go back at its end, in order.

    A quorum queue keeps the order of what a channel hands back only while few commands are under way: behind 32 of
    them RabbitMQ joins the next ones into one (its quorum_commands_soft_limit). So each batch has its own channel.
    """

    def __init__(self, connection: BlockingConnection, queue: str) -> None:
        self._connection, self._queue = connection, queue
        self._batches: list[Batch] = []
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            if self._batches:
                self._batches[-1].end()
            for batch in self._batches:
                batch.hand_back()

    def take(self, count: int) -> Iterator[Delivery]:
        """The next `count` messages, or fewer if others take them; of their bodies, a batch at a time is in memory."""
        while count > 0:
            want = min(BATCH, count)
            batch = Batch(self._connection, self._queue, want)
            self._batches.append(batch)
            for _ in range(want):
                delivery = batch.next()
                if delivery is None:
                    batch.end()
                    return
                self.count += 1
                yield delivery
            batch.end()
            count -= want

    def letters(self, count: int) -> Iterator[Letter]:
        """The next `count` messages, without their bodies."""
        return (each.letter for each in self.take(count))

    def acknowledge(self, delivery: Delivery) -> None:
        """Take a message out of its queue for good."""
        delivery.batch.acknowledge(delivery)

    def settle(self) -> None:
        """Return once RabbitMQ has read every acknowledgement."""
        for batch in self._batches:
            batch.settle()


def declared(connection: BlockingConnection, *queues: str) -> dict[str, tuple[int, int]]:
    """By queue, how many messages are ready and how many consumers there are; a queue that is missing is left out."""
    found: dict[str, tuple[int, int]] = {}
    channel = connection.channel()
    for queue in queues:
        try:
            told = channel.queue_declare(queue, passive=True).method
            found[queue] = told.message_count, told.consumer_count
        except ChannelClosedByBroker:
            channel = connection.channel()
    channel.close()
    return found
