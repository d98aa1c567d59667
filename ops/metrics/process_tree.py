"""The standard `process_*` metrics of a `clerk worker`: of its own process and all below it together.

As Prometheus has them (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics), for one target:
times, memory and open files are sums, the start is the supervisor's.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Metric, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

SUMS: Final = ("process_resident_memory_bytes", "process_virtual_memory_bytes", "process_open_fds")
CPU: Final = "process_cpu_seconds"


class ProcessTree(Collector):
    """The metrics of a process and its descendants."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._seconds: dict[int, float] = {}

    def collect(self) -> Iterable[Metric]:
        """The metrics now; the time of processes that have ended counts on."""
        own = _metrics_of(self._pid)
        by_pid = {pid: _metrics_of(pid) for pid in descendants(self._pid)}
        below = by_pid.values()
        for pid, found in {**by_pid, self._pid: own}.items():
            if CPU in found:
                self._seconds[pid] = max(found[CPU][1], self._seconds.get(pid, 0.0))
        for name, (what, value) in own.items():
            if name == CPU:
                yield CounterMetricFamily(name, what, sum(self._seconds.values()))
            else:
                more = sum(each[name][1] for each in below if name in each) if name in SUMS else 0.0
                yield GaugeMetricFamily(name, what, value + more)


def _metrics_of(pid: int) -> dict[str, tuple[str, float]]:
    """The description and value of each metric of a process, by name; none if it has ended."""
    collector = ProcessCollector(pid=lambda: pid, registry=CollectorRegistry())
    return {each.name: (each.documentation, each.samples[0].value) for each in collector.collect()}


def descendants(pid: int) -> Iterator[int]:
    """The processes that a process has started, and theirs; none where the system has no /proc."""
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found = children.read_text()
        except OSError:  # it has just ended
            continue
        for child in map(int, found.split()):
            yield child
            yield from descendants(child)


def of_this_process() -> ProcessTree:
    """The metrics of this process and those below it."""
    return ProcessTree(os.getpid())
