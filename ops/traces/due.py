"""What of a ticket is late, or due next, for operators. Pure."""

from dataclasses import dataclass
from datetime import datetime

from messages.calendar import Calendar
from messages.deadlines.lateness import late_words, left
from messages.deadlines.turn import next_due
from messages.ticket import Ticket
from ops import durations


@dataclass(frozen=True)
class DueNow:
    """Which of a ticket's clocks is late, or falls due next, and when."""

    words: str
    is_late: bool


def due_now(ticket: Ticket, calendar: Calendar | None, now: datetime) -> DueNow | None:
    """What of a ticket is late or due next; None if nothing ever is. `calendar` is its line's."""
    clock = next_due(ticket.clocks)
    if clock is None or clock.due_at is None:
        return None
    what = "reply" if clock.kind.is_response else "resolution"
    if clock.due_at <= now:
        return DueNow(f"{what} {late_words(-left(clock, calendar, now))}", is_late=True)
    return DueNow(f"{what} in {durations.short((clock.due_at - now).total_seconds())}", is_late=False)
