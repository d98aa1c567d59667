"""Where the sandbox's clock can be moved to, and how the page says what it shows. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from messages.calendar import next_offset_change, place, wall_time
from sandbox.json_object import Json

ZONES: Final[Mapping[str, str]] = {
    "America/New_York": "New York",
    "Europe/London": "London",
    "Australia/Lord_Howe": "Lord Howe",
}
"""The zones that the page offers, and the names of their places; on Lord Howe clocks change by half an hour."""

FARTHEST: Final = timedelta(days=5 * 366)
BEFORE_CHANGE: Final = timedelta(minutes=10)
"""How long before a change of the clocks one arrives there, so that one sees it happen."""

PASSED: Final = "that time has passed: the sandbox goes back to now, and no further"
TOO_FAR: Final = "that is more than five years ahead: the sandbox does not go so far"

STEPS: Final[Mapping[str, timedelta]] = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
}
"""How much real time each step is; a day is 24 hours, also where the clocks change."""


@dataclass(frozen=True)
class Destination:
    """An instant to move the clock to, and what is unusual about it, if anything."""

    at: datetime
    remark: str = ""


def destination(to: str, zone: str, now: datetime, real: datetime) -> Destination:
    """Where an order leads: `now`, `sunday`, `change`, a name in STEPS, or a wall time of the zone in ISO 8601.

    ValueError, with the reason in words, for what is no time, for the past, and for what is too far ahead.
    """
    found = _found(to, zone, now, real)
    if found.at < real:
        raise ValueError(PASSED)
    if found.at - real > FARTHEST:
        raise ValueError(TOO_FAR)
    return found


def _found(to: str, zone: str, now: datetime, real: datetime) -> Destination:
    if to == "now":
        return Destination(real)
    if to in STEPS:
        return Destination(now + STEPS[to])
    if to == "sunday":
        return _placed(_sunday(zone, now), zone)
    if to == "change":
        change = next_offset_change(zone, now + BEFORE_CHANGE)
        if change is None:
            raise ValueError(f"clocks do not change in {_name(zone)}")
        return Destination(change.at - BEFORE_CHANGE)
    try:
        wall = datetime.fromisoformat(to)
    except ValueError:
        raise ValueError(f"{to!r} is no date and time: write it as 2026-11-29T03:00") from None
    if wall.tzinfo is not None:
        raise ValueError("give the time without an offset: it is that of the zone")
    if wall.year < real.year - 1:  # there are no zones at the ends of Python's calendar
        raise ValueError(PASSED)
    if wall.year > real.year + 9:
        raise ValueError(TOO_FAR)
    return _placed(wall, zone)


def _sunday(zone: str, now: datetime) -> datetime:
    """The next Sunday, 3 a.m., in wall time."""
    wall = wall_time(now, zone)
    day = wall.date() + timedelta(days=(6 - wall.weekday()) % 7)
    sunday = datetime.combine(day, time(3))
    return sunday if sunday > wall else sunday + timedelta(days=7)


def _placed(wall: datetime, zone: str) -> Destination:
    placed = place(wall, zone)
    match str(placed.trouble or ""):
        case "gap":
            remark = f"{wall:%H:%M} does not exist in {_name(zone)} that night: it is {placed.wall:%H:%M}."
        case "overlap":
            remark = f"{wall:%H:%M} comes twice in {_name(zone)} that night: this is the first."
        case _:
            remark = ""
    return Destination(placed.instant, remark)


def shown(now: datetime, ahead: timedelta) -> Json:
    """What the page shows of the clock, in each zone: the time, and what the orders lead to that depend on the zone."""
    zones = [
        {
            "zone": zone,
            "place": place_name,
            "shown": in_words(now, zone),
            "wall": f"{wall_time(now, zone):%Y-%m-%dT%H:%M}",
            "sunday": in_words(place(_sunday(zone, now), zone).instant, zone),
            "change": change_in_words(zone, now + BEFORE_CHANGE),
        }
        for zone, place_name in ZONES.items()
    ]
    return {"ahead": ahead.total_seconds(), "distance": distance(ahead), "zones": zones}


def change_in_words(zone: str, after: datetime) -> str:
    """What clocks in a zone do next after an instant, as in "forward an hour on Sunday 14 Mar 2027, 02:00"."""
    change = next_offset_change(zone, after)
    if change is None:
        return "no change"
    minutes = abs(change.by) // timedelta(minutes=1)
    much = {60: "an hour", 30: "half an hour"}.get(minutes, f"{minutes} minutes")
    before = change.at - timedelta(minutes=1)  # what clocks show when they are put forward or back
    wall = wall_time(before, zone) + timedelta(minutes=1)
    return f"{'forward' if change.by > timedelta() else 'back'} {much} on {_words(wall)}"


def distance(ahead: timedelta) -> str:
    """How far ahead of the machine's clock the sandbox is, in words; empty if it is not."""
    minutes = round(ahead / timedelta(minutes=1))
    for size, unit in ((7 * 24 * 60, "week"), (24 * 60, "day"), (60, "hour"), (1, "minute")):
        if minutes >= 2 * size or minutes == size:
            count = minutes // size
            about = "" if minutes == count * size else "about "
            return f"{about}{count} {unit}{'' if count == 1 else 's'} ahead of now"
    return ""


def in_words(at: datetime, zone: str) -> str:
    """A time in a zone, as in "Sunday 29 Nov 2026, 03:00"."""
    return _words(wall_time(at, zone))


def _words(wall: datetime) -> str:
    return f"{wall:%A} {wall.day} {wall:%b %Y, %H:%M}"


def _name(zone: str) -> str:
    return ZONES.get(zone, zone)
