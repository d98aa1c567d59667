"""A phone's reaction announces nothing, nor does a blocked contact, and both change no other announcement."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.conversation import Arrival, Debounce, Episode
from tests import make
from tests.make import at
from workers.notifications.debounce import next_state

LINE = make.line(window=timedelta(seconds=10), cap=timedelta(seconds=35))

kinds = pytest.mark.parametrize("kind", ["reaction", "muted"])
happenings = st.lists(st.tuples(st.integers(0, 15), st.booleans()), min_size=1, max_size=25)


def silent_or_not(seq: int, second: int, kind: str, *, silent: bool = True) -> Arrival:
    """A text that is perhaps silent, of this kind."""
    return Arrival(seq, at(second), reaction=silent and kind == "reaction", muted=silent and kind == "muted")


def announced(texts: list[tuple[int, bool]], kind: str, *, with_silent: bool) -> list[datetime]:
    """When texts are announced, each of which comes some seconds after the one before, and may be silent."""
    state, second, found = Debounce(), 0, list[datetime]()
    for seq, (gap, silent) in enumerate(texts, 1):
        second += gap
        arrivals = [silent_or_not(seq, second, kind, silent=silent)] if with_silent or not silent else []
        state = next_state(state, LINE, arrivals, Episode(1, 1, seq, ()), at(second))
        if state.latest is not None and state.latest.at not in found:
            found.append(state.latest.at)
    return found


@kinds
@given(happenings)
def test_silent_texts_change_no_announcement(kind: str, texts: list[tuple[int, bool]]) -> None:
    assert announced(texts, kind, with_silent=True) == announced(texts, kind, with_silent=False)


@kinds
@given(st.integers(1, 20))
def test_silent_texts_alone_announce_nothing_and_leave_nothing_unannounced(kind: str, count: int) -> None:
    state = make.debounce(considered=3, announced=3)
    arrivals = [silent_or_not(seq, 100 * seq, kind) for seq in range(4, 4 + count)]
    after = next_state(state, LINE, arrivals, Episode(1, 1, 3 + count, ()), at(10_000))
    assert (after.latest, after.due_at) == (state.latest, None)
    assert (after.considered, after.announced) == (3 + count, 3 + count)


@kinds
def test_an_agents_look_leaves_no_silent_text_waiting(kind: str) -> None:
    state = make.debounce(considered=1, announced=1)
    arrivals = [silent_or_not(2, 20, kind)]
    after = next_state(state, LINE, arrivals, Episode(1, 1, 2, ()), at(21), acted_at=at(5))
    assert after.waiting_since is None
