"""How late something is: one rule for clocks, alerts, lists and pages, and one way to say a length of time. Pure.

What counts open hours is late by open hours, wherever that is shown.
"""

from datetime import datetime, timedelta
from typing import Final

from messages.calendar import Calendar, open_between
from messages.deadlines.clocks import HoursCounted, TicketClock

_MINUTE: Final = timedelta(minutes=1)


def length(amount: timedelta) -> str:
    """A length of time in hours and minutes, as `3 h 20 min`; what is less than a minute counts as one."""
    minutes = max(1, -(-amount // _MINUTE) if amount > timedelta() else 1)
    hours, rest = divmod(minutes, 60)
    return " ".join([*([f"{hours} h"] if hours else []), *([f"{rest} min"] if rest else [])])


def late_words(late: timedelta) -> str:
    """By how much something is late, as `21 min late`; what is due this moment counts as a minute."""
    return f"{length(max(late, timedelta()))} late"


def rest_words(left: timedelta) -> str:
    """What is left of a clock's time, as `20 min left`; if nothing is, by how much it is late."""
    return f"{length(left)} left" if left > timedelta() else late_words(-left)


def counted(since: datetime, until: datetime, calendar: Calendar | None) -> timedelta:
    """The time between two moments while a line is open; without a calendar it always is."""
    if until <= since:
        return timedelta()
    return until - since if calendar is None else open_between(calendar, since, until)


def used(clock: TicketClock, calendar: Calendar | None, now: datetime) -> timedelta:
    """How much of its time a clock has used up by `now`, in the hours that it counts; `calendar` is its line's."""
    if clock.running_since is None:
        return clock.ran
    return clock.ran + counted(clock.running_since, now, calendar if clock.counts is HoursCounted.OPEN else None)


def left(clock: TicketClock, calendar: Calendar | None, now: datetime) -> timedelta:
    """How much of its time a clock has left at `now`, in the hours that it counts; less than nothing if it is late."""
    return clock.target - used(clock, calendar, now)
