"""Quiet hours: where a contact may be, and the first instant at which a text is allowed at all these places."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from phonenumbers.tzdata import TIMEZONE_DATA
from pydantic import ValidationError

from messages.calendar import offset, place, wall_time, zone_exists
from messages.line import QuietHours
from messages.quiet import Whereabouts, clock_in, is_night, place_of, quiet_until, whereabouts, zones_of

NOW: Final = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
DAY: Final = timedelta(days=1)
GRID: Final = timedelta(minutes=15)
ZONES: Final = (
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "Europe/London",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "America/Santiago",
    "Asia/Kolkata",
)

CANDIDATES: Final = (
    ("America/New_York", "America/Chicago"),
    ("America/New_York",),
    ("America/Chicago", "America/Los_Angeles", "America/Denver"),
    ("Europe/London", "Africa/Cairo"),
    ("Australia/Lord_Howe",),
    ("America/Santiago", "America/New_York"),
    ("Asia/Kolkata",),
)
"""Zones in which one contact may be: their days have hours in common."""


def changes_of(zone: str) -> list[datetime]:
    """The days before which a zone's clocks change, 2024 to 2028."""
    days = [datetime(2024, 1, 1, tzinfo=UTC) + number * DAY for number in range(5 * 366)]
    return [day for day in days if offset(day, zone) != offset(day - DAY, zone)]


CHANGES: Final = [each for zone in ZONES for each in changes_of(zone)]


@st.composite
def hours(draw: st.DrawFn) -> QuietHours:
    """Quiet hours whose bounds are quarters of hours."""
    begins, length = draw(st.integers(0, 95)), draw(st.integers(1, 72))
    ends = (begins + length) % 96
    clocks = [f"{quarter // 4:02d}:{quarter % 4 * 15:02d}" for quarter in (begins, ends)]
    return QuietHours(begins=clocks[0], ends=clocks[1], sundays=draw(st.booleans()))


def is_allowed(night: QuietHours, zone: str, at: datetime) -> bool:
    """Whether a text is allowed, by the nights and Sundays around an instant."""
    today = wall_time(at, zone).date()
    for day in (today - DAY, today, today + DAY):
        begins, ends = _instant(day, night.begins, zone), _instant(day, night.begins, zone, night.length)
        if begins <= at < ends:
            return False
        sunday = _instant(day, "00:00", zone), _instant(day + DAY, "00:00", zone)
        if night.sundays and day.isoweekday() == 7 and sunday[0] <= at < sunday[1]:
            return False
    return True


def _instant(day: date, clock: str, zone: str, after: timedelta = timedelta()) -> datetime:
    return place(datetime.combine(day, time.fromisoformat(clock)) + after, zone).instant


nows = st.builds(
    lambda change, minutes: change + timedelta(minutes=minutes), st.sampled_from(CHANGES), st.integers(-3000, 1500)
)


@given(hours(), st.sampled_from(CANDIDATES), nows)
@example(QuietHours(), CANDIDATES[0], datetime(2026, 3, 8, 3, tzinfo=UTC))
@example(QuietHours(begins="21:00", ends="02:30"), CANDIDATES[1], datetime(2026, 3, 8, 3, tzinfo=UTC))
@example(QuietHours(begins="02:00", ends="02:45"), CANDIDATES[4], datetime(2026, 10, 3, 15, tzinfo=UTC))
def test_quiet_hours_end_at_the_first_instant_that_is_allowed_everywhere(
    night: QuietHours, zones: tuple[str, ...], now: datetime
) -> None:
    found = quiet_until(night, zones, now)
    assert (found is None) == all(is_allowed(night, zone, now) for zone in zones)
    if found is None:
        return
    assert found > now
    assert all(is_allowed(night, zone, found) for zone in zones)
    while (found := found - GRID) > now:
        assert not all(is_allowed(night, zone, found) for zone in zones)


def test_of_zones_whose_nights_leave_no_common_hour_the_first_counts() -> None:
    far = ("Europe/London", "Pacific/Auckland")
    long = QuietHours(begins="12:00", ends="05:00")
    assert quiet_until(long, far, datetime(2026, 3, 3, 9, tzinfo=UTC)) is None
    assert quiet_until(long, far, datetime(2026, 3, 3, 13, tzinfo=UTC)) == datetime(2026, 3, 4, 5, tzinfo=UTC)


