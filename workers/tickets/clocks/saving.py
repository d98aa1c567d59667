"""Saves tickets together with their clocks."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from prometheus_client import Counter

from messages.conversation import Arrival
from messages.deadlines.alert import ConsiderAlerts
from messages.deadlines.clocks import ClockKind
from messages.line import Line
from messages.process.telemetry import start_at_zero
from messages.ticket import Ticket
from workers.ports import Ports
from workers.tickets.clocks.of_ticket import concerns_alerts, newly_breached, rules_of, with_clocks
from workers.tickets.clocks.rules import ClockRules, Event
from workers.tickets.nudges.rules import followed

SETTLE_WITHIN: Final = timedelta(seconds=20)
"""After this long the clock finds a change that is not carried out."""

BREACHES: Final = Counter("clerk_sla_breaches_total", "Clocks of tickets that have fallen due", ["kind"])
start_at_zero(BREACHES, tuple(ClockKind))


async def rules(line: Line | None, ticket: Ticket, ports: Ports) -> ClockRules:
    """The rules of a ticket's clocks as they are now; a line without a policy costs no look at its calendar."""
    has_calendar = line is not None and line.calendar and line.policy.targets
    calendar = await ports.stores.calendars.get(line.calendar) if line is not None and has_calendar else None
    return rules_of(line, ticket, calendar)


async def save(
    read: Ticket,
    ticket: Ticket,
    line: Line | None,
    ports: Ports,
    *,
    arrivals: Sequence[Arrival] = (),
    events: Sequence[Event] = (),
    is_due: bool = True,
) -> bool:
    """Save a changed ticket with its clocks and its nudge; False if another worker was faster.

    `arrivals` are the contact's texts that are new to it, and `events` what else concerns its clocks. What is
    not due by itself, the clock finds by another due time.
    """
    if ticket is read:
        return True
    now = ports.now()
    ticket = followed(read, ticket, line, now)
    ticket = with_clocks(read, ticket, await rules(line, ticket, ports), now, arrivals, events)
    due_at = now + SETTLE_WITHIN if is_due else None
    if not await ports.stores.tickets.save(ticket.model_copy(update={"due_at": due_at}), read.version):
        return False
    await tell_of_clocks(read, ticket, ports)
    return True


async def begin(ticket: Ticket, line: Line | None, ports: Ports, arrivals: Sequence[Arrival] = ()) -> Ticket | None:
    """Store a new ticket with its clocks; None if another worker was faster."""
    begun = with_clocks(None, ticket, await rules(line, ticket, ports), ports.now(), arrivals)
    return begun if await ports.stores.tickets.add(begun) else None


async def tell_of_clocks(before: Ticket, after: Ticket, ports: Ports) -> None:
    """Count the clocks that have fallen due, and let the team be told of what has moved."""
    for each in newly_breached(before, after):
        BREACHES.labels(each.kind).inc()
    if concerns_alerts(before, after):
        await consider_alerts(after, ports)


async def consider_alerts(ticket: Ticket, ports: Ports) -> None:
    """Have what the team is told of a ticket decided."""
    await ports.publisher.publish(ConsiderAlerts(ticket=ticket.id))
