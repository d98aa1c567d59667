"""Looking into a queue: its messages are taken without being acknowledged, and go back in order."""

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import batched
from typing import Any, Final, Self

from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.exceptions import ChannelClosedByBroker

from ops import letters
from ops.letters import Letter

BATCH: Final = 500
IDLE: Final = 2.0
"""Seconds after which a queue that had more messages a moment ago is taken to be empty."""


@dataclass(frozen=True)
class Delivery:
    """A message in our hands, not acknowledged."""

    tag: int
    body: bytes
    letter: Letter


class Look:
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


def declared(connection: BlockingConnection, queue: str) -> tuple[int, int] | None:
    """How many messages of a queue are ready, and how many consumers it has; None if it does not exist."""
    channel = connection.channel()
    try:
        told = channel.queue_declare(queue, passive=True).method
    except ChannelClosedByBroker:
        return None
    channel.close()
    return told.message_count, told.consumer_count
