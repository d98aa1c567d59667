"""How many messages a worker process handles at once: fewer while MongoDB is slow.

The more of them ask MongoDB at once, the longer each waits. Past some point they wait for longer than their time limits
and leases last; then work is lost and done again, which keeps MongoDB slow, although no more work arrives than before
(Bronson et al., Metastable Failures in Distributed Systems, HotOS 2021). So the number is halved when an answer takes
long, and grows by one whenever as many messages were handled (additive increase, multiplicative decrease:
https://www.rfc-editor.org/rfc/rfc5681#section-3.1).
"""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, override

import dramatiq
import structlog
from dramatiq.broker import MessageProxy
from dramatiq.middleware import Middleware
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

log = structlog.get_logger("clerk.worker")

SLOW: Final = timedelta(milliseconds=500)
"""An answer of MongoDB that takes longer than this is slow, wherever MongoDB runs."""

LEAST: Final = 2
"""So many are always at work: one that waits for Slack or the provider must not hold up all others."""


class Allowance:
    """How many may be at work at once; not safe for threads.

    `now` is a monotonic clock in seconds.
    """

    def __init__(self, most: int, now: Callable[[], float] = time.monotonic) -> None:
        self._most, self._now = most, now
        self._allowed = float(most)
        self._cut_at = now()

    @property
    def allowed(self) -> int:
        """How many may be at work now: LEAST or more, where there are as many threads."""
        return int(self._allowed)

    def note_answer(self, took: float) -> bool:
        """Note that MongoDB took so many seconds to answer; whether this ends that as many as ever may be at work.

        What was asked before the last cut says nothing about it.
        """
        now, before = self._now(), self._allowed
        if took <= SLOW.total_seconds() or now - took < self._cut_at:
            return False
        self._allowed, self._cut_at = max(float(min(LEAST, self._most)), before / 2), now
        return self._allowed < before == self._most

    def note_done(self) -> bool:
        """Note that one has done its work; whether as many as ever may be at work again."""
        before, self._allowed = self._allowed, min(self._most, self._allowed + 1 / self._allowed)
        return before < self._most <= self._allowed


class Admission(Middleware):
    """Holds up messages in the threads that took them, until as few are at work as MongoDB can take.

    It is the first middleware: to be held up is no part of a message's time limit.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._changed = threading.Condition()
        self._allowance = Allowance(1, now)
        self._at_work: set[int] = set()
        """The threads with a message at work."""

    @property
    def allowed(self) -> int:
        """How many messages may be at work now."""
        with self._changed:
            return self._allowance.allowed

    @property
    def listener(self) -> CommandListener:
        """What tells it how long MongoDB took to answer."""
        return _Answers(self.note_answer)

    @override
    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._allowance = Allowance(worker.worker_threads, self._now)

    @override
    def before_process_message(self, broker: dramatiq.Broker, message: MessageProxy) -> None:
        with self._changed:
            self._changed.wait_for(lambda: len(self._at_work) < self._allowance.allowed)
            self._at_work.add(threading.get_ident())

    @override
    def after_process_message(
        self,
        broker: dramatiq.Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        self.after_skip_message(broker, message)

    @override
    def after_skip_message(self, broker: dramatiq.Broker, message: MessageProxy) -> None:
        with self._changed:
            self._at_work.discard(threading.get_ident())
            is_full = self._allowance.note_done()
            self._changed.notify_all()
        if is_full:
            log.info("MongoDB answers in time again: as many messages at once as ever")

    def note_answer(self, took: float) -> None:
        """Note that MongoDB took so many seconds to answer; any thread may."""
        with self._changed:
            is_first = self._allowance.note_answer(took)
        if is_first:
            log.warning("MongoDB is slow: fewer messages at once until it answers in time", seconds=round(took, 1))


class _Answers(CommandListener):
    """Hears from pymongo how long each command took."""

    def __init__(self, note: Callable[[float], None]) -> None:
        self._note = note

    @override
    def started(self, event: CommandStartedEvent) -> None:
        pass

    @override
    def succeeded(self, event: CommandSucceededEvent) -> None:
        self._note(event.duration_micros / 1_000_000)

    @override
    def failed(self, event: CommandFailedEvent) -> None:
        self._note(event.duration_micros / 1_000_000)
