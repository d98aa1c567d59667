"""A time to send something at, as people type it after `/clerk later`. Pure.

What is typed is one of a few forms, or is refused in words: a guess would reach the contact at a wrong hour.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from messages.calendar import Placed, place, wall_time
from messages.formats.moments.grammar import AT, CLOCK, DAY, SPAN, clock_of, day_named, span_of, wall_of
from messages.formats.numbers import SHORTEST, NotANumber, SeveralNumbers, parse, split
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
    number, text = found["number"].strip(), typed[found.end() :].strip()
    if rest := _after_number(number):
        return f"Nothing was planned. {_no_time(rest)}"
    return TypedLater(number, when, text) if text else NO_TEXT


def _after_number(typed: str) -> str:
    """What follows a number and may be no part of it; blank if only a line's country tells where it ends."""
    try:
        return split(typed, None)[1]
    except NotANumber:
        first, _, after = typed.partition(" ")
        return after if _number(first, None) else ""


def _number(typed: str, line: str | None) -> str:
    """A typed number in E.164; blank if it is none."""
    try:
        return parse(typed, line)
    except NotANumber:
        return ""


def _no_time(words: str) -> str:
    return f"“{words}” is no time. A time is {TIMES}."


MISSING: Final = "Nothing is planned yet: please add what is missing."


@dataclass(frozen=True)
class Unread:
    """What can be told apart in words that `read_later` does not read: as much of them as goes into a form.

    `number` is in E.164, or as it was typed; `time` are the words where a time should be, and `when` what they mean.
    What can't be told apart is in `text`. Each may be missing.
    """

    number: str
    time: str
    when: When | None
    text: str

    @property
    def trouble(self) -> str:
        """What is wrong with the words, and with their time in particular."""
        wrong = read_when(self.time) if self.time else None
        return f"“{self.time}” is no time that Clerk reads. {wrong}" if isinstance(wrong, str) else MISSING


_COLON: Final = re.compile(r":(?!\d)")


def unread(typed: str, line: str | None) -> Unread:
    """What is typed after `/clerk later` and could not be read, taken apart as far as that is certain."""
    typed = typed.strip()
    first, _, after = typed.partition(" ")
    first = first.rstrip(",:;")
    number, rest = _number(first, line), after
    try:
        longest, behind = split(typed, line)
    except SeveralNumbers:
        number = ""  # whoever typed them says for whom it is
    except NotANumber:
        if not number and sum(map(str.isdigit, first)) >= SHORTEST and "<" not in first:
            number = first
    else:
        number, rest = (longest, behind) if number in {"", longest} else ("", typed)
    rest = rest if number else typed
    colon = _COLON.search(rest, 0, HEAD)
    time, text = (rest[: colon.start()], rest[colon.end() :]) if colon else ("", rest)
    when = read_when(time)
    return Unread(number, " ".join(time.split()), when if isinstance(when, When) else None, text.strip())


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
    try:
        number, rest = split(typed, line)
    except SeveralNumbers as error:
        raise NotANumber(error.objection) from None
    if rest:
        raise NotANumber(_no_time(rest))
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
