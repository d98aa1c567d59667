"""What of a ticket is late, or due next, for operators. Pure."""

from dataclasses import dataclass
from datetime import datetime

from messages.deadlines.turn import next_due
from messages.ticket import Ticket
from ops import durations


@dataclass(frozen=True)
class DueNow:
    """Which of a ticket's clocks is late, or falls due next, and when."""

    words: str
    is_late: bool


def due_now(ticket: Ticket, now: datetime) -> DueNow | None:
    """What of a ticket is late or due next; None if nothing ever is."""
    clock = next_due(ticket.clocks)
    if clock is None or clock.due_at is None:
        return None
    what, left = "reply" if clock.kind.is_response else "resolution", (clock.due_at - now).total_seconds()
    return DueNow(
        f"{what} in {durations.short(left)}" if left > 0 else f"{what} {durations.short(abs(left))} late", left <= 0
    )
