"""Dramatiq on RabbitMQ, with quorum queues; it acknowledges a message only after its retry or dead letter is confirmed.

Dramatiq itself acknowledges a message although its retry could not be published, and dead-letters a message without the
reason. Here a message stays unacknowledged until its retry is confirmed, and a dead letter is published with its reason
before the original is acknowledged.
"""

import base64
import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, Final, Protocol, override

import dramatiq
import pika
import structlog
from dramatiq.broker import MessageProxy
from dramatiq.brokers.rabbitmq import RabbitmqBroker, _RabbitmqConsumer
from dramatiq.brokers.stub import StubBroker
from dramatiq.common import q_name
from dramatiq.errors import ActorNotFound, ConnectionClosed, DecodeError
from dramatiq.message import Message
from dramatiq.middleware import AsyncIO, Middleware, Retries, ShutdownNotifications, TimeLimit

from messages.base import QueueMessage
from messages.process.publishing import ACCESS_REFUSED, LONGEST_DELAY, envelope
from messages.process.server_urls import nodes
from messages.queues import dead, declarations, delayed
from workers.admission import Admission
from workers.failures import Backoff
from workers.last_words import words_of_delay, words_of_update
from workers.observe import note_newer
from workers.retries import OUTAGE, TOLD_AT, UPDATE, is_felt, is_for_newer, is_outage, outage_wait
from workers.runtime import author_told, is_wake_up

log = structlog.get_logger("clerk.broker")

type Words = Callable[[QueueMessage], QueueMessage | None]
"""What to tell the author of a message; None if there is nobody to tell."""


class SafeRetries(Retries):
    """Dramatiq's retries, with two things apart that end no message: outages, and messages of a newer version.

    They are counted as `outages` and `handed_back`, and back off briefly. A message that failed for good tells its
    author first, and so does one that waits for MongoDB, or for a newer worker. If a retry or that can't be published,
    the message goes back to its queue instead.
    """

    def __init__(self, outage: Backoff, update: Backoff = UPDATE) -> None:
        super().__init__()
        self._outage, self._update = outage, update

    @override
    def after_process_message(
        self, broker: dramatiq.Broker, message: MessageProxy, *, result: Any = None, exception: Any = None
    ) -> None:
        try:
            if is_for_newer(exception, message.options):
                hand_back(broker, message, self._update)
                return
            if exception is not None and is_outage(exception):
                self._wait_for_its_end(broker, message, exception)
                return
            super().after_process_message(broker, message, result=result, exception=exception)
            if message.failed and (whisper := author_told(message.actor_name, message.kwargs)) is not None:
                broker.enqueue(Message.decode(envelope(whisper)[1]))
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the message must not be acknowledged
            log.error("retry not confirmed, message requeued", message_id=message.message_id, error=repr(error))
            message.failed = False
            message.options["hand_back"] = True

    def _wait_for_its_end(self, broker: dramatiq.Broker, message: MessageProxy, error: BaseException) -> None:
        outages = message.options.get("outages", 0)
        message.options["outages"] = outages + 1
        wait = outage_wait(error, outages, random.random(), self._outage)  # noqa: S311 - spreads load, is no secret
        _publish_again(broker, message, wait, words_of_delay if is_felt(error, outages) else None)


def hand_back(broker: dramatiq.Broker, message: MessageProxy | Message[Any], update: Backoff) -> None:
    """Publish a message again that only a newer worker can read: it waits, and then any worker may take it."""
    handed_back = message.options.get("handed_back", 0)
    message.options["handed_back"] = handed_back + 1
    wait = update.wait(handed_back, random.random())  # noqa: S311 - spreads load, is no secret
    _publish_again(broker, message, wait, words_of_update if handed_back == TOLD_AT else None)


def _publish_again(
    broker: dramatiq.Broker, message: MessageProxy | Message[Any], wait: timedelta, words: Words | None
) -> None:
    """Publish a message again, delayed, and tell its author if there are words for that."""
    message.options["requeue_timestamp"] = int(time.time() * 1000)
    told = None if words is None else author_told(message.actor_name, message.kwargs, words)
    if told is not None:
        broker.enqueue(Message.decode(envelope(told)[1]))
    broker.enqueue(message.copy(), delay=int(wait / timedelta(milliseconds=1)))


