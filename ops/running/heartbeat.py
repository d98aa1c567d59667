"""Whether worker processes do anything: each shows a sign of life every second, and its supervisor looks for them.

A process that is alive and does nothing (stopped by a signal, or its event loop held up) keeps the messages that it
has in hand, and RabbitMQ learns of it late or never.
"""

import asyncio
import os
from pathlib import Path
from typing import Final, override

import dramatiq
from dramatiq.asyncio import get_event_loop_thread
from dramatiq.middleware import Middleware
from prometheus_client import CollectorRegistry, Counter, Gauge

from ops.metrics.samples import Samples

FOLDER: Final = "CLERK_PULSE_DIR"
"""The environment variable by which a worker process learns where to show that it lives."""

EVERY: Final = 1.0
"""Seconds between two signs of life, and between two looks."""

STUCK: Final = 10
"""Looks without a sign of life after which a process is called stuck."""

HOPELESS: Final = 60
"""Looks without a sign of life after which it is ended."""

SILENT: Final = "clerk_worker_silent_seconds"


class Pulse(Middleware):
    """Shows that the event loop on which a worker process runs its actors goes round."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / str(os.getpid())

    @override
    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        thread = get_event_loop_thread()
        assert thread is not None
        thread.loop.call_soon_threadsafe(self._beat, thread.loop)

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        self._file.touch()
        loop.call_later(EVERY, self._beat, loop)


class Pulses:
    """The counts of silence of all worker processes below one `clerk worker`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.silent = Gauge(
            SILENT, "How long a worker process has shown no sign of life", ["queues", "pid"], registry=registry
        )
        self.ended = Counter(
            "clerk_worker_stuck_total",
            "Worker processes that showed no sign of life and were ended",
            ["queues"],
            registry=registry,
        )


class Watch:
    """A look, again and again, at the processes of one `dramatiq` command, which share a folder.

    Silence is counted in looks: whoever was stopped together with its processes does not take them for stuck.
    """

    def __init__(self, folder: Path, queues: tuple[str, ...], pulses: Pulses) -> None:
        self._folder, self._queues, self._pulses = folder, ",".join(queues), pulses
        self._seen: dict[int, tuple[int, int]] = {}
        pulses.ended.labels(self._queues)  # counted from 0 on, so that the first is seen to be one more

    def look(self) -> list[int]:
        """Look once, and count; the processes that have been silent for so long that they must be ended."""
        for file in self._folder.iterdir():
            pid, beat = int(file.name), file.stat().st_mtime_ns
            before, silent = self._seen.get(pid, (0, 0))
            silent = silent + 1 if beat == before else 0
            self._seen[pid] = beat, silent
            self._pulses.silent.labels(self._queues, pid).set(silent * EVERY)
        hopeless = [pid for pid, (_, silent) in self._seen.items() if silent >= HOPELESS]
        self._pulses.ended.labels(self._queues).inc(len(hopeless))
        return hopeless

    @property
    def has_seen_life(self) -> bool:
        """Whether a process has come so far as to work."""
        return bool(self._seen)

    def end(self) -> None:
        """Forget the processes, which have ended."""
        for pid in self._seen:
            self._pulses.silent.remove(self._queues, pid)
        for file in self._folder.iterdir():
            file.unlink()


def stuck(samples: Samples) -> list[tuple[int, str, float]]:
    """The processes that are stuck, as a supervisor's samples tell: id, queues, seconds of silence."""
    found = [(dict(labels), value) for (name, labels), value in samples.items() if name == SILENT and value >= STUCK]
    return [(int(labels["pid"]), labels["queues"], value) for labels, value in found]
