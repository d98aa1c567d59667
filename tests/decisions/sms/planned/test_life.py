"""Every cell of the table of a planned text's life, and what belongs to each change of state."""

from datetime import timedelta
from typing import Any, Final

import pytest

from messages.line import Quiet
from messages.planned import IfReply, Planned, PlannedState
from tests import make
from tests.make import AGENT, NOW, at
from workers.sms.may_send import ContactFacts, LineFacts
from workers.sms.planned.life import (
    BY_PEOPLE,
    LIFE,
    REMIND_EVERY,
    REMINDERS,
    Happening,
    PlanChange,
    PlanEvent,
    PlanOutcome,
    Surroundings,
    decide,
    displaced_to,
    happens,
    may_leave_now,
    refusal,
)

P, H, R, C, X = PlannedState
E = PlanEvent
DUE = at(3600)
LATE_AFTER = timedelta(hours=4)
GONE, BLOCKED, NIGHT = ContactFacts(opted_out=True), ContactFacts(blocked=True), ContactFacts(quiet_until=at(9000))
NO_LINE, QUIET = LineFacts(exists=False), LineFacts(quiet=Quiet.WARN)

ROWS: Final = {
    # what becomes of Planned and Held; what is not here changes nothing, and a person is told why
    (E.DUE, P): R,
    (E.DUE_IN_QUIET_HOURS, P): P,
    (E.DUE_LONG_AGO, P): H,
    (E.RULES_CHANGED, P): P,
    (E.DUE_AND_UNFILLED, P): H,
    (E.DUE_AND_REFUSED, P): X,
    (E.FILE_GONE, P): H,
    (E.REMINDER_DUE, H): H,
    (E.REMINDED_ENOUGH, H): C,
    (E.TEXT_HOLDS, P): H,
    (E.TEXT_CANCELS, P): C,
    (E.OPT_OUT, P): C,
    (E.OPT_OUT, H): C,
    (E.AUTHOR_GONE, P): H,
    (E.LINE_REMOVED, P): X,
    (E.LINE_REMOVED, H): X,
    (E.EDIT, P): P,
    (E.EDIT, H): P,
    (E.SEND_NOW, P): R,
    (E.SEND_NOW, H): R,
    (E.KEEP, H): P,
    (E.CANCEL, P): C,
    (E.CANCEL, H): C,
}


def _in(state: PlannedState) -> Planned:
    ended = {"ended_at": at(60), "why": "of a reason"} if state.is_final else {}
    return make.planned(state=state, version=3, **ended)


def _happening(event: PlanEvent, version: int = 3) -> Happening:
    by = AGENT if event in BY_PEOPLE else None
    change = PlanChange(version, "New words", "2026-03-03 09:00", "UTC", at(84_600), IfReply.SEND)
    return Happening(
        event,
        by=by,
        until=at(7200) if event in {E.DUE_IN_QUIET_HOURS, E.RULES_CHANGED} else None,
        change=change if event is E.EDIT else None,
    )


def test_the_table_has_every_event_in_every_state() -> None:
    assert LIFE.keys() == set(PlanEvent)
    assert all(row.keys() == set(PlannedState) for row in LIFE.values())


@pytest.mark.parametrize("state", PlannedState)
@pytest.mark.parametrize("event", PlanEvent)
def test_each_cell_is_as_specified(event: PlanEvent, state: PlannedState) -> None:
    planned = _in(state)
    decision = decide(planned, _happening(event), at(120))
    if (found := ROWS.get((event, state))) is None:
        assert decision.planned is planned
        assert bool(decision.refusal) == (event in BY_PEOPLE)
        return
    assert (decision.planned.state, decision.refusal) == (found, "")
    assert decision.planned.version == planned.version + 1


@pytest.mark.parametrize("event", PlanEvent)
def test_what_ended_never_changes(event: PlanEvent) -> None:
    for state in (R, C, X):
        assert LIFE[event][state] in {PlanOutcome.NOTHING, PlanOutcome.REFUSED}


@pytest.mark.parametrize("event", sorted(BY_PEOPLE))
def test_an_order_that_comes_again_changes_nothing_and_is_not_refused(event: PlanEvent) -> None:
    order = Happening(event, by=AGENT, order="one", change=_happening(event).change)
    once = decide(_in(H), order, at(120)).planned
    again = decide(once, order, at(130))
    assert (again.planned is once, again.refusal) == (True, "")


