"""Time zones, business hours and closures: the only module that knows zones. Pure.

A person means "9:00 on Tuesday in New York": a wall time and a zone. An instant is an aware UTC time. All arithmetic is
on instants, since Python subtracts two times of one zone by the wall clock
(https://docs.python.org/3/library/datetime.html#datetime.datetime.__sub__).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Final, Self
from zoneinfo import ZoneInfo, available_timezones, reset_tzpath

from pydantic import AfterValidator, Field, PlainSerializer, StringConstraints, model_validator

from messages.base import Document, Moment

reset_tzpath(())  # the rules of the package tzdata, which is pinned, and not those of the machine

NEVER_AFTER: Final = timedelta(days=366)
"""A calendar that does not open for so long counts as never open."""

PERIODS_A_DAY: Final = 20
MOST_DAYS: Final = 400
MOST_CALENDARS: Final = 50
MOST_CLOSURES: Final = 100

_DAY: Final = timedelta(days=1)
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ZONE_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*")


@lru_cache
def zone_exists(name: str) -> bool:
    """Whether the time-zone database has a zone of this name (https://www.iana.org/time-zones)."""
    return _ZONE_NAME.fullmatch(name) is not None and name in available_timezones()


def zones_like(name: str) -> list[str]:
    """The zones whose names are most like this one, for whoever mistyped it; at most three."""
    wanted = name.strip().replace(" ", "_").casefold()
    zones = {each.casefold(): each for each in available_timezones()}
    if wanted in zones:
        return [zones[wanted]]
    places: dict[str, str] = {}
    for each in sorted(zones, key=len, reverse=True):
        places[each.rpartition("/")[2]] = zones[each]
    near = [*get_close_matches(wanted, zones, 3, 0.7), *get_close_matches(wanted.rpartition("/")[2], places, 3, 0.7)]
    return list(dict.fromkeys({**places, **zones}[each] for each in near))[:3]


@lru_cache
def _zone(name: str) -> tzinfo:
    """A zone; ValueError if there is none of this name."""
    if not zone_exists(name):
        raise ValueError(f"there is no time zone {name!r}: write it as Europe/Berlin or America/New_York")
    return ZoneInfo(name)


def _known_zone(name: str) -> str:
    _zone(name)
    return name


ZoneName = Annotated[str, AfterValidator(_known_zone)]
"""The name of a zone that exists, such as "Europe/Berlin"."""


class ClockChange(StrEnum):
    """What is unusual about a wall time: it does not exist, or exists twice, because clocks change then."""

    GAP = "gap"
    OVERLAP = "overlap"


@dataclass(frozen=True)
class Placed:
    """The instant that a wall time means; `wall` is what clocks show then, later than asked for in a gap."""

    instant: datetime
    wall: datetime
    trouble: ClockChange | None = None


def place(wall: datetime, zone: str) -> Placed:
    """Place a naive wall time; ValueError if there is no such zone.

    In a gap it moves on by the gap's length, and of two the first is meant (RFC 5545, 3.3.5).
    """
    tz = _zone(zone)
    instant = wall.replace(tzinfo=tz, fold=0).astimezone(UTC)
    shown = instant.astimezone(tz).replace(tzinfo=None, fold=0)
    if shown != wall:
        return Placed(instant, shown, ClockChange.GAP)
    second = wall.replace(tzinfo=tz, fold=1).astimezone(UTC)
    return Placed(instant, shown, ClockChange.OVERLAP if second != instant else None)


def wall_time(instant: datetime, zone: str) -> datetime:
    """What clocks in a zone show at an instant, as a naive time."""
    return instant.astimezone(_zone(zone)).replace(tzinfo=None, fold=0)


def offset(instant: datetime, zone: str) -> timedelta:
    """How far a zone is ahead of UTC at an instant."""
    return instant.astimezone(_zone(zone)).utcoffset() or timedelta()


class Weekday(StrEnum):
    """A day of the week, Monday first."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"

    @property
    def full(self) -> str:
        """Its whole name."""
        return _DAYS[WEEKDAYS.index(self)]


WEEKDAYS: Final = tuple(Weekday)

Clock = Annotated[str, StringConstraints(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
"""A time of day as HH:MM, up to 24:00."""


class Period(Document):
    """From when to when a day is open, in wall time; one that does not end later than it begins ends the next day."""

    opens: Clock
    closes: Clock

    @model_validator(mode="after")
    def _begins(self) -> Self:
        if self.opens == "24:00":
            raise ValueError("a period can't begin at 24:00: write 00:00 of the next day")
        return self

    @property
    def minutes(self) -> tuple[int, int]:
        """Beginning and end in minutes of the day that it begins on; the end may be more than 24 hours."""
        opens, closes = _minutes(self.opens), _minutes(self.closes)
        return opens, closes if closes > opens else closes + 24 * 60

    @property
    def short(self) -> str:
        """As people write it: 9:00-17:00."""
        return f"{self.opens.removeprefix('0')}-{self.closes.removeprefix('0')}"

    def __str__(self) -> str:
        return f"{self.opens}-{self.closes}"


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


def _apart(periods: tuple[Period, ...]) -> tuple[Period, ...]:
    """The periods in order; ValueError if two overlap, or there are too many."""
    if len(periods) > PERIODS_A_DAY:
        raise ValueError(f"a day has at most {PERIODS_A_DAY} periods")
    ordered = tuple(sorted(periods, key=lambda each: each.minutes))
    for former, latter in pairwise(ordered):
        if latter.minutes[0] < former.minutes[1]:
            raise ValueError(f"{former} and {latter} overlap")
    return ordered


Periods = Annotated[tuple[Period, ...], AfterValidator(_apart)]
"""A day's periods, in order."""


Day = Annotated[date, PlainSerializer(date.isoformat)]
"""A date, written as YYYY-MM-DD: BSON has no dates without a time."""


class SpecialDays(Document):
    """One day, or several in a row, with periods of their own; closed if there are none.

    Public holidays are stored when a calendar is saved, and not looked up when something is decided.
    """

    first: Day
    last: Day
    name: str = ""
    periods: Periods = ()
    public: bool = False

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"{self.last} is before {self.first}")
        return self


