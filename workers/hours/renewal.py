"""Stores the public holidays of a year that begins, and of the one after it, in the calendars that close on them."""

from datetime import date

import structlog

from messages.calendar import Calendar, wall_time
from messages.formats.public_holidays import renewed
from workers.ports import Ports

log = structlog.get_logger("clerk.hours")


class Renewal:
    """Looks once a day; it may look as often as it likes, since nothing that is stored is computed anew."""

    def __init__(self) -> None:
        self._looked_on: date | None = None

    async def look(self, ports: Ports) -> int:
        """Add the holidays that are missing, once on each day; how many calendars got some."""
        today = ports.now().date()
        if today == self._looked_on:
            return 0
        added, is_done = 0, True
        for calendar in await ports.stores.calendars.all():
            new = _with_missing(calendar, ports)
            if new != calendar:
                is_saved = await ports.stores.calendars.save(new) is not None
                added, is_done = added + is_saved, is_done and is_saved
        if is_done:
            self._looked_on = today
        return added


def _with_missing(calendar: Calendar, ports: Ports) -> Calendar:
    try:
        return renewed(calendar, wall_time(ports.now(), calendar.zone).date())
    except (ValueError, NotImplementedError) as error:  # of a country that the library knows no more, or too many days
        log.warning("the public holidays of a calendar can't be renewed", calendar=calendar.id, why=str(error))
        return calendar