def test_a_released_text_keeps_a_time_for_the_clock_until_it_is_in_the_outbox() -> None:
    released = decide(make.planned(), Happening(E.DUE), DUE).planned
    assert released.look_at is not None
    assert released.ended_at == DUE
    assert released.sms == "planned-P1"


@pytest.mark.parametrize("event", [E.TEXT_CANCELS, E.OPT_OUT, E.LINE_REMOVED, E.CANCEL])
def test_what_is_over_wakes_no_clock(event: PlanEvent) -> None:
    assert decide(make.planned(), _happening(event), at(120)).planned.look_at is None


def test_an_edit_of_an_older_version_is_refused_whole() -> None:
    planned = _in(P)
    decision = decide(planned, _happening(E.EDIT, version=2), at(120))
    assert decision.planned is planned
    assert "somebody else changed this planned text" in decision.refusal


def test_an_edit_gives_new_words_and_a_new_time_and_remembers_the_old_ones() -> None:
    held = make.planned(state=H, version=3, why="the contact wrote first", reminded=2, moved=True)
    edited = decide(held, _happening(E.EDIT), at(120)).planned
    assert (edited.body, edited.wall, edited.due_at, edited.if_reply) == (
        "New words",
        "2026-03-03 09:00",
        at(84_600),
        IfReply.SEND,
    )
    assert (edited.look_at, edited.since, edited.why, edited.moved) == (at(84_600), at(120), "", False)
    assert [(each.by, each.body, each.due_at) for each in edited.edits] == [(AGENT, held.body, held.due_at)]


def test_quiet_hours_move_what_is_due_to_their_end() -> None:
    moved = decide(make.planned(), Happening(E.DUE_IN_QUIET_HOURS, until=at(9000), why="quiet hours"), DUE).planned
    assert (moved.due_at, moved.look_at, moved.moved, moved.why) == (at(9000), at(9000), True, "quiet hours")


def test_a_text_follows_its_wall_time_when_the_rules_of_its_zone_change() -> None:
    planned = make.planned(due_at=at(7200), look_at=at(7200))
    happening = happens(planned, Surroundings(), at(60))
    assert happening is not None
    moved = decide(planned, happening, at(60)).planned
    assert (moved.due_at, moved.look_at, moved.moved) == (DUE, DUE, False)
    assert happens(moved, Surroundings(), at(60)) is None


@pytest.mark.parametrize("fields", [{"moved": True}, {"wall": ""}, {"zone": "Gone/Away"}, {"state": H}])
def test_what_was_moved_or_meant_as_an_instant_stays_when_they_change(fields: dict[str, Any]) -> None:
    assert displaced_to(make.planned(**{"due_at": at(7200), **fields})) is None


def test_a_held_text_that_is_kept_waits_for_its_time_again() -> None:
    held = make.planned(state=H, why="the contact wrote first", look_at=at(90_000))
    kept = decide(held, Happening(E.KEEP, by=AGENT), at(120)).planned
    assert (kept.state, kept.look_at, kept.since, kept.why) == (P, held.due_at, at(120), "")


def test_a_held_text_that_is_kept_after_its_time_leaves_at_once() -> None:
    assert decide(make.planned(state=H), Happening(E.KEEP, by=AGENT), at(4000)).planned.state is R


def test_the_author_of_a_held_text_is_reminded_when_it_was_due_then_each_day_for_a_week() -> None:
    held, now, days = decide(make.planned(due_at=at(200_000)), Happening(E.TEXT_HOLDS), at(60)).planned, at(60), []
    while held.state is H:
        assert held.look_at is not None
        now = held.look_at
        happening = happens(held, Surroundings(), now)
        assert happening is not None
        held = decide(held, happening, now).planned
        days.append(now - at(200_000))
    assert days == [REMIND_EVERY * day for day in range(REMINDERS + 1)]
    assert (held.state, held.why) == (C, "nobody decided about it for a week")


