"""Publishes to the queues: an asynchronous RabbitMQ connection with pipelined publisher confirms.

`publish` returns once RabbitMQ has taken responsibility for the message in a queue
(https://www.rabbitmq.com/docs/confirms); anything else raises Unpublished within CONFIRM_WITHIN.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import Context, ContextVar
from datetime import timedelta
from functools import lru_cache, partial
from itertools import cycle, takewhile
from typing import Final, Protocol

import pika
import structlog
from pika.adapters.asyncio_connection import AsyncioConnection
from pika.channel import Channel
from pika.exceptions import AMQPError, ChannelClosed
from pika.frame import Body, Header, Method
from pika.spec import FRAME_END_SIZE, FRAME_HEADER_SIZE, Basic, BasicProperties, Connection
from pydantic_core import to_json

from messages.base import QueueMessage
from messages.process import telemetry
from messages.process.amqp_address import parameters
from messages.process.amqp_calls import CalledOff, Closed, called_back, note_closed
from messages.process.amqp_faults import why
from messages.queues import QUEUES, QueueArguments, declarations, delayed
from messages.release import MESSAGES

log = structlog.get_logger("clerk.publishing")

CONFIRM_WITHIN: Final = timedelta(seconds=1.8)
"""A webhook is answered within two seconds, whatever the broker does."""

MOST_UNCONFIRMED: Final = 64 << 20
"""Bytes that may wait for a confirm: the memory that a silent broker may cost."""

SILENT: Final = "RabbitMQ does not confirm"

CLOCK_SKEW: Final = timedelta(milliseconds=500)
"""How much too early a delayed message may come, because the workers' clocks differ."""

LONGEST_DELAY: Final = timedelta(minutes=9)
"""Longer waits are due times in a document: delayed messages wait unacknowledged in a worker."""

ACCESS_REFUSED: Final = 403
NOT_FOUND: Final = 404
"""Why RabbitMQ closes a channel (https://www.rabbitmq.com/amqp-0-9-1-reference)."""

ALL_DECLARATIONS: Final = {name: arguments for queue in QUEUES for name, arguments in declarations(queue).items()}

type OnConnection = Callable[[AsyncioConnection], Awaitable[None]]
"""What else is done on each new connection before anything is published on it."""

correlation: ContextVar[str | None] = ContextVar("correlation_id", default=None)
"""The id that a webhook shares with all messages and calls that follow from it."""


class Unpublished(Exception):
    """RabbitMQ did not confirm a message; it may or may not have it."""


class Publisher(Protocol):
    """Puts messages on their queues."""

    async def publish(self, message: QueueMessage, *, delay: timedelta | None = None) -> None:
        """Return once the message is safe in its queue; Unpublished if that is uncertain."""
        ...


def new_id() -> str:
    """A unique id, but no secret: the system's secure random numbers would cost a call each."""
    return random.randbytes(16).hex()  # noqa: S311 - the id is not a secret


def envelope(message: QueueMessage, *, delay: timedelta | None = None) -> tuple[str, bytes]:
    """Queue and body of a message in Dramatiq's JSON envelope; the longest delay is LONGEST_DELAY."""
    queue = message.queue()
    now = int(time.time() * 1000)
    options: dict[str, str | int] = {"version": MESSAGES}
    telemetry.inject(options)
    if (cause := correlation.get()) is not None:
        options["correlation_id"] = cause
    if delay is not None:
        queue = delayed(queue)
        options["eta"] = now + int(min(delay, LONGEST_DELAY) / timedelta(milliseconds=1))
    body = {
        "queue_name": queue,
        "actor_name": message.actor,
        "args": [],
        "kwargs": {"message": message},
        "options": options,
        "message_id": new_id(),
        "message_timestamp": now,
    }
    return queue, to_json(body)


