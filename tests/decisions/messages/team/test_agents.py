"""Who is there: away until a time that was named, outside the own hours, or available."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.calendar import Calendar, is_open
from messages.team.agent import Agent, TimeAway, available, away
from tests import make


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of the week from Monday, 2 March 2026: New York is five hours behind."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


MONDAY_OPENS, TUESDAY_OPENS = utc(2, 14), utc(3, 14)
LEAVE = "on leave"


@pytest.mark.parametrize(
    ("now", "until", "hours", "expected"),
    [
        (utc(2, 15), None, True, None),
        (utc(2, 15), None, False, None),
        (utc(2, 3), None, False, None),
        (utc(2, 3), None, True, TimeAway(MONDAY_OPENS)),
        (utc(2, 22), None, True, TimeAway(TUESDAY_OPENS)),
        (utc(2, 15), utc(2, 17), True, TimeAway(utc(2, 17), LEAVE)),
        (utc(2, 15), utc(2, 17), False, TimeAway(utc(2, 17), LEAVE)),
        (utc(2, 15), utc(2, 23), True, TimeAway(TUESDAY_OPENS, LEAVE)),
        (utc(2, 15), utc(2, 23), False, TimeAway(utc(2, 23), LEAVE)),
        (utc(2, 15), utc(2, 15), True, None),
        (utc(2, 15), utc(2, 14), False, None),
        (utc(2, 23), utc(2, 20), True, TimeAway(TUESDAY_OPENS)),
    ],
)
def test_an_agent_is_away_until_the_named_time_or_the_opening_after_it(
    now: datetime, until: datetime | None, hours: bool, expected: TimeAway | None
) -> None:
    agent = Agent(id=make.AGENT, away_until=until, away_note=LEAVE)
    calendar = make.calendar() if hours else None
    assert away(agent, calendar, now) == expected
    assert available(agent, calendar, now) is (expected is None)


def test_who_has_hours_that_never_open_is_away_without_an_end() -> None:
    assert away(Agent(id=make.AGENT), make.calendar(week={}), make.NOW) == TimeAway(None)


@given(calendar=st.none() | make.calendars(), until=st.none() | make.MOMENTS, now=make.MOMENTS)
def test_who_is_away_is_back_exactly_at_the_end_that_is_named(
    calendar: Calendar | None, until: datetime | None, now: datetime
) -> None:
    agent = Agent(id=make.AGENT, away_until=until)
    found = away(agent, calendar, now)
    if found is None:
        assert until is None or until <= now
        assert calendar is None or is_open(calendar, now)
    elif found.until is not None:
        assert found.until > now
        assert available(agent, calendar, found.until)
        assert away(agent, calendar, found.until - timedelta(milliseconds=1)) is not None
