"""A phone's reaction announces nothing, and changes nothing about when other texts are announced."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from messages.conversation import Arrival, Debounce, Episode
from tests import make
from tests.make import at
from workers.notifications.debounce import next_state

LINE = make.line(window=timedelta(seconds=10), cap=timedelta(seconds=35))

happenings = st.lists(st.tuples(st.integers(0, 15), st.booleans()), min_size=1, max_size=25)


def announced(texts: list[tuple[int, bool]], *, with_reactions: bool) -> list[datetime]:
    """When texts are announced, each of which comes some seconds after the one before, and may be a reaction."""
    state, second, found = Debounce(), 0, list[datetime]()
    for seq, (gap, reaction) in enumerate(texts, 1):
        second += gap
        arrivals = [Arrival(seq, at(second), reaction)] if with_reactions or not reaction else []
        state = next_state(state, LINE, arrivals, Episode(1, 1, seq, ()), at(second))
        if state.latest is not None and state.latest.at not in found:
            found.append(state.latest.at)
    return found


@given(happenings)
def test_reactions_change_no_announcement(texts: list[tuple[int, bool]]) -> None:
    assert announced(texts, with_reactions=True) == announced(texts, with_reactions=False)


@given(st.integers(1, 20))
def test_reactions_alone_announce_nothing_and_leave_nothing_unannounced(count: int) -> None:
    state = make.debounce(considered=3, announced=3)
    arrivals = [Arrival(seq, at(100 * seq), reaction=True) for seq in range(4, 4 + count)]
    after = next_state(state, LINE, arrivals, Episode(1, 1, 3 + count, ()), at(10_000))
    assert (after.latest, after.due_at) == (state.latest, None)
    assert (after.considered, after.announced) == (3 + count, 3 + count)


def test_an_agents_look_leaves_no_reaction_waiting() -> None:
    state = make.debounce(considered=1, announced=1)
    arrivals = [Arrival(2, at(20), reaction=True)]
    after = next_state(state, LINE, arrivals, Episode(1, 1, 2, ()), at(21), acted_at=at(5))
    assert after.waiting_since is None
