"""A calendar in words, and the words that people type about one. Pure.

What is typed wrong raises a ValueError that says in one sentence what to type instead.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from pydantic import TypeAdapter, ValidationError

from messages.calendar import (
    MOST_CLOSURES,
    NEVER_AFTER,
    WEEKDAYS,
    Calendar,
    Closure,
    Period,
    Periods,
    Placed,
    SpecialDays,
    Weekday,
    date_words,
    day_words,
    days_of,
    is_open,
    next_change,
    place,
    time_words,
    wall_time,
    zone_words,
)
from messages.formats.moments.grammar import (
    END,
    SPAN,
    change_words,
    day_named,
    in_time,
    moment_at,
    names_a_time,
    span_of,
    wall_of,
)

LONGEST_WHY: Final = 200
SHOWN: Final = 40
"""How much of a word is shown that is no time."""

_PERIODS: Final = TypeAdapter[tuple[Period, ...]](Periods)
_DAY: Final = timedelta(days=1)
_PERIOD: Final = re.compile(r"(\d{1,2})(?::(\d\d))?-(\d{1,2})(?::(\d\d))?")
_DAY_NAMES: Final = re.compile(r"([a-z]+)(?:-([a-z]+))?")
_UNTIL: Final = re.compile(r"until ", re.IGNORECASE)
_LASTING: Final = re.compile(rf"(?:for )?{SPAN}{END}", re.IGNORECASE | re.ASCII)
SAY_WHEN: Final = "Say until when: `2h`, `today`, `until 14:00`, `until today 5pm` or `until mon 9:00`."

WEEK_USAGE: Final = 'write it as "mon-fri 9:00-12:30 13:30-17:00, sat 9:00-12:00"'


def why_invalid(error: ValidationError) -> str:
    """What pydantic found, as one sentence without its own words around it."""
    return "; ".join(each["msg"].removeprefix("Value error, ") for each in error.errors())


def parse_periods(text: str) -> tuple[Period, ...]:
    """The periods of a day from "9:00-12:30 13:30-17:00", in order; none from "closed"."""
    if text.strip().lower() == "closed":
        return ()
    try:
        return _PERIODS.validate_python(tuple(_period(each) for each in text.split()))
    except ValidationError as error:
        raise ValueError(why_invalid(error)) from None


def _period(text: str) -> Period:
    found = _PERIOD.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no period: write it as 9:00-17:00")
    hours = [f"{int(found[place]):02}:{found[place + 1] or '00'}" for place in (1, 3)]
    try:
        return Period(opens=hours[0], closes=hours[1])
    except ValidationError as error:
        if "can't begin" in (why := why_invalid(error)):
            raise ValueError(why) from None
        raise ValueError(f"{text}: there is no such time of day: they go from 0:00 to 24:00") from None


def parse_week(text: str) -> dict[Weekday, tuple[Period, ...]]:
    """A week from "mon-fri 9:00-12:30 13:30-17:00, sat 9:00-12:00"; days that are not named are closed."""
    week: dict[Weekday, tuple[Period, ...]] = {}
    for group in (each.split() for each in text.lower().split(",")):
        names = [each for each in group if each[0].isalpha() and each != "closed"]
        rest = group[len(names) :]
        if not names or not rest or any(each in names for each in rest):
            raise ValueError(f"{' '.join(group) or text!r}: days, then their hours: {WEEK_USAGE}")
        periods = parse_periods(" ".join(rest))
        for day in (day for name in names for day in _days_named(name)):
            if day in week:
                raise ValueError(f"{day.full} has hours twice: {WEEK_USAGE}")
            week[day] = periods
    return {day: week[day] for day in WEEKDAYS if week.get(day)}


def _days_named(text: str) -> list[Weekday]:
    found = _DAY_NAMES.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no day of the week: {WEEK_USAGE}")
    first = _weekday(found[1])
    count = (WEEKDAYS.index(_weekday(found[2] or found[1])) - WEEKDAYS.index(first)) % 7
    return [WEEKDAYS[(WEEKDAYS.index(first) + ahead) % 7] for ahead in range(count + 1)]


def _weekday(text: str) -> Weekday:
    for day in WEEKDAYS:
        if len(text) >= len(day) and day.full.lower().startswith(text.lower()):
            return day
    raise ValueError(f"{text!r} is no day of the week: they are {', '.join(WEEKDAYS)}")


def parse_day(text: str) -> date:
    """A date from 2026-12-24."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text.strip()):
        raise ValueError(f"{text!r} is no date: write it as 2026-12-24")
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text.strip()}: there is no such day") from None


def parse_special(first: str, last: str, hours: str, name: str, today: date) -> SpecialDays:
    """Special days from what was typed; refused if they are past already."""
    begins = parse_day(first)
    ends = parse_day(last) if last else begins
    if ends < today:
        raise ValueError(f"{ends} is past: today is {today}")
    try:
        return SpecialDays(first=begins, last=ends, name=name, periods=parse_periods(hours))
    except ValidationError as error:
        raise ValueError(why_invalid(error)) from None


@dataclass(frozen=True)
class Until:
    """Until when something lasts, what was typed after it, and what is to be said because clocks change."""

    at: datetime
    rest: str = ""
    said: str = ""


