"""The files of planned texts: when Clerk looks whether Slack still shows them, and what a change makes of them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.planned import PlannedState
from messages.sms import SlackFile
from tests import make
from tests.make import at
from workers.sms.planned.attached import changed_files, gone_words, is_to_check, without_files
from workers.sms.planned.life import FILES_CHECKED_BEFORE, Happening, PlanEvent, decide, first_look

P, H, R, C, X = PlannedState
PLAN = SlackFile(id="F1", name="plan.pdf")
OTHER = SlackFile(id="F2", name="map.png")
FINAL = {R: {"ended_at": at(60)}, C: {"ended_at": at(60)}, X: {"ended_at": at(60)}}
LEAVES = {PlanEvent.DUE, PlanEvent.SEND_NOW, PlanEvent.KEEP}


@pytest.mark.parametrize("state", PlannedState)
@pytest.mark.parametrize("event", [None, *PlanEvent])
def test_files_are_looked_for_before_a_text_leaves_and_when_nothing_else_happens(
    state: PlannedState, event: PlanEvent | None
) -> None:
    planned = make.planned(state=state, files=(PLAN,), look_at=at(60), **FINAL.get(state, {}))
    happening = None if event is None else Happening(event)
    expected = state is P if event is None else state in {P, H} and event in LEAVES
    assert is_to_check(planned, happening, at(60)) is expected
    assert not is_to_check(planned.model_copy(update={"files": ()}), happening, at(60))
    if event is None:
        assert not is_to_check(planned, None, at(59))


@given(st.integers(-10_000, 100_000), st.integers(0, 100_000))
def test_the_clock_looks_an_hour_before_a_text_with_files_is_due_unless_that_has_passed(due: int, now: int) -> None:
    look_at = first_look(at(due), (PLAN,), at(now))
    assert look_at in {at(due), at(due) - FILES_CHECKED_BEFORE}
    assert (look_at < at(due)) == (due - now > 3600)
    assert first_look(at(due), (), at(now)) == at(due)


def test_a_text_whose_file_is_gone_is_held_and_says_why() -> None:
    planned = make.planned(files=(PLAN,))
    assert without_files(None, "") is None
    due = Happening(PlanEvent.DUE)
    assert without_files(due, "") is due
    gone = without_files(due, gone_words(PLAN, deleted=True))
    assert gone is not None
    held = decide(planned, gone, at(120)).planned
    assert (held.state, held.why) == (H, "“plan.pdf” was deleted in Slack")
    assert gone_words(SlackFile(id="F1"), deleted=False) == "Slack does not let Clerk see one of its files any more"


@pytest.mark.parametrize(
    ("keep", "added", "after"),
    [
        (None, (), ["F1", "F2"]),
        ((), (), []),
        (("F2",), (), ["F2"]),
        (("F2",), (SlackFile(id="F3"),), ["F2", "F3"]),
        (("F1",), (PLAN,), ["F1"]),
        (("F9",), (), []),
    ],
)
def test_a_change_keeps_some_files_and_adds_others(
    keep: tuple[str, ...] | None, added: tuple[SlackFile, ...], after: list[str]
) -> None:
    planned = make.planned(files=(PLAN, OTHER))
    assert [each.id for each in changed_files(planned, keep, added)] == after


def test_a_text_with_files_that_is_moved_or_kept_is_looked_after_an_hour_before() -> None:
    planned = make.planned(files=(PLAN,), due_at=at(90_000))
    moved = decide(planned, Happening(PlanEvent.DUE_IN_QUIET_HOURS, until=at(95_000)), at(120)).planned
    assert moved.look_at == at(95_000) - timedelta(hours=1)
    held = decide(planned, Happening(PlanEvent.TEXT_HOLDS), at(120)).planned
    kept = decide(held, Happening(PlanEvent.KEEP, by=make.AGENT), at(130)).planned
    assert (kept.state, kept.look_at) == (P, at(90_000) - timedelta(hours=1))