def test_a_text_waits_for_the_last_of_the_zones() -> None:
    evening = datetime(2026, 7, 1, 1, 30, tzinfo=UTC)  # 21:30 in New York, 20:30 in Chicago
    assert quiet_until(QuietHours(), ("America/New_York",), evening) == datetime(2026, 7, 1, 12, tzinfo=UTC)
    both = ("America/New_York", "America/Chicago")
    assert quiet_until(QuietHours(), both, evening) == datetime(2026, 7, 1, 13, tzinfo=UTC)
    assert quiet_until(QuietHours(), ("America/Chicago",), evening) is None
    assert quiet_until(QuietHours(), (), evening) is None


def test_sundays_are_quiet_if_the_line_says_so() -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert noon.isoweekday() == 7
    assert quiet_until(QuietHours(), ("Europe/London",), noon) is None
    monday = datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert quiet_until(QuietHours(sundays=True), ("Europe/London",), noon) == monday


@pytest.mark.parametrize(
    ("begins", "ends"), [("08:00", "08:00"), ("08:00", "07:00"), ("08:00", "02:15"), ("24:00", "08:00"), ("9", "10")]
)
def test_quiet_hours_that_leave_no_day_are_refused(begins: str, ends: str) -> None:
    with pytest.raises(ValidationError):
        QuietHours(begins=begins, ends=ends)


CENTRAL, EASTERN, MOUNTAIN = "America/Chicago", "America/New_York", "America/Denver"


@pytest.mark.parametrize(
    ("code", "zones"),
    [
        ("850", {CENTRAL, EASTERN}),
        ("208", {"America/Los_Angeles", "America/Boise", MOUNTAIN}),
        ("219", {CENTRAL, EASTERN}),
        ("605", {CENTRAL, MOUNTAIN}),
        ("701", {CENTRAL, MOUNTAIN}),
        ("812", {CENTRAL, EASTERN}),
        ("906", {CENTRAL, EASTERN}),
        ("212", {EASTERN}),
    ],
)
def test_a_number_may_be_in_every_zone_of_its_area_code(code: str, zones: set[str]) -> None:
    found = whereabouts(f"+1{code}5551234", "", "Europe/London")
    offsets = {offset(NOW, zone) for zone in found.zones}
    assert not found.assumed
    assert offsets == {offset(NOW, zone) for zone in zones}


@pytest.mark.parametrize(
    "contact", ["+15550001111", "+18005551234", "+15005550006", "+61412345678", "+79161234567", "12345", "MyBank", "+1"]
)
def test_a_number_that_says_nothing_is_where_the_line_is_and_that_is_assumed(contact: str) -> None:
    assert whereabouts(contact, "", "Europe/Berlin") == Whereabouts(("Europe/Berlin",), assumed=True)
    assert whereabouts(contact, "", "") == Whereabouts((), assumed=True)
    assert whereabouts(contact, "Asia/Kolkata", "Europe/Berlin") == Whereabouts(("Asia/Kolkata",))


def test_a_zone_that_no_longer_exists_is_unknown() -> None:
    assert whereabouts("+12125551234", "Mars/Olympus", "") == Whereabouts((EASTERN,))
    assert whereabouts("+15550001111", "Mars/Olympus", "Mars/Olympus") == Whereabouts((), assumed=True)


def test_the_zone_that_an_agent_gave_a_contact_counts_alone() -> None:
    assert whereabouts("+18505551234", MOUNTAIN, EASTERN) == Whereabouts((MOUNTAIN,))


def test_every_zone_of_the_table_of_numbers_exists() -> None:
    named = {zone for zones in TIMEZONE_DATA.values() for zone in zones}
    assert {zone for zone in named if not zone_exists(zone)} <= {"Etc/Unknown"}


@given(st.text(max_size=20) | st.from_regex(r"\+[0-9]{1,15}", fullmatch=True))
def test_any_sender_has_zones_or_none(contact: str) -> None:
    assert all(zone_exists(zone) for zone in zones_of(contact))


def test_the_hour_and_the_place_are_said_as_people_say_them() -> None:
    night = datetime(2026, 3, 3, 4, 10, tzinfo=UTC)
    assert (clock_in(EASTERN, night), place_of(EASTERN)) == ("23:10", "New York")
    assert place_of("America/Argentina/Buenos_Aires") == "Buenos Aires"
    assert is_night(QuietHours(), EASTERN, night)
    assert not is_night(QuietHours(), "Asia/Kolkata", night)
