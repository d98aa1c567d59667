"""A trace as groups of steps with bars: nothing is left out, and each bar is within its group."""

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ops.console.waterfall import WIDTH, Shown, bar, groups, kinds
from ops.traces.steps import Step

BEGAN = datetime(2026, 5, 5, 12, tzinfo=UTC)
STEPS = st.lists(
    st.builds(
        Step,
        at=st.floats(0, 1e6).map(lambda seconds: BEGAN + timedelta(seconds=seconds)),
        where=st.sampled_from(["webhook", "message", "Slack", "ticket"]),
        what=st.just("something"),
        took=st.floats(0, 1e4),
        trouble=st.booleans(),
        about=st.sampled_from(["text 1", "text 2", "ticket #3"]),
    ),
    min_size=1,
)


def step(second: float, about: str, *, where: str = "message", took: float = 0.0, trouble: bool = False) -> Step:
    at = BEGAN + timedelta(seconds=second)
    return Step(at=at, where=where, what="something", about=about, took=took, trouble=trouble)


@given(STEPS)
def test_every_step_is_in_one_group_and_each_bar_is_within_it(steps: list[Step]) -> None:
    found = groups(steps, Shown())
    assert sorted(map(repr, steps)) == sorted(repr(each) for group in found for each in group.steps)
    assert sum(kinds(steps).values()) == len(steps)
    assert [group.began_at for group in found] == sorted(group.began_at for group in found)
    for group in found:
        assert {each.about for each in group.steps} == {group.name}
        for each in group.steps:
            left, width = map(float, places(bar(each, group)))
            assert left >= -0.1
            assert left + width <= WIDTH + 0.1


def places(picture: str) -> tuple[str, str]:
    found = re.search(r'<rect x="([\d.-]+)" y="1" width="([\d.]+)"', picture)
    assert found is not None
    return found[1], found[2]


def test_filters_leave_out_what_was_not_asked_for() -> None:
    steps = [step(0, "text 1"), step(1, "text 1", where="Slack", trouble=True), step(2, "text 2", where="Slack")]
    assert [len(group.steps) for group in groups(steps, Shown(("slack",)))] == [1, 1]
    assert [group.name for group in groups(steps, Shown(trouble=True))] == ["text 1"]
    assert groups(steps, Shown(("webhook",))) == []


def test_a_bar_shows_when_a_step_began_and_how_long_it_took() -> None:
    first, second = step(1, "text 1", took=1), step(10, "text 1", took=5)
    (group,) = groups([first, second], Shown())
    assert (group.took, group.troubles) == (10, 0)
    assert places(bar(first, group)) == ("0.0", "20.0")
    assert places(bar(second, group)) == ("100.0", "100.0")
