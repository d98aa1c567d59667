"""When the clocks of a zone change."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.calendar import next_offset_change, offset

HOUR, HALF = timedelta(hours=1), timedelta(minutes=30)


@pytest.mark.parametrize(
    ("zone", "after", "at", "by"),
    [
        ("America/New_York", "2026-10-31T12:00", "2026-11-01T06:00", -HOUR),
        ("America/New_York", "2026-11-01T05:59", "2026-11-01T06:00", -HOUR),
        ("America/New_York", "2026-11-01T06:00", "2027-03-14T07:00", HOUR),
        ("Europe/London", "2026-11-29T03:00", "2027-03-28T01:00", HOUR),
        ("Australia/Lord_Howe", "2026-11-29T03:00", "2027-04-03T15:00", -HALF),
        ("Australia/Lord_Howe", "2027-04-03T15:00", "2027-10-02T15:30", HALF),
    ],
)
def test_the_next_change_of_a_zones_clocks_is_known_to_the_minute(
    zone: str, after: str, at: str, by: timedelta
) -> None:
    change = next_offset_change(zone, moment(after))
    assert change is not None
    assert (change.at, change.by) == (moment(at), by)


def test_some_clocks_never_change() -> None:
    assert next_offset_change("Asia/Kolkata", moment("2026-11-29T03:00")) is None


@given(
    st.sampled_from(["America/New_York", "Europe/London", "Australia/Lord_Howe", "Africa/Cairo", "America/Santiago"]),
    st.integers(1_704_067_200, 1_893_456_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
)
def test_before_a_change_there_is_none_and_it_changes_by_so_much(zone: str, now: datetime) -> None:
    change = next_offset_change(zone, now)
    assert change is not None
    assert change.at > now
    assert offset(now, zone) == offset(change.at - timedelta(microseconds=1), zone)
    assert offset(change.at, zone) - offset(now, zone) == change.by
    assert change.by


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
