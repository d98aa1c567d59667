"""The debounce against a simple reference, and under every kind of bad luck."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from messages.conversation import Arrival, Debounce, Episode
from messages.line import Line, Mode
from tests import make
from tests.make import at
from workers.notifications.debounce import next_state

WINDOW, CAP = 10, 35
LINE = make.line(window=timedelta(seconds=WINDOW), cap=timedelta(seconds=CAP))
LEADING = make.line(window=timedelta(seconds=WINDOW), cap=timedelta(seconds=CAP), mode=Mode.LEADING)
LONG_AFTER = 100_000
LINES = st.sampled_from([LINE, LEADING])


@dataclass(frozen=True)
class Story:
    """What happens in a conversation: the seconds of its texts and of the agents' actions, and where tickets begin."""

    texts: Sequence[int]
    actions: Sequence[int]
    openings: frozenset[int] = frozenset({1})

    def episode(self, known: int) -> Episode:
        """The newest ticket once `known` texts are filed."""
        first = max((opening for opening in self.openings if opening <= known), default=1)
        return Episode(sorted(self.openings).index(first) + 1, first, known, ())


@st.composite
def stories(draw: st.DrawFn) -> Story:
    gaps = draw(st.lists(st.integers(0, WINDOW + 5), min_size=1, max_size=25))
    texts = [sum(gaps[: number + 1]) for number in range(len(gaps))]
    actions = draw(st.lists(st.integers(0, texts[-1] + 40), max_size=3, unique=True).map(sorted))
    openings = draw(st.sets(st.integers(1, len(texts)), max_size=2))
    return Story(texts, actions, frozenset({1, *openings}))


class Reference:
    """The specification as a simulation, second by second: texts, then actions, then time."""

    def __init__(self, story: Story, line: Line) -> None:
        self.announced: list[tuple[int, int]] = []
        self._trailing = line.mode is Mode.BOTH
        self._waiting_since: int | None = None
        self._last_text: int | None = None
        for second in range(story.texts[-1] + CAP + WINDOW + 2):
            for number, text in enumerate(story.texts, 1):
                if text == second:
                    self._text(second, number, opens=number in story.openings)
            if second in story.actions:
                self._waiting_since = None
            self._time(second, sum(text <= second for text in story.texts))

    def _text(self, second: int, number: int, *, opens: bool) -> None:
        quiet = self._last_text is None or second - self._last_text >= WINDOW
        self._last_text = second
        if opens or quiet:
            self._announce(second, number)
        elif self._waiting_since is None:
            self._waiting_since = second
        self._time(second, number)

    def _time(self, second: int, newest: int) -> None:
        if not self._trailing or self._waiting_since is None or self._last_text is None:
            return
        if second in (self._last_text + WINDOW, self._waiting_since + CAP):
            self._announce(second, newest)

    def _announce(self, second: int, last: int) -> None:
        self.announced.append((second, last))
        self._waiting_since = None


