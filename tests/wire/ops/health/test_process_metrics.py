"""What a worker's processes use is told as Prometheus has it, and which release they are."""

import os
import subprocess
import sys

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.process_collector import ProcessCollector

from messages.process.telemetry import describe
from messages.release import VERSION
from ops.running.process_metrics import ProcessesBelow, below, build_info, children_ticks, of_ended_children
from ops.running.worker_metrics import WorkerMetrics
from tests.servers import wait_until

PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "print(sum(range(3_000_000)), flush=True); input()"], stdin=0)
print(child.pid, flush=True)
child.wait()
print("ended", flush=True)
sys.stdin.close()
import os; os.read(3, 1)
"""


def found(pid: int) -> dict[str, float]:
    registry = CollectorRegistry()
    registry.register(ProcessesBelow(pid))
    return {sample.name: sample.value for metric in registry.collect() for sample in metric.samples}


def of_one(pid: int) -> dict[str, float]:
    collected = ProcessCollector(pid=lambda: pid, registry=None).collect()
    return {sample.name: sample.value for metric in collected for sample in metric.samples}


def is_sum(parent: int, child: int) -> bool:
    """Whether what is told of two processes that do nothing is the sum of what each uses."""
    summed = ("process_resident_memory_bytes", "process_virtual_memory_bytes", "process_open_fds")
    together, one, other = found(parent), of_one(parent), of_one(child)
    return all(together[name] == one[name] + other[name] for name in summed)


def test_a_process_counts_with_all_below_it_and_what_these_used_stays_counted() -> None:
    reading, writing = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-c", f"import os; os.dup2({reading}, 3)\n{PARENT}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=(reading,),
    ) as parent:
        assert parent.stdout is not None and parent.stdin is not None
        child, _ = sorted((int(parent.stdout.readline()) for _ in range(2)), key=lambda number: number > 10**9)
        assert list(below(parent.pid)) == [child]
        wait_until(lambda: is_sum(parent.pid, child), "both wait, and what is told is the sum of what they use")
        together = found(parent.pid)
        for name in ("process_start_time_seconds", "process_max_fds"):
            assert together[name] == of_one(parent.pid)[name]
        before = together["process_cpu_seconds_total"]
        parent.stdin.write("\n")
        parent.stdin.flush()
        assert parent.stdout.readline() == "ended\n"
        assert list(below(parent.pid)) == []
        assert of_ended_children(parent.pid) > 0
        assert found(parent.pid)["process_cpu_seconds_total"] >= before
        os.write(writing, b".")
    os.close(reading)
    os.close(writing)
    assert found(parent.pid) == {}


def test_the_name_of_a_process_may_hold_anything() -> None:
    fields = "S 1 1 1 0 -1 4194560 1 0 0 0 11 12 13 14 20 0 1 0 9"
    assert children_ticks(f"42 (a) b 1 2) {fields}") == 27


def test_a_worker_tells_what_it_uses_and_its_release() -> None:
    counted = WorkerMetrics()
    text = generate_latest(counted.registry).decode()
    counted.close()
    assert "process_resident_memory_bytes " in text
    assert "process_cpu_seconds_total " in text
    assert f'version="{VERSION}"' in next(line for line in text.splitlines() if line.startswith("clerk_build_info{"))


def test_the_release_is_told_once_for_each_registry() -> None:
    registry = CollectorRegistry()
    build_info(registry)
    build_info(registry)
    assert generate_latest(registry).decode().count("clerk_build_info{") == 1


def test_a_span_says_which_service_and_release_it_is_of() -> None:
    assert describe("worker") == {
        "service.name": "clerk-worker",
        "service.namespace": "clerk",
        "service.version": VERSION,
    }
