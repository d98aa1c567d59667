"""A time to send something at, as people type it after `/clerk later`. Pure.

What is typed is one of a few forms, or is refused in words: a guess would reach the contact at a wrong hour.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from messages.calendar import Placed, place, wall_time
from messages.formats.moments.grammar import AT, CLOCK, DAY, SPAN, clock_of, day_named, span_of, wall_of
from messages.formats.numbers import NotANumber, split
from messages.planned import LATEST, SOONEST, When

TIMES: Final = "`in 2h`, `9:00`, `today 5pm`, `tomorrow 9:00`, `mon 9:00` or `2026-12-24 9:00`"

NO_FILES: Final = "Slack gives a command no files: to send some, type `/clerk` and click *Send text*."

USAGE: Final = (
    "When should the text go out? Type `/clerk later +15551234567 tomorrow 9:00: your text`. "
    f"A time is {TIMES}, with a colon after it. {NO_FILES}"
)
NO_TEXT: Final = "Nothing was planned: write the text after the time, such as `/clerk later +15551234567 9:00: Hello`."

_CLOCK: Final = rf"(?:(?P<day>{DAY}),?\s+)?{AT}(?P<clock>{CLOCK})"
_WHEN: Final = rf"(?:in\s+{SPAN}|{_CLOCK})"
_HEAD: Final = re.compile(
    rf"(?P<number>(?:<[^<>]*>|[^<>:a-zA-Z])+?)\s*[,:;]?\s+(?P<when>{_WHEN})\s*:(?!\d)", re.IGNORECASE
)
HEAD: Final = 200
"""In how many characters a number and a time must be."""
_ALONE: Final = re.compile(_WHEN, re.IGNORECASE)


@dataclass(frozen=True)
class TypedLater:
    """A number as it was typed, when to send, and the text."""

    number: str
    when: When
    text: str


def read_later(typed: str) -> TypedLater | str:
    """What is typed after `/clerk later`, or the answer that says how to write it."""
    typed = typed.strip()
    found = _HEAD.match(typed[:HEAD])
    if found is None:
        return USAGE
    when = read_when(found["when"])
    if isinstance(when, str):
        return when
    text = typed[found.end() :].strip()
    return TypedLater(found["number"].strip(), when, text) if text else NO_TEXT


PASSED: Final = "Nothing was planned: that time has passed."
TOO_SOON: Final = (
    "Nothing was planned: a text is planned at least a minute ahead. To send it now, use `/clerk send` or Reply."
)
TOO_FAR: Final = f"Nothing was planned: a text is planned at most {LATEST.days} days ahead."


def objection_to_time(due_at: datetime, asked_at: datetime) -> str:
    """Why a text can't be planned for then; empty if it can."""
    ahead = due_at - asked_at
    if ahead < SOONEST:
        return PASSED if ahead < -SOONEST else TOO_SOON
    return TOO_FAR if ahead > LATEST else ""


def only_number(typed: str, line: str | None) -> str:
    """The typed number as E.164; NotANumber if it is none, or if something follows that is no time."""
    number, rest = split(typed, line)
    if rest:
        raise NotANumber(f"“{rest}” is no time. A time is {TIMES}.")
    return number


def read_when(typed: str) -> When | str:
    """A typed time, or the answer that says how to write one."""
    found = _ALONE.fullmatch(" ".join(typed.split()))
    if found is None:
        return f"Nothing was planned: a time is {TIMES}."
    if found["clock"] is None:
        return When(after=span_of(found.groupdict()))
    try:
        day = day_named(found["day"] or "")
    except ValueError as error:
        return f"Nothing was planned. {error}"
    return When(day=day, clock=clock_of(found["clock"]))


@dataclass(frozen=True)
class Meant:
    """The instant that a time means, and the wall time that was asked for; None if an instant was."""

    placed: Placed
    wall: datetime | None


def meant(when: When, now: datetime, zone: str) -> Meant:
    """What a time means where clocks show `zone`; ValueError if there is no such zone or time.

    A clock time without a day, or on a day of the week, is the next one.
    """
    if when.after is not None:
        return at_instant(now + when.after, zone)
    if when.clock is None:
        raise ValueError("a time needs a clock time, or how long from now")
    hours, minutes = when.clock.split(":")
    wall = wall_of(when.day, timedelta(hours=int(hours), minutes=int(minutes)), now, zone)
    placed = place(wall, zone)
    if not when.day and placed.instant <= now:
        wall += timedelta(days=1)
        placed = place(wall, zone)
    return Meant(placed, wall)


def at_instant(instant: datetime, zone: str) -> Meant:
    """An instant that is meant as such, whatever clocks show then."""
    return Meant(Placed(instant, wall_time(instant, zone)), None)