class AmqpPublisher:
    """Publishes on one connection of the running event loop; any number of publishes may wait for their confirm.

    The URL may be those of several nodes of a cluster, with semicolons between them: each attempt takes the next one.

    `start` or the first publish connects; a lost connection is made again. When the connection is lost, the broker
    is blocked, or it refuses or returns a message, the waiting publishes fail: the caller must not acknowledge then.
    Each fails that is not confirmed within `confirm_within`. `on_connection` uses each new connection, too.
    """

    def __init__(
        self, url: str, confirm_within: timedelta = CONFIRM_WITHIN, on_connection: OnConnection | None = None
    ) -> None:
        self._nodes = parameters(url)
        self._confirm_within = confirm_within
        self._on_connection = on_connection
        self._link: _Link | None = None
        self._linked = asyncio.Event()
        self._connecting: asyncio.Task[None] | None = None
        self._trouble = "not connected to RabbitMQ yet"

    def start(self) -> None:
        """Begin to connect, on the running loop, and stay connected until `close`."""
        if self._connecting is None:
            # The task outlives the first publish, so it must not inherit that one's context.
            self._connecting = asyncio.create_task(self._keep_connected(), name="amqp-publisher", context=Context())

    async def close(self) -> None:
        """Wait for the outstanding confirms, then close the connection."""
        if self._connecting is not None:
            if self._link is not None:
                await self._link.wait_for_confirms()
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
            self._connecting = None

    async def publish(self, message: QueueMessage, *, delay: timedelta | None = None) -> None:
        """Return once RabbitMQ has confirmed that a queue holds the message; Unpublished otherwise."""
        queue, body = envelope(message, delay=delay)
        await self._confirmed(queue, body, mandatory=True)

    async def probe(self) -> str | None:
        """None if the broker confirms a publish now, else what is wrong."""
        try:
            await self._confirmed("clerk.probe", b"", mandatory=False)
        except Unpublished as error:
            return str(error)
        return None

    async def _confirmed(self, queue: str, body: bytes, *, mandatory: bool) -> None:
        if self._link is not None:
            await self._link.publish(queue, body, mandatory=mandatory)  # fails by itself in time
            return
        self.start()
        try:
            async with asyncio.timeout(self._confirm_within.total_seconds()):
                while (link := self._link) is None:
                    await self._linked.wait()
                await link.publish(queue, body, mandatory=mandatory)
        except TimeoutError:
            raise Unpublished(SILENT if self._link else self._trouble) from None

    async def _keep_connected(self) -> None:
        pause = 0.1
        for node in cycle(self._nodes):
            link = _Link(self._unlink, self._confirm_within, self._on_connection)
            try:
                await link.open(node)
                if not link.lost.done():
                    self._link = link
                    self._linked.set()
                log.info("broker connected")
                pause = 0.1
                self._trouble = await link.lost
                log.warning("broker connection lost", reason=self._trouble)
            except (TimeoutError, AMQPError, OSError, Unpublished) as error:
                self._trouble = f"can't reach RabbitMQ: {why(error)}"
                log.warning("broker unreachable", error=self._trouble, again_in=pause)
            except Exception as error:  # noqa: BLE001 - whatever happened, a process without this task publishes nothing
                self._trouble = f"can't use RabbitMQ: {type(error).__name__}"
                log.error("broker connection failed unexpectedly", error=self._trouble, again_in=pause)
            finally:
                await link.close()
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)

    def _unlink(self) -> None:
        self._link = None
        self._linked.clear()