class Closure(Document):
    """Somebody closed for a while, whatever the hours say; `order` is the identity of the order, if it has one."""

    since: Moment
    until: Moment
    by: str = ""
    why: str = ""
    order: str = ""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.until < self.since:
            raise ValueError("a closure can't end before it begins")
        return self


class PublicHolidays(Document):
    """Whose public holidays are closed: a country's (ISO 3166-1), perhaps a subdivision's, but for those `left_out`."""

    country: str
    subdivision: str = ""
    left_out: tuple[str, ...] = ()


class Calendar(Document):
    """The hours of a line or an agent; a weekday without periods is closed.

    A closure counts more than a special day, that more than a public holiday, and that more than the week.
    """

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    name: str = ""
    zone: ZoneName
    week: Mapping[Weekday, Periods] = Field(default_factory=dict)
    days: tuple[SpecialDays, ...] = Field(default=(), max_length=MOST_DAYS)
    holidays: PublicHolidays | None = None
    closures: tuple[Closure, ...] = ()
    version: int = 1

    @model_validator(mode="after")
    def _nights_end_before_the_next_day_opens(self) -> Self:
        for day, following in zip(WEEKDAYS, (*WEEKDAYS[1:], WEEKDAYS[0]), strict=True):
            former, latter = self.week.get(day, ()), self.week.get(following, ())
            if former and latter and former[-1].minutes[1] - 24 * 60 > latter[0].minutes[0]:
                raise ValueError(f"{former[-1]} of {day.full} and {latter[0]} of {following.full} overlap")
        return self

    @property
    def label(self) -> str:
        """The calendar's name, else its id."""
        return self.name or self.id

    def special(self, day: date) -> SpecialDays | None:
        """What is special about a day: what a person entered, else a public holiday; of several, the shortest row."""
        found = [each for each in self.days if each.first <= day <= each.last]
        return min(found, key=lambda each: (each.public, each.last - each.first), default=None)

    def periods(self, day: date) -> tuple[Period, ...]:
        """The periods that begin on a day, leaving closures aside."""
        special = self.special(day)
        return self.week.get(WEEKDAYS[day.weekday()], ()) if special is None else special.periods


