"""The table of the clocks, row by row."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from messages.deadlines.clocks import ClockKind, MarkKind, TicketClock
from messages.deadlines.policy import Policy, Target
from messages.deadlines.priority import Priority
from messages.ticket import Status
from tests import make
from tests.make import at
from workers.tickets.clocks.rules import (
    EFFECTS,
    MARKS_OF,
    MOST_MARKS,
    Answered,
    ClockRules,
    ClockState,
    ContactWrote,
    Event,
    Moved,
    OptedOut,
    Retargeted,
    Ticked,
    advance,
)

MINUTE = 60
POLICY = Policy(
    targets={
        Priority.NORMAL: {
            ClockKind.FIRST_RESPONSE: Target(within=timedelta(minutes=40)),
            ClockKind.NEXT_RESPONSE: Target(within=timedelta(minutes=20)),
            ClockKind.RESOLUTION: Target(within=timedelta(hours=2)),
        },
        Priority.URGENT: {kind: Target(within=timedelta(minutes=8), warn=0.5) for kind in ClockKind},
    },
    version=3,
)
NORMAL = ClockRules(POLICY, Priority.NONE)
URGENT = ClockRules(POLICY, Priority.URGENT)


def wrote(seq: int, came_at: datetime, known_at: datetime | None = None) -> ContactWrote:
    """A text, filed as it came."""
    return ContactWrote(seq, came_at, known_at or came_at)


BEGUN = (Moved(Status.NEW, at(0), 1), wrote(1, at(0)))
RESPONSES = ("first_response", "next_response")


def after(*events: Event, rules: ClockRules = NORMAL, state: ClockState | None = None) -> ClockState:
    """The clocks after some events."""
    state = state or ClockState()
    for event in events:
        state = advance(state, event, rules, at(0))
    return state


def clock(state: ClockState, kind: str) -> TicketClock:
    """The newest clock of a kind."""
    return [each for each in state.clocks if each.kind == kind][-1]


def waiting(kind: str) -> ClockState:
    """A ticket since an hour, on which the response clock of a kind has just begun."""
    if kind == "first_response":
        return after(Moved(Status.NEW, at(0), 1), wrote(1, at(60 * MINUTE)))
    return after(*BEGUN, Moved(Status.OPEN, at(MINUTE), 2), Answered("a", at(MINUTE)), wrote(2, at(60 * MINUTE)))


@pytest.mark.parametrize("kind", RESPONSES)
class TestAResponseClock:
    def test_contacts_text_none_unanswered_begins_it_at_the_texts_arrival(self, kind: str) -> None:
        begun = clock(waiting(kind), kind)
        assert (begun.began_at, begun.running_since, begun.stopped_at) == (at(3600), at(3600), None)

    def test_further_contact_texts_do_nothing(self, kind: str) -> None:
        state = waiting(kind)
        assert after(wrote(3, at(61 * MINUTE)), state=state).clocks == state.clocks

    def test_a_persons_text_accepted_stops_it_as_of_when_it_was_written(self, kind: str) -> None:
        stopped = clock(after(Answered("b", at(63 * MINUTE)), state=waiting(kind)), kind)
        assert (stopped.stopped_at, stopped.by, stopped.due_at) == (at(63 * MINUTE), "b", None)

    def test_that_text_failed_runs_on_as_if_never_stopped(self, kind: str) -> None:
        before = waiting(kind)
        accepted = Answered("b", at(63 * MINUTE))
        failed = Answered("b", at(63 * MINUTE), failed=True)
        assert after(accepted, failed, state=before).clocks == before.clocks

    def test_a_text_that_failed_for_good_does_not_stop_it_when_its_acceptance_comes_later(self, kind: str) -> None:
        before = waiting(kind)
        failed = Answered("b", at(63 * MINUTE), failed=True)
        assert after(failed, Answered("b", at(63 * MINUTE)), state=before).clocks == before.clocks

    def test_a_failed_text_sent_again_and_accepted_stops_it(self, kind: str) -> None:
        again = Answered("b", at(63 * MINUTE), tries=2)
        failed = Answered("b", at(63 * MINUTE), failed=True)
        assert clock(after(failed, again, failed, state=waiting(kind)), kind).by == "b"

    @pytest.mark.parametrize("status", [Status.PENDING, Status.ON_HOLD])
    def test_status_pending_or_on_hold_runs_on(self, kind: str, status: Status) -> None:
        before = waiting(kind)
        paused = after(Moved(status, at(61 * MINUTE), 9), state=before)
        assert clock(paused, kind) == clock(before, kind)

    def test_an_opt_out_stops_it_and_what_is_written_afterwards_begins_another(self, kind: str) -> None:
        out = OptedOut("3", at(61 * MINUTE), at(62 * MINUTE))
        stopped = after(out, out, state=waiting(kind))
        ended = clock(stopped, kind)
        assert (ended.stopped_at, ended.by, ended.opted_out) == (at(61 * MINUTE), None, True)
        again = after(wrote(5, at(62 * MINUTE)), state=stopped)
        assert [each.began_at for each in again.clocks if each.kind.is_response and each.is_running] == [
            at(62 * MINUTE)
        ]

    def test_an_answer_that_fails_after_an_opt_out_leaves_it_stopped(self, kind: str) -> None:
        answered = after(Answered("b", at(61 * MINUTE)), state=waiting(kind))
        out = after(OptedOut("refused", at(62 * MINUTE), at(62 * MINUTE)), state=answered)
        failed = after(Answered("b", at(61 * MINUTE), failed=True), state=out)
        assert (clock(failed, kind).stopped_at, clock(failed, kind).opted_out) == (at(62 * MINUTE), True)

    def test_back_to_open_does_nothing(self, kind: str) -> None:
        before = after(Moved(Status.PENDING, at(61 * MINUTE), 9), state=waiting(kind))
        assert clock(after(Moved(Status.OPEN, at(62 * MINUTE), 10), state=before), kind) == clock(before, kind)

    def test_solved_stops_it_without_an_answer(self, kind: str) -> None:
        solved = clock(after(Moved(Status.SOLVED, at(62 * MINUTE), 9), state=waiting(kind)), kind)
        assert (solved.stopped_at, solved.by) == (at(62 * MINUTE), None)

    def test_solved_after_an_answer_counts_as_answered_whatever_came_first(self, kind: str) -> None:
        moved, answered = Moved(Status.SOLVED, at(62 * MINUTE), 9), Answered("b", at(61 * MINUTE))
        assert clock(after(moved, answered, state=waiting(kind)), kind).by == "b"
        assert clock(after(answered, moved, state=waiting(kind)), kind).by == "b"

    def test_priority_policy_or_calendar_moves_when_it_is_due_from_the_same_beginning(self, kind: str) -> None:
        moved = clock(after(Retargeted(), rules=URGENT, state=waiting(kind)), kind)
        assert (moved.began_at, moved.warn_at, moved.due_at) == (at(3600), at(3840), at(4080))

    def test_contact_blocked_or_tag_spam_drops_it(self, kind: str) -> None:
        assert (
            after(Retargeted(), rules=ClockRules(POLICY, Priority.NONE, dropped=True), state=waiting(kind)).clocks == ()
        )


class TestTheResolutionClock:
    def test_begins_with_the_ticket(self) -> None:
        assert clock(after(*BEGUN), "resolution").due_at == at(120 * MINUTE)

    def test_texts_and_answers_do_nothing(self) -> None:
        state = after(*BEGUN)
        answered = after(wrote(2, at(1)), Answered("a", at(2)), Answered("a", at(2), failed=True), state=state)
        assert clock(answered, "resolution") == clock(state, "resolution")

    @pytest.mark.parametrize("status", [Status.PENDING, Status.ON_HOLD])
    def test_status_pending_or_on_hold_pauses_it(self, status: Status) -> None:
        paused = clock(after(*BEGUN, Moved(status, at(30 * MINUTE), 2)), "resolution")
        assert (paused.ran, paused.running_since, paused.due_at) == (timedelta(minutes=30), None, None)
        assert paused.stopped_at is None

    def test_back_to_open_runs_on_with_what_it_had_used(self) -> None:
        paused = after(*BEGUN, Moved(Status.PENDING, at(30 * MINUTE), 2))
        resumed = clock(after(Moved(Status.OPEN, at(1000 * MINUTE), 3), state=paused), "resolution")
        assert (resumed.running_since, resumed.due_at) == (at(1000 * MINUTE), at(1090 * MINUTE))

    def test_solved_stops_it(self) -> None:
        assert clock(after(*BEGUN, Moved(Status.SOLVED, at(90), 2)), "resolution").stopped_at == at(90)

    def test_reopened_within_solved_for_runs_on(self) -> None:
        reopened = clock(
            after(*BEGUN, Moved(Status.SOLVED, at(90 * MINUTE), 2), Moved(Status.OPEN, at(900 * MINUTE), 3)),
            "resolution",
        )
        assert (reopened.stopped_at, reopened.due_at) == (None, at(930 * MINUTE))

    def test_solved_that_becomes_closed_was_solved_then(self) -> None:
        solved = after(*BEGUN, Moved(Status.SOLVED, at(90), 2))
        assert after(Moved(Status.CLOSED, at(9000), 3), state=solved) == solved

    def test_priority_policy_or_calendar_moves_when_it_is_due_from_the_same_beginning(self) -> None:
        paused = after(*BEGUN, Moved(Status.PENDING, at(3 * MINUTE), 2), Moved(Status.OPEN, at(60 * MINUTE), 3))
        assert clock(after(Retargeted(), rules=URGENT, state=paused), "resolution").due_at == at(65 * MINUTE)

    def test_contact_blocked_or_tag_spam_drops_it(self) -> None:
        assert not after(*BEGUN, rules=ClockRules(POLICY, Priority.NONE, dropped=True)).clocks


def test_the_code_knows_what_every_mark_and_every_status_does() -> None:
    assert set(EFFECTS) == set(MarkKind)
    assert set(MARKS_OF) == set(Status)


def test_a_status_that_is_told_again_later_changes_nothing() -> None:
    opened, pending = Moved(Status.OPEN, at(1), 2), Moved(Status.PENDING, at(2), 3)
    state = after(*BEGUN, opened, pending)
    assert after(opened, state=state) == state


def test_an_answer_that_fails_gives_its_place_to_the_next_one() -> None:
    """The contact wrote at 0 and 3; of the answers at 1, 2 and 4, those at 1 and 2 come to nothing."""
    answers = [Answered(name, at(second)) for name, second in (("a", 1), ("b", 2), ("c", 4))]
    state = after(*BEGUN, *answers[:2], wrote(2, at(3)), answers[2])
    ended = [[(each.began_at, each.by) for each in state.clocks if each.kind.is_response]]
    for failed in answers[:2]:
        state = after(Answered(failed.order, failed.at, failed=True), state=state)
        ended.append([(each.began_at, each.by) for each in state.clocks if each.kind.is_response])
    assert ended == [[(at(0), "a"), (at(3), "c")], [(at(0), "b"), (at(3), "c")], [(at(0), "c")]]


def test_an_answer_that_is_accepted_late_leaves_the_later_text_waiting() -> None:
    state = after(*BEGUN, wrote(2, at(9)), Answered("a", at(5)))
    assert [(each.began_at, each.by) for each in state.clocks if each.kind.is_response] == [(at(0), "a"), (at(9), None)]


def test_a_text_that_reopens_a_ticket_begins_a_clock_whatever_its_gateways_clock_says() -> None:
    state = after(*BEGUN, Answered("a", at(5)), Moved(Status.SOLVED, at(60), 2), wrote(2, at(59)))
    assert clock(state, "next_response").running_since == at(59)


def test_what_was_written_before_a_text_was_filed_does_not_answer_it() -> None:
    """Clerk was down: the text of second 10 is filed in second 90, and an agent wrote in second 50."""
    state = after(*BEGUN, Answered("a", at(5)), wrote(2, at(10), at(90)), Answered("b", at(50)))
    assert clock(state, "next_response").running_since == at(10)
    assert clock(after(Answered("c", at(91)), state=state), "next_response").by == "c"


def test_a_text_that_is_filed_late_lets_the_contact_wait_since_it_came() -> None:
    state = after(wrote(2, at(50)), wrote(1, at(10), at(60)))
    assert clock(state, "first_response").running_since == at(10)


class TestWhatIsNoted:
    def noted(self, state: ClockState, now: datetime, rules: ClockRules = NORMAL) -> Sequence[tuple[str, bool, bool]]:
        state = advance(state, Ticked(), rules, now)
        return [(each.kind, each.warned_at is not None, each.breached_at is not None) for each in state.clocks]

    def test_a_warning_and_a_breach_once_their_times_have_passed(self) -> None:
        state = after(wrote(1, at(0)))
        assert state.next_at == at(30 * MINUTE)
        assert self.noted(state, at(30 * MINUTE - 1)) == [("first_response", False, False)]
        assert self.noted(state, at(30 * MINUTE)) == [("first_response", True, False)]
        assert self.noted(state, at(40 * MINUTE)) == [("first_response", True, True)]
        assert advance(state, Ticked(), NORMAL, at(30 * MINUTE)).next_at == at(40 * MINUTE)
        assert advance(state, Ticked(), NORMAL, at(40 * MINUTE)).next_at is None

    def test_nothing_on_a_clock_that_pauses(self) -> None:
        state = after(Moved(Status.NEW, at(0), 1), Moved(Status.PENDING, at(60), 2))
        assert self.noted(state, at(10_000 * MINUTE)) == [("resolution", False, False)]

    def test_a_breach_is_forgotten_once_it_is_due_later(self) -> None:
        breached = advance(after(wrote(1, at(0)), rules=URGENT), Ticked(), URGENT, at(9 * MINUTE))
        assert clock(breached, "first_response").breached_at == at(9 * MINUTE)
        assert clock(after(Retargeted(), state=breached), "first_response").breached_at is None

    def test_a_breach_stays_when_a_ticket_is_reopened(self) -> None:
        breached = advance(after(Moved(Status.NEW, at(0), 1)), Ticked(), NORMAL, at(121 * MINUTE))
        again = after(
            Moved(Status.SOLVED, at(122 * MINUTE), 2), Moved(Status.OPEN, at(999 * MINUTE), 3), state=breached
        )
        assert clock(again, "resolution").breached_at == at(121 * MINUTE)
        assert again.next_at is None

    def test_what_no_tick_found_in_time_shows_when_it_stops(self) -> None:
        late = clock(after(wrote(1, at(0)), Answered("a", at(41 * MINUTE))), "first_response")
        assert (late.warned_at, late.breached_at) == (at(30 * MINUTE), at(40 * MINUTE))

    def test_an_answer_written_in_time_and_accepted_later_was_in_time(self) -> None:
        breached = advance(after(wrote(1, at(0))), Ticked(), NORMAL, at(41 * MINUTE))
        assert clock(after(Answered("a", at(39 * MINUTE)), state=breached), "first_response").breached_at is None

    def test_a_clock_that_has_stopped_stays_as_it_was_whatever_the_rules_become(self) -> None:
        stopped = after(wrote(1, at(0)), Answered("a", at(39 * MINUTE)))
        assert after(Retargeted(), rules=URGENT, state=stopped).clocks == stopped.clocks
        assert after(Retargeted(), rules=ClockRules(Policy(), Priority.NONE), state=stopped).clocks == stopped.clocks


def test_a_line_that_never_opens_is_never_due() -> None:
    never = make.calendar(week={})
    begun = after(wrote(1, at(0)), rules=ClockRules(POLICY, Priority.NONE, never))
    assert (begun.clocks[0].warn_at, begun.clocks[0].due_at, begun.next_at) == (None, None, None)


def test_without_a_target_no_clock_runs_and_it_begins_in_the_past_once_there_is_one() -> None:
    begun = after(*BEGUN, rules=ClockRules(Policy(), Priority.NONE))
    assert begun.clocks == ()
    assert clock(after(Retargeted(), state=begun), "first_response").began_at == at(0)


def test_a_long_conversation_keeps_few_marks_and_its_first_clock() -> None:
    state = after(*BEGUN)
    for number in range(2, MOST_MARKS + 10):
        answered = Answered(f"a{number}", at(number * 10 - 5))
        state = after(answered, Moved(Status.PENDING, at(number * 10 - 4), 2 * number), state=state)
        state = after(wrote(number, at(number * 10)), Moved(Status.OPEN, at(number * 10), 2 * number + 1), state=state)
    assert len(state.marks) <= 2 * MOST_MARKS
    assert state.clocks[0].kind is ClockKind.FIRST_RESPONSE
    running = [each.began_at for each in state.clocks if each.is_running]
    assert running == [at((MOST_MARKS + 9) * 10), at(0)]


def test_a_contact_who_writes_on_and_on_waits_since_the_oldest_text() -> None:
    state = after(*BEGUN, *(wrote(number, at(number)) for number in range(2, 130)))
    assert len(state.marks) <= MOST_MARKS + 1
    assert clock(state, "first_response").running_since == at(0)
