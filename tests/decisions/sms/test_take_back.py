"""What an edit or a deletion of a reply means, by how far the reply has come."""

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.inbound import SlackReplyChanged
from messages.sms import Direction, Sms, State
from tests import make
from tests.make import NOW, at
from workers.slack import plan
from workers.sms.changes.take_back import (
    SEEN_WITHIN,
    STEPS,
    ChangeStep,
    ReplyEvent,
    ReplyProgress,
    counts_already,
    edited,
    event_of,
    progress_of,
    step,
)
from workers.sms.replies import held, is_given_up
from workers.sms.sending import SEND_WITHIN

REPLY = make.reply_posted()
DELETED = make.reply_changed(REPLY, received_at=at(3))
EDITED = make.reply_changed(REPLY, "at nine", received_at=at(3))
OF_BEFORE = make.reply_changed(REPLY, deleted=False, received_at=at(3))


def text(state: State = State.WAITING, **fields: object) -> Sms:
    """A reply as it is stored."""
    return Sms(
        id="C-1.1", conversation=make.CONVERSATION, line=make.LINE, contact=make.CONTACT, direction=Direction.OUTBOUND,
        body="at eight", received_at=NOW, state=state, rank=state.rank,
    ).model_copy(update=fields)  # fmt: skip


def test_the_table_has_a_step_for_every_progress_and_event() -> None:
    assert {(progress, event) for progress, row in STEPS.items() for event in row} == set(
        product(ReplyProgress, ReplyEvent)
    )


STOPS = {ChangeStep.REMEMBER, ChangeStep.WITHDRAW}


def test_only_what_the_contact_certainly_does_not_have_is_taken_back_or_changed() -> None:
    open_ = {
        progress
        for progress in ReplyProgress
        for event in ReplyEvent
        if STEPS[progress][event] in {*STOPS, ChangeStep.REPLACE}
    }
    assert open_ == {ReplyProgress.UNSEEN, ReplyProgress.OPEN, ReplyProgress.LATE}
    assert {STEPS[ReplyProgress.LEFT][event] for event in ReplyEvent} == {ChangeStep.SAY_LEFT}
    assert all(STEPS[progress][ReplyEvent.CHANGED] not in STOPS for progress in ReplyProgress), (
        "nobody knows what was changed"
    )


@pytest.mark.parametrize(
    ("found", "progress"),
    [
        (None, ReplyProgress.UNSEEN),
        (text(), ReplyProgress.OPEN),
        (text(undecided_at=NOW), ReplyProgress.LEFT),
        *((text(state), ReplyProgress.LEFT) for state in State if 0 < state.rank < State.REFUSED.rank),
        (text(State.REFUSED), ReplyProgress.REFUSED),
        (text(State.REFUSED, late=True), ReplyProgress.LATE),
        (text(State.NOTE), ReplyProgress.KEPT),
        (text(State.NOTE, withdrawn_at=NOW), ReplyProgress.KEPT),
        (text(State.UNSENT), ReplyProgress.KEPT),
        (text(State.UNSENT, planned="night-R1"), ReplyProgress.PLANNED),
        (text(State.UNSENT, withdrawn_at=NOW), ReplyProgress.WITHDRAWN),
    ],
)
def test_how_far_a_reply_has_come(found: Sms | None, progress: ReplyProgress) -> None:
    assert progress_of(found) is progress


@pytest.mark.parametrize(
    ("change", "event"),
    [(DELETED, ReplyEvent.DELETED), (EDITED, ReplyEvent.EDITED), (OF_BEFORE, ReplyEvent.CHANGED)],
)
def test_what_the_author_did(change: SlackReplyChanged, event: ReplyEvent) -> None:
    assert event_of(change) is event


def test_what_overtook_a_reply_is_remembered_as_long_as_that_reply_would_be_sent() -> None:
    for change, wanted in ((DELETED, ChangeStep.REMEMBER), (EDITED, ChangeStep.RECORD)):
        assert step(None, change, NOW + SEEN_WITHIN, NOW) is wanted
        assert step(None, change, NOW + SEEN_WITHIN + timedelta(seconds=1), NOW) is ChangeStep.NOTHING


@given(st.integers(0, 9), st.integers(0, 9))
def test_an_edit_counts_once_and_never_after_a_later_one(first: int, second: int) -> None:
    stored = text(edited=f"{at(first).timestamp():.6f}")
    change = make.reply_changed(REPLY, "at ten", received_at=at(second))
    assert counts_already(stored, change) == (second <= first)
    assert not counts_already(stored, DELETED)
    assert not counts_already(text(), change)


STATES = st.sampled_from([State.WAITING, State.NOTE, State.REFUSED, State.UNSENT])
TIMES = st.none() | st.integers(-60, 60).map(at)


@given(STATES, st.booleans(), TIMES, st.integers(0, 30))
def test_an_edited_reply_is_either_in_the_outbox_or_not_to_be_sent(
    state: State, late: bool, retry_at: object, hold: int
) -> None:
    was = text(State.REFUSED, late=True) if late else text(retry_at=retry_at, outbox=make.CONVERSATION, due_at=at(70))
    fields = held(timedelta(seconds=hold), NOW, SEND_WITHIN) if state is State.WAITING else {}
    changed = text(state, body="at nine", edited="1.5", due_at=at(12)).model_copy(update=fields)
    now = edited(was, changed, NOW)
    assert (now.body, now.edited, now.unshown) == ("at nine", "1.5", make.CONVERSATION)
    assert (now.outbox is not None) == (now.state is State.WAITING) == (now.due_at is not None)
    if late:
        assert now.state is not State.WAITING, "only a person says that a late one is sent"
        assert not (now.late and now.state is State.REFUSED) or state is State.WAITING
    elif now.state is State.WAITING:
        assert hold == 0 or (now.retry_at or NOW) >= at(hold)
        assert was.retry_at is None or (now.retry_at is not None and now.retry_at >= was.retry_at)
        assert now.due_at is not None
        assert now.retry_at is None or now.due_at >= now.retry_at
    else:
        assert now.withdrawn_at == NOW
        assert is_given_up(now, REPLY)


def test_a_reply_waits_under_another_mark_while_it_can_be_taken_back() -> None:
    assert plan.reaction_for(text(hold_until=at(5))) == plan.CAN_BE_TAKEN_BACK
    others = [text(), text(State.SENDING, hold_until=at(5)), text(hold_until=at(5), undecided_at=NOW)]
    assert {plan.reaction_for(each) for each in others} == {"hourglass_flowing_sand"}
    assert plan.reaction_for(text(State.UNSENT, withdrawn_at=NOW)) is None
