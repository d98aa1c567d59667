"""Whose turn it is: the order of every list of tickets. Pure.

What is overdue comes first, then what is due soonest, then who has waited longest, then the newest of the rest. A due
time sorts what is overdue to the front by itself, so that no list needs the present time, and no ticket is saved when
its time passes.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from messages.deadlines.clocks import TicketClock

NEWEST_FIRST: Final = 9_999_999_999
"""This minus a ticket's number sorts the newest ticket first."""

WAITING: Final = ("0/", "1/")
"""Between these are the places of tickets that wait for something."""

DUE: Final = ("0/0/", "0/1")
"""Between these are the places of tickets that are due at some time: before those that only wait, whose places begin
with a year. Processes of before look for tickets that wait between `WAITING`, and find these, too."""


SNOOZED: Final = ("2/", "3/")
"""Between these are the places of tickets that are snoozed: behind all others, in the same order."""


def next_due(clocks: Iterable[TicketClock]) -> TicketClock | None:
    """The running clock that falls due first, or did; None if none ever does."""
    return min((each for each in clocks if each.is_running and each.due_at is not None), key=_due_at, default=None)


def _due_at(clock: TicketClock) -> datetime:
    assert clock.due_at is not None
    return clock.due_at


def due_places() -> tuple[tuple[str, str], ...]:
    """Between each pair are the places of tickets that are due at some time: of those that are snoozed, too."""
    return DUE, (f"{SNOOZED[0]}{DUE[0]}", f"{SNOOZED[0]}{DUE[1]}")


def late_places(now: datetime) -> tuple[tuple[str, str], ...]:
    """Between each pair are the places of tickets that are late now: of those that are snoozed, too."""
    return tuple((first, f"{first}{now.isoformat()}") for first, _ in due_places())


def place(number: int, clocks: Iterable[TicketClock], waits_since: datetime | None, *, asleep: bool = False) -> str:
    """The place of a ticket in every list: a lesser text comes first. One that is `asleep` comes behind all others."""
    if asleep:
        return f"{SNOOZED[0]}{place(number, clocks, waits_since)}"
    clock = next_due(clocks)
    if clock is not None:
        return f"{DUE[0]}{_due_at(clock).isoformat()}/{number:010d}"
    if waits_since is not None:
        return f"{WAITING[0]}{waits_since.isoformat()}/{number:010d}"
    return f"{WAITING[1]}{NEWEST_FIRST - number:010d}"
