"""The words with which people name a moment: a length of time, a day, a time of day, or a day and a time. Pure.

Each command that takes a moment builds its own form from these, so that a word means the same after all of them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from messages.calendar import NEVER_AFTER, WEEKDAYS, ClockChange, Placed, Weekday, place, time_words, wall_time

_NAMES: Final = {day: day.full.lower() for day in WEEKDAYS}

SPAN: Final = (
    r"(?=[0-9])(?:(?P<days>[0-9]{1,3})\s*d(?:ays?)?)?\s*(?:(?P<hours>[0-9]{1,4})\s*h(?:ours?)?)?"
    r"\s*(?:(?P<minutes>[0-9]{1,5})\s*m(?:in(?:utes?)?)?)?"
)
"""A length of time: 2h, 1h30m, 90 min, 2 days."""

WEEKDAY: Final = "(?a:{})".format(
    "|".join(
        day + "".join(f"(?:{letter}" for letter in name[len(day) :]) + ")?" * (len(name) - len(day))
        for day, name in _NAMES.items()
    )
)
"""A day of the week, by three letters at least: mon, thurs, Saturday."""

DATE: Final = r"[0-9]{4}-[0-9][0-9]-[0-9][0-9]"
CLOCK: Final = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]"

END: Final = r"(?=[\s:,;]|$)"
"""Where the words for a moment end."""

_ANY_CLOCK: Final = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_WEEKDAY: Final = re.compile(WEEKDAY, re.IGNORECASE)
_DATE: Final = re.compile(DATE)


def span_of(parts: Mapping[str, str | None]) -> timedelta:
    """How long a length of time is whose parts were found."""
    days, hours, minutes = (int(parts[each] or 0) for each in ("days", "hours", "minutes"))
    return timedelta(days=days, hours=hours, minutes=minutes)


def day_named(word: str) -> str:
    """The day that a word names: "today", "tomorrow", "mon", or a date; blank if it names none.

    ValueError, in words, for a date that does not exist.
    """
    word = word.lower()
    if word in {"today", "tomorrow"}:
        return word
    if _DATE.fullmatch(word):
        try:
            date.fromisoformat(word)
        except ValueError:
            raise ValueError(f"There is no day {word}. Write a date as 2026-12-24.") from None
        return word
    return word[:3] if _WEEKDAY.fullmatch(word) else ""


def clock_named(word: str) -> timedelta | None:
    """The time of day that a word names, until 24:00; None if it names none.

    ValueError, in words, for a time that does not exist.
    """
    if (found := _ANY_CLOCK.fullmatch(word)) is None:
        return None
    clock = timedelta(hours=int(found[1]), minutes=int(found[2]))
    if int(found[2]) > 59 or clock > timedelta(days=1):
        raise ValueError(f"There is no time of day {word}. They go from 0:00 to 24:00.")
    return clock


def wall_of(day: str, clock: timedelta, now: datetime, zone: str) -> datetime:
    """What clocks in a zone show at a time of a day, blank for today; a day of the week is the next, from now on."""
    today = wall_time(now, zone).date()
    if day in WEEKDAYS:
        ahead = (WEEKDAYS.index(Weekday(day)) - today.weekday()) % 7
        wall = _wall(today + timedelta(days=ahead), clock)
        return wall if place(wall, zone).instant > now else wall + timedelta(days=7)
    if day in {"", "today", "tomorrow"}:
        return _wall(today + timedelta(days=day == "tomorrow"), clock)
    return _wall(date.fromisoformat(day), clock)


def _wall(day: date, clock: timedelta) -> datetime:
    return datetime.combine(day, time()) + clock


@dataclass(frozen=True)
class NamedMoment:
    """A moment that some words begin with: the words that name it, and the others."""

    placed: Placed
    words: str
    rest: str


def moment_at(words: str, now: datetime, zone: str) -> NamedMoment | None:
    """The day, the time of day or both that some words begin with; None if there is neither.

    A day alone means its beginning. ValueError says which day or time does not exist.
    """
    first, _, others = words.partition(" ")
    day = day_named(first.rstrip(","))
    second, _, after = others.partition(" ") if day else (first, "", others)
    clock = clock_named(second.rstrip(","))
    if not day and clock is None:
        return None
    placed = place(wall_of(day, clock or timedelta(), now, zone), zone)
    named = " ".join(filter(None, [first.rstrip(",") if day else "", second.rstrip(",") if clock is not None else ""]))
    return NamedMoment(placed, named, others if clock is None else after)


def in_time(at: datetime, now: datetime, words: str) -> datetime:
    """A moment until which something lasts; ValueError, in words, if it has passed or is too far."""
    if at <= now:
        raise ValueError(f"“{words}” has passed already. Name a later day, such as `until tomorrow 9:00`.")
    if at > now + NEVER_AFTER:
        raise ValueError(f"“{words}” is more than a year ahead. Name an earlier day.")
    return at


def change_words(placed: Placed) -> str:
    """What is to be said of a moment because clocks change then; blank if nothing is."""
    match placed.trouble:
        case ClockChange.GAP:
            return f"Clocks go forward then, so it is {time_words(placed.wall)}."
        case ClockChange.OVERLAP:
            return f"Clocks go back then, and {time_words(placed.wall)} comes twice: the first is meant."
        case None:
            return ""
