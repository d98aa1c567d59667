"""Replays and drops that the console started: one at a time, in a thread, with its progress."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import structlog

from ops.queues.broker import BrokerAway, Report, Tally

log = structlog.get_logger("clerk.console")


@dataclass(frozen=True)
class Run:
    """A run over dead letters: `verb` is replayed or dropped; `error` says why it ended early.

    `expected` is how many it is to move, where that was known when it started."""

    verb: str
    expected: int | None = None
    tally: Tally = field(default_factory=Tally)
    finished: bool = False
    error: str | None = None

    @property
    def moved(self) -> int:
        """How many of those that it is to move it is done with."""
        return self.tally.done + self.tally.already + self.tally.unreplayable

    @property
    def progress(self) -> tuple[int, int]:
        """How far it is, of how much: of what it is to move, else of what it has to look through."""
        if self.expected is None:
            return self.tally.scanned, max(1, self.tally.total)
        return min(self.moved, self.expected), max(1, self.expected)


class Busy(Exception):
    """Another run has not finished."""


class Runs:
    """The current run, or the last one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self.latest: Run | None = None

    def running(self) -> bool:
        """Whether a run has not finished."""
        return self.latest is not None and not self.latest.finished

    def start(self, verb: str, work: Callable[[Report], Tally], expected: int | None = None) -> threading.Thread:
        """Start a run that is to move `expected` dead letters, if that is known; Busy if another has not finished."""
        with self._lock:
            if self.running():
                raise Busy
            self.latest = Run(verb, expected)
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