DUE_EVERY: Final = 100
"""Milliseconds between two looks for delayed messages that are due: so late they may be."""


def wait_for_message(queue: str, longest: int) -> int:
    """The milliseconds that a consumer of this queue waits for a message before it looks what else there is to do."""
    return min(longest, DUE_EVERY) if queue == delayed(q_name(queue)) else longest


class _Consumer(_RabbitmqConsumer):
    """Acknowledges a message only when it is done, or safe in another queue.

    RabbitMQ wakes it for each message; after `timeout` milliseconds without one it looks whether the worker ends. Only
    delayed messages have to be looked for.
    """

    def __init__(self, broker: RabbitmqBroker, queue_name: str, prefetch: int, timeout: int) -> None:
        super().__init__(broker, queue_name, prefetch, wait_for_message(queue_name, timeout))
        self.iterator = self._readable(self.iterator)

    def ack(self, message: MessageProxy) -> None:
        """Acknowledge a message, or return it to its queue if its retry was not confirmed."""
        if message.options.pop("hand_back", False):
            self.known_tags.discard(message._tag)
            hand_back = partial(self.channel.basic_nack, message._tag, requeue=True)
            # When a connection is lost, RabbitMQ requeues all its messages.
            with suppress(pika.exceptions.ConnectionWrongStateError):
                self.connection.add_callback_threadsafe(hand_back)
        else:
            super().ack(message)

    def nack(self, message: MessageProxy) -> None:
        """Move a message to the dead letters, with the reason in its options, then acknowledge it."""
        self._dead_letter(message.encode())
        super().ack(message)

    def _readable(self, deliveries: Iterator[Any]) -> Iterator[Any]:
        """The deliveries that Dramatiq can read; the others would stop its threads, so they are dead-lettered here."""
        for method, properties, body in deliveries:
            read = None if method is None else _read(body, self.queue_name)
            if read is None or (isinstance(read, Message) and not self._handed_back(read)):
                yield method, properties, body
                continue
            if isinstance(read, str):
                log.error("unreadable message moved to the dead letters", queue=self.queue_name, reason=read)
                self._dead_letter(_envelope(body, q_name(self.queue_name), read))
            self.channel.basic_ack(method.delivery_tag)
            yield None, None, None

    def _handed_back(self, message: Message[Any]) -> bool:
        """Whether a newer version's kind of message was handed back: without an actor it would be a dead letter."""
        unknown = ActorNotFound(message.actor_name)
        is_delayed = "eta" in message.options
        if is_delayed or message.actor_name in self.broker.actors or not is_for_newer(unknown, message.options):
            return False
        try:
            hand_back(self.broker, message, self.broker.update)
        except (pika.exceptions.AMQPConnectionError, pika.exceptions.AMQPChannelError) as error:
            raise ConnectionClosed(error) from None
        note_newer(message, unknown)
        return True

    def _dead_letter(self, body: bytes) -> None:
        try:
            self.broker.channel.basic_publish(
                exchange="",
                routing_key=dead(q_name(self.queue_name)),
                body=body,
                properties=pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent.value),
                mandatory=True,
            )
        except (pika.exceptions.AMQPConnectionError, pika.exceptions.AMQPChannelError) as error:
            del self.broker.connection
            raise ConnectionClosed(error) from None


def _read(body: bytes, queue: str) -> Message[Any] | str:
    """The message of this queue that a body is, or why it is none."""
    try:
        message: Message[Any] = Message.decode(body)
    except DecodeError:
        return "not a message in Dramatiq's JSON envelope"
    if not (isinstance(message.kwargs, dict) and isinstance(message.options, dict)):
        return "kwargs and options must be JSON objects"
    if message.queue_name != queue:
        return f"a message for queue {message.queue_name!r}"
    return message


def _envelope(body: bytes, queue: str, reason: str) -> bytes:
    """An envelope that contains an unreadable body unchanged."""
    kwargs = {"body": base64.b64encode(body).decode()}
    wrapped: Message[None] = Message(queue, "unreadable", (), kwargs, {"reason": reason})
    return wrapped.encode()


