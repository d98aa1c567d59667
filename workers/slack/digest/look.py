"""Finds the lines that have opened: any number of clocks may look, and only one of them changes a document."""

from collections.abc import Sequence

from messages.team.opening import Opening, upcoming
from workers.ports import Ports


async def opened(ports: Ports) -> Sequence[Opening]:
    """The openings that have come and whose digests are due; each line's next one is stored, as its calendar is now."""
    lines = [line for line in await ports.stores.lines.known() if line.calendar]
    if not lines:
        return []
    stores, now, due = ports.stores, ports.now(), []
    calendars = {each.id: each for each in await stores.calendars.all()}
    known = {each.id: each for each in await stores.openings.all()}
    for line in lines:
        if (calendar := calendars.get(line.calendar)) is None:
            continue
        found: Opening | None = known.get(line.id)
        coming = upcoming(line.id, found, calendar, now)
        if coming is not found:
            found = await stores.openings.save(coming)
        if found is not None and found.due_at is not None and found.due_at <= now:
            due.append(found)
    return due
