"""Quiet hours: where a contact may be, by their number, and until when it is night at one of these places. Pure.

An area code is a guess of where its owner is, and some lie in several zones. So a text is allowed when it is allowed in
every zone in which the contact may be.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers.timezone import time_zones_for_number
from phonenumbers.tzdata import TIMEZONE_DATA

from messages.calendar import (
    WEEKDAYS,
    Calendar,
    Clock,
    Period,
    Weekday,
    is_open,
    next_change,
    offset,
    wall_time,
    zone_exists,
)
from messages.line import Line, Quiet, QuietHours

MOST_OFFSETS: Final = 4
_SAMPLES: Final = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
"""When the offsets of a number's zones are counted: in winter and in summer."""

NORTH_AMERICA: Final = 1
AREA_CODE: Final = 3

SEARCHED_FOR: Final = timedelta(days=8)
"""How far the end of quiet hours is looked for: each week has days of every kind."""


@dataclass(frozen=True)
class Whereabouts:
    """The zones in which a contact may be; `assumed` if it is the line's, since nothing is known about theirs."""

    zones: tuple[str, ...] = ()
    assumed: bool = False


def whereabouts(contact: str, own: str, line: str) -> Whereabouts:
    """Where a contact may be: in the zone that an agent gave them, else where their number is from, else at the line.

    `contact` is a number, `own` and `line` are zones; blank: unknown. Without any of them there is no zone. One that no
    longer exists is unknown.
    """
    if zone_exists(own):
        return Whereabouts((own,))
    if found := zones_of(contact):
        return Whereabouts(found)
    return Whereabouts((line,) if zone_exists(line) else (), assumed=True)


@lru_cache(1024)
def zones_of(contact: str) -> tuple[str, ...]:
    """Every zone in which a number may be: all those of its area code in North America; none if it says nothing.

    More zones than some say nothing either: a toll-free number has all zones there are.
    """
    try:
        number = phonenumbers.parse(contact, None)
    except phonenumbers.NumberParseException:
        return ()
    found = [zone for zone in time_zones_for_number(number) if not zone.startswith("Etc/")]
    if number.country_code == NORTH_AMERICA and found:
        code = f"{NORTH_AMERICA}{str(number.national_number)[:AREA_CODE]}"
        found += [zone for prefix, zones in TIMEZONE_DATA.items() if prefix.startswith(code) for zone in zones]
    apart = max(len({offset(day, zone) for zone in found}) for day in _SAMPLES)
    return tuple(dict.fromkeys(found)) if apart <= MOST_OFFSETS else ()


def quiet_until(hours: QuietHours, zones: tuple[str, ...], now: datetime) -> datetime | None:
    """The first instant from now on at which a text is allowed in every zone; None if it is now, or there is no zone.

    Zones whose nights leave no common hour can't all allow it: then the first one counts.
    """
    if not zones:
        return None
    at, days = now, [_days(hours, zone) for zone in zones]
    while at is not None and at - now <= SEARCHED_FOR:
        asleep = next((each for each in days if not is_open(each, at)), None)
        if asleep is None:
            return None if at == now else at
        at = _opens(asleep, at)
    return None if is_open(days[0], now) else _opens(days[0], now)


def night_ends(line: Line, contact: str, own: str, zone: str, now: datetime) -> datetime | None:
    """When the night ends in which a contact of a line may be now, to offer that as a time to send; None if it is day.

    `own` is the zone that an agent gave the contact, and `zone` the line's; blank: unknown.
    """
    return quiet_until(line.quiet_hours, whereabouts(contact, own, zone).zones, now)


def is_night(hours: QuietHours, zone: str, now: datetime) -> bool:
    """Whether it is night in a zone."""
    return not is_open(_days(hours, zone), now)


def clock_in(zone: str, now: datetime) -> str:
    """What clocks in a zone show, as in 23:10."""
    return f"{wall_time(now, zone):%H:%M}"


def place_of(zone: str) -> str:
    """A zone's name as people say it: New York."""
    return zone.rpartition("/")[2].replace("_", " ")


def in_words(line: Line) -> str:
    """What quiet hours do on a line, for operators."""
    if line.quiet is Quiet.OFF:
        return "quiet hours off"
    unnamed = f"of {line.calendar}" if line.calendar else "unknown"
    does = "people are told" if line.quiet is Quiet.WARN else "texts wait"
    return f"quiet {line.quiet_hours} ({does}), zone {line.zone or unnamed}"


def zone_named(typed: str) -> str:
    """The zone that a person means, however they write its case and blanks; empty if there is none."""
    wanted = "_".join(typed.split())
    if zone_exists(wanted):
        return wanted
    parts = [part if part.isupper() else part.title() for part in wanted.split("/")]
    titled = "/".join(parts).replace("_Of_", "_of_").replace("_Es_", "_es_")
    return titled if zone_exists(titled) else ""


def _opens(days: Calendar, at: datetime) -> datetime:
    change = next_change(days, at)
    assert change is not None, "quiet hours leave a part of six days in seven"
    return change.at


@lru_cache(1024)
def _days(hours: QuietHours, zone: str) -> Calendar:
    """What quiet hours leave of the days in a zone, as a calendar that is open then."""
    allowed = tuple(_allowed(hours.begins, hours.ends))
    week = {day: () if hours.sundays and day is Weekday.SUN else allowed for day in WEEKDAYS}
    return Calendar(id="days", zone=zone, week=week)


def _allowed(begins: Clock, ends: Clock) -> Iterator[Period]:
    """What a night leaves of one day, from midnight to midnight."""
    spans = [(ends, begins)] if ends < begins else [("00:00", begins), (ends, "24:00")]
    yield from (Period(opens=opens, closes=closes) for opens, closes in spans if opens != closes)
