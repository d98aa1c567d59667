"""Where a person can move the sandbox's clock to, and what the page says of it."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.calendar import offset, wall_time
from sandbox.page.times import BEFORE_CHANGE, ZONES, destination, distance, shown

NEW_YORK: Final = "America/New_York"
NOW: Final = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
"""A Tuesday, 3 a.m. in New York."""

MOMENTS: Final = st.integers(1_704_067_200, 1_893_456_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@pytest.mark.parametrize(
    ("to", "zone", "at"),
    [
        ("hour", NEW_YORK, "2026-11-24T09:00"),
        ("day", NEW_YORK, "2026-11-25T08:00"),
        ("week", NEW_YORK, "2026-12-01T08:00"),
        ("now", NEW_YORK, "2026-11-24T08:00"),
        ("sunday", NEW_YORK, "2026-11-29T08:00"),
        ("sunday", "Australia/Lord_Howe", "2026-11-28T16:00"),
        ("change", "Europe/London", "2027-03-28T00:50"),
        ("2026-11-29T03:00", NEW_YORK, "2026-11-29T08:00"),
        ("2026-11-29 03:00", "Europe/London", "2026-11-29T03:00"),
    ],
)
def test_an_order_leads_to_an_instant(to: str, zone: str, at: str) -> None:
    found = destination(to, zone, NOW, NOW)
    assert (found.at, found.remark) == (datetime.fromisoformat(at).replace(tzinfo=UTC), "")


@pytest.mark.parametrize(
    ("to", "at", "remark"),
    [
        ("2027-03-14T02:30", "2027-03-14T07:30", "02:30 does not exist in New York that night: it is 03:30."),
        ("2027-11-07T01:30", "2027-11-07T05:30", "01:30 comes twice in New York that night: this is the first."),
    ],
)
def test_what_is_unusual_about_a_time_is_said(to: str, at: str, remark: str) -> None:
    found = destination(to, NEW_YORK, NOW, NOW)
    assert (found.at, found.remark) == (datetime.fromisoformat(at).replace(tzinfo=UTC), remark)


@pytest.mark.parametrize(
    ("to", "zone", "why"),
    [
        ("2026-11-24T02:59", NEW_YORK, "has passed"),
        ("2032-11-24T03:00", NEW_YORK, "five years"),
        ("9999-12-31T23:59", NEW_YORK, "five years"),
        ("tomorrow", NEW_YORK, "no date and time"),
        ("", NEW_YORK, "no date and time"),
        ("2026-11-29T03:00Z", NEW_YORK, "without an offset"),
        ("change", "Asia/Kolkata", "do not change"),
        ("sunday", "Mars/Olympus", "no time zone"),
    ],
)
def test_what_leads_nowhere_is_refused_in_words(to: str, zone: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        destination(to, zone, NOW, NOW)


@given(MOMENTS, st.sampled_from([*ZONES]))
def test_sunday_and_the_change_always_lie_ahead_again_and_again(now: datetime, zone: str) -> None:
    sunday = destination("sunday", zone, now, now).at
    assert now < sunday <= now + timedelta(days=7, hours=1)
    assert f"{wall_time(sunday, zone):%a %H:%M}" == "Sun 03:00"
    change = destination("change", zone, now, now).at
    assert change > now
    assert offset(change, zone) != offset(change + BEFORE_CHANGE, zone)
    assert destination("change", zone, change, now).at > change + BEFORE_CHANGE


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(), ""),
        (timedelta(minutes=1), "1 minute ahead of now"),
        (timedelta(minutes=90), "90 minutes ahead of now"),
        (timedelta(hours=1), "1 hour ahead of now"),
        (timedelta(days=5), "5 days ahead of now"),
        (timedelta(days=5, hours=3), "about 5 days ahead of now"),
        (timedelta(days=7), "1 week ahead of now"),
        (timedelta(days=16), "about 2 weeks ahead of now"),
    ],
)
def test_how_far_ahead_it_is_is_said_in_words(ahead: timedelta, words: str) -> None:
    assert distance(ahead) == words


def test_the_page_shows_each_zones_time_and_where_its_orders_lead() -> None:
    found = shown(NOW, timedelta(days=5))
    assert (found["ahead"], found["distance"]) == (5 * 86400, "5 days ahead of now")
    assert found["zones"][0] == {
        "zone": NEW_YORK,
        "place": "New York",
        "shown": "Tuesday 24 Nov 2026, 03:00",
        "wall": "2026-11-24T03:00",
        "sunday": "Sunday 29 Nov 2026, 03:00",
        "change": "forward an hour on Sunday 14 Mar 2027, 02:00",
    }
    assert found["zones"][2]["change"] == "back half an hour on Sunday 4 Apr 2027, 02:00"