@pytest.mark.parametrize(
    ("around", "event"),
    [
        (Surroundings(), E.DUE),
        (Surroundings(GONE, NO_LINE), E.OPT_OUT),
        (Surroundings(line=NO_LINE, wrote_at=at(30)), E.LINE_REMOVED),
        (Surroundings(GONE, wrote_at=at(30)), E.OPT_OUT),
        (Surroundings(BLOCKED, wrote_at=at(30)), E.OPT_OUT),
        (Surroundings(stopped_at=at(30), wrote_at=at(40)), E.OPT_OUT),
        (Surroundings(stopped_at=at(-30), wrote_at=at(-20)), E.DUE),
        (Surroundings(blocked_at=at(30), wrote_at=at(40)), E.OPT_OUT),
        (Surroundings(blocked_at=at(-30)), E.DUE),
        (Surroundings(gone_since={AGENT: at(30)}, wrote_at=at(40)), E.AUTHOR_GONE),
        (Surroundings(gone_since={AGENT: at(-30)}), E.DUE),
        (Surroundings(gone_since={"U0OTHER": at(30)}), E.DUE),
        (Surroundings(wrote_at=at(30)), E.TEXT_HOLDS),
        (Surroundings(NIGHT, QUIET, wrote_at=at(30)), E.TEXT_HOLDS),
        (Surroundings(NIGHT, QUIET), E.DUE_IN_QUIET_HOURS),
        (Surroundings(NIGHT), E.DUE),
    ],
)
def test_what_counts_first_when_a_text_is_due(around: Surroundings, event: PlanEvent) -> None:
    happening = happens(make.planned(), around, DUE)
    assert happening is not None
    assert happening.event is event


@pytest.mark.parametrize(
    ("if_reply", "before", "when_due"),
    [
        (IfReply.HOLD, E.TEXT_HOLDS, E.TEXT_HOLDS),
        (IfReply.CANCEL, E.TEXT_CANCELS, E.TEXT_CANCELS),
        (IfReply.SEND, None, E.DUE),
    ],
)
def test_what_a_contacts_text_does_is_what_its_author_asked_for(
    if_reply: IfReply, before: PlanEvent | None, when_due: PlanEvent
) -> None:
    planned, around = make.planned(if_reply=if_reply), Surroundings(wrote_at=at(30))
    found = [happens(planned, around, moment) for moment in (at(60), DUE)]
    assert [each and each.event for each in found] == [before, when_due]


def test_what_the_contact_wrote_before_it_was_planned_changes_nothing() -> None:
    assert happens(make.planned(), Surroundings(wrote_at=at(0)), at(60)) is None


@pytest.mark.parametrize("late", [timedelta(), LATE_AFTER, LATE_AFTER + timedelta(milliseconds=1)])
def test_a_text_is_never_sent_hours_late_without_asking(late: timedelta) -> None:
    happening = happens(make.planned(), Surroundings(), DUE + late)
    assert happening is not None
    assert happening.event is (E.DUE_LONG_AGO if late > LATE_AFTER else E.DUE)


@pytest.mark.parametrize("state", PlannedState)
def test_nothing_happens_by_itself_to_what_has_ended_or_is_not_due(state: PlannedState) -> None:
    around = Surroundings() if state in {P, H} else Surroundings(GONE, NO_LINE, wrote_at=at(30))
    assert happens(make.planned(state=state), around, at(60)) is None


def test_a_refusal_says_when_it_left_or_who_cancelled_it() -> None:
    left = make.planned(state=R, ended_at=NOW)
    assert f"^{int(NOW.timestamp())}^{{time_secs}}|" in refusal(left)
    cancelled = make.planned(state=C, ended_at=NOW, changed_by=AGENT)
    assert f"by <@{AGENT}>" in refusal(cancelled)


@pytest.mark.parametrize(
    ("around", "event"),
    [
        (Surroundings(), None),
        (Surroundings(NIGHT, QUIET, wrote_at=at(30)), None),
        (Surroundings(GONE), E.OPT_OUT),
        (Surroundings(BLOCKED), E.OPT_OUT),
        (Surroundings(line=NO_LINE), E.LINE_REMOVED),
    ],
)
def test_a_person_may_send_it_at_night_but_not_after_an_opt_out(around: Surroundings, event: PlanEvent | None) -> None:
    found = may_leave_now(make.planned(), around, at(60))
    assert (found and found.event) == event
