"""The gauges that a gateway serves: what it read last of the queues and processes, and nothing of before. Pure.

What can't be read now is left out: a number of before would say that all is well.
"""

from collections.abc import Iterator
from typing import Final

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from ops.documents.backlog import Backlog
from ops.documents.processes import RunningProcess
from ops.queues.broker import Snapshot

PROCESSES: Final = ("gateway", "worker", "clock", "run")
"""The kinds of processes; one of which none runs is served as 0."""


def families(
    snapshot: Snapshot | None,
    processes: tuple[RunningProcess, ...] | None,
    backlog: Backlog | None,
    *,
    documents_up: bool,
) -> Iterator[Metric]:
    """The metrics; `snapshot` is None without a broker, and `processes` where this process is the only one.

    `backlog` is None where it could not be counted.
    """
    up = GaugeMetricFamily("clerk_broker_up", "Whether this gateway could read the queues")
    up.add_metric([], float(snapshot is not None))
    yield up
    up = GaugeMetricFamily("clerk_mongo_up", "Whether this gateway could read the documents")
    up.add_metric([], float(documents_up))
    yield up
    running = GaugeMetricFamily(
        "clerk_processes", "Processes that have reported in the last 30 seconds", labels=["kind"]
    )
    if documents_up:
        kinds = ["run"] if processes is None else [each.kind for each in processes]
        for kind in dict.fromkeys((*PROCESSES, *kinds)):
            running.add_metric([kind], kinds.count(kind))
    yield running
    yield from _queues(snapshot)
    yield from _backlog(backlog)


def _queues(snapshot: Snapshot | None) -> Iterator[Metric]:
    messages = GaugeMetricFamily(
        "clerk_queue_messages", "Messages in a queue, by what they wait for", labels=["queue", "state"]
    )
    consumers = GaugeMetricFamily("clerk_queue_consumers", "Consumers of a queue", labels=["queue"])
    oldest = GaugeMetricFamily(
        "clerk_queue_oldest_seconds", "How long the oldest ready message of a queue has waited", labels=["queue"]
    )
    stalled = GaugeMetricFamily(
        "clerk_queue_stalled_seconds", "How long workers have had messages in hand and finished none", labels=["queue"]
    )
    for queue in () if snapshot is None else snapshot.queues:
        states = {"ready": queue.ready, "held": queue.held, "delayed": queue.delayed, "dead": queue.dead}
        for state, count in states.items():
            if count is not None:
                messages.add_metric([queue.name, state], count)
        consumers.add_metric([queue.name], queue.consumers)
        oldest.add_metric([queue.name], queue.oldest or 0)
        stalled.add_metric([queue.name], queue.stalled or 0)
    yield from (messages, consumers, oldest, stalled)


def _backlog(backlog: Backlog | None) -> Iterator[Metric]:
    late = GaugeMetricFamily("clerk_tickets_late", "Tickets whose answer or solution is overdue")
    alerts = GaugeMetricFamily("clerk_alerts_open", "Alerts about tickets that Slack shows now")
    held = GaugeMetricFamily("clerk_planned_held", "Planned texts that wait for somebody's decision")
    if backlog is not None:
        for gauge, count in ((late, backlog.late), (alerts, backlog.alerts), (held, backlog.held)):
            gauge.add_metric([], count)
    yield from (late, alerts, held)