def parse_until(text: str, now: datetime, zone: str) -> Until:
    """From "2h", "today", or "until" and a time, a day, or both ("until mon 9:00"): until when, and what follows.

    A day alone means its beginning.
    """
    words = " ".join(text.split())
    words = "" if words.lower() == "until" else _UNTIL.sub("", words)
    if (span := _LASTING.match(words)) is not None:
        return _until(Placed(now + span_of(span.groupdict()), now), words[span.end() :], now, span[0].strip())
    found = moment_at(words, now, zone)
    if found is None:
        said = words.partition(" ")[0][:SHOWN]
        raise ValueError(f"{f'“{said}” is no time. ' if said else ''}{SAY_WHEN}")
    if day_named(found.words) and names_a_time(found.rest.partition(" ")[0]):
        raise ValueError(f"“{found.words} {found.rest}”"[:SHOWN] + f" may be meant as a time. {SAY_WHEN}")
    if found.words.lower() == "today":
        found = replace(found, placed=place(wall_of("tomorrow", timedelta(), now, zone), zone))
    return _until(found.placed, found.rest, now, found.words)


def _until(placed: Placed, rest: str, now: datetime, typed: str) -> Until:
    return Until(in_time(placed.instant, now, typed), rest.lstrip(" :,;")[:LONGEST_WHY], change_words(placed))


def closure_at(calendar: Calendar, now: datetime) -> Closure | None:
    """The closure that somebody ordered and that is not over; of several the one that ends last."""
    return max((each for each in calendar.closures if each.since <= now < each.until), key=_ends, default=None)


def _ends(closure: Closure) -> datetime:
    return closure.until


def closed(calendar: Calendar, until: datetime, by: str, why: str, at: datetime, order: str = "") -> Calendar:
    """A calendar that somebody closes at `at`: this takes the place of a closure that was not over then.

    An order that was carried out before changes nothing, and one that comes after a later one counts until that.
    Earlier closures are kept, so that what was computed with them stays true: the last hundred.
    """
    if order and any(each.order == order for each in calendar.closures):
        return calendar
    until = min([until, *(each.since for each in calendar.closures if each.since > at)])
    closure = Closure(since=at, until=until, by=by, why=why, order=order)
    kept = sorted((*_ended(calendar.closures, at), closure), key=lambda each: each.since)
    return calendar.model_copy(update={"closures": tuple(kept[-MOST_CLOSURES:])})


def reopened(calendar: Calendar, at: datetime) -> Calendar:
    """A calendar without the closure that was not over at `at`; one that began later stays."""
    return calendar.model_copy(update={"closures": _ended(calendar.closures, at)})


def _ended(closures: tuple[Closure, ...], now: datetime) -> tuple[Closure, ...]:
    return tuple(
        each.model_copy(update={"until": now}) if each.since <= now < each.until else each for each in closures
    )


type OwnTime = Callable[[datetime], str]
"""How a moment is shown in the reader's own time."""


def hours_words(calendar: Calendar, now: datetime, own: OwnTime | None = None) -> str:
    """Whether a calendar is open and until when, in its own zone: "Open now until 17:00 (New York)".

    With `own`, the moment follows as the reader's own time.
    """
    change, opened = next_change(calendar, now), is_open(calendar, now)
    if change is None:
        return f"Always open ({zone_words(calendar.zone)})" if opened else "Never open: it has no opening for a year"
    wall, today = wall_time(change.at, calendar.zone), wall_time(now, calendar.zone).date()
    day = "" if wall.date() == today else f"{day_words(wall.date(), today).removeprefix('on ')} "
    theirs = f"; {own(change.at)} for you" if own is not None else ""
    moment = f"until {day}{time_words(wall)} ({zone_words(calendar.zone)}{theirs})"
    return f"Open now {moment}" if opened else f"Closed {moment}{_why_closed(calendar, now)}"


def _why_closed(calendar: Calendar, now: datetime) -> str:
    if (closure := closure_at(calendar, now)) is not None:
        return f": {closure.why}" if closure.why else ""
    day = wall_time(now, calendar.zone).date()
    special = calendar.special(day)
    return f": {special.name}" if special is not None and special.name and not special.periods else ""


def next_closed_words(calendar: Calendar, now: datetime) -> str:
    """The next day that is closed though its weekday is not: "Thu 26 Nov, Thanksgiving Day"; empty if there is none."""
    today = wall_time(now, calendar.zone).date()
    for ahead in range(1, NEVER_AFTER.days):
        day = today + ahead * _DAY
        special = calendar.special(day)
        if special is not None and not special.periods and calendar.week.get(WEEKDAYS[day.weekday()]):
            return special_words(special.model_copy(update={"first": max(day, special.first)}), today)
    return ""


def special_words(days: SpecialDays, today: date) -> str:
    """Special days in words: "Thu 24 Dec to Thu 31 Dec, Year's end", with their hours if they have some."""
    until = f" to {date_words(days.last, today)}" if days.last > days.first else ""
    hours = " " + ", ".join(each.short for each in days.periods) if days.periods else ""
    return f"{date_words(days.first, today)}{until}{hours}{f', {days.name}' if days.name else ''}"


def coming_days(calendar: Calendar, now: datetime) -> list[SpecialDays]:
    """The special days that are not over, in order."""
    today = wall_time(now, calendar.zone).date()
    return sorted((each for each in calendar.days if each.last >= today), key=lambda each: (each.first, each.last))


def week_words(week: Mapping[Weekday, tuple[Period, ...]]) -> str:
    """A week in one line: "Mon-Fri 9:00-17:00, Sat 9:00-12:00"; days that are closed are left out."""
    return "; ".join(f"{days} {hours}" for days, hours in days_of(week) if hours != "closed") or "closed all week"


def overnight_words(week: Mapping[Weekday, tuple[Period, ...]]) -> str:
    """Which periods end on the next day, for whoever did not mean that; empty if none does."""
    nights = {each.short for periods in week.values() for each in periods if each.minutes[1] > 24 * 60}
    return f"{' and '.join(sorted(nights))} ends on the day after it begins" if nights else ""
