"""Finds tickets whose clocks run under rules that are no longer those of their line."""

from messages.ticket import Ticket
from workers.ports import Ports
from workers.tickets.clocks.of_ticket import rules_key


async def under_other_rules(ports: Ports, limit: int = 500) -> list[Ticket]:
    """Tickets whose clocks were computed by another version of their line's policy or calendar, or by another calendar.

    Where no clock runs, one look at an index finds that out.
    """
    if not await ports.stores.tickets.has_clocks():
        return []
    calendars = {each.id: each for each in await ports.stores.calendars.all()}
    lines = await ports.stores.lines.known()
    timed = [line for line in lines if line.policy.targets]
    current = {rules_key(line.id, line.policy, calendars.get(line.calendar)) for line in timed}
    return await ports.stores.tickets.outdated(current, limit)
