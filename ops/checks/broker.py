"""The broker and its queues."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from ops.checks.finding import Finding, advice, bad, good
from ops.durations import short
from ops.queues.broker import STALLED, Broker, BrokerAway, QueueState, Snapshot
from ops.queues.management_api import Unavailable
from ops.queues.rabbitmq import Rabbit

SLOW: Final = timedelta(minutes=1)


def check(broker: Broker) -> Iterator[Finding]:
    """Whether the broker is there, its queues are Clerk's, somebody works on each, and none has dead letters."""
    try:
        if isinstance(broker, Rabbit):
            yield from _rabbit(broker)
        snapshot = broker.snapshot()
    except BrokerAway as error:
        todo = "Start it, or correct CLERK_AMQP_URL. Until then webhooks are answered 503."
        yield bad("broker", str(error), todo if isinstance(broker, Rabbit) else "")
        return
    if not isinstance(broker, Rabbit):
        yield good("broker", f"in memory: {snapshot.source}")
    yield from of_queues(snapshot)


def _rabbit(broker: Rabbit) -> Iterator[Finding]:
    yield good("broker", f"{broker.amqp.version()} answers")
    try:
        alarms = broker.management.alarms()
    except Unavailable as error:
        found = f"{broker.management.where} can't be asked: {error}"
        yield advice("management API", found, "Without it there are no rates, ages and alarms: CLERK_MANAGEMENT_URL")
    else:
        if alarms:
            yield bad("alarms", "; ".join(alarms), "Make room: until then RabbitMQ takes no messages at all.")
    faults = broker.amqp.faults()
    if faults:
        todo = (
            "Missing queues are made when a gateway or worker connects. One that was declared differently must be "
            "emptied by its workers, then deleted (docs/operations.md, Upgrades)."
        )
        yield bad("queues", "; ".join(faults), todo)


def of_queues(snapshot: Snapshot) -> Iterator[Finding]:
    """What the queues' numbers say. Pure."""
    idle = [each.name for each in snapshot.queues if each.consumers == 0]
    if idle:
        found = f"nobody works on {', '.join(idle)}"
        yield bad("workers", found, f"Start a worker: clerk worker --queues {','.join(idle)}")
    else:
        yield good("workers", "every queue has consumers")
    dead = [each for each in snapshot.queues if each.dead]
    if dead:
        found = f"dead letters: {', '.join(f'{each.dead} in {each.name}' for each in dead)}"
        todo = "clerk dead list says why each died; when the cause is gone: clerk dead replay"
        yield bad("dead letters", found, todo)
    else:
        yield good("dead letters", "none")
    yield from _backlog([each for each in snapshot.queues if each.ready])
    for each in snapshot.queues:
        if each.stalled is not None and each.stalled > STALLED:
            found = f"{each.name}: workers have {each.held} in hand, and have finished none for {short(each.stalled)}"
            yield bad("workers are stuck", found, "docs/operations.md, ClerkQueueStalled: restart the workers.")


def _backlog(waiting: list[QueueState]) -> Iterator[Finding]:
    found = ", ".join(f"{each.ready} in {each.name} (oldest {short(each.oldest)})" for each in waiting)
    late = [each for each in waiting if each.oldest is not None and each.oldest > SLOW.total_seconds()]
    if not late:
        yield good("backlog", found or "nothing waits")
    elif all(each.consumers for each in late):
        todo = "Workers are too slow or stuck: look at run times at /ops, at their log, then add workers."
        yield bad("backlog", found, todo)
    else:
        yield advice("backlog", found, "It will be worked off once the queues have workers.")
