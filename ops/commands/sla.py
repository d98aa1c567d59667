"""`clerk sla`: by when tickets are due, and why."""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from cyclopts import App
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from messages.calendar import Calendar, date_words, time_words, wall_time, zone_words
from messages.deadlines.lateness import length
from messages.deadlines.priority import Priority
from messages.deadlines.turn import due_places, next_due
from messages.ticket import Entry, Ticket
from ops.commands.lines import NO_LINE, line_named
from ops.commands.options import WHOLE, AsJson, Invalid, console_of
from ops.documents.reader import Documents, at_places
from ops.environment import command_settings, documents_now, with_documents
from ops.examples import examples_of
from ops.traces.due import due_now
from workers.shown.clock_life import ClockLife, clock_life

sla = App(
    name="sla",
    help="List tickets that are late or due next, and explain the clocks of one.",
    help_epilogue=examples_of("sla"),
)

MOST: Final = 1000
COLUMNS: Final = 80
"""In so many columns a table has room."""

_NUMBER: Final = re.compile(r"#?([1-9][0-9]{0,14})")


@sla.command(name="list")
def list_(*, line: str | None = None, most: int = 50, json_: AsJson = False) -> None:
    """List what is late, then what is due next: the oldest due time first.

    Parameters
    ----------
    line
        Only tickets of this line, such as +15550001111.
    most
        How many at most, up to a thousand.
    """
    if not 1 <= most <= MOST:
        raise Invalid(f"--most {most}: from 1 to {MOST}")
    of = None if line is None else line_named(line)
    query = {**at_places(due_places()), **({} if of is None else {"line": of})}
    settings = command_settings()
    with with_documents(settings) as documents:
        found = sorted(documents.tickets_by_turn(query, most), key=_due_at)
        if not found and of is not None and all(each.id != of for each in documents.lines()):
            raise Invalid(NO_LINE.format(line=of))
        calendars = documents.calendars_of_lines()
    now = documents_now(settings)
    if json_:
        json.dump([due_row(each, now) for each in found], sys.stdout, indent=2)
        print()
        return
    console = console_of(sys.stdout)
    console.print(due_list(found, calendars, now, console) if found else "Nothing is due.", soft_wrap=not found)


def _due_at(ticket: Ticket) -> datetime:
    clock = next_due(ticket.clocks)
    assert clock is not None
    assert clock.due_at is not None
    return clock.due_at


def due_row(ticket: Ticket, now: datetime) -> dict[str, Any]:
    """A ticket that is late or due, for other programs. Pure."""
    clock = next_due(ticket.clocks)
    assert clock is not None
    due_at = _due_at(ticket)
    return {
        "ticket": ticket.id,
        "clock": clock.kind.value,
        "due_at": due_at.isoformat(),
        "late": due_at <= now,
        "breached_at": clock.breached_at.isoformat() if clock.breached_at else None,
        "status": ticket.status.value,
        "snoozed": ticket.asleep is not None,
        "priority": ticket.priority.value,
        "line": ticket.line,
        "assignees": list(ticket.assignees),
    }


def due_list(tickets: list[Ticket], calendars: Mapping[str, Calendar], now: datetime, console: Console) -> Table | Text:
    """Tickets that are late or due, as a table; one below the other where a table would not fit."""
    table = due_table(tickets, calendars, now)
    if console.width >= min(COLUMNS, Measurement.get(console, console.options.update(width=WHOLE), table).maximum):
        return table
    return Text("\n").join(
        Text(f"#{each.id}  ", style="bold") + words + Text(f"\n    {', '.join(filter(None, rest))}")
        for each, words, rest in _due_rows(tickets, calendars, now)
    )


def due_table(tickets: list[Ticket], calendars: Mapping[str, Calendar], now: datetime) -> Table:
    """Tickets that are late or due, as a table of 80 columns; `calendars` are those of lines. Pure."""
    table = Table(box=None, pad_edge=False)
    for column in ("ticket", "due", "status", "priority", "line", "assigned to"):
        table.add_column(column, overflow="fold", no_wrap=column in {"ticket", "due", "line"})
    for each, words, rest in _due_rows(tickets, calendars, now):
        table.add_row(f"#{each.id}", words, *rest)
    return table


