"""Replays and drops that the console started: one at a time, in a thread, with its progress."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import structlog

from ops.queues.broker import BrokerAway, Report, Tally

log = structlog.get_logger("clerk.console")


@dataclass(frozen=True)
class Run:
    """A run over dead letters: `verb` is replayed or dropped; `error` says why it ended early."""

    verb: str
    tally: Tally = field(default_factory=Tally)
    finished: bool = False
    error: str | None = None


class Busy(Exception):
    """Another run has not finished."""


class Runs:
    """The current run, or the last one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self.latest: Run | None = None

    def start(self, verb: str, work: Callable[[Report], Tally]) -> threading.Thread:
        """Start a run; Busy if another has not finished."""
        with self._lock:
            if self.latest is not None and not self.latest.finished:
                raise Busy
            self.latest = Run(verb)
            self._stop.clear()
        thread = threading.Thread(target=self._run, args=(self.latest, work), name="dead-letters", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """Stop the run after the message that it is moving."""
        self._stop.set()

    def _run(self, run: Run, work: Callable[[Report], Tally]) -> None:
        def report(tally: Tally) -> bool:
            self.latest = replace(run, tally=tally)
            return not self._stop.is_set()

        try:
            tally = work(report)
            self.latest = replace(run, tally=tally, finished=True)
            log.info("dead letters moved from the console", verb=run.verb, count=tally.done)
        except BrokerAway as error:
            reached = self.latest.tally if self.latest else Tally()
            self.latest = replace(run, tally=reached, finished=True, error=str(error))
            log.warning("moving dead letters from the console failed", verb=run.verb, count=reached.done)
