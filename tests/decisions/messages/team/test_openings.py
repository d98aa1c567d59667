"""When a line opens next: whatever happens to its calendar, and whenever the clock looks."""

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from messages.calendar import Calendar, Closure, is_open
from messages.team.opening import Opening, digest_id, following, upcoming
from tests import make


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of the week from Monday, 2 March 2026: New York is five hours behind."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


SHOP = make.calendar()
CLOSED, OPENED = utc(2, 3), utc(2, 16)


def coming(known: Opening | None, calendar: Calendar, now: datetime) -> tuple[datetime | None, datetime | None]:
    """When a line is closed next, as seen at a moment."""
    found = upcoming(make.LINE, known, calendar, now)
    assert found.calendar_version == calendar.version
    return found.closed_at, found.due_at


def test_a_line_that_is_closed_opens_and_one_that_is_open_closes_before() -> None:
    assert coming(None, SHOP, CLOSED) == (CLOSED, utc(2, 14))
    assert coming(None, SHOP, OPENED) == (utc(2, 22), utc(3, 14))
    assert coming(None, make.calendar(week={}), CLOSED) == (CLOSED, None)
    always = {
        day: ({"opens": "00:00", "closes": "24:00"},) for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    }
    assert coming(None, make.calendar(week=always), CLOSED) == (None, None)


def test_what_is_known_stays_until_the_calendar_changes() -> None:
    known = upcoming(make.LINE, None, SHOP, CLOSED)
    for now in (CLOSED, utc(2, 13, 59), utc(2, 14), utc(3, 13, 59)):
        assert upcoming(make.LINE, known, SHOP, now) is known
    changed = SHOP.model_copy(update={"version": 2})
    assert coming(known, changed, utc(2, 4)) == (CLOSED, utc(2, 14))
    assert coming(known, changed, utc(2, 14, 1)) == (CLOSED, utc(2, 14)), "an opening that has come is not lost"
    later = make.calendar(version=2, closures=(Closure(since=CLOSED, until=utc(2, 15)),))
    assert coming(known, later, utc(2, 13)) == (CLOSED, utc(2, 15))
    assert coming(known, make.calendar(id="other"), OPENED) == (utc(2, 22), utc(3, 14))


def test_a_closure_that_begins_or_is_lifted_moves_the_opening() -> None:
    open_now = upcoming(make.LINE, None, SHOP, OPENED)
    closure = Closure(since=OPENED, until=utc(2, 20))
    shut = upcoming(make.LINE, open_now, make.calendar(version=2, closures=(closure,)), utc(2, 16, 1))
    assert (shut.closed_at, shut.due_at) == (utc(2, 16, 1), utc(2, 20))
    assert coming(shut, make.calendar(version=3), utc(2, 17)) == (utc(2, 16, 1), utc(2, 17))


def test_a_clock_that_is_turned_back_finds_the_openings_before() -> None:
    ahead = upcoming(make.LINE, None, SHOP, utc(9, 16))
    assert coming(ahead, SHOP, OPENED) == (utc(2, 22), utc(3, 14))
    shut = upcoming(make.LINE, None, SHOP, utc(9, 3))
    assert coming(shut, SHOP, CLOSED) == (CLOSED, utc(2, 14))


def test_an_opening_of_long_ago_has_no_digest() -> None:
    known = upcoming(make.LINE, None, SHOP, CLOSED)
    assert coming(known, SHOP, utc(3, 15)) == (utc(3, 22), utc(4, 14))


def test_a_line_that_has_closed_again_tells_of_both_times_when_it_opens_next() -> None:
    known = upcoming(make.LINE, None, SHOP, CLOSED)
    posted, after = following(known, SHOP, utc(2, 21))
    assert (posted, after.closed_at, after.due_at) == (True, utc(2, 22), utc(3, 14))
    posted, after = following(known, SHOP, utc(2, 23))
    assert (posted, after.closed_at, after.due_at) == (False, CLOSED, utc(3, 14))


def test_a_digest_has_one_name_for_each_opening_of_a_line() -> None:
    assert digest_id(make.LINE, utc(2, 14)) == "digest/+15550001111/2026-03-02T14:00:00Z"


@given(
    calendar=make.calendars(),
    looks=st.lists(st.integers(1, 3 * 24 * 60), min_size=1, max_size=30),
    began=st.integers(0, 5 * 365 * 24 * 60).map(lambda minutes: utc(2, 0) + timedelta(minutes=minutes)),
)
def test_whenever_the_clock_looks_no_time_is_told_of_twice_and_only_an_open_line_is_told(
    calendar: Calendar, looks: list[int], began: datetime
) -> None:
    known: Opening | None = None
    told: list[tuple[datetime, datetime]] = []
    now = began
    for minutes in looks:
        now += timedelta(minutes=minutes)
        known = upcoming(make.LINE, known, calendar, now)
        assert upcoming(make.LINE, known, calendar, now) is known
        if known.due_at is None or known.due_at > now:
            continue
        assert known.closed_at is not None
        posted, after = following(known, calendar, now)
        assert after.due_at is None or after.due_at > now
        if posted:
            assert is_open(calendar, now)
            assert is_open(calendar, known.due_at)
            told.append((known.closed_at, known.due_at))
        known = after
    assert all(closed < opened for closed, opened in told)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(told))