def _due_rows(
    tickets: list[Ticket], calendars: Mapping[str, Calendar], now: datetime
) -> Iterator[tuple[Ticket, Text, list[str]]]:
    """Each ticket, in words what of it is late or due, and what else is shown of it."""
    for each in tickets:
        due = due_now(each, calendars.get(each.line), now)
        assert due is not None
        priority = each.priority.label if each.priority is not Priority.NONE else ""
        status = f"{each.status.label}{', snoozed' if each.asleep is not None else ''}"
        words = Text(due.words, style="red" if due.is_late else "")
        yield each, words, [status, priority, each.line, " ".join(each.assignees)]


@sla.command
def explain(ticket: str, /, *, json_: AsJson = False) -> None:
    """Tell the life of a ticket's clocks: what began, paused, was answered, warned and was late.

    Parameters
    ----------
    ticket
        The ticket's number, such as 42 or '#42'.
    """
    number = _NUMBER.fullmatch(ticket.strip())
    if number is None:
        raise Invalid(f"{ticket}: give a ticket's number, such as 42 or '#42'")
    settings = command_settings()
    with with_documents(settings) as documents:
        found = documents.tickets({"_id": int(number[1])}, 1)
        history, calendar = _rules_of(found[0], documents) if found else ([], None)
    if not found:
        print(f"There is no ticket #{number[1]}.", file=sys.stderr)
        sys.exit(1)
    now = documents_now(settings)
    life = clock_life(found[0], history, calendar, now)
    if json_:
        json.dump(explained(found[0], life, calendar), sys.stdout, indent=2)
        print()
        return
    console = console_of(sys.stdout)
    for each in told(found[0], life, calendar, now):
        console.print(each, soft_wrap=isinstance(each, Text) and not console.is_terminal)


def _rules_of(ticket: Ticket, documents: Documents) -> tuple[list[Entry], Calendar | None]:
    """A ticket's history, and the calendar of its line."""
    return documents.history(ticket), documents.calendars_of_lines().get(ticket.line)


def explained(ticket: Ticket, life: ClockLife, calendar: Calendar | None) -> Mapping[str, Any]:
    """The life of a ticket's clocks for other programs: durations in seconds, times in UTC. Pure."""
    return {
        "ticket": ticket.id,
        "status": ticket.status.value,
        "priority": ticket.priority.value,
        "line": ticket.line,
        "calendar": calendar.id if calendar else None,
        "clocks": [
            {
                **each.clock.model_dump(mode="json"),
                "ran": each.ran.total_seconds(),
                "state": each.state,
                "late": each.is_late,
            }
            for each in life.clocks
        ],
        "steps": [
            {"at": each.at.isoformat(), "clock": each.clock, "what": each.what, "late": each.is_late}
            for each in life.steps
        ],
    }


NO_CLOCKS: Final = (
    "It has no clocks: its line has no target for it (clerk lines set LINE --sla), or it is spam, or its contact is "
    "blocked."
)


def told(ticket: Ticket, life: ClockLife, calendar: Calendar | None, now: datetime) -> list[Text | Table]:
    """The life of a ticket's clocks for people: two tables of 80 columns, in the line's own time. Pure."""
    zone = calendar.zone if calendar else "UTC"
    priority = f", {ticket.priority.label}" if ticket.priority is not Priority.NONE else ""
    hours = f"hours of {calendar.id}" if calendar else "always open"
    place = zone_words(zone) if calendar else "UTC"
    head = Text(f"#{ticket.id}", style="bold") + Text(f"  {ticket.status.label}{priority} on {ticket.line}")
    if not life.clocks:
        return [head, Text(NO_CLOCKS)]
    clocks = Table(box=None, pad_edge=False)
    for column in ("clock", "within", "ran", "due", "state"):
        clocks.add_column(column, no_wrap=column != "state")
    for each in life.clocks:
        due = _when(each.clock.due_at, now, zone) if each.clock.due_at else "–"
        state = Text(each.state, style="red" if each.is_late else "")
        clocks.add_row(each.label, length(each.clock.target), length(each.ran) if each.ran else "–", due, state)
    steps = Table(box=None, pad_edge=False)
    for column in ("when", "clock", "what"):
        steps.add_column(column, no_wrap=column != "what")
    for step in life.steps:
        what = Text(step.what, style="red" if step.is_late else "")
        steps.add_row(_when(step.at, now, zone), Text(step.clock, "cyan"), what)
    return [head, Text(f"{hours}; times are those of {place}", style="dim"), Text(), clocks, Text(), steps]


def _when(at: datetime, now: datetime, zone: str) -> str:
    wall = wall_time(at, zone)
    return f"{date_words(wall.date(), wall_time(now, zone).date())} {time_words(wall)}"
