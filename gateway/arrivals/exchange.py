"""What the gateways of a team tell each other goes through an exchange of RabbitMQ, to a queue of each one's own."""

import asyncio
import random
import string
from collections.abc import Callable
from functools import partial
from typing import Final

import structlog
from pika.adapters.asyncio_connection import AsyncioConnection
from pika.channel import Channel
from pika.exceptions import AMQPError
from pika.spec import Basic, BasicProperties

from gateway.arrivals.shared import SharedArrivals
from messages.process.amqp_calls import CalledOff, Closed, called_back, note_closed
from messages.process.amqp_faults import why

log = structlog.get_logger("clerk.gateway")

EXCHANGE: Final = "clerk.arrivals"
MOST_WAITING: Final = 10_000
"""How many notes wait for a gateway that stands still; the oldest are dropped."""


class ArrivalsExchange:
    """Connects a gateway's arrivals with those of the others, on the connection on which it publishes.

    A gateway that may not declare its queue publishes all the same; then only the time of arrival orders texts that
    come through several gateways.
    """

    def __init__(self, arrivals: SharedArrivals) -> None:
        self._arrivals = arrivals
        self._open: Channel | None = None

    async def open(self, connection: AsyncioConnection) -> None:
        """Hear the other gateways on a new connection, until that is lost; the log says why if it can't be."""
        closed: Closed = asyncio.get_running_loop().create_future()
        connection.add_on_close_callback(partial(note_closed, closed))
        queue = f"{EXCHANGE}-{''.join(random.choices(string.ascii_lowercase, k=16))}"  # noqa: S311 - not a secret
        limit = {"x-max-length": MOST_WAITING}
        channel: Channel
        steps: list[Callable[[Callable[[object], None]], object]] = [
            lambda done: channel.exchange_declare(EXCHANGE, "fanout", durable=True, callback=done),
            lambda done: channel.queue_declare(queue, exclusive=True, auto_delete=True, arguments=limit, callback=done),
            lambda done: channel.queue_bind(queue, EXCHANGE, callback=done),
            lambda done: channel.basic_consume(queue, self._on_note, auto_ack=True, callback=done),
        ]
        try:
            channel = await called_back(lambda done: connection.channel(on_open_callback=done), closed)
            channel.add_on_close_callback(lambda _, error: self._on_closed(channel, closed, error))
            for step in steps:
                await called_back(step, closed)
        except (CalledOff, AMQPError) as error:
            reason = why(closed.result() if closed.done() else error)
            log.warning("this gateway and the others can't hear each other", error=reason, exchange=EXCHANGE)
            return
        self._open = channel
        self._arrivals.opened(self._say)

    def _say(self, note: bytes) -> None:
        """Tell all gateways something, without a confirm: who misses it has lost its connection, and knows that."""
        if self._open is not None and self._open.is_open:
            self._open.basic_publish(EXCHANGE, "", note)

    def _on_note(self, _: Channel, method: Basic.Deliver, properties: BasicProperties, body: bytes) -> None:
        self._arrivals.hear(body)

    def _on_closed(self, channel: Channel, closed: Closed, error: BaseException) -> None:
        note_closed(closed, channel, error)
        if self._open is channel:
            self._open = None
            self._arrivals.closed()
            log.info("this gateway does not hear the others until it is connected again", reason=why(error))