@dataclass(frozen=True)
class NextChange:
    """At `at` a calendar opens, or closes."""

    at: datetime
    opens: bool


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Whether a calendar is open at an instant."""
    return any(_spans(calendar, at, at + timedelta(microseconds=1)))


def next_change(calendar: Calendar, after: datetime) -> NextChange | None:
    """When a calendar next opens or closes after an instant; None if it does neither for a year."""
    after = after.astimezone(UTC)
    opened, end = is_open(calendar, after), after + NEVER_AFTER
    open_until = after
    for opens, closes in _spans(calendar, after, end):
        if opens > open_until:
            return NextChange(open_until, opens=False) if opened else NextChange(opens, opens=True)
        open_until = closes
    return NextChange(open_until, opens=False) if opened and open_until < end else None


def open_between(calendar: Calendar, since: datetime, until: datetime) -> timedelta:
    """How much real time a calendar is open between two instants."""
    return sum((closes - opens for opens, closes in _spans(calendar, since, until)), timedelta())


def add_open(calendar: Calendar, since: datetime, amount: timedelta) -> datetime | None:
    """The first instant at which so much open time has passed; None if the calendar does not open for a year."""
    reached = since.astimezone(UTC)
    if amount <= timedelta():
        return reached
    while True:
        until = reached + NEVER_AFTER
        passed = False
        for opens, closes in _spans(calendar, reached, until):
            if closes - opens >= amount:
                return opens + amount
            amount, passed = amount - (closes - opens), True
        if not passed:
            return None
        reached = until


def _spans(calendar: Calendar, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """When a calendar is open between two instants: in order, as far as the caller asks.

    What overlaps its neighbour is counted once. One may begin where the other ends.
    """
    since, until = since.astimezone(UTC), until.astimezone(UTC)
    if until <= since:
        return
    day, last = wall_time(since, calendar.zone).date() - 2 * _DAY, wall_time(until, calendar.zone).date() + _DAY
    reached = since
    while day <= last and reached < until:
        for opens, closes in sorted(_spans_of(calendar, day)):
            if closes > reached:
                yield from _without_closures(calendar, max(opens, reached), min(closes, until))
                reached = closes
        day += _DAY


def _spans_of(calendar: Calendar, day: date) -> Iterator[tuple[datetime, datetime]]:
    """The periods that begin on a day, as instants; without those that a change of the clocks leaves empty."""
    midnight = datetime.combine(day, time())
    for period in calendar.periods(day):
        opens, closes = (place(midnight + timedelta(minutes=each), calendar.zone).instant for each in period.minutes)
        if opens < closes:
            yield opens, closes


def _without_closures(calendar: Calendar, opens: datetime, closes: datetime) -> Iterator[tuple[datetime, datetime]]:
    """What is left of a span outside closures."""
    for closure in sorted(calendar.closures, key=lambda each: each.since):
        if opens >= closes:
            return
        if closure.until <= max(opens, closure.since) or closure.since >= closes:
            continue
        if closure.since > opens:
            yield opens, closure.since
        opens = max(opens, closure.until)
    if opens < closes:
        yield opens, closes


def days_of(periods: Mapping[Weekday, Sequence[Period]]) -> list[tuple[str, str]]:
    """A week in words: days with the same hours are named together, as in ("Mon-Fri", "9:00-17:00")."""
    rows: list[tuple[list[Weekday], str]] = []
    for day in WEEKDAYS:
        hours = ", ".join(each.short for each in periods.get(day, ())) or "closed"
        if rows and rows[-1][1] == hours:
            rows[-1][0].append(day)
        else:
            rows.append(([day], hours))
    return [(_named(days), hours) for days, hours in rows]


def _named(days: Sequence[Weekday]) -> str:
    first, last = days[0].capitalize(), days[-1].capitalize()
    return first if first == last else f"{first}-{last}"


def next_opening(calendar: Calendar, after: datetime) -> datetime | None:
    """When a calendar next opens after an instant, though it may be open then; None if not for a year."""
    change = next_change(calendar, after)
    if change is not None and not change.opens:
        change = next_change(calendar, change.at)
    return None if change is None else change.at


def zone_words(zone: str) -> str:
    """What people call a zone: America/New_York is New York."""
    return zone.rpartition("/")[2].replace("_", " ")


def time_words(wall: datetime) -> str:
    """The time of day that clocks show, as 9:00 or 17:30."""
    return f"{wall.hour}:{wall.minute:02}"


def day_words(day: date, today: date) -> str:
    """A day as people name it today: today, tomorrow, on Tuesday, on Tue 5 Jan, on Tue 5 Jan 2027."""
    ahead = (day - today).days
    if ahead in (0, 1):
        return "tomorrow" if ahead else "today"
    if 1 < ahead < 7:
        return f"on {_DAYS[day.weekday()]}"
    return f"on {date_words(day, today)}"


def date_words(day: date, today: date) -> str:
    """A date as Thu 26 Nov, with its year if that is another one."""
    year = "" if day.year == today.year else f" {day.year}"
    return f"{_DAYS[day.weekday()][:3]} {day.day} {_MONTHS[day.month - 1]}{year}"


def opening_words(calendar: Calendar, now: datetime) -> str:
    """When a calendar next opens, in words and in its own zone: "tomorrow at 9:00"; empty if it does not for a year."""
    opens = next_opening(calendar, now)
    return "" if opens is None else moment_words(opens, now, calendar.zone)


def moment_words(at: datetime, now: datetime, zone: str) -> str:
    """A moment in a zone, as people name it now: "today at 17:00", "on Tuesday at 9:00"."""
    wall = wall_time(at, zone)
    return f"{day_words(wall.date(), wall_time(now, zone).date())} at {time_words(wall)}"


@dataclass(frozen=True)
class OffsetChange:
    """At `at` the clocks of a zone go forward `by` so much, or back if it is negative."""

    at: datetime
    by: timedelta


def next_offset_change(zone: str, after: datetime) -> OffsetChange | None:
    """When the clocks of a zone next change after an instant, to the minute; None if they don't for two years."""
    day, end = after.astimezone(UTC), after.astimezone(UTC) + 2 * NEVER_AFTER
    while day < end:
        if by := offset(day + _DAY, zone) - offset(day, zone):
            return OffsetChange(_changed_by(zone, day, day + _DAY), by)
        day += _DAY
    return None


def _changed_by(zone: str, before: datetime, since: datetime) -> datetime:
    """The first minute with the offset of `since`, which `before` does not have."""
    while since - before > timedelta(minutes=1):
        middle = before + (since - before) / 2
        if offset(middle, zone) == offset(since, zone):
            since = middle
        else:
            before = middle
    return since.replace(second=0, microsecond=0)