class _Link:
    """One connection and its confirming channel, from open to lost."""

    def __init__(
        self, on_lost: Callable[[], None], confirm_within: timedelta, on_connection: OnConnection | None
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_connection = on_connection
        self._confirm_within = confirm_within.total_seconds()
        self._on_lost = on_lost
        self.lost: asyncio.Future[str] = self._loop.create_future()
        self._closed = asyncio.Event()
        self._connection: AsyncioConnection | None = None
        self._channel: Channel | None = None
        self._next_tag = 1
        self._waiting: dict[int, tuple[asyncio.Future[None], int]] = {}
        self._deadlines: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._overdue: asyncio.TimerHandle | None = None
        self._unconfirmed = 0
        self._outgoing: list[bytes] = []
        self._blocked: str | None = None

    async def open(self, parameters: pika.URLParameters) -> None:
        """Connect, declare every queue and switch confirms on, within ten seconds."""
        async with asyncio.timeout(10):
            connection = await self._called_back(partial(self._connect, parameters))
            connection.add_on_connection_blocked_callback(self._on_blocked)
            connection.add_on_connection_unblocked_callback(self._on_unblocked)
            channel, closed = await self._channel_with_queues(connection)
            closed.add_done_callback(lambda closed: self._mark_lost(f"the channel was closed: {closed.result()}"))
            channel.add_on_return_callback(self._on_return)
            await self._called_back(lambda done: channel.confirm_delivery(self._on_confirm, callback=done))
            if self._on_connection is not None:
                await self._on_connection(connection)
            self._channel = channel

    def _connect(self, parameters: pika.URLParameters, done: Callable[[AsyncioConnection], None]) -> None:
        self._connection = AsyncioConnection(
            parameters,
            on_open_callback=done,
            on_open_error_callback=self._on_not_opened,
            on_close_callback=self._on_closed,
            custom_ioloop=self._loop,
        )

    async def _channel_with_queues(self, connection: AsyncioConnection) -> tuple[Channel, Closed]:
        """A channel, and what is done when it closes, once every queue is declared.

        Where the user may not declare, an administrator has: then it suffices that each queue is there.
        """
        for passive in (False, True):
            channel: Channel = await self._called_back(lambda done: connection.channel(on_open_callback=done))
            closed: Closed = self._loop.create_future()
            channel.add_on_close_callback(partial(note_closed, closed))
            try:
                for name, arguments in ALL_DECLARATIONS.items():
                    await self._called_back(partial(_declare, channel, name, arguments, passive), closed)
            except ChannelClosed as error:
                if passive or error.reply_code != ACCESS_REFUSED:
                    raise Unpublished(_why_closed(error, name)) from None
            else:
                return channel, closed
        raise AssertionError("unreachable: the second round returns or raises")

    async def _called_back[T](self, call: Callable[[Callable[[T], None]], object], closed: Closed | None = None) -> T:
        """The result of a pika call that reports through a callback; Unpublished if the link is lost first.

        ChannelClosed if the channel whose end `closed` tells is closed first.
        """
        ends = (self.lost,) if closed is None else (self.lost, closed)
        with suppress(CalledOff):
            return await called_back(call, *ends)
        if closed is not None and closed.done() and isinstance(error := closed.result(), ChannelClosed):
            raise error
        raise Unpublished(self.lost.result() if self.lost.done() else "the channel was closed")

    def publish(self, queue: str, body: bytes, *, mandatory: bool) -> asyncio.Future[None]:
        """Send a persistent message; the future is done when it is confirmed, or fails with Unpublished in time."""
        confirmed: asyncio.Future[None] = self._loop.create_future()
        trouble = self._blocked
        if self._channel is None or self.lost.done():
            trouble = "the connection to RabbitMQ is lost"
        elif self._unconfirmed > MOST_UNCONFIRMED:
            trouble = SILENT
        if trouble is not None or self._channel is None:
            confirmed.set_exception(Unpublished(trouble))
            return confirmed
        self._waiting[self._next_tag] = confirmed, len(body)
        self._next_tag += 1
        self._unconfirmed += len(body)
        self._deadlines.append((self._loop.time() + self._confirm_within, confirmed))
        if self._overdue is None:
            self._fail_overdue()
        if not self._outgoing:
            self._loop.call_soon(self._write)
        number, most = self._channel.channel_number, self._channel.connection.params.frame_max - FRAME_OVERHEAD
        self._outgoing.append(_begin(number, queue, mandatory, len(body)))
        for at in range(0, len(body), most):
            self._outgoing.append(Body(number, body[at : at + most]).marshal())
        return confirmed

    def _write(self) -> None:
        """Write the frames of one turn of the event loop at once, which halves the work of each publish."""
        frames, self._outgoing = b"".join(self._outgoing), []
        if self._connection is not None and self._connection.is_open and not self.lost.done():
            self._connection._output_marshaled_frames([frames])

    def _fail_overdue(self) -> None:
        """Fail the publishes that were not confirmed in time; a timer for each of them would cost more."""
        now, self._overdue = self._loop.time(), None
        while self._deadlines and (self._deadlines[0][0] <= now or self._deadlines[0][1].done()):
            _, confirmed = self._deadlines.popleft()
            if not confirmed.done():
                confirmed.set_exception(Unpublished(SILENT))
        if self._deadlines:
            self._overdue = self._loop.call_at(self._deadlines[0][0], self._fail_overdue)

    async def wait_for_confirms(self) -> None:
        """Return when no publish waits for a confirm, or after the time that one may take."""
        if self._waiting:
            await asyncio.wait([each for each, _ in self._waiting.values()], timeout=self._confirm_within)

    async def close(self) -> None:
        """Close the connection, open or not yet; the publishes that wait for a confirm fail."""
        self._mark_lost("the publisher is closed")
        if self._connection is None or self._connection.is_closed:
            return
        if not self._connection.is_closing:
            self._connection.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self._closed.wait()

    def _on_not_opened(self, _: object, error: BaseException | str) -> None:
        self._closed.set()
        self._mark_lost(error if isinstance(error, str) else why(error))

    def _on_closed(self, _: object, error: BaseException) -> None:
        self._closed.set()
        self._mark_lost(f"the connection was closed: {why(error)}")

    def _on_blocked(self, _: object, frame: Method[Connection.Blocked]) -> None:
        self._blocked = f"RabbitMQ takes no messages at present: {frame.method.reason}"
        log.error("broker blocked", reason=frame.method.reason)

    def _on_unblocked(self, *_: object) -> None:
        self._blocked = None
        log.info("broker unblocked")

    def _on_return(self, _: Channel, method: Basic.Return, *__: object) -> None:
        """RabbitMQ returns a message when its queue was deleted; a new connection declares the queue again."""
        self._mark_lost(f"there is no queue {method.routing_key}: {method.reply_text}")

    def _on_confirm(self, frame: Method[Basic.Ack | Basic.Nack]) -> None:
        last = frame.method.delivery_tag
        tags = list(takewhile(lambda tag: tag <= last, self._waiting)) if frame.method.multiple else [last]
        for tag in filter(self._waiting.__contains__, tags):
            confirmed, size = self._waiting.pop(tag)
            self._unconfirmed -= size
            if confirmed.done():
                continue
            if isinstance(frame.method, Basic.Nack):
                confirmed.set_exception(Unpublished("RabbitMQ refused the message"))
            else:
                confirmed.set_result(None)

    def _mark_lost(self, reason: str) -> None:
        for confirmed, _ in self._waiting.values():
            if not confirmed.done():
                confirmed.set_exception(Unpublished(reason))
        self._waiting.clear()
        if self._overdue is not None:
            self._overdue.cancel()
        if not self.lost.done():
            self.lost.set_result(reason)
        self._on_lost()


FRAME_OVERHEAD: Final = FRAME_HEADER_SIZE + FRAME_END_SIZE
_PERSISTENT: Final = BasicProperties(delivery_mode=pika.DeliveryMode.Persistent.value)


@lru_cache(maxsize=4096)
def _begin(channel: int, queue: str, mandatory: bool, size: int) -> bytes:
    """The frames that begin a publish: the same for all bodies of one size to one queue."""
    method = Method(channel, Basic.Publish(exchange="", routing_key=queue, mandatory=mandatory)).marshal()
    header = Header(channel, size, _PERSISTENT).marshal()
    return bytes(method + header)


def _declare(
    channel: Channel, name: str, arguments: QueueArguments, passive: bool, done: Callable[[object], None]
) -> None:
    channel.queue_declare(name, passive=passive, durable=True, arguments=arguments, callback=done)


def _why_closed(error: ChannelClosed, queue: str) -> str:
    if error.reply_code == NOT_FOUND:
        return f"there is no queue {queue}, and the user of CLERK_AMQP_URL may not declare it"
    return f"the queue {queue} can't be declared: {error.reply_text}"
