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
DAY: Final = rf"(?:today|tomorrow|{WEEKDAY}|{DATE})"

_HALF: Final = r"\s?(?:[ap]m\b|[ap]\.m\.)"
CLOCK: Final = rf"(?:(?:0?[1-9]|1[0-2])(?::[0-5][0-9])?{_HALF}|(?:[01]?[0-9]|2[0-3]):[0-5][0-9]|noon\b)"
"""A time of day: 9:00, 17:30, 9am, 9:30 pm, noon. Midnight and tonight are none: nobody knows which day is meant."""

AT: Final = r"(?:at\s+)?"
"""What may be before a time of day."""

END: Final = r"(?=[\s:,;]|$)"
"""Where the words for a moment end."""

_ANY: Final = rf"(?:[0-9]{{1,2}}(?::[0-9]{{2}})?{_HALF}|[0-9]{{1,2}}:[0-9]{{2}}|noon\b)"
_ANY_CLOCK: Final = re.compile(
    r"(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-9]{2}))?\s?(?P<half>[ap])?\.?(?:m\.?)?", re.IGNORECASE | re.ASCII
)
_NAMED_CLOCK: Final = re.compile(_ANY, re.IGNORECASE | re.ASCII)
_MOMENT: Final = re.compile(
    rf"(?:(?P<day>{DAY})(?:,*\s+{AT}(?P<clock>{_ANY}))?|{AT}(?P<only>{_ANY})),*(?=\s|$)", re.IGNORECASE | re.ASCII
)
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
    """The time of day that a word names, until 24:00; None if it names none. 12am is 0:00, and 12pm is noon.

    ValueError, in words, for a time that does not exist.
    """
    if word.lower() == "noon":
        return timedelta(hours=12)
    if not _NAMED_CLOCK.fullmatch(word) or (found := _ANY_CLOCK.fullmatch(word)) is None:
        return None
    hour, minute, half = int(found["hour"]), int(found["minute"] or 0), (found["half"] or "").lower()
    if minute > 59 or (half and not 1 <= hour <= 12):
        raise ValueError(f"There is no time of day {word}. They go from 0:00 to 24:00, or from 1am to 12pm.")
    clock = timedelta(hours=hour % 12 + 12 * (half == "p") if half else hour, minutes=minute)
    if clock > timedelta(days=1):
        raise ValueError(f"There is no time of day {word}. They go from 0:00 to 24:00, or from 1am to 12pm.")
    return clock


def clock_of(word: str) -> str:
    """A time of day that `CLOCK` found, as HH:MM."""
    minutes = (clock_named(word) or timedelta()) // timedelta(minutes=1)
    return f"{minutes // 60:02}:{minutes % 60:02}"


def names_a_time(word: str) -> bool:
    """Whether a word may be meant as a day or a time of day, by itself."""
    word = word.lower().strip(".,;:!?")
    return bool(day_named(word)) or word in {"noon", "midnight", "tonight"} or any(each.isdigit() for each in word)


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
    if (found := _MOMENT.match(words)) is None:
        return None
    clock = clock_named(found["clock"] or found["only"] or "")
    placed = place(wall_of(day_named(found["day"] or ""), clock or timedelta(), now, zone), zone)
    return NamedMoment(placed, found[0].rstrip(","), words[found.end() :].strip())


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
