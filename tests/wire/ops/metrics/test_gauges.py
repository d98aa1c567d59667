"""The gauges say what is so now, or nothing."""

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import Metric, generate_latest

from messages.deadlines.clocks import ClockKind, TicketClock
from messages.deadlines.turn import place
from messages.release import VERSION
from ops.documents.processes import RunningProcess
from ops.documents.reader import Documents
from ops.metrics.gauges import families
from ops.metrics.process_tree import CPU, ProcessTree
from ops.metrics.recorder import FRESH, GAUGES, Recorder
from ops.queues.broker import BrokerAway, QueueState, Snapshot
from ops.running.worker_metrics import WorkerMetrics
from tests.make import NOW

SNAPSHOT = Snapshot(
    at=NOW, source="a test", queues=(QueueState(name="slack", ready=3, held=None, dead=1, consumers=2),)
)


def process(kind: str) -> RunningProcess:
    times: Any = {"started_at": NOW, "told_at": NOW, "seen_at": NOW}
    return RunningProcess(id=kind, kind=kind, host="h", pid=1, **times)


def served(metrics: Any) -> dict[str, float]:
    """The samples by their name and the values of their labels."""
    return {
        " ".join((sample.name, *sample.labels.values())): sample.value
        for metric in metrics
        for sample in metric.samples
    }


def test_what_was_read_is_served_and_what_was_not_is_left_out() -> None:
    found = served(families(SNAPSHOT, (process("worker"), process("worker")), None, documents_up=True))
    assert found["clerk_broker_up"] == found["clerk_mongo_up"] == 1
    assert (found["clerk_queue_messages slack ready"], found["clerk_queue_consumers slack"]) == (3, 2)
    assert "clerk_queue_messages slack held" not in found
    kinds = {kind: found[f"clerk_processes {kind}"] for kind in ("gateway", "worker", "clock", "run")}
    assert kinds == {"gateway": 0, "worker": 2, "clock": 0, "run": 0}


def test_a_process_that_is_alone_counts_itself() -> None:
    found = served(families(SNAPSHOT, None, None, documents_up=True))
    assert (found["clerk_processes run"], found["clerk_processes clock"]) == (1, 0)


def test_without_mongodb_no_number_of_processes_is_served() -> None:
    found = served(families(SNAPSHOT, (), None, documents_up=False))
    assert found["clerk_mongo_up"] == 0
    assert not [name for name in found if name.startswith("clerk_processes")]


class Dying:
    """A broker that can be read until it dies."""

    alive = True

    def snapshot(self) -> Snapshot:
        """The queues, while it lives."""
        if not self.alive:
            raise BrokerAway("RabbitMQ is away")
        return SNAPSHOT


def now_served() -> dict[str, float]:
    """What this process serves of queues and processes."""
    return served(GAUGES.collect())


@pytest.fixture
def recorder(mongo_url: str) -> Any:
    broker: Any = Dying()
    with Documents(mongo_url) as documents:
        recorder = Recorder(broker, documents, dict, shared=True)
        GAUGES.recorder = recorder
        yield recorder, broker
        recorder.stop()


def test_without_the_broker_no_number_of_a_queue_is_served(recorder: tuple[Recorder, Dying]) -> None:
    """Metrics once went on with "3 consumers" for as long as the broker was dead."""
    reads, broker = recorder
    reads.look()
    assert now_served()["clerk_queue_consumers slack"] == 2
    broker.alive = False
    reads.look()
    assert now_served()["clerk_broker_up"] == 0
    assert not [name for name in now_served() if name.startswith("clerk_queue")]
    broker.alive = True
    reads.look()
    assert now_served()["clerk_broker_up"] == 1


def test_a_reading_that_hangs_counts_as_none(recorder: tuple[Recorder, Dying]) -> None:
    reads, _ = recorder
    assert now_served()["clerk_broker_up"] == 0, "nothing was read yet"
    reads.look()
    reads._looked_at -= FRESH
    found = now_served()
    assert (found["clerk_broker_up"], found["clerk_mongo_up"]) == (0, 0)
    assert not [name for name in found if name.startswith(("clerk_queue", "clerk_processes"))]


def test_what_waits_for_people_is_counted(recorder: tuple[Recorder, Dying], mongo_url: str) -> None:
    reads, _ = recorder
    clock = TicketClock(kind=ClockKind.FIRST_RESPONSE, began_at=NOW, running_since=NOW, target=timedelta(), due_at=NOW)
    with Documents(mongo_url) as documents:
        stored = documents.database
        stored["lines"].insert_one({"_id": "+15550001111"})
        stored["tickets"].insert_many(
            [{"_id": 1, "waits": place(1, [clock], NOW)}, {"_id": 2, "waits": place(2, [], NOW)}]
        )
        stored["alerts"].insert_many(
            {"_id": state, "line": "+15550001111", "state": state} for state in ("stands", "ended", "coming")
        )
        stored["planned"].insert_many({"_id": state, "state": state} for state in ("held", "planned"))
    reads.look()
    found = now_served()
    counted = {name: found.get(name) for name in ("clerk_tickets_late", "clerk_alerts_open", "clerk_planned_held")}
    assert set(counted.values()) == {1}, counted


def test_what_can_not_be_counted_is_not_served() -> None:
    names = [name for name in served(families(SNAPSHOT, (), None, documents_up=False)) if "held" in name]
    assert names == []


def by_name(tree: ProcessTree) -> dict[str, Metric]:
    return {metric.name: metric for metric in tree.collect()}


def value(metric: Metric) -> float:
    return float(metric.samples[0].value)


def test_the_processes_below_a_worker_count_as_one_and_their_time_stays_when_they_end() -> None:
    tree = ProcessTree(os.getpid())
    with subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE) as child:
        alone = by_name(ProcessTree(child.pid))
        with_child = by_name(tree)
        tree._seconds[child.pid] = 1000.0
        child.communicate(b"\n")
    after = by_name(tree)
    assert value(with_child["process_resident_memory_bytes"]) > value(alone["process_resident_memory_bytes"])
    assert {"process_start_time_seconds", "process_open_fds", "process_max_fds", CPU} <= set(after)
    assert value(after[CPU]) > 1000


def test_a_worker_serves_its_release_and_its_processes() -> None:
    counted = WorkerMetrics()
    text = generate_latest(counted.registry).decode()
    counted.close()
    assert f'version="{VERSION}"' in text
    assert "process_resident_memory_bytes " in text
