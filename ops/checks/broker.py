"""The broker and its queues."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Final

from ops.checks.finding import Finding, advice, bad, good
from ops.counting import counted
from ops.documents.processes import RunningProcess, starting_workers
from ops.durations import short
from ops.queues.broker import STALLED, Broker, BrokerAway, QueueState, Snapshot
from ops.queues.management_api import Unavailable
from ops.queues.rabbitmq import Rabbit

SLOW: Final = timedelta(minutes=1)


def check(broker: Broker, processes: Callable[[], Sequence[RunningProcess]] = tuple) -> Iterator[Finding]:
    """Whether the broker answers, its queues are declared right, each has workers, and none has dead letters.

    `processes` are those that report: they are asked for where a queue has no worker.
    """
    try:
        if isinstance(broker, Rabbit):
            yield from _rabbit(broker)
        snapshot = broker.snapshot()
    except BrokerAway as error:
        todo = "Start it, or correct CLERK_AMQP_URL. Until then the gateway answers webhooks with 503."
        yield bad("broker", str(error), todo if isinstance(broker, Rabbit) else "")
        return
    if not isinstance(broker, Rabbit):
        yield good("broker", f"in memory: {snapshot.source}")
    yield from of_queues(snapshot, processes)


def _rabbit(broker: Rabbit) -> Iterator[Finding]:
    yield good("broker", f"{broker.amqp.version()} answers")
    try:
        alarms = broker.management.alarms()
    except Unavailable as error:
        found = f"{broker.management.where} can't be reached: {error}"
        yield advice(
            "management API", found, "Set CLERK_MANAGEMENT_URL: without it Clerk shows no rates, ages and alarms."
        )
    else:
        if alarms:
            yield bad(
                "alarms", "; ".join(alarms), "Free disk space or memory: until then RabbitMQ accepts no messages."
            )
    if not broker.amqp.may_declare():
        found = "the user of CLERK_AMQP_URL may not declare queues, so Clerk takes those that are there as they are"
        todo = "Fine if an administrator declares what a new version needs. Else give it configure permission."
        yield advice("permissions", found, todo)
    faults = broker.amqp.faults()
    if faults:
        todo = (
            "Start a gateway or worker: it declares missing queues. Let the workers empty a queue that is declared "
            "differently, then delete it (docs/operations.md, Upgrades)."
        )
        yield bad("queues", "; ".join(faults), todo)


def of_queues(snapshot: Snapshot, processes: Callable[[], Sequence[RunningProcess]] = tuple) -> Iterator[Finding]:
    """What the numbers of the queues show. Pure."""
    idle = [each.name for each in snapshot.queues if each.consumers == 0]
    if idle and (starting := starting_workers(processes(), idle)):
        who = ", ".join(f"{each.host} {short((each.told_at - each.started_at).total_seconds())}" for each in starting)
        found = f"no worker serves {', '.join(idle)} yet; the one that will was started on {who} ago"
        yield advice("workers", found, "Run clerk doctor again in some seconds.")
    elif idle:
        found = f"no worker serves {', '.join(idle)}"
        yield bad("workers", found, f"Start a worker: clerk worker --queues {','.join(idle)}")
    else:
        yield good("workers", "every queue has consumers")
    dead = [each for each in snapshot.queues if each.dead]
    if dead:
        found = ", ".join(f"{each.dead} in {each.name}" for each in dead)
        todo = "See why each died: clerk dead list. Repair the cause, then: clerk dead replay"
        yield bad("dead letters", found, todo)
    else:
        yield good("dead letters", "none")
    yield from _backlog([each for each in snapshot.queues if each.ready])
    for each in snapshot.queues:
        if each.stalled is not None and each.stalled > STALLED:
            held = counted(each.held or 0, "message")
            found = f"{each.name}: workers hold {held} and have finished none for {short(each.stalled)}"
            yield bad("workers are stuck", found, "Restart the workers (docs/operations.md, ClerkQueueStalled).")


def _backlog(waiting: list[QueueState]) -> Iterator[Finding]:
    found = ", ".join(f"{each.ready} in {each.name} (oldest {short(each.oldest)})" for each in waiting)
    late = [each for each in waiting if each.oldest is not None and each.oldest > SLOW.total_seconds()]
    if not late:
        yield good("backlog", found or "no messages wait")
    elif all(each.consumers for each in late):
        todo = "Workers are too slow or stuck. Look at their log and at the run times at /ops, then add workers."
        yield bad("backlog", found, todo)
    else:
        yield advice("backlog", found, "Start workers for these queues: they then handle the backlog.")
