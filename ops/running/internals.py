"""What the sandbox page shows of Clerk's inside: pending notifications, queues, messages handled lately."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, override

import dramatiq
import structlog
from dramatiq.broker import MessageProxy
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import Middleware
from pika.exceptions import AMQPError
from pymongo.errors import PyMongoError

from messages.conversation import Conversation, conversation_id
from messages.deadlines import policy_words
from messages.notification import ConsiderNotifying
from messages.queues import QUEUES, dead, delayed
from ops.documents.reader import DocumentsAway
from ops.running.killable import Killable
from sandbox.clock import SandboxClock
from sandbox.page.internals import (
    ClockNotMoved,
    InternalsSnapshot,
    MessageOutcome,
    PendingNotification,
    QuietWindow,
)
from workers import clock
from workers.broker import QuorumBroker
from workers.mongo.collection import REMEMBERED_FOR
from workers.ports import Ports

log = structlog.get_logger("clerk.machinery")

KEPT: Final = 200
WORK_DONE_WITHIN: Final = 5.0
"""Seconds that a move of the clock waits for what lies in the queues."""

FAR: Final = timedelta(days=2)
"""Longer than any debounce: whatever is due by then is pending."""


class HandledMessages(Middleware):
    """Keeps what the workers of this process handled lately."""

    def __init__(self) -> None:
        self._handled: deque[MessageOutcome] = deque(maxlen=KEPT)
        self._conversations: dict[str, str] = {}
        self._in_hand = threading.local()

    @override
    def before_process_message(self, broker: dramatiq.Broker, message: MessageProxy) -> None:
        self._in_hand.message = message

    @override
    def after_process_message(
        self, broker: dramatiq.Broker, message: MessageProxy, *, result: Any = None, exception: Any = None
    ) -> None:
        self._keep(message, "done" if exception is None else "dead" if message.failed else "retried")

    def killed(self) -> None:
        """Keep that the worker died that had a message in hand, in this thread, and another begins it anew."""
        message = self._in_hand.message
        log.warning("worker killed", actor=message.actor_name, message_id=message.message_id)
        self._keep(message, "killed")

    def _keep(self, message: MessageProxy, outcome: str) -> None:
        cause = message.options.get("correlation_id")
        conversation = _conversation(message.kwargs.get("message", {}))
        if cause is not None and conversation is not None:
            self._conversations[cause] = conversation
            if len(self._conversations) > KEPT:
                del self._conversations[next(iter(self._conversations))]
        handled = MessageOutcome(message.message_id, time.time(), message.actor_name, outcome, cause, conversation)
        self._handled.append(handled)

    def recent(self) -> list[MessageOutcome]:
        """The messages handled lately, oldest first; what names no conversation has that of its cause."""
        return [
            replace(each, conversation=each.conversation or self._conversations.get(each.cause or ""))
            for each in list(self._handled)
        ]


def _conversation(message: Mapping[str, Any]) -> str | None:
    if "line" in message and "contact" in message:
        return conversation_id(message["line"], message["contact"])
    return message.get("conversation")


class ClerkInternals:
    """The machinery of `clerk run`; the sandbox's page is served by the same process."""

    def __init__(
        self,
        ports: Ports,
        broker: dramatiq.Broker,
        worker: dramatiq.Worker,
        seen: HandledMessages,
        killable: Killable,
        clock: SandboxClock,
        turn_back: Callable[[datetime, datetime], None],
    ) -> None:
        self._ports = ports
        self._clock, self._turn_back = clock, turn_back
        self._one_at_a_time = asyncio.Lock()
        self._broker = broker
        self._worker = worker
        self._seen = seen
        self._killable = killable
        self._working = True
        self._alone = ThreadPoolExecutor(1, "machinery")
        """One thread, for the broker keeps a connection for each that asks."""

    async def snapshot(self) -> InternalsSnapshot:
        """What is pending and queued now, and what was handled lately."""
        try:
            pending = [_pending(each) for each in await self._waiting()]
            windows = [
                QuietWindow(each.id, each.window.total_seconds(), each.cap.total_seconds())
                for each in await self._ports.stores.lines.all()
            ]
            queues = await asyncio.get_running_loop().run_in_executor(self._alone, _depths, self._broker)
        except (PyMongoError, AMQPError) as error:
            log.warning("the machinery can't be looked at", error=type(error).__name__)
            return InternalsSnapshot(handled=self._seen.recent(), trouble=f"can't be told: {type(error).__name__}")
        return InternalsSnapshot(pending, windows, queues, self._seen.recent(), self._working)

    async def set_window(self, line: str, seconds: float) -> None:
        """Let a line wait for so many seconds of quiet, also where it waits already; LookupError if there is none."""
        lines = self._ports.stores.lines
        found = next(iter(await lines.by_ids([line])), None)  # as it is now: it is written back
        if found is None:
            raise LookupError(line)
        window = timedelta(seconds=seconds)
        await lines.save(found.model_copy(update={"window": window, "cap": max(found.cap, window)}))
        for each in await self._waiting():
            if each.line == line:
                # Until then a worker may know the window of before.
                await self._ports.publisher.publish(ConsiderNotifying(conversation=each.id), delay=REMEMBERED_FOR)

    async def offer_targets(self, line: str) -> None:
        """Give a line the offered targets, unless it has some; LookupError if there is none."""
        lines = self._ports.stores.lines
        found = next(iter(await lines.by_ids([line])), None)
        if found is None:
            raise LookupError(line)
        if not found.policy.targets:
            policy = policy_words.changed(found.policy, [policy_words.PRESET], self._ports.now())
            await lines.save(found.model_copy(update={"policy": policy}))

    async def kill(self) -> None:
        """Kill the workers as they are; others begin anew what they had in hand."""
        await self._killable.kill()

    async def set_working(self, working: bool) -> None:
        """Stop the workers between two messages, or let them go on."""
        async with self._one_at_a_time:
            await asyncio.to_thread(self._worker.resume if working else self._worker.pause)
            self._working = working

    async def move_clock(self, ahead: timedelta) -> int:
        """Let the clock be so far ahead; return how much has fallen due, or ClockNotMoved.

        No worker has anything in hand then: to a call under way, or to a lease, the time that passes must be real.
        """
        async with self._one_at_a_time:
            await self._work_done()
            await asyncio.to_thread(_end_what_is_in_hand, self._worker)
            try:
                await self._move(ahead)
            finally:
                if self._working:
                    for each in self._worker.workers:
                        each.resume()
        try:
            return await clock.sweep(self._ports)
        except PyMongoError as error:
            log.warning("the clock looks later for what is due", error=type(error).__name__)
            return 0

    async def _move(self, ahead: timedelta) -> None:
        before, was = self._clock.ahead, self._clock.now()
        self._clock.ahead = ahead
        if ahead >= before:
            return
        try:
            await asyncio.to_thread(self._turn_back, was, was - (before - ahead))
        except DocumentsAway as error:
            self._clock.ahead = before
            raise ClockNotMoved(str(error)) from None

    async def _work_done(self) -> None:
        """Wait for what lies in the queues, if it does not take long: it belongs to the time before."""
        loop = asyncio.get_running_loop()
        until = loop.time() + WORK_DONE_WITHIN
        while self._working and loop.time() < until:
            try:
                depths = await loop.run_in_executor(self._alone, _depths, self._broker)
            except AMQPError as error:
                log.warning("the machinery can't be looked at", error=type(error).__name__)
                return
            if not any(depths.get(queue) for queue in QUEUES):
                return
            await asyncio.sleep(0.05)

    async def _waiting(self) -> list[Conversation]:
        return await self._ports.stores.conversations.to_announce_before(self._ports.now() + FAR)


