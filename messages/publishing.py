"""The one way onto a queue: an asynchronous RabbitMQ connection with pipelined publisher confirms.

`publish` returns once RabbitMQ has taken responsibility for the message in a queue
(https://www.rabbitmq.com/docs/confirms); anything else raises Unpublished within CONFIRM_WITHIN.
"""

import asyncio
import json
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from datetime import timedelta
from functools import partial
from typing import Final, Protocol

import pika
import structlog
from pika.adapters.asyncio_connection import AsyncioConnection
from pika.channel import Channel
from pika.exceptions import AMQPError
from pika.frame import Method
from pika.spec import Basic, BasicProperties, Connection

from messages.base import QueueMessage
from messages.queues import QUEUES, QueueArguments, declarations, delayed

log = structlog.get_logger("clerk.publishing")

CONFIRM_WITHIN: Final = timedelta(seconds=1.8)
"""A webhook is answered within two seconds, whatever the broker does."""

LONGEST_DELAY: Final = timedelta(minutes=9)
"""Longer waits are due times in a document: delayed messages wait unacknowledged in a worker."""

correlation: ContextVar[str | None] = ContextVar("correlation_id", default=None)
"""What ties a webhook to all the messages and calls that follow from it."""


class Unpublished(Exception):
    """RabbitMQ did not confirm a message; it may or may not have it."""


class Publisher(Protocol):
    """Whatever puts messages on their queues."""

    async def publish(self, message: QueueMessage, *, delay: timedelta | None = None) -> None:
        """Return once the message is safe in its queue; Unpublished if it can't be known to be."""
        ...


def envelope(message: QueueMessage, *, delay: timedelta | None = None) -> tuple[str, bytes]:
    """Queue and body of a message in Dramatiq's JSON envelope; a delay beyond LONGEST_DELAY is cut to it."""
    queue = message.queue()
    now = int(time.time() * 1000)
    options: dict[str, str | int] = {}
    if (cause := correlation.get()) is not None:
        options["correlation_id"] = cause
    if delay is not None:
        queue = delayed(queue)
        options["eta"] = now + int(min(delay, LONGEST_DELAY) / timedelta(milliseconds=1))
    body = {
        "queue_name": queue,
        "actor_name": message.actor,
        "args": [],
        "kwargs": {"message": message.model_dump(mode="json")},
        "options": options,
        "message_id": str(uuid.uuid4()),
        "message_timestamp": now,
    }
    return queue, json.dumps(body, separators=(",", ":")).encode()


