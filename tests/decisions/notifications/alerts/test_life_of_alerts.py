"""Every cell of the table of an alert's life, and what belongs to each change of state."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from messages.deadlines.alert import LINE_FOR, Alert, AlertEnd, AlertState
from messages.deadlines.priority import Priority
from messages.ticket import Change, Entry, Status
from tests import make
from tests.decisions.notifications.alerts.helpers import OPEN, alert, breached, clock, facts
from workers.notifications.alerts.causes import AlertFacts
from workers.notifications.alerts.life import LIFE, Situation, acknowledged, decide, situation

C, W, L, T, E, X = AlertState

TABLE: Final = """
state    coming   at night from the night pressing gone  long gone
-        coming   waits    listed         stands   -     -
coming   coming   waits    listed         stands   -     -
waits    coming   waits    listed         stands   over  over
listed   coming   listed   listed         stands   over  over
stands   coming   stands   stands         stands   ended ended
ended    coming   waits    listed         stands   ended over
over     coming   waits    listed         stands   over  over
"""
ROWS: Final = {
    (state, situation): after
    for state, *cells in (line.split() for line in TABLE.strip().splitlines()[1:])
    for situation, after in zip(Situation, cells, strict=True)
}

MINUTE: Final = timedelta(minutes=1)
NIGHT: Final = make.at(3600)
SHOP: Final = make.calendar()
BREACHED: Final = {"clocks": (breached(),)}
AT_NIGHT: Final = {"clocks": (breached(NIGHT),)}
LATER: Final = {"unanswered_after": timedelta(days=1)}


@pytest.mark.parametrize(("state", "found"), ROWS, ids=lambda each: str(each))
def test_a_row_of_the_table(state: str, found: Situation) -> None:
    def of(name: str) -> AlertState | None:
        return None if name == "-" else AlertState(name)

    assert LIFE[of(state), found] is of(ROWS[state, found])


def test_the_table_has_a_row_for_each_state_and_situation() -> None:
    assert set(LIFE) == {(state, each) for state in (None, *AlertState) for each in Situation}


def answered(at: datetime, by: str = make.AGENT) -> dict[str, Any]:
    """A ticket whose contact has an answer, and whose clock has stopped."""
    entry = Entry(version=2, changes=(), by=by, at=at, why="reply", waited_since=make.NOW)
    stopped = {"stopped_at": at, "running_since": None, "by": "text", "warned_at": at, "breached_at": at}
    return {"clocks": (clock(target=OPEN - make.NOW, ran=at - make.NOW, **stopped),), "history": (entry,)}


SITUATIONS: Final[Mapping[str, tuple[AlertFacts, Situation, AlertState | None]]] = {
    "a clock falls due while the line is open": (facts(BREACHED), Situation.PRESSING, T),
    "of a line without a calendar": (facts(AT_NIGHT, now=NIGHT), Situation.PRESSING, T),
    "while the line is closed": (facts(AT_NIGHT, calendar=SHOP, now=NIGHT), Situation.AT_NIGHT, W),
    "Urgent, while the line is closed, and somebody is on call": (
        facts({**AT_NIGHT, "priority": Priority.URGENT}, calendar=SHOP, now=NIGHT, on_call=("U0CAL",)),
        Situation.PRESSING,
        T,
    ),
    "High, while the line is closed, and somebody is on call": (
        facts({**AT_NIGHT, "priority": Priority.HIGH}, calendar=SHOP, now=NIGHT, on_call=("U0CAL",)),
        Situation.AT_NIGHT,
        W,
    ),
    "Urgent, while the line is closed, and nobody is on call": (
        facts({**AT_NIGHT, "priority": Priority.URGENT}, calendar=SHOP, now=NIGHT),
        Situation.AT_NIGHT,
        W,
    ),
    "it fell due in the night, and is found in the morning": (
        facts(AT_NIGHT, calendar=SHOP),
        Situation.FROM_THE_NIGHT,
        L,
    ),
    "it waited for the opening": (
        facts(AT_NIGHT, calendar=SHOP, known=(alert(W, since=NIGHT),)),
        Situation.FROM_THE_NIGHT,
        L,
    ),
    "it became Urgent in the night": (
        facts(
            {**AT_NIGHT, "priority": Priority.URGENT},
            calendar=SHOP,
            now=NIGHT,
            on_call=("U0CAL",),
            known=(alert(W, since=NIGHT),),
        ),
        Situation.PRESSING,
        T,
    ),
    "a digest told of it just now": (facts(AT_NIGHT, calendar=SHOP, known=(alert(L),)), Situation.FROM_THE_NIGHT, L),
    "nobody did anything since the digest": (
        facts(AT_NIGHT, calendar=SHOP, known=(alert(L),), now=OPEN + 30 * MINUTE),
        Situation.PRESSING,
        T,
    ),
    "the warning of the night is a breach now": (
        facts(BREACHED, calendar=SHOP, known=(alert(L, stage="warn"),)),
        Situation.PRESSING,
        T,
    ),
    "it is not due yet": (facts(settings=LATER), Situation.COMING, C),
    "it stands": (facts(BREACHED, known=(alert(T),)), Situation.PRESSING, T),
    "its cause has gone": (facts(known=(alert(T),)), Situation.GONE, E),
    "its cause went ten minutes ago": (facts(known=(alert(E),), now=OPEN + LINE_FOR), Situation.LONG_GONE, X),
    "its cause went, and the night is over": (facts(known=(alert(L),)), Situation.GONE, X),
    "its cause comes back": (facts(BREACHED, known=(alert(E),)), Situation.PRESSING, T),
    "its cause comes back long after": (facts(BREACHED, known=(alert(X),)), Situation.PRESSING, T),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_situation(name: str) -> None:
    given, expected, state = SITUATIONS[name]
    if expected not in {Situation.GONE, Situation.LONG_GONE, Situation.COMING}:
        found = breached(given.ticket.clocks[0].due_at)
        assert found.due_at is not None
    changed = decide(given)
    before = given.known[0] if given.known else None
    after = changed[0][1] if changed else before
    assert (after.state if after is not None else None) is state
    assert LIFE[before.state if before is not None else None, expected] is state


def test_nothing_is_there_of_a_ticket_without_causes() -> None:
    assert decide(facts()) == []
    assert situation(None, None, facts()) is Situation.GONE


def considered(given: AlertFacts) -> Alert:
    """The one alert that there is, once it is considered; a second look finds nothing to change."""
    changed = decide(given)
    (after,) = [each for _, each in changed] or given.known
    assert after is not None
    again = [each for _, each in decide(AlertFacts(**{**given.__dict__, "known": (after,)}))]
    assert again in ([], [after])
    assert after.look_at is None or after.look_at > given.now
    return after


def test_a_warning_becomes_a_breach_in_the_same_round_and_the_channel_is_told_as_well() -> None:
    warned = clock(warn_at=OPEN, warned_at=OPEN, due_at=OPEN + 15 * MINUTE)
    first = considered(facts({"clocks": (warned,), "assignees": ("U0ANN",)}))
    assert (first.targets, first.round, first.stage) == (("U0ANN",), 1, "warn")
    due = warned.model_copy(update={"breached_at": OPEN + 15 * MINUTE})
    later = facts({"clocks": (due,), "assignees": ("U0ANN",)}, now=OPEN + 15 * MINUTE, known=(first,))
    second = considered(later)
    assert (second.targets, second.round, second.stage) == (("U0ANN", make.CHANNEL), 1, "breach")


def test_repeats_come_after_one_two_and_four_intervals_and_then_never() -> None:
    found, rounds = considered(facts(BREACHED)), []
    for minute in range(1, 600):
        now = OPEN + minute * MINUTE
        after = considered(facts(BREACHED, now=now, known=(found,)))
        if after.round > found.round:
            rounds.append(minute)
        found = after
    assert rounds == [30, 90, 210]


def test_who_has_it_or_does_anything_begins_the_repeats_anew() -> None:
    found = considered(facts(BREACHED, known=(alert(T, nags=2, posted_at=OPEN, look_at=OPEN),)))
    has = acknowledged(found, "U0ANN", OPEN + MINUTE, "order")
    assert (has.nags, has.acted_by, has.orders) == (0, "U0ANN", ("order",))
    assert acknowledged(has, "U0ANN", OPEN + MINUTE, "order").orders == ("order",)
    entry = Entry(version=2, changes=(Change(what="tags"),), by="U0BEN", at=OPEN + 2 * MINUTE, why="edit")
    acted = considered(facts({**BREACHED, "history": (entry,)}, now=OPEN + 3 * MINUTE, known=(found,)))
    assert (acted.nags, acted.acted_by) == (0, "U0BEN")
    due = considered(facts({**BREACHED, "history": (entry,)}, now=OPEN + 31 * MINUTE, known=(acted,)))
    assert due.round == acted.round
    due = considered(facts({**BREACHED, "history": (entry,)}, now=OPEN + 32 * MINUTE, known=(acted,)))
    assert due.round == acted.round + 1


def test_what_clerk_does_by_itself_is_no_action() -> None:
    entry = Entry(version=2, changes=(), by=None, at=OPEN + MINUTE, why="it reopened")
    found = alert(T, nags=2, look_at=OPEN + 30 * MINUTE)
    after = considered(facts({**BREACHED, "history": (entry,)}, now=OPEN + 2 * MINUTE, known=(found,)))
    assert after.nags == 2


def test_after_a_while_the_line_s_list_is_told_as_well_unless_somebody_has_it() -> None:
    given = {"escalation": ("U0BOSS",), "nag": timedelta()}
    found = considered(facts(BREACHED, given))
    assert found.targets == (make.CHANNEL,)
    later = considered(facts(BREACHED, given, now=OPEN + 30 * MINUTE, known=(found,)))
    assert (later.targets, later.round) == ((make.CHANNEL, "U0BOSS"), 1)
    has = acknowledged(found, "U0ANN", OPEN + 10 * MINUTE, None)
    later = considered(facts(BREACHED, given, now=OPEN + 30 * MINUTE, known=(has,)))
    assert later.targets == (make.CHANNEL,)
    later = considered(facts(BREACHED, given, now=OPEN + 40 * MINUTE, known=(has,)))
    assert later.targets == (make.CHANNEL, "U0BOSS")


def test_while_the_line_is_closed_nothing_is_repeated_or_escalated_and_it_is_looked_at_when_it_opens() -> None:
    evening = make.at(13 * 3600)
    given = {"escalation": ("U0BOSS",)}
    found = alert(T, posted_at=make.at(12.4 * 3600), since=make.at(12.4 * 3600))
    after = considered(facts({"clocks": (breached(found.since),)}, given, calendar=SHOP, now=evening, known=(found,)))
    assert (after.round, after.targets) == (1, (make.CHANNEL,))
    assert after.look_at is not None


def test_what_is_over_says_who_ended_it_and_how_late() -> None:
    at = OPEN + 12 * MINUTE
    ended = considered(facts(answered(at), now=at + MINUTE, known=(alert(T),)))
    assert (ended.state, ended.end, ended.ended_by, ended.ended_at) == (E, AlertEnd.ANSWERED, make.AGENT, at)
    assert (ended.late, ended.gone_at) == (12 * MINUTE, at + MINUTE)
    assert ended.look_at == at + MINUTE + LINE_FOR
    over = considered(facts(answered(at), now=at + MINUTE + LINE_FOR, known=(ended,)))
    assert (over.state, over.look_at, over.show_at) == (X, None, at + MINUTE + LINE_FOR)


def test_an_answer_that_did_not_arrive_revives_the_alert_in_a_new_round() -> None:
    at = OPEN + MINUTE
    over = considered(facts(answered(at), now=at + LINE_FOR, known=(alert(E, end="answered", escalated_at=OPEN),)))
    again = considered(facts(BREACHED, now=at + 2 * LINE_FOR, known=(over,)))
    assert (again.state, again.round, again.end, again.escalated_at) == (T, 2, None, None)


def test_solved_and_closed_tickets_end_every_alert() -> None:
    for status in (Status.SOLVED, Status.CLOSED):
        ended = considered(facts({**BREACHED, "status": status}, known=(alert(T),)))
        assert (ended.state, ended.end) == (E, AlertEnd.SOLVED)
