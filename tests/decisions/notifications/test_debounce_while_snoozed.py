"""While a ticket is snoozed its contact's texts notify nobody; when that ends, what no agent saw is announced once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.conversation import Arrival, Debounce, Episode
from messages.line import Line, Mode
from tests import make
from tests.make import at
from workers.notifications.debounce import next_state

WINDOW, CAP = timedelta(seconds=10), timedelta(seconds=35)
MODES = [make.line(window=WINDOW, cap=CAP, mode=mode) for mode in Mode]
ASLEEP = Episode(1, 1, 9, (), hushed_after=1)
AWAKE = replace(ASLEEP, hushed_after=None)
SEEN = make.debounce(considered=1, announced=1, latest=make.announcement(ticket=1))
LINES = st.sampled_from(MODES)


@pytest.mark.parametrize("line", MODES)
def test_a_text_of_a_snoozed_ticket_is_announced_when_that_ends_and_not_before(line: Line) -> None:
    hushed = next_state(SEEN, line, [Arrival(2, at(100))], ASLEEP, at(100))
    assert (hushed.latest, hushed.due_at, hushed.considered) == (SEEN.latest, None, 2)
    assert next_state(hushed, line, [], ASLEEP, at(10_000)) is hushed
    woken = next_state(hushed, line, [], AWAKE, at(10_000))
    assert woken.latest is not None
    assert (woken.latest.first, woken.latest.last, woken.due_at) == (2, 2, None)
    assert next_state(woken, line, [], AWAKE, at(10_001)) is woken


def test_an_agent_who_has_seen_it_is_not_notified_when_the_snooze_ends() -> None:
    hushed = next_state(SEEN, MODES[0], [Arrival(2, at(100))], ASLEEP, at(100))
    seen = next_state(hushed, MODES[0], [], ASLEEP, at(200), acted_at=at(200))
    assert next_state(seen, MODES[0], [], AWAKE, at(300)).latest == SEEN.latest


def test_what_came_before_the_snooze_is_announced_as_ever() -> None:
    late = next_state(SEEN, MODES[0], [Arrival(2, at(100))], replace(ASLEEP, hushed_after=2), at(100))
    assert late.latest is not None
    assert late.latest.last == 2


def test_a_reaction_announces_nothing_of_what_waits_for_the_end_of_a_snooze_and_loses_nothing_of_it() -> None:
    hushed = next_state(SEEN, MODES[0], [Arrival(2, at(100)), Arrival(3, at(101), True)], ASLEEP, at(101))
    woken = next_state(hushed, MODES[0], [], AWAKE, at(300))
    assert woken.latest is not None
    assert (woken.latest.first, woken.latest.last) == (2, 3)


def test_the_first_text_of_a_ticket_that_was_snoozed_before_opens_it_when_the_snooze_ends() -> None:
    episode = Episode(1, 1, 1, (), hushed_after=0)
    hushed = next_state(Debounce(), MODES[0], [Arrival(1, at(0))], episode, at(0))
    woken = next_state(hushed, MODES[0], [], replace(episode, hushed_after=None), at(60))
    assert hushed.latest is None
    assert woken.latest is not None
    assert woken.latest.opening


HAPPENINGS = st.lists(
    st.tuples(st.sampled_from(["text", "reaction", "sleep", "wake", "act", "look", "again"]), st.integers(0, 20)),
    max_size=30,
)


@given(HAPPENINGS, LINES)
def test_whatever_happens_no_text_is_announced_while_it_is_hushed_and_none_is_lost(
    happenings: list[tuple[str, int]], line: Line
) -> None:
    state, second, last, hushed_after, seen = Debounce(), 0, 0, None, 0
    texts: dict[int, Arrival] = {}
    announced: set[int] = set()
    for what, gap in [*happenings, ("wake", 1), ("look", 100_000)]:
        second += gap
        if what in {"text", "reaction"}:
            last += 1
            texts[last] = Arrival(last, at(second), what == "reaction")
        elif what == "sleep" and last:
            hushed_after, seen = last, last
        elif what == "wake":
            hushed_after = None
        if not last:
            continue
        acted_at = at(second) if what in {"act", "sleep"} else None
        seen = last if what == "act" else seen
        episode = Episode(1, 1, last, (), hushed_after=hushed_after)
        new = [texts[seq] for seq in range(state.announced + 1, last + 1)]
        for _ in range(2 if what == "again" else 1):
            before = state
            state = next_state(before, line, new, episode, at(second), acted_at=acted_at)
        latest = state.latest
        if latest is not None and latest is not before.latest:
            covered = set(range(latest.first, latest.last + 1))
            assert not covered & announced
            announced |= covered
            hushed = {seq for seq in covered if hushed_after is not None and seq > hushed_after}
            assert not hushed or min(covered) <= (hushed_after or 0), "a text that waited before may take them along"
    real = {seq for seq, text in texts.items() if not text.reaction and seq > seen}
    if line.mode is not Mode.LEADING:
        assert real <= announced
    assert state.hushed <= state.announced
