"""What a person's text becomes in the contact's night: one that is held sends nothing, and is planned."""

from datetime import timedelta
from typing import Final

import pytest

from messages.planned import IfReply, PlannedState
from messages.sms import Direction, Sms, State
from tests import make
from workers.sms.may_send import Cause, Hold, Refuse, Send, Verdict
from workers.sms.planned.life import displaced_to
from workers.sms.planned.night import kept_for_morning, planned_of
from workers.sms.planned.words import held_until_morning

MORNING: Final = make.NOW + timedelta(hours=9)
HELD: Final = Hold(MORNING, Cause.QUIET_HELD)


def text(state: State = State.WAITING, ts: str | None = f"{make.NOW.timestamp():.6f}") -> Sms:
    """A text that an agent wrote just now, in a thread if it has a `ts`."""
    waits = {"outbox": make.CONVERSATION, "due_at": make.NOW} if state is State.WAITING else {}
    outbound = {"direction": Direction.OUTBOUND, "author": make.AGENT, "channel": make.CHANNEL, "ts": ts}
    return make.sms(id="R1", state=state, unshown=make.CONVERSATION, **waits, **outbound)


@pytest.mark.parametrize("verdict", [HELD, Send(), Send(Cause.QUIET_TOLD, MORNING), Hold(None, Cause.STALE)], ids=str)
@pytest.mark.parametrize("state", State)
def test_only_a_text_that_is_to_be_sent_and_is_held_for_the_night_changes(state: State, verdict: Verdict) -> None:
    written = text(state)
    found = kept_for_morning(written, verdict)
    is_held = state is State.WAITING and verdict is HELD
    assert (found is not written, found.planned) == (is_held, "night-R1" if is_held else None)


@pytest.mark.parametrize("cause", Cause)
def test_a_text_that_is_refused_is_never_planned(cause: Cause) -> None:
    waiting = text()
    assert kept_for_morning(waiting, Refuse(cause)) is waiting


@pytest.mark.parametrize(("ts", "unshown"), [("1700000000.000100", make.CONVERSATION), (None, None)])
def test_a_held_text_sends_nothing_and_its_message_gets_a_mark_if_it_has_one(ts: str | None, unshown: str) -> None:
    found = kept_for_morning(text(ts=ts), HELD)
    assert (found.state, found.rank, found.outbox, found.due_at) == (State.UNSENT, State.UNSENT.rank, None, None)
    assert (found.wanted_at, found.unshown, found.body) == (MORNING, unshown, text().body)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "UTC"])
def test_the_planned_text_waits_for_the_end_of_the_night_and_for_its_author_if_the_contact_writes(zone: str) -> None:
    held = kept_for_morning(text(), HELD)
    planned = planned_of(held, "night-R1", zone)
    assert (planned.due_at, planned.look_at, displaced_to(planned)) == (MORNING, MORNING, None)
    assert (planned.state, planned.if_reply, planned.since) == (PlannedState.PLANNED, IfReply.HOLD, make.NOW)
    assert (planned.body, planned.by, planned.sms) == (held.body, make.AGENT, "planned-night-R1")
    assert planned_of(held, "night-R1", zone) == planned


def test_the_author_is_told_until_when_and_the_day_if_that_is_more_than_one_off() -> None:
    planned = planned_of(kept_for_morning(text(), HELD), "night-R1", "UTC")
    ann = make.contact(name="Ann")
    near = held_until_morning(planned, ann, make.NOW, surely=True)
    assert near == "Held until 18:30 for Ann: it is night there. If Ann writes first, it waits for you."
    far = held_until_morning(planned, ann, MORNING - timedelta(days=2), surely=False)
    assert far.startswith("Held until Mon 2 Mar 18:30 for Ann: it may be night there.")