@dataclass
class DebounceRun:
    """The debounce, looked at in some moments, knowing at each what has happened by then."""

    story: Story
    line: Line
    state: Debounce = field(default_factory=Debounce)
    announced: list[tuple[int, int, int]] = field(default_factory=list)
    seen: int = 0

    def look(self, second: int, *, action: int | None = None) -> Debounce:
        known = sum(text <= second for text in self.story.texts)
        before = self.state
        new = range(before.announced + 1, known + 1)
        arrivals = [Arrival(number, at(self.story.texts[number - 1])) for number in new]
        acted_at = None if action is None else at(action)
        if known == 0:
            return before
        self.state = next_state(before, self.line, arrivals, self.story.episode(known), at(second), acted_at=acted_at)
        assert self.state.due_at is None or self.state.due_at > at(second)
        assert self.state is before or self.state.version == before.version + 1
        latest = self.state.latest
        if latest is not None and latest is not before.latest:
            assert latest.number == (before.latest.number if before.latest else 0) + 1
            self.announced.append((second, latest.first, latest.last))
        if action is not None:
            self.seen = max(self.seen, sum(text <= action for text in self.story.texts[:known]))
        return self.state

    def due(self) -> int | None:
        return None if self.state.due_at is None else int((self.state.due_at - make.NOW).total_seconds())

    def one_by_one(self, extra: Sequence[int] = ()) -> "DebounceRun":
        """Look at each text by itself as it comes, at each action and at each due time, and in `extra` moments."""
        moments = sorted({*self.story.texts, *self.story.actions, *extra})
        while moments or self.due() is not None:
            due = self.due()
            second = min(moment for moment in (moments[0] if moments else None, due) if moment is not None)
            while moments and moments[0] == second:
                moments.pop(0)
            for number, text in enumerate(self.story.texts, 1):
                if text == second:
                    self._only(number, second)
            if second in self.story.actions:
                self.look(second, action=second)
            self.look(second)
            if second in extra:
                self.look(second)
        return self

    def _only(self, number: int, second: int) -> None:
        before, latest = self.state, self.state.latest
        arrivals = [Arrival(each, at(self.story.texts[each - 1])) for each in range(before.announced + 1, number + 1)]
        self.state = next_state(before, self.line, arrivals, self.story.episode(number), at(second))
        if self.state.latest is not latest and self.state.latest is not None:
            self.announced.append((second, self.state.latest.first, self.state.latest.last))


@given(stories(), LINES)
@settings(max_examples=4 * settings().max_examples)
def test_looked_at_in_time_it_announces_what_the_specification_says(story: Story, line: Line) -> None:
    run = DebounceRun(story, line).one_by_one()
    assert [(second, last) for second, _, last in run.announced] == Reference(story, line).announced


@given(stories(), LINES, st.lists(st.integers(0, 300), max_size=15))
def test_more_looks_at_any_time_and_any_number_of_times_announce_the_same(
    story: Story, line: Line, extra: list[int]
) -> None:
    assert DebounceRun(story, line).one_by_one(extra).announced == DebounceRun(story, line).one_by_one().announced


@given(stories(), st.lists(st.integers(0, 300), max_size=15))
def test_looked_at_late_it_announces_every_text_that_no_agent_saw_and_never_more_often(
    story: Story, moments: list[int]
) -> None:
    run = DebounceRun(story, LINE)
    for second in sorted(moments):
        run.look(second)
        for action in story.actions:
            if action <= second:
                run.look(second, action=action)
    for action in story.actions:
        run.look(LONG_AFTER, action=action)
    run.look(LONG_AFTER)
    covered = {number for _, first, last in run.announced for number in range(first, last + 1)}
    assert covered | set(range(1, run.seen + 1)) == set(range(1, len(story.texts) + 1))
    assert run.state.due_at is None
    if not story.actions:
        assert len(run.announced) <= len(DebounceRun(story, LINE).one_by_one().announced)


@given(stories(), LINES, st.lists(st.integers(0, 300), max_size=10))
def test_a_text_is_announced_by_one_announcement_only(story: Story, line: Line, moments: list[int]) -> None:
    run = DebounceRun(story, line)
    for second in [*sorted(moments), LONG_AFTER]:
        run.look(second)
    texts = [number for _, first, last in run.announced for number in range(first, last + 1)]
    assert texts == sorted(set(texts))


@given(stories())
def test_two_announcements_are_separated_by_a_window_or_a_quiet_or_a_new_ticket(story: Story) -> None:
    run = DebounceRun(story, LINE).one_by_one()
    for (earlier, _, _), (later, _, last) in pairwise(run.announced):
        gap = story.texts[last - 1] - story.texts[last - 2]
        leading = last in story.openings or gap >= WINDOW
        assert leading or later - earlier >= WINDOW


@given(stories(), LINES)
def test_a_state_that_was_stored_and_read_goes_on_alike(story: Story, line: Line) -> None:
    run, stored = DebounceRun(story, line), DebounceRun(story, line)
    for second in range(0, story.texts[-1] + 60, 7):
        run.look(second)
        stored.look(second)
        stored.state = Debounce.model_validate(stored.state.model_dump(mode="json"))
    assert run.state == stored.state
