"""Nudges: when one begins and is asked for, everything that ends it, one at a time and in order, and when it solves."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from messages.answering import Answering, AutoKind, AutoOrder, AutoReplies, Stop
from messages.deadlines.nudge import AskedAgain, Nudge, SolveUnanswered, is_overtaken
from messages.deadlines.snooze import Snooze
from messages.line import Line, Quiet
from messages.opt_outs import Standing
from messages.sms import Direction, Origin, State
from messages.ticket import Reply, SetStatus, Status, Ticket
from tests import make
from workers.tickets.auto_reply import DONE_WITHIN, Silence
from workers.tickets.lifecycle import decide
from workers.tickets.nudges.rules import ENDS, LOOK_AGAIN, NudgeEnd, NudgeFacts, decide_nudge, followed

SINCE: Final = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
"""Tuesday 10:00 in New York."""

DUE: Final = SINCE + timedelta(days=3)
MORNING: Final = datetime(2026, 3, 6, 18, tzinfo=UTC)
"""8:00 in Honolulu."""

SATURDAY: Final = DUE + timedelta(days=1)
ASKED: Final = DUE + timedelta(seconds=1)
SOLVED: Final = ASKED + timedelta(days=4)
NUDGE: Final = Nudge(since=SINCE, due_at=DUE)
WAITS: Final = Nudge(since=SINCE, due_at=SOLVED, asked_at=ASKED)
TEXT: Final = "auto-nudge-7-20260303T150000Z"
LINE: Final = make.line(calendar="shop", auto_replies=AutoReplies(nudge="Still there?"))
DAY: Final = timedelta(days=1)
SOLVED_FOR: Final = timedelta(hours=96)
TOLD: Final = AskedAgain(since=SINCE, at=ASKED, solve_at=SOLVED)
SOLVE: Final = SolveUnanswered(since=SINCE, asked_at=ASKED)


def pending(**fields: Any) -> Ticket:
    given = {"status": Status.PENDING, "created_at": SINCE - DAY, "assignees": (make.AGENT,), "nudge": NUDGE, **fields}
    return make.ticket(**given)


def asked_text(state: State = State.DELIVERED) -> Any:
    fields = {"direction": Direction.OUTBOUND, "origin": Origin.AUTO, "received_at": ASKED, "state": state}
    return make.sms(id=TEXT, rank=state.rank, **fields)


def facts(**fields: Any) -> NudgeFacts:
    """A ticket that has been Pending for three days, of a contact who says nothing."""
    given = {"now": DUE, "line": LINE, "calendar": make.calendar(), "nudge": NUDGE, "answering": Answering(), **fields}
    return NudgeFacts(**{"ticket": pending(nudge=given["nudge"]), "zones": ("America/New_York",), **given})


def asked(**fields: Any) -> NudgeFacts:
    """The same four days after the contact was asked again."""
    return facts(**{"now": SOLVED, "nudge": WAITS, "asked": asked_text(), **fields})


ENDED: Final[Mapping[NudgeEnd, Callable[..., NudgeFacts]]] = {
    NudgeEnd.OFF: lambda of: of(line=make.line()),
    NudgeEnd.STATUS: lambda of: of(ticket=pending(status=Status.ON_HOLD)),
    NudgeEnd.TEXT: lambda of: of(overtaken=True),
    NudgeEnd.SNOOZED: lambda of: of(ticket=pending(snooze=Snooze(by="U0ADA", at=SINCE, until=SOLVED + DAY))),
    NudgeEnd.BLOCKED: lambda of: of(blocked=True),
    NudgeEnd.OPTED_OUT: lambda of: of(standing=Standing(out=True)),
    NudgeEnd.FAILED: lambda of: of(asked=asked_text(State.UNDELIVERED)),
    NudgeEnd.NO_OPENING: lambda _: facts(calendar=make.calendar(week={})),
    NudgeEnd.SILENCED: lambda _: facts(ticket=pending(tags=("no-auto",))),
}


@pytest.mark.parametrize("of", [facts, asked])
@pytest.mark.parametrize("end", NudgeEnd)
def test_each_end_ends_it_before_and_after_the_contact_was_asked(end: NudgeEnd, of: Callable[..., NudgeFacts]) -> None:
    decision = decide_nudge(ENDED[end](of))
    assert (decision.ended, decision.nudge, decision.said, decision.command) == (end, None, False, None)


def test_ends_count_in_their_order() -> None:
    assert [*ENDS, NudgeEnd.SILENCED] == list(NudgeEnd)
    both = facts(line=make.line(), overtaken=True)
    assert decide_nudge(both).ended is NudgeEnd.OFF


@pytest.mark.parametrize("standing", [Standing(out=False, since=SINCE + DAY), Standing(out=True, since=SINCE - DAY)])
def test_an_opt_out_that_was_lifted_since_ends_it_too(standing: Standing) -> None:
    assert decide_nudge(facts(standing=standing)).ended is NudgeEnd.OPTED_OUT


def test_an_older_opt_out_that_was_lifted_before_does_not() -> None:
    assert decide_nudge(facts(standing=Standing(out=False, since=SINCE - DAY))).said


def test_whoever_says_nothing_for_three_days_is_asked_again_once() -> None:
    early = facts(now=DUE - timedelta(seconds=1))
    assert decide_nudge(early).nudge is NUDGE
    assert not decide_nudge(early).said
    decision = decide_nudge(facts())
    order = decision.answering.order
    assert order is not None
    assert (decision.said, order.id, order.kind, order.body) == (True, TEXT, AutoKind.NUDGE, "Still there?")
    assert decision.nudge is not None
    assert (decision.nudge.asked_at, decision.nudge.due_at) == (None, DUE + DONE_WITHIN)
    again = decide_nudge(facts(answering=decision.answering))
    assert (again.said, again.answering) == (False, decision.answering)
    written = decide_nudge(facts(answering=decision.answering.without_order(TEXT, DUE), asked=asked_text()))
    assert written.command == AskedAgain(since=SINCE, at=ASKED, solve_at=SOLVED)


def test_another_text_that_is_about_to_be_written_goes_first() -> None:
    order = AutoOrder(id="auto-closed-7-x", kind=AutoKind.CLOSED, body="Closed", at=DUE)
    decision = decide_nudge(facts(answering=Answering(order=order)))
    assert decision.answering.order == order
    assert decision.nudge == Nudge(since=SINCE, due_at=DUE + DONE_WITHIN)


@pytest.mark.parametrize(
    ("fields", "later"),
    [
        pytest.param(
            {"now": datetime(2026, 3, 7, 15, tzinfo=UTC)}, datetime(2026, 3, 9, 13, tzinfo=UTC), id="Saturday"
        ),
        pytest.param({"night_ends": MORNING}, MORNING, id="their night"),
        pytest.param(
            {"line": LINE.model_copy(update={"auto_replies": AutoReplies(nudge="Still?", nudge_after=5)})},
            SINCE + timedelta(days=5),
            id="more days by now",
        ),
    ],
)
def test_nobody_is_asked_again_while_the_line_is_closed_or_at_night_or_too_soon(
    fields: Mapping[str, Any], later: datetime
) -> None:
    decision = decide_nudge(facts(**fields))
    assert (decision.said, decision.nudge) == (False, Nudge(since=SINCE, due_at=later))


def test_a_line_without_quiet_hours_asks_at_any_hour_that_it_is_open() -> None:
    line = LINE.model_copy(update={"quiet": Quiet.OFF})
    assert decide_nudge(facts(line=line, night_ends=MORNING)).said


def test_who_looks_like_a_machine_is_not_asked_again() -> None:
    stop = Stop(at=DUE, until=DUE + DAY, told=True, ticket=7)
    decision = decide_nudge(facts(answering=Answering(stop=stop)))
    assert (decision.ended, decision.silence) == (NudgeEnd.SILENCED, Silence.MACHINE)


def test_an_end_takes_back_the_text_that_is_not_written_yet() -> None:
    decided = decide_nudge(facts()).answering
    assert decide_nudge(facts(answering=decided, overtaken=True)).answering.order is None


def test_the_ticket_is_solved_when_the_contact_says_nothing_even_then() -> None:
    assert decide_nudge(asked(now=SOLVED - timedelta(seconds=1))).command is None
    assert decide_nudge(asked()).command == SolveUnanswered(since=SINCE, asked_at=ASKED)


@pytest.mark.parametrize("state", [State.WAITING, State.SENDING, State.UNKNOWN])
def test_nothing_is_solved_before_the_contact_has_the_text(state: State) -> None:
    decision = decide_nudge(asked(asked=asked_text(state)))
    assert decision.command is None
    assert decision.nudge == WAITS.model_copy(update={"due_at": SOLVED + LOOK_AGAIN})


def test_nothing_is_solved_if_nobody_knows_the_text() -> None:
    assert decide_nudge(asked(asked=None)).ended is NudgeEnd.FAILED


# -- the ticket -------------------------------------------------------------------------------------------------------


def saved(read: Ticket, line: Line | None = LINE, **fields: Any) -> Nudge | None:
    return followed(read, read.model_copy(update=fields), line, SINCE).nudge


@pytest.mark.parametrize("before", [each for each in Status if each not in {Status.PENDING, Status.CLOSED}])
def test_a_nudge_begins_when_a_ticket_becomes_pending(before: Status) -> None:
    read = pending(status=before, nudge=None)
    assert saved(read, status=Status.PENDING) == NUDGE
    assert saved(read, make.line(), status=Status.PENDING) is None
    assert saved(read, None, status=Status.PENDING) is None
    assert saved(read, status=Status.PENDING, blocked=True) is None
    assert saved(read, tags=("vip",)) is None


def test_whatever_was_pending_before_the_words_were_written_is_left_alone() -> None:
    assert saved(pending(nudge=None), tags=("vip",)) is None


@pytest.mark.parametrize("status", [each for each in Status if each is not Status.PENDING])
def test_every_other_status_ends_it(status: Status) -> None:
    assert saved(pending(), status=status) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"last_text": 2},
        {"written_at": DUE},
        {"wait_ended_at": DUE},
        {"blocked": True},
        {"snooze": Snooze(by="U0ADA", at=SINCE, until=SOLVED)},
    ],
)
def test_a_text_either_way_a_block_and_a_snooze_end_it(fields: Mapping[str, Any]) -> None:
    assert saved(pending(), **fields) is None


def test_notes_tags_and_people_do_not() -> None:
    assert saved(pending(), tags=("vip",), assignees=(), subject="A bike", version=9) == NUDGE


def test_becoming_pending_anew_begins_anew() -> None:
    opened = decide(pending(), SetStatus(status=Status.OPEN), make.AGENT, DUE, SOLVED_FOR, "o").ticket
    opened = followed(pending(), opened, LINE, DUE)
    again = decide(opened, SetStatus(status=Status.PENDING), make.AGENT, DUE, SOLVED_FOR, "p").ticket
    assert followed(opened, again, LINE, DUE).nudge == Nudge(since=DUE, due_at=DUE + timedelta(days=3))


def test_the_history_says_that_the_contact_was_asked_and_why_the_ticket_is_solved() -> None:
    after = decide(pending(), TOLD, None, ASKED, SOLVED_FOR, "n1").ticket
    assert after.nudge == WAITS
    (entry,) = after.history
    assert (entry.by, entry.why, entry.order, entry.changes[0].what) == (None, "nudged", "n1", "asked_again")
    assert decide(after, TOLD, None, ASKED, SOLVED_FOR, "n1").ticket is after
    solved = decide(after, SOLVE, None, SOLVED, SOLVED_FOR, "n2").ticket
    assert (solved.status, solved.nudge, solved.close_at) == (Status.SOLVED, None, SOLVED + SOLVED_FOR)
    assert (solved.history[-1].by, solved.history[-1].why) == (None, "unanswered")
    assert solved.assignees == (make.AGENT,)


@pytest.mark.parametrize("command", [TOLD, SOLVE])
@pytest.mark.parametrize(
    "fields",
    [
        {"nudge": None},
        {"nudge": Nudge(since=SINCE + DAY, due_at=SOLVED, asked_at=ASKED)},
        {"nudge": WAITS, "status": Status.OPEN},
    ],
)
def test_an_order_about_a_nudge_that_has_ended_changes_nothing(command: Any, fields: Mapping[str, Any]) -> None:
    ticket = pending(**fields)
    assert decide(ticket, command, None, SOLVED, SOLVED_FOR).ticket is ticket


def test_a_planned_or_live_reply_ends_it() -> None:
    for planned in (True, False):
        replied = decide(pending(), Reply(planned=planned), make.AGENT, DUE, SOLVED_FOR).ticket
        assert followed(pending(), replied, LINE, DUE).nudge is None


@pytest.mark.parametrize(
    ("inbound", "outbound", "is_so"),
    [
        ([], [], False),
        ([make.sms(received_at=SINCE - DAY)], [asked_text()], False),
        ([make.sms(received_at=SINCE + DAY)], [], True),
        ([], [make.sms(id="r", direction=Direction.OUTBOUND, received_at=SINCE + DAY, state=State.WAITING)], True),
        ([], [make.sms(id="r", direction=Direction.OUTBOUND, received_at=SINCE - DAY, state=State.SENT)], False),
        ([], [make.sms(id="r", direction=Direction.OUTBOUND, received_at=SINCE + DAY, state=State.NOTE)], False),
    ],
)
def test_a_text_that_its_ticket_does_not_know_counts_too(inbound: Any, outbound: Any, is_so: bool) -> None:
    assert is_overtaken(7, NUDGE, inbound, outbound) is is_so


def test_a_decision_does_not_depend_on_who_is_on_the_ticket() -> None:
    for assignees in ((), ("U0ADA", "U0BEN")):
        assert decide_nudge(replace(facts(), ticket=pending(assignees=assignees))).said
