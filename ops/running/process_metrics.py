"""Which release a process is, and the standard metrics process_* of a process together with all below it.

What a process below used before it ended stays counted, with whoever waited for it.
"""

import os
import platform
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, override
from weakref import WeakSet

from prometheus_client import CollectorRegistry, Info
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from messages.release import VERSION

_told: WeakSet[CollectorRegistry] = WeakSet()

PROC: Final = Path("/proc")
CPU: Final = "process_cpu_seconds"
STARTED: Final = "process_start_time_seconds"
LIMIT: Final = "process_max_fds"


class ProcessesBelow(Collector):
    """The sums of process_* over a process and all below it; when it started, and its limit, are its own."""

    def __init__(self, pid: int | None = None) -> None:
        self._pid = os.getpid() if pid is None else pid

    @override
    def collect(self) -> Iterable[Metric]:
        sums: dict[str, tuple[str, float]] = {}
        seconds = 0.0
        for pid in (self._pid, *below(self._pid)):
            for metric in ProcessCollector(pid=lambda pid=pid: pid, registry=None).collect():  # type: ignore[misc]
                _, so_far = sums.get(metric.name, ("", 0.0))
                if pid == self._pid or metric.name not in {STARTED, LIMIT}:
                    sums[metric.name] = metric.documentation, so_far + metric.samples[0].value
            seconds += of_ended_children(pid)
        for name, (documentation, value) in sums.items():
            if name == CPU:
                yield CounterMetricFamily(name, documentation, value + seconds)
            else:
                yield GaugeMetricFamily(name, documentation, value)


def below(pid: int) -> Iterator[int]:
    """The processes that this one started, and those that they started."""
    try:
        files = sorted((PROC / str(pid) / "task").glob("*/children"))
        children = [int(child) for file in files for child in file.read_text().split()]
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return
    for child in children:
        yield child
        yield from below(child)


def of_ended_children(pid: int) -> float:
    """The seconds of processor time that this process's ended children had used."""
    try:
        stat = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return children_ticks(stat) / os.sysconf("SC_CLK_TCK")


def children_ticks(stat: str) -> int:
    """Fields 16 and 17 of /proc/PID/stat (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html)."""
    after_the_name = stat.rpartition(")")[2].split()
    return int(after_the_name[13]) + int(after_the_name[14])


def build_info(registry: CollectorRegistry) -> None:
    """Add clerk_build_info to a registry, unless it has it."""
    if registry not in _told:
        _told.add(registry)
        build = Info("clerk_build", "The release of Clerk, and the Python that runs it", registry=registry)
        build.info({"version": VERSION, "python": platform.python_version()})
