"""One absence of Clerk is one interruption of a line, whoever finds it, how often, and in which order."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.conversation import Arrival
from messages.deadlines.interruption import (
    AT_MOST,
    NOTICED,
    SETTLES,
    STALE,
    Interruption,
    came_meanwhile,
    is_news,
    told,
    with_gap,
    with_text,
)
from tests.make import at

BACK = 3 * 3600
LOOKED = 600
DUE = LOOKED + 60


def after(known: Interruption | None, finds: list[tuple[int, int | None]]) -> Interruption | None:
    """What is known after finds: each some seconds after Clerk is back, of a text that came then or (None) a gap."""
    for later, came in finds:
        now = at(BACK + later)
        known = with_gap(known, at(LOOKED), at(DUE), now) if came is None else with_text(known, at(came), now)
    return known


FINDS = st.lists(st.tuples(st.integers(0, 50), st.none() | st.integers(LOOKED, BACK - 700)), min_size=1, max_size=12)


@given(finds=FINDS)
def test_clocks_and_workers_find_one_interruption_in_any_order_however_often(
    finds: list[tuple[int, int | None]],
) -> None:
    in_time = sorted(finds, key=lambda each: each[0])
    found = after(None, [*in_time, *in_time])
    assert found is not None
    assert found.number == 1
    assert found.since == min(at(LOOKED if came is None else came) for _, came in finds)
    assert found.until == at(BACK + in_time[0][0])
    assert found.tell_at is not None
    assert found.until + SETTLES <= found.tell_at <= found.found_at + AT_MOST


@given(finds=FINDS)
def test_what_is_found_after_it_was_told_and_came_before_is_not_told_again(finds: list[tuple[int, int | None]]) -> None:
    found = after(None, [(0, LOOKED)])
    assert found is not None
    known = told(found, at(BACK + 90))
    assert after(known, [(100 + later, came) for later, came in finds if came is not None]) is known
    assert with_gap(known, at(BACK + 80), at(BACK + 140), at(BACK + 200)) is known


def test_the_next_absence_is_another_one_and_begins_after_the_last_was_told() -> None:
    known = told(after(None, [(0, LOOKED)]) or pytest.fail(), at(BACK + 90))
    again = with_gap(known, at(BACK + 60), at(BACK + 120), at(2 * BACK))
    assert again is not None
    assert (again.number, again.since, again.until) == (2, at(BACK + 90), at(2 * BACK))


def test_who_is_away_again_before_anything_was_told_tells_of_both_times_once() -> None:
    known = after(None, [(0, LOOKED)])
    again = with_gap(known, at(BACK + 30), at(BACK + 90), at(2 * BACK))
    assert again is not None
    assert (again.number, again.since, again.until, again.tell_at) == (
        1,
        at(LOOKED),
        at(2 * BACK),
        at(2 * BACK) + SETTLES,
    )


@pytest.mark.parametrize("late", [timedelta(), NOTICED - timedelta(seconds=1)])
def test_short_gaps_are_none(late: timedelta) -> None:
    now = at(BACK)
    assert with_text(None, now - late, now) is None
    assert with_gap(None, at(0), now - late, now) is None
    assert with_text(None, now - NOTICED, now) is not None
    assert with_gap(None, now - NOTICED, now - NOTICED, now) is not None


def test_old_news_are_none_and_what_was_told_is_none() -> None:
    known = after(None, [(0, LOOKED)])
    assert known is not None
    assert is_news(known, known.until)
    assert not is_news(known, known.until + STALE)
    assert not is_news(told(known, at(BACK)), at(BACK))


@pytest.mark.parametrize(
    ("came", "found_late", "counts"),
    [
        (LOOKED, True, True),
        (LOOKED, False, False),
        (LOOKED - 1, True, False),
        (BACK - 60, False, True),
        (BACK + 1, False, False),
    ],
)
def test_a_text_counts_that_came_meanwhile_and_was_not_taken_in_at_once(
    came: int, found_late: bool, counts: bool
) -> None:
    known = after(None, [(0, LOOKED)])
    assert known is not None
    text = Arrival(1, at(came), found_at=at(BACK + 5) if found_late else None)
    assert came_meanwhile(known, text) is counts