class AmqpPublisher:
    """Publishes on one connection of the running event loop; any number of publishes may wait for their confirm.

    The connection is made by `start` or the first publish, and made again by itself when it is lost. A lost
    connection, a refused or returned message and a blocked broker fail the publishes that wait: the caller must not.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._link: _Link | None = None
        self._linked = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._trouble = "not connected to RabbitMQ yet"

    def start(self) -> None:
        """Begin to connect, on the running loop, and stay connected until `close`."""
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep_linked(), name="amqp-publisher")

    async def close(self) -> None:
        """Wait for the confirms that are still out, then close the connection."""
        if self._keeper is not None:
            if self._link is not None:
                await self._link.drained()
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None

    async def publish(self, message: QueueMessage, *, delay: timedelta | None = None) -> None:
        """Return once RabbitMQ has confirmed that a queue holds the message; Unpublished otherwise."""
        queue, body = envelope(message, delay=delay)
        await self._confirmed(lambda link: link.publish(queue, body, mandatory=True))

    async def probe(self) -> str | None:
        """None if the broker confirms a publish now, else what is wrong."""
        try:
            await self._confirmed(lambda link: link.publish("clerk.probe", b"", mandatory=False))
        except Unpublished as error:
            return str(error)
        return None

    async def _confirmed(self, publish: Callable[["_Link"], asyncio.Future[None]]) -> None:
        self.start()
        try:
            async with asyncio.timeout(CONFIRM_WITHIN.total_seconds()):
                await self._linked.wait()
                assert self._link is not None
                await publish(self._link)
        except TimeoutError:
            trouble = "RabbitMQ does not confirm" if self._linked.is_set() else self._trouble
            raise Unpublished(trouble) from None

    async def _keep_linked(self) -> None:
        pause = 0.1
        while True:
            try:
                self._link = await _Link.open(self._url)
                self._linked.set()
                log.info("broker connected")
                pause = 0.1
                self._trouble = await self._link.lost
                log.warning("broker connection lost", reason=self._trouble)
            except (TimeoutError, AMQPError, OSError, Unpublished) as error:
                self._trouble = f"can't reach RabbitMQ: {error or type(error).__name__}"
                log.warning("broker unreachable", error=self._trouble, again_in=pause)
            finally:
                self._linked.clear()
                if self._link is not None:
                    self._link.close()
                    self._link = None
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)


class _Link:
    """One connection and its confirming channel, from open to lost."""

    def __init__(self) -> None:
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._connection: AsyncioConnection | None = None
        self._channel: Channel | None = None
        self._next_tag = 1
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._tags: dict[str, int] = {}
        self._blocked: str | None = None

    @classmethod
    async def open(cls, url: str) -> "_Link":
        """Connect, declare every queue and switch confirms on, within ten seconds."""
        link = cls()
        try:
            async with asyncio.timeout(10):
                await link._open(url)
        except BaseException:
            link.close()
            raise
        return link

    async def _open(self, url: str) -> None:
        parameters = pika.URLParameters(url)
        connection: AsyncioConnection = await self._called_back(
            lambda done: AsyncioConnection(
                parameters,
                on_open_callback=done,
                on_open_error_callback=lambda _, error: self._lose(str(error) or repr(error)),
                on_close_callback=lambda _, error: self._lose(f"the connection was closed: {error}"),
                custom_ioloop=asyncio.get_running_loop(),
            )
        )
        self._connection = connection
        connection.add_on_connection_blocked_callback(self._on_blocked)
        connection.add_on_connection_unblocked_callback(self._on_unblocked)
        channel: Channel = await self._called_back(lambda done: connection.channel(on_open_callback=done))
        channel.add_on_close_callback(lambda _, error: self._lose(f"the channel was closed: {error}"))
        channel.add_on_return_callback(self._on_return)
        for queue in QUEUES:
            for name, arguments in declarations(queue).items():
                await self._called_back(partial(_declare, channel, name, arguments))
        await self._called_back(lambda done: channel.confirm_delivery(self._on_confirm, callback=done))
        self._channel = channel

    async def _called_back[T](self, call: Callable[[Callable[[T], None]], object]) -> T:
        """The result of a pika call that reports through a callback; Unpublished if the link is lost first."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        call(lambda result: None if done.done() else done.set_result(result))
        await asyncio.wait((done, self.lost), return_when=asyncio.FIRST_COMPLETED)
        if not done.done():
            raise Unpublished(self.lost.result())
        return done.result()

    def publish(self, queue: str, body: bytes, *, mandatory: bool) -> asyncio.Future[None]:
        """Send a persistent message; the future is done when it is confirmed, or fails with Unpublished."""
        confirmed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._blocked is not None or self._channel is None or self.lost.done():
            confirmed.set_exception(Unpublished(self._blocked or "the connection to RabbitMQ is lost"))
            return confirmed
        tag, self._next_tag = self._next_tag, self._next_tag + 1
        mark = str(tag)
        self._waiting[tag], self._tags[mark] = confirmed, tag
        confirmed.add_done_callback(lambda _: (self._waiting.pop(tag, None), self._tags.pop(mark, None)))
        properties = BasicProperties(delivery_mode=pika.DeliveryMode.Persistent.value, message_id=mark)
        try:
            self._channel.basic_publish("", queue, body, properties, mandatory=mandatory)
        except AMQPError as error:
            self._lose(f"the connection to RabbitMQ is lost: {error!r}")
        return confirmed

    async def drained(self) -> None:
        """Return when no publish waits for its confirm any more, or after CONFIRM_WITHIN."""
        if self._waiting:
            await asyncio.wait(list(self._waiting.values()), timeout=CONFIRM_WITHIN.total_seconds())

    def close(self) -> None:
        """Give the connection back; whatever still waits for a confirm fails."""
        self._lose("the publisher is closed")
        if self._connection is not None and self._connection.is_open:
            self._connection.close()

    def _on_blocked(self, _: object, frame: Method[Connection.Blocked]) -> None:
        self._blocked = f"RabbitMQ takes no messages at present: {frame.method.reason}"
        log.error("broker blocked", reason=frame.method.reason)

    def _on_unblocked(self, *_: object) -> None:
        self._blocked = None
        log.info("broker unblocked")

    def _on_return(self, _: Channel, method: Basic.Return, properties: BasicProperties, __: bytes) -> None:
        """A return means that no queue took the message: someone deleted it. A new link declares it again."""
        tag = self._tags.get(properties.message_id or "")
        if tag is not None:
            self._fail(tag, f"there is no queue {method.routing_key}: {method.reply_text}")
        self._lose(f"queue {method.routing_key} is missing")

    def _on_confirm(self, frame: Method[Basic.Ack | Basic.Nack]) -> None:
        last = frame.method.delivery_tag
        for tag in [tag for tag in self._waiting if tag <= last] if frame.method.multiple else [last]:
            if isinstance(frame.method, Basic.Nack):
                self._fail(tag, "RabbitMQ refused the message")
            elif (confirmed := self._waiting.get(tag)) is not None and not confirmed.done():
                confirmed.set_result(None)

    def _fail(self, tag: int, reason: str) -> None:
        confirmed = self._waiting.get(tag)
        if confirmed is not None and not confirmed.done():
            confirmed.set_exception(Unpublished(reason))

    def _lose(self, reason: str) -> None:
        for tag in list(self._waiting):
            self._fail(tag, reason)
        if not self.lost.done():
            self.lost.set_result(reason)


def _declare(channel: Channel, name: str, arguments: QueueArguments, done: Callable[[object], None]) -> None:
    channel.queue_declare(name, durable=True, arguments=arguments, callback=done)