class QuorumBroker(RabbitmqBroker):
    """RabbitMQ with durable quorum queues, declared as messages/queues.py says, and publisher confirms."""

    def __init__(self, url: str, middleware: list[Middleware], update: Backoff = UPDATE) -> None:
        super().__init__(url=nodes(url), confirm_delivery=True, middleware=middleware)
        self.update = update
        self._may_declare = True

    @property
    def consumer_class(self) -> type[_Consumer]:
        """The consumer that never acknowledges too early."""
        return _Consumer

    def _declare_queue(self, queue_name: str) -> Any:
        return self._declare(queue_name, queue_name)

    def _declare_dq_queue(self, queue_name: str) -> Any:
        return self._declare(queue_name, delayed(queue_name))

    def _declare_xq_queue(self, queue_name: str) -> Any:
        return self._declare(queue_name, dead(queue_name))

    def _declare(self, family: str, name: str) -> Any:
        """Declare a queue; where the user may not, an administrator has, and it suffices that the queue is there."""
        if self._may_declare:
            try:
                return self.channel.queue_declare(queue=name, durable=True, arguments=declarations(family)[name])
            except pika.exceptions.ChannelClosedByBroker as error:
                if error.reply_code != ACCESS_REFUSED:
                    raise
                self._may_declare = False
                del self.channel
        try:
            return self.channel.queue_declare(queue=name, passive=True)
        except pika.exceptions.ChannelClosedByBroker as error:
            log.error("a queue is missing, and the user of CLERK_AMQP_URL may not declare it", queue=name)
            raise error from None


def middleware(
    *more: Middleware, admission: Admission | None = None, outage: Backoff = OUTAGE, update: Backoff = UPDATE
) -> list[Middleware]:
    """The middleware of every broker: admission, time limits, one event loop a process, `more`, and safe retries.

    Dramatiq calls the last one first once an actor has failed: the others then know what becomes of the message.
    """
    first = [Admission() if admission is None else admission]
    return [*first, TimeLimit(), ShutdownNotifications(), AsyncIO(), *more, SafeRetries(outage, update)]


def rabbitmq(
    url: str,
    *more: Middleware,
    admission: Admission | None = None,
    outage: Backoff = OUTAGE,
    update: Backoff = UPDATE,
) -> QuorumBroker:
    """A broker on RabbitMQ; messages wait as `outage` says while something is away, as `update` for a newer worker."""
    return QuorumBroker(url, middleware(*more, admission=admission, outage=outage, update=update), update)


def in_memory(*more: Middleware, admission: Admission | None = None) -> StubBroker:
    """A broker whose queues are in this process's memory."""
    return StubBroker(middleware=middleware(*more, admission=admission))


class Keeper(Protocol):
    """Keeps messages where a crash does not lose them."""

    async def keep(self, id: str, body: bytes, due_at: int | None) -> None:
        """Return once a message is safe; `due_at` is in milliseconds since 1970; Unpublished if that is uncertain."""
        ...

    async def probe(self) -> str | None:
        """None if messages can be kept now, else what is wrong."""
        ...


class InMemoryPublisher:
    """Publishes to a broker in this process; a message that nothing else would find again goes to the keeper first."""

    def __init__(self, broker: StubBroker, keeper: Keeper | None = None) -> None:
        self._broker, self._keeper = broker, keeper

    async def publish(self, message: QueueMessage, *, delay: timedelta | None = None) -> None:
        """Put a message on its queue, once it is safe; Unpublished if that is uncertain."""
        _, body = envelope(message)
        queued: Message[None] = Message.decode(body)
        milliseconds = None if delay is None else int(min(delay, LONGEST_DELAY) / timedelta(milliseconds=1))
        if self._keeper is not None and not is_wake_up(type(message)):
            due_at = None if milliseconds is None else queued.message_timestamp + milliseconds
            await self._keeper.keep(queued.message_id, body, due_at)
        self._broker.enqueue(queued, delay=milliseconds)

    async def probe(self) -> str | None:
        """None if messages can be published now, else what is wrong."""
        return None if self._keeper is None else await self._keeper.probe()
