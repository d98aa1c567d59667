"""A text that was found late is announced as if it had come when it was found: nobody has seen it before."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.conversation import Arrival, Debounce, Episode
from tests import make
from tests.make import at
from workers.notifications.debounce import next_state

LINE = make.line()
HOUR = 3600


def look(
    state: Debounce, texts: list[Arrival], now: int, acted_at: int | None = None, *, replied: bool = False
) -> Debounce:
    """The state after a look at a conversation with these texts."""
    episode = Episode(1, 1, max((each.seq for each in texts), default=0), ())
    new = [each for each in texts if each.seq > state.announced]
    acted = None if acted_at is None else at(acted_at)
    return next_state(state, LINE, new, episode, at(now), acted_at=acted, sent_at=acted if replied else None)


@pytest.mark.parametrize("replied", [True, False])
def test_what_came_before_an_agent_acted_and_was_found_after_is_announced(replied: bool) -> None:
    state = look(Debounce(), [Arrival(1, at(0))], 0)
    state = look(state, [], HOUR, HOUR, replied=replied)
    late = Arrival(2, at(HOUR - 600), found_at=at(HOUR + 1000))
    state = look(state, [late], HOUR + 1000)
    assert state.latest is not None
    assert (state.latest.first, state.latest.last) == (2, 2)
    assert state.heard_at == at(HOUR - 600), "quiet hours ask when the contact was awake"


def test_texts_that_are_found_one_after_the_other_are_announced_together() -> None:
    state, numbers = Debounce(), []
    for number in range(1, 13):
        found = 2 * HOUR + number
        state = look(state, [Arrival(number, at(600 * number), found_at=at(found))], found)
        assert state.latest is not None
        numbers.append(state.latest.number)
    assert set(numbers) == {1}
    assert state.due_at == at(2 * HOUR + 12) + LINE.window


@given(late=st.integers(0, 4 * HOUR), gaps=st.lists(st.integers(0, 1000), min_size=1, max_size=8))
def test_what_is_found_late_is_announced_as_what_comes_then(late: int, gaps: list[int]) -> None:
    now = 4 * HOUR
    found_late, came_then = Debounce(), Debounce()
    for number, gap in enumerate(gaps, 1):
        now += gap
        found_late = look(found_late, [Arrival(number, at(now - late), found_at=at(now))], now)
        came_then = look(came_then, [Arrival(number, at(now))], now)
    assert (found_late.latest, found_late.due_at) == (came_then.latest, came_then.due_at)
    assert found_late.due_at is None or found_late.due_at > at(now) - timedelta(seconds=1)
