"""Tickets as the console lists them: with their contacts' and lines' names, and the way to their threads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from messages.deadlines.turn import next_due
from messages.ticket import Ticket
from ops import durations
from ops.documents.reader import Documents


@dataclass(frozen=True)
class TicketRow:
    """A ticket of a list; what is not known is empty."""

    ticket: Ticket
    name: str
    line: str
    channel: str
    thread: str


def ticket_rows(tickets: Sequence[Ticket], documents: Documents) -> list[TicketRow]:
    """The tickets in the same order, with what people call them by."""
    contacts = {each.contact for each in tickets}
    names = {each["_id"]: each.get("name", "") for each in documents.by_ids("contacts", contacts)}
    conversations = documents.by_ids("conversations", {each.conversation for each in tickets})
    threads = {each["_id"]: (each.get("thread") or {}).get("permalink") or "" for each in conversations}
    lines = {line.id: line for line in documents.lines()}
    return [
        TicketRow(
            ticket,
            names.get(ticket.contact, ""),
            lines[ticket.line].name if ticket.line in lines else "",
            lines[ticket.line].channel if ticket.line in lines else "",
            threads.get(ticket.conversation, ""),
        )
        for ticket in tickets
    ]


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
