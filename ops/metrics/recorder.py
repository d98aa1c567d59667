"""Reads queues, processes and counters every few seconds, and keeps the readings of the last 15 minutes."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from prometheus_client import REGISTRY, Metric
from prometheus_client.registry import Collector

from ops.documents.backlog import Backlog
from ops.documents.processes import RunningProcess
from ops.documents.reader import Documents, DocumentsAway
from ops.metrics.gauges import families
from ops.metrics.samples import Samples, growth, merged, parse_samples, percentile
from ops.metrics.stages import Calls, Stage, calls, stages
from ops.queues.broker import Broker, BrokerAway, Snapshot
from ops.repeating import repeat

log = structlog.get_logger("clerk.console")

EVERY: Final = timedelta(seconds=5)
FRESH: Final = 30.0
"""Seconds after which what was read counts as unknown: the reading itself hangs."""

REMEMBERED: Final = timedelta(minutes=15)
READINGS_PER_RATE: Final = 12
"""Readings over which rates and percentiles are computed: a minute."""


@dataclass(frozen=True)
class Reading:
    """What was read at one time; what could not be read is None or empty, and `troubles` says why.

    `processes` is None where this process is the only one, and empty without MongoDB (`documents_up`). `backlog` is
    None if it could not be counted.
    """

    at: datetime
    snapshot: Snapshot | None
    processes: tuple[RunningProcess, ...] | None
    stages: tuple[Stage, ...]
    to_slack: tuple[float | None, float | None]
    troubles: tuple[str, ...]
    calls: tuple[Calls, ...] = ()
    documents_up: bool = True
    backlog: Backlog | None = None


class ServedGauges(Collector):
    """What the recorder of this process has read, as metrics; nothing of it once the last reading is old."""

    recorder: "Recorder | None" = None

    def describe(self) -> Iterable[Metric]:
        """The metrics that there may be."""
        return families(None, None, None, documents_up=False)

    def collect(self) -> Iterable[Metric]:
        """The metrics of the last reading."""
        reading = None if self.recorder is None else self.recorder.last_fresh()
        if reading is not None:
            yield from families(reading.snapshot, reading.processes, reading.backlog, documents_up=reading.documents_up)
        elif self.recorder is not None:
            yield from families(None, (), None, documents_up=False)


GAUGES: Final = ServedGauges()
REGISTRY.register(GAUGES)


class Recorder:
    """Takes readings in a thread of its own; the documents' times are by the clock `now`."""

    def __init__(
        self,
        broker: Broker,
        documents: Documents,
        own: Callable[[], Samples],
        *,
        shared: bool,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._broker, self._documents, self._own, self._shared, self._now = broker, documents, own, shared, now
        self._history: deque[Reading] = deque(maxlen=int(REMEMBERED / EVERY))
        self._growth: deque[tuple[float, Samples]] = deque(maxlen=READINGS_PER_RATE)
        self._before: dict[str, Samples] = {}
        self._looked_at = time.monotonic()
        self._first, self._stopping = threading.Event(), threading.Event()

    def start(self) -> None:
        """Take readings until `stop` or the end of the process."""
        GAUGES.recorder = self
        threading.Thread(target=self._run, name="recorder", daemon=True).start()

    def stop(self) -> None:
        """Take no more readings."""
        self._stopping.set()
        if GAUGES.recorder is self:
            GAUGES.recorder = None

    def latest(self) -> Reading | None:
        """The last reading; waits a few seconds for the first."""
        self._first.wait(timeout=EVERY.total_seconds())
        return self._history[-1] if self._history else None

    def last_fresh(self, now: float | None = None) -> Reading | None:
        """The last reading; None if none succeeded lately, by the monotonic time `now`."""
        elapsed = (time.monotonic() if now is None else now) - self._looked_at
        return self._history[-1] if self._history and elapsed < FRESH else None

    def history(self) -> list[Reading]:
        """The readings of the last 15 minutes, oldest first."""
        return list(self._history)

    def _run(self) -> None:
        repeat(self.look, "read queues and processes for the console", EVERY, self._stopping)

    def look(self) -> None:
        """Take one reading now."""
        troubles: list[str] = []
        snapshot = self._snapshot(troubles)
        away = len(troubles)
        processes = self._processes(troubles)
        backlog = self._backlog(troubles) if len(troubles) == away else None
        self._count(processes or ())
        seconds = sum(took for took, _ in self._growth) or 1.0
        last_minute = merged(part for _, part in self._growth)
        to_slack = tuple(percentile(last_minute, "clerk_text_to_slack_seconds", share) for share in (0.5, 0.95))
        self._history.append(
            Reading(
                at=datetime.now(UTC),
                snapshot=snapshot,
                processes=processes,
                stages=stages(last_minute, seconds),
                to_slack=(to_slack[0], to_slack[1]),
                troubles=tuple(troubles),
                calls=calls(last_minute),
                documents_up=len(troubles) == away,
                backlog=backlog,
            )
        )
        self._first.set()

    def _snapshot(self, troubles: list[str]) -> Snapshot | None:
        try:
            return self._broker.snapshot()
        except BrokerAway as error:
            troubles.append(str(error))
            return None

    def _processes(self, troubles: list[str]) -> tuple[RunningProcess, ...] | None:
        if not self._shared:
            return None
        try:
            return tuple(self._documents.running_processes())
        except DocumentsAway as error:
            troubles.append(str(error))
            return ()

    def _backlog(self, troubles: list[str]) -> Backlog | None:
        try:
            return self._documents.backlog(self._now())
        except DocumentsAway as error:
            troubles.append(str(error))
            return None

    def _count(self, processes: tuple[RunningProcess, ...]) -> None:
        """Add what every process counted since the last reading; a new process counts from its second reading on."""
        now: Mapping[str, Samples] = {each.id: parse_samples(each.metrics) for each in processes} or {"": self._own()}
        parts = [growth(self._before[id], samples) for id, samples in now.items() if id in self._before]
        self._before = {**{id: self._before[id] for id in self._before if id in now}, **now}
        looked_at = time.monotonic()
        self._growth.append((looked_at - self._looked_at, merged(parts)))
        self._looked_at = looked_at
