"""Reads messages from a queue without acknowledging them, and returns them in order."""

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
"""How many messages one command returns in order: an Erlang map is sorted up to this size."""
IDLE: Final = 2.0
"""Seconds without a delivery after which a queue that should have more messages counts as empty."""


@dataclass(frozen=True)
class Delivery:
    """A message that we hold and have not acknowledged."""

    batch: "Batch"
    tag: int
    body: bytes
    letter: Letter


class Batch:
    """Messages of a queue that one consumer took in order, on a channel of its own."""

    def __init__(self, connection: BlockingConnection, queue: str, size: int) -> None:
        self._connection, self._queue = connection, queue
        self._channel = connection.channel()
        self._arrived: deque[Delivery] = deque()
        self._held: dict[int, None] = {}
        self._coming = size
        self._channel.basic_qos(prefetch_count=size)
        self._consumer: str | None = self._channel.basic_consume(queue, self._arrive)

    def next(self) -> Delivery | None:
        """The next message; None if none came for too long."""
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
        """Take no more messages once those under way have come: those would return one by one, out of order."""
        while self._coming > 0 and self.next() is not None:
            continue
        if self._consumer is not None:
            self._channel.basic_cancel(self._consumer)
            self._consumer = None

    def acknowledge(self, delivery: Delivery) -> None:
        """Remove a message from its queue for good."""
        self._channel.basic_ack(delivery.tag)
        del self._held[delivery.tag]

    def settle(self) -> None:
        """Return once RabbitMQ has read every acknowledgement."""
        self._channel.basic_qos(prefetch_count=BATCH)

    def hand_back(self) -> None:
        """Return what is not acknowledged to the queue, in order."""
        if self._channel.is_open:
            for tags in batched(self._held, ONE_COMMAND, strict=False):
                self._channel.basic_nack(tags[-1], multiple=True, requeue=True)
            self._channel.close()

    def _arrive(self, _: BlockingChannel, method: Any, properties: Any, body: bytes) -> None:
        letter = letters.read(self._queue, body, properties.headers)
        self._arrived.append(Delivery(self, method.delivery_tag, body, letter))


class Look:
    """Takes messages of one queue; at the end, those that are not acknowledged return to it in order.

    A quorum queue keeps the order of what a channel returns only while few commands are under way: beyond 32 RabbitMQ
    joins the next ones into one (quorum_commands_soft_limit). So each batch has its own channel.
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
        """The next `count` messages, or fewer if others take some; the bodies of one batch at a time are in memory."""
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
        """Remove a message from its queue for good."""
        delivery.batch.acknowledge(delivery)

    def settle(self) -> None:
        """Return once RabbitMQ has read every acknowledgement."""
        for batch in self._batches:
            batch.settle()


def declared(connection: BlockingConnection, *queues: str) -> dict[str, tuple[int, int]]:
    """The ready messages and the consumers of each queue; a queue that does not exist is left out."""
    found: dict[str, tuple[int, int]] = {}
    channel = connection.channel()
    for queue in queues:
        try:
            declaration = channel.queue_declare(queue, passive=True).method
            found[queue] = declaration.message_count, declaration.consumer_count
        except ChannelClosedByBroker:
            channel = connection.channel()
    channel.close()
    return found
