"""The life of a ticket's clocks, told step by step: what began, paused, answered, warned and was late, and why. Pure.

It is read off the ticket and its history as they are, and nothing is kept for it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from messages.calendar import Calendar
from messages.deadlines.clocks import ClockKind, HoursCounted, MarkKind, TicketClock
from messages.deadlines.lateness import late_words, length, rest_words, used
from messages.deadlines.priority import Priority
from messages.ticket import Change, Entry, Status, Ticket

LABELS: Final[Mapping[ClockKind, str]] = {
    ClockKind.FIRST_RESPONSE: "first answer",
    ClockKind.NEXT_RESPONSE: "next answer",
    ClockKind.RESOLUTION: "resolution",
}
"""What a clock is called where it is explained."""

_ORDER: Final = tuple(ClockKind)


@dataclass(frozen=True)
class ClockNow:
    """A clock as it stands: how long it has run, and what of it is left, late or over, in words."""

    clock: TicketClock
    ran: timedelta
    state: str

    @property
    def label(self) -> str:
        """What it is called."""
        return LABELS[self.clock.kind]

    @property
    def is_late(self) -> bool:
        """Whether it has ever been late."""
        return self.clock.breached_at is not None or self.ran > self.clock.target


@dataclass(frozen=True)
class ClockStep:
    """Something that happened at `at`, or will, to one of the clocks (blank: to all)."""

    at: datetime
    clock: str
    what: str
    is_late: bool = False


@dataclass(frozen=True)
class ClockLife:
    """The clocks of a ticket, and what happened to them in order of time."""

    clocks: tuple[ClockNow, ...]
    steps: tuple[ClockStep, ...]


def clock_life(
    ticket: Ticket,
    history: Sequence[Entry],
    calendar: Calendar | None,
    now: datetime,
    named: Callable[[str], str] = str,
) -> ClockLife:
    """The life of a ticket's clocks until `now`, and when what still runs is due; `calendar` is its line's.

    `named` says how an agent is called.
    """
    writers = {entry.order: named(entry.by) for entry in history if entry.order is not None and entry.by is not None}
    by_age = sorted(ticket.clocks, key=lambda each: (each.began_at, _ORDER.index(each.kind)))
    clocks = tuple(_now(each, calendar, now) for each in by_age)
    steps = [step for each in clocks for step in _steps(each, writers, now)]
    if clocks:
        steps += _failed(ticket, writers)
        steps += _changes(ticket, history, clocks[0].clock.began_at, named)
    return ClockLife(clocks, tuple(sorted(steps, key=lambda each: each.at)))


def _now(clock: TicketClock, calendar: Calendar | None, now: datetime) -> ClockNow:
    ran = used(clock, calendar, now)
    return ClockNow(clock, ran, _state(clock, ran))


def _state(clock: TicketClock, ran: timedelta) -> str:
    left = clock.target - ran
    if clock.stopped_at is not None:
        late = "" if clock.breached_at is None else f", {late_words(-left)}"
        return f"{_end(clock)}{late}"
    if not clock.is_running:
        return f"pauses, {rest_words(left)}"
    return "never due: no opening in the calendar" if clock.due_at is None else rest_words(left)


def _end(clock: TicketClock) -> str:
    if clock.by is not None:
        return "answered"
    if clock.opted_out:
        return "the contact opted out"
    return "solved without an answer" if clock.kind.is_response else "solved"


def _steps(shown: ClockNow, writers: Mapping[str, str], now: datetime) -> Iterator[ClockStep]:
    """What happened to one clock by itself."""
    clock = shown.clock
    hours = "open hours" if clock.counts is HoursCounted.OPEN else "day and night"
    yield ClockStep(clock.began_at, shown.label, f"begins: {length(clock.target)}, {hours}")
    if clock.warned_at is not None:
        yield ClockStep(clock.warned_at, shown.label, "Clerk warns")
    if clock.is_running and clock.due_at is not None:
        is_late = clock.due_at <= now
        yield ClockStep(clock.due_at, shown.label, "was due" if is_late else "will be due", is_late=is_late)
    if clock.breached_at is not None:
        yield ClockStep(clock.breached_at, shown.label, "Clerk finds it late", is_late=True)
    if clock.stopped_at is not None:
        who = writers.get(clock.by or "", "")
        yield ClockStep(
            clock.stopped_at,
            shown.label,
            f"stops after {length(shown.ran)}: {_end(clock)}{f' by {who}' if who else ''}",
        )


def _failed(ticket: Ticket, writers: Mapping[str, str]) -> Iterator[ClockStep]:
    """The answers that did not arrive, and count as none."""
    for mark in ticket.marks:
        if mark.kind is MarkKind.ANSWER and mark.failed:
            what = f"the answer of {writers.get(mark.of, 'an agent')} did not arrive, and counts as none"
            yield ClockStep(mark.at, "", what, is_late=True)


def _changes(
    ticket: Ticket, history: Sequence[Entry], since: datetime, named: Callable[[str], str]
) -> Iterator[ClockStep]:
    """The changes of status and priority since the first clock began, and what they did to the clocks."""
    is_timed = any(each.kind is ClockKind.RESOLUTION for each in ticket.clocks)
    for entry in history:
        who = named(entry.by) if entry.by else "Clerk"
        for change in entry.changes:
            if (what := _changed(change)) and entry.at >= since:
                effect = _EFFECTS.get(Status(change.after)) if change.what == "status" and is_timed else None
                yield ClockStep(entry.at, LABELS[ClockKind.RESOLUTION] if effect else "", _said(who, what, effect))


def _said(who: str, what: str, effect: str | None) -> str:
    return f"{what} by {who}{f': {effect}' if effect else ''}"


_EFFECTS: Final[Mapping[Status, str]] = {
    Status.NEW: "runs",
    Status.OPEN: "runs",
    Status.PENDING: "pauses",
    Status.ON_HOLD: "pauses",
}


def _changed(change: Change) -> str:
    """A change that matters to clocks; blank: none."""
    if change.what == "status":
        return f"{Status(change.before).label} to {Status(change.after).label}"
    if change.what == "priority":
        return f"priority {Priority(change.before).label} to {Priority(change.after).label}"
    return ""
