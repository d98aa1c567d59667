"""Finds the snoozes that are over, and those that end at another instant because their zone has other rules now."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from messages.deadlines.snooze import MoveSnooze
from messages.ticket import ActOnTicket
from workers.ports import Ports
from workers.tickets.snoozing import displaced_to, is_closed

LOOK_EVERY: Final = timedelta(days=1)
NEAR: Final = timedelta(days=3)
"""What is over later is looked at on another day: rules move a time by a few hours at most."""

PAGE: Final = 500


async def over(ports: Ports, lines: Collection[str], now: datetime) -> Sequence[tuple[int, datetime]]:
    """The tickets of open lines whose snooze is over, and until when it was; any number of clocks may look."""
    if not await ports.stores.tickets.waking(now, lines, 1):
        return []
    calendars = await ports.stores.calendars.all()
    closed = {each.id for each in calendars if is_closed(each, now)}
    shut = {line.id for line in await ports.stores.lines.known() if line.calendar in closed}
    found = await ports.stores.tickets.waking(now, [id for id in lines if id not in shut])
    return [(each.id, each.asleep.until) for each in found if each.asleep is not None]


class SnoozeRules:
    """Looks at the snoozes that are over soon, when its process begins and once a day."""

    def __init__(self) -> None:
        self._look_at: datetime | None = None

    async def look(self, ports: Ports) -> int:
        """Order that those are moved that end at another instant, by the rules of their zone; how many there were."""
        now, found = ports.now(), 0
        if self._look_at is not None and now < self._look_at <= now + LOOK_EVERY:
            return 0
        since, last, until = now, 0, now + NEAR
        while page := await ports.stores.tickets.snoozed_between(since, last, until, PAGE):
            for ticket in page:
                if ticket.asleep is not None and displaced_to(ticket.asleep) is not None:
                    moved = MoveSnooze(until=ticket.asleep.until)
                    await ports.publisher.publish(ActOnTicket(ticket=ticket.id, command=moved, by=None, at=now))
                    found += 1
            if page[-1].asleep is None:
                break
            since, last = page[-1].asleep.until, page[-1].id
        self._look_at = now + LOOK_EVERY
        return found
