"""Tickets and planned texts as the console lists them: with names of contacts and lines, and the way to threads."""

from collections.abc import Sequence
from dataclasses import dataclass

from messages.calendar import Calendar
from messages.planned import Planned
from messages.ticket import Ticket
from ops.documents.reader import Documents


@dataclass(frozen=True)
class TicketRow:
    """A ticket of a list; what is not known is empty. `calendar` is its line's."""

    ticket: Ticket
    name: str
    line: str
    channel: str
    thread: str
    calendar: Calendar | None


def ticket_rows(tickets: Sequence[Ticket], documents: Documents) -> list[TicketRow]:
    """The tickets in the same order, with what people call them by."""
    contacts = {each.contact for each in tickets}
    names = {each["_id"]: each.get("name", "") for each in documents.by_ids("contacts", contacts)}
    conversations = documents.by_ids("conversations", {each.conversation for each in tickets})
    threads = {each["_id"]: (each.get("thread") or {}).get("permalink") or "" for each in conversations}
    lines, calendars = {line.id: line for line in documents.lines()}, documents.calendars_of_lines()
    return [
        TicketRow(
            ticket,
            names.get(ticket.contact, ""),
            lines[ticket.line].name if ticket.line in lines else "",
            lines[ticket.line].channel if ticket.line in lines else "",
            threads.get(ticket.conversation, ""),
            calendars.get(ticket.line),
        )
        for ticket in tickets
    ]


@dataclass(frozen=True)
class PlannedRow:
    """A planned text of a list; what is not known is empty."""

    planned: Planned
    name: str
    line: str
    thread: str


def planned_rows(planned: Sequence[Planned], documents: Documents) -> list[PlannedRow]:
    """The planned texts in the same order, with what people call their contacts and lines by."""
    contacts = documents.by_ids("contacts", {each.contact for each in planned})
    names = {each["_id"]: each.get("name", "") for each in contacts}
    conversations = documents.by_ids("conversations", {each.conversation for each in planned})
    threads = {each["_id"]: (each.get("thread") or {}).get("permalink") or "" for each in conversations}
    lines = {line.id: line.name for line in documents.lines()}
    return [
        PlannedRow(each, names.get(each.contact, ""), lines.get(each.line, ""), threads.get(each.conversation, ""))
        for each in planned
    ]