def _end_what_is_in_hand(worker: dramatiq.Worker) -> None:
    """Pause the threads that handle messages, each after its present one; those that fetch messages take seconds."""
    for each in worker.workers:
        each.pause()
    for each in worker.workers:
        each.paused_event.wait()


def _pending(conversation: Conversation) -> PendingNotification:
    debounce = conversation.debounce
    assert debounce.due_at is not None
    since = debounce.waiting_since or debounce.due_at
    return PendingNotification(
        conversation.id,
        conversation.line,
        conversation.contact,
        debounce.considered - debounce.announced,
        since.timestamp(),
        debounce.due_at.timestamp(),
    )


def _depths(broker: dramatiq.Broker) -> dict[str, int]:
    """How many messages lie in each queue, or are in hand, by the queue's name."""
    depths: dict[str, int] = {}
    for queue in QUEUES:
        if isinstance(broker, QuorumBroker):
            counts = broker.get_queue_message_counts(queue)
            depths |= dict(zip((queue, delayed(queue), dead(queue)), counts, strict=True))
        elif isinstance(broker, StubBroker):
            for name in (queue, delayed(queue)):
                depths[name] = broker.queues[name].unfinished_tasks
            depths[dead(queue)] = len(broker.dead_letters_by_queue[queue])
    return depths
