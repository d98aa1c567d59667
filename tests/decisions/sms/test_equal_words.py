"""Texts with equal words whose outcome is in doubt: each is told apart from the others in the provider's list."""

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests import make
from workers.sms.attempt import LISTED_WITHIN, Doubt, paired

SECONDS = st.integers(0, 1500)


def doubts_at(*seconds: int) -> list[Doubt]:
    """Texts in doubt, by the seconds of their calls."""
    times = [make.NOW + timedelta(seconds=each) for each in seconds]
    return [Doubt(f"text {number}", at, at) for number, at in enumerate(times)]


def pairs(doubts: Sequence[Doubt], *seconds: int) -> dict[str, int]:
    """Which of the texts that are listed at these seconds is which."""
    return dict(paired(doubts, [make.NOW + timedelta(seconds=each) for each in seconds]))


def test_one_listed_text_is_the_one_whose_call_it_fits() -> None:
    assert pairs(doubts_at(0, 300), 2) == {"text 0": 0}
    assert pairs(doubts_at(0, 300), 301) == {"text 1": 0}


def test_two_listed_texts_are_those_in_doubt_in_order() -> None:
    assert pairs(doubts_at(0, 300), 301, 302) == {"text 0": 0, "text 1": 1}


def test_a_text_listed_long_before_or_after_its_call_is_another() -> None:
    late = int(LISTED_WITHIN.total_seconds())
    assert pairs(doubts_at(late + 1), 0) == {}
    assert pairs(doubts_at(0), late + 1) == {}
    assert pairs(doubts_at(0), late) == {"text 0": 0}


@given(st.lists(SECONDS, max_size=6), st.lists(SECONDS, max_size=6))
def test_each_listed_text_is_one_at_most_in_order_and_none_is_left_that_fits(calls: list[int], at: list[int]) -> None:
    doubts = doubts_at(*sorted(calls))
    found = pairs(doubts, *at)
    assert len(set(found.values())) == len(found)
    taken = [at[found[doubt.id]] for doubt in doubts if doubt.id in found]
    assert taken == sorted(taken)
    limit = LISTED_WITHIN.total_seconds()
    assert all(
        abs(at[found[d.id]] - calls) <= limit for d, calls in zip(doubts, sorted(calls), strict=True) if d.id in found
    )
    if len(doubts) == 1:
        assert bool(found) == any(abs(each - calls[0]) <= limit for each in at)
