"""Whether the worker processes do anything: each leaves a heartbeat every second, and its supervisor looks for it.

A process that is alive and does nothing (stopped by a signal, or its event loop blocked) keeps the messages that it
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

from ops.health.sign import STARTING
from ops.metrics.silence import ENDED_AFTER, SILENT, STUCK_AFTER

FOLDER: Final = "CLERK_HEARTBEAT_DIR"
"""The environment variable that names the folder in which a worker process leaves its heartbeats."""

INTERVAL: Final = 1.0
"""Seconds between two heartbeats, and between two looks."""


class Heartbeat(Middleware):
    """Touches a file every second from the event loop that runs the actors of a worker process."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / str(os.getpid())

    @override
    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        thread = get_event_loop_thread()
        assert thread is not None
        thread.loop.call_soon_threadsafe(self._beat, thread.loop)

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        self._file.touch()
        loop.call_later(INTERVAL, self._beat, loop)


class SilenceMetrics:
    """How long each worker process below one `clerk worker` has been silent, and how many were ended for it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.silent = Gauge(
            SILENT, "How long a worker process has shown no heartbeat", ["queues", "pid"], registry=registry
        )
        self.ended = Counter(
            "clerk_worker_stuck_total",
            "Worker processes that showed no heartbeat and were ended",
            ["queues"],
            registry=registry,
        )


class Monitor:
    """Looks for the heartbeats of the processes of one `dramatiq` command, which share a folder.

    It counts looks, not seconds: a supervisor that was stopped together with its processes does not take them for
    stuck when all of them go on.
    """

    def __init__(self, folder: Path, queues: tuple[str, ...], metrics: SilenceMetrics) -> None:
        self._folder, self._queues, self._metrics = folder, ",".join(queues), metrics
        self._seen: dict[int, tuple[int, int]] = {}
        metrics.ended.labels(self._queues)  # starts at 0, so that Prometheus sees the first one as an increase

    def look(self) -> list[int]:
        """Look once, and count; the processes that have been silent for so long that they must be ended."""
        for file in self._folder.iterdir():
            pid, beat = int(file.name), file.stat().st_mtime_ns
            before, silent = self._seen.get(pid, (0, 0))
            silent = silent + 1 if beat == before else 0
            self._seen[pid] = beat, silent
            self._metrics.silent.labels(self._queues, pid).set(silent * INTERVAL)
        to_end = [pid for pid, (_, silent) in self._seen.items() if silent >= ENDED_AFTER]
        self._metrics.ended.labels(self._queues).inc(len(to_end))
        return to_end

    def trouble(self, processes: int) -> str:
        """What is wrong with these processes, "" if all of so many are at work."""
        stuck = [f"{pid} for {silent} s" for pid, (_, silent) in self._seen.items() if silent * INTERVAL >= STUCK_AFTER]
        if stuck:
            return f"has a worker process without a heartbeat: {', '.join(stuck)}"
        return "" if len(self._seen) >= processes else STARTING

    @property
    def has_seen_heartbeat(self) -> bool:
        """Whether any process has started to work."""
        return bool(self._seen)

    def forget(self) -> None:
        """Forget the processes, which have ended."""
        for pid in self._seen:
            self._metrics.silent.remove(self._queues, pid)
        self._seen = {}
        for file in self._folder.iterdir():
            file.unlink()
