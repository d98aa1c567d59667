"""Which causes of alerts a ticket has, what ends them, and who is told."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import pytest

from messages.conversation import SendingOutcome
from messages.deadlines.alert import Alert, AlertCause, AlertEnd, AlertState
from messages.deadlines.snooze import Snooze, SnoozeEnd
from messages.planned import PlannedState
from messages.ticket import Change, Entry, Status
from tests import make
from tests.decisions.notifications.alerts.helpers import OPEN, alert, breached, clock, facts
from workers.notifications.alerts.causes import AlertFacts, DueCause, causes, ending
from workers.notifications.alerts.targets import is_escalated, targets, targets_at_night

HOUR: Final = timedelta(hours=1)
STANDS: Final = AlertState.STANDS
C = AlertCause


def entry(at: Any, what: str = "status", by: str | None = make.AGENT, **fields: Any) -> Entry:
    """That somebody changed a field of the ticket."""
    return Entry(version=2, changes=(Change(what=what),), by=by, at=at, why="edit", **fields)


def snooze(**fields: Any) -> Snooze:
    """A snooze of Ann's that lasts until OPEN."""
    given = {"by": "U0ANN", "at": make.NOW, "until": OPEN, "wall": "2026-03-02 09:30", "zone": "UTC"}
    return Snooze(**{**given, **fields})


WOKEN: Final = snooze(ended=SnoozeEnd.TIME, ended_at=OPEN)
FAILED: Final = SendingOutcome(at=make.NOW, failed="landline")
HELD: Final = make.planned(state=PlannedState.HELD, by="U0ANN")
WARNED: Final = clock(warn_at=OPEN, warned_at=OPEN, due_at=OPEN + HOUR)
LATE: Final = {"unanswered_after": HOUR}
ALONE: Final = {"unassigned_after": HOUR}
WAITS: Final = {"waiting_since": make.NOW}

CAUSES: Final[Mapping[str, tuple[AlertFacts, list[AlertCause]]]] = {
    "nothing": (facts(), []),
    "a clock in time": (facts({"clocks": (clock(warn_at=OPEN, due_at=OPEN + HOUR),)}), []),
    "a clock that warned": (
        facts({"clocks": (clock(warn_at=OPEN, warned_at=OPEN, due_at=OPEN + HOUR),)}),
        [C("next_response")],
    ),
    "a clock that fell due": (facts({"clocks": (breached(),)}), [C.NEXT_RESPONSE]),
    "each clock by itself": (
        facts({"clocks": (breached(), breached(kind="first_response"), breached(kind="resolution"))}),
        [C.NEXT_RESPONSE, C.FIRST_RESPONSE, C.RESOLUTION],
    ),
    "a clock that pauses": (facts({"clocks": (breached(running_since=None),)}), []),
    "a clock that stopped": (facts({"clocks": (breached(stopped_at=OPEN),)}), []),
    "a clock whose target grew": (facts({"clocks": (breached(due_at=OPEN + HOUR, warn_at=OPEN + HOUR),)}), []),
    "of a solved ticket": (facts({"clocks": (breached(),), "status": Status.SOLVED}), []),
    "of a blocked contact": (facts({"clocks": (breached(),)}, is_blocked=True), []),
    "of a pending ticket": (facts({"clocks": (breached(),), "status": Status.PENDING}), [C.NEXT_RESPONSE]),
    "a contact who waits, where nobody asks": (facts(WAITS), []),
    "a contact who waits": (facts(WAITS, LATE), [C.UNANSWERED]),
    "a new ticket, which waits all the same": (facts({}, LATE), [C.UNANSWERED]),
    "a contact with an answer": (facts({"status": Status.OPEN}, LATE), []),
    "a contact who waits on a snoozed ticket": (facts({**WAITS, "snooze": snooze()}, LATE), []),
    "nobody on the ticket": (facts({}, ALONE), [C.UNASSIGNED]),
    "nobody on a snoozed ticket": (facts({"snooze": snooze()}, ALONE), []),
    "somebody on the ticket": (facts({"assignees": ("U0ANN",)}, ALONE), []),
    "a snooze that is on": (facts({"snooze": snooze()}), []),
    "a snooze that is over": (facts({"snooze": WOKEN}), [C.SNOOZE_OVER]),
    "a snooze that a text ended": (facts({"snooze": snooze(ended=SnoozeEnd.TEXT, ended_at=OPEN)}), []),
    "a snooze that is over, and somebody acted": (facts({"snooze": WOKEN, "history": (entry(OPEN + HOUR),)}), []),
    "a snooze that is over, and Clerk acted": (
        facts({"snooze": WOKEN, "history": (entry(OPEN + HOUR, by=None),)}),
        [C.SNOOZE_OVER],
    ),
    "a snooze that is over, and somebody has it": (
        facts({"snooze": WOKEN}, known=(alert(STANDS, cause=C.SNOOZE_OVER, acted_at=OPEN, acted_by="U0ANN"),)),
        [],
    ),
    "a held text": (facts(held=(HELD,)), [C.HELD_TEXT]),
    "a held text of an earlier ticket's conversation": (facts(held=(HELD,), is_newest=False), []),
    "a failed text": (facts(outcome=FAILED), [C.FAILED_TEXT]),
    "a text that arrived": (facts(outcome=SendingOutcome(at=make.NOW)), []),
    "a failed text of an earlier ticket's conversation": (facts(outcome=FAILED, is_newest=False), []),
    "a failed text, and somebody has done something since": (
        facts({"history": (entry(OPEN + HOUR),)}, outcome=FAILED, known=(alert(STANDS, cause=C.FAILED_TEXT),)),
        [],
    ),
    "another text failed": (
        facts(
            {"history": (entry(OPEN + HOUR),)},
            outcome=SendingOutcome(at=OPEN + HOUR, failed="landline"),
            known=(alert(STANDS, cause=C.FAILED_TEXT),),
        ),
        [C.FAILED_TEXT],
    ),
}


@pytest.mark.parametrize("name", CAUSES)
def test_the_causes_of(name: str) -> None:
    given, expected = CAUSES[name]
    assert [each.cause for each in causes(given)] == expected


def test_open_time_alone_counts_for_who_waits_and_who_is_alone() -> None:
    found = causes(facts(WAITS, {**LATE, **ALONE}, calendar=make.calendar()))
    assert [each.since for each in found] == [make.at(5.5 * 3600)] * 2


def test_nobody_is_on_it_since_the_last_one_left_it_and_its_alert_keeps_that() -> None:
    left = entry(make.at(60), "assignees")
    (found,) = causes(facts({"history": (left, entry(make.at(120)))}, ALONE))
    assert found.began_at == make.at(60)
    known = alert(STANDS, cause=C.UNASSIGNED, began_at=make.at(60))
    (found,) = causes(facts({}, ALONE, known=(known,)))
    assert found.began_at == make.at(60), "a long history does not hold it any more"


ANSWER: Final = entry(OPEN, by="U0BEN", waited_since=make.NOW)
TAKEN: Final = {"assignees": ("U0BEN",), "history": (entry(OPEN, "assignees"),)}

ENDS: Final[Mapping[str, tuple[Alert, AlertFacts, AlertEnd, str | None]]] = {
    "an answer": (alert(STANDS), facts({"history": (ANSWER,)}), AlertEnd.ANSWERED, "U0BEN"),
    "an answer to an earlier text": (
        alert(STANDS, began_at=OPEN + HOUR),
        facts({"history": (ANSWER,)}),
        AlertEnd.DROPPED,
        None,
    ),
    "a clock that is gone": (alert(STANDS), facts(), AlertEnd.DROPPED, None),
    "a ticket that is solved": (
        alert(STANDS),
        facts({"status": Status.SOLVED, "history": (entry(OPEN),)}),
        AlertEnd.SOLVED,
        make.AGENT,
    ),
    "a solution clock that pauses": (
        alert(STANDS, cause=C.RESOLUTION),
        facts({"clocks": (clock(kind="resolution", running_since=None),), "history": (entry(OPEN),)}),
        AlertEnd.PAUSED,
        make.AGENT,
    ),
    "who waited has an answer": (
        alert(STANDS, cause=C.UNANSWERED),
        facts({"history": (ANSWER,), "status": Status.OPEN}),
        AlertEnd.ANSWERED,
        "U0BEN",
    ),
    "who waits is put off": (
        alert(STANDS, cause=C.UNANSWERED),
        facts({"snooze": snooze()}),
        AlertEnd.SNOOZED,
        "U0ANN",
    ),
    "somebody is on it": (alert(STANDS, cause=C.UNASSIGNED), facts(TAKEN), AlertEnd.ASSIGNED, "U0BEN"),
    "what nobody is on is put off": (
        alert(STANDS, cause=C.UNASSIGNED),
        facts({"snooze": snooze()}),
        AlertEnd.SNOOZED,
        "U0ANN",
    ),
    "somebody looked at what was put off": (
        alert(STANDS, cause=C.SNOOZE_OVER),
        facts({"snooze": WOKEN, "history": (entry(OPEN + HOUR),)}),
        AlertEnd.TAKEN_UP,
        make.AGENT,
    ),
    "it is put off again": (
        alert(STANDS, cause=C.SNOOZE_OVER),
        facts({"snooze": snooze(at=OPEN + HOUR)}),
        AlertEnd.SNOOZED,
        "U0ANN",
    ),
    "no text is held": (alert(STANDS, cause=C.HELD_TEXT), facts(), AlertEnd.SENT, None),
    "a later text arrived": (alert(STANDS, cause=C.FAILED_TEXT), facts(), AlertEnd.SENT, None),
    "somebody has the failed text": (
        alert(STANDS, cause=C.FAILED_TEXT, acted_at=OPEN, acted_by="U0ANN"),
        facts(outcome=FAILED),
        AlertEnd.TAKEN_UP,
        "U0ANN",
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_what_ended_it(name: str) -> None:
    before, given, end, by = ENDS[name]
    found = ending(before, given)
    assert (found.end, found.by) == (end, by)


def due(cause: AlertCause = C.NEXT_RESPONSE, **fields: Any) -> DueCause:
    """A cause that fell due."""
    return DueCause(cause, make.NOW, OPEN, **fields)


ON_IT: Final = {"assignees": ("U0ANN", "U0BEN")}
LIST: Final = {"escalation": ("U0BOSS", "C0OPS")}

TARGETS: Final[Mapping[str, tuple[DueCause, AlertFacts, bool, tuple[str, ...]]]] = {
    "a warning, nobody is on it": (due(stage="warn"), facts(), False, (make.CHANNEL,)),
    "a warning, to who is on it": (due(stage="warn"), facts(ON_IT), False, ("U0ANN", "U0BEN")),
    "a warning, to who is there": (due(stage="warn"), facts(ON_IT, away=("U0ANN",)), False, ("U0BEN",)),
    "a warning, nobody is there": (due(stage="warn"), facts(ON_IT, away=("U0ANN", "U0BEN")), False, (make.CHANNEL,)),
    "a breach, to both": (due(), facts(ON_IT), False, ("U0ANN", "U0BEN", make.CHANNEL)),
    "a breach, nobody is on it": (due(), facts(), False, (make.CHANNEL,)),
    "a reminder, to who is on it": (due(C.UNANSWERED), facts(ON_IT), False, ("U0ANN", "U0BEN")),
    "nobody is on it": (due(C.UNASSIGNED), facts(), False, (make.CHANNEL,)),
    "to whom it is": (due(C.HELD_TEXT, owner="U0CAT"), facts(ON_IT), False, ("U0CAT",)),
    "whom it was is away": (due(C.HELD_TEXT, owner="U0CAT"), facts(ON_IT, away=("U0CAT",)), False, ("U0ANN", "U0BEN")),
    "escalated": (due(), facts({}, LIST), True, (make.CHANNEL, "U0BOSS", "C0OPS")),
    "escalated, one of them is away": (due(), facts({}, LIST, away=("U0BOSS",)), True, (make.CHANNEL, "C0OPS")),
    "escalated to one who is away": (
        due(),
        facts({}, {"escalation": ("U0BOSS",)}, away=("U0BOSS",)),
        True,
        (make.CHANNEL, "U0BOSS"),
    ),
    "escalated to who is on it": (
        due(),
        facts(ON_IT, {"escalation": ("U0ANN",)}),
        True,
        ("U0ANN", "U0BEN", make.CHANNEL),
    ),
}


@pytest.mark.parametrize("name", TARGETS)
def test_whom_it_reaches(name: str) -> None:
    found, given, escalated, expected = TARGETS[name]
    assert targets(found, given, escalated=escalated) == expected


def test_in_the_night_it_stays_where_it_is_and_calls_who_is_on_call_if_it_is_urgent() -> None:
    known = alert(STANDS)
    assert targets_at_night(known, facts({"priority": "urgent"})) == (make.CHANNEL,)
    assert targets_at_night(known, facts({"priority": "high"}, on_call=("U0CAL",))) == (make.CHANNEL,)
    assert targets_at_night(known, facts({"priority": "urgent"}, on_call=("U0CAL",))) == (make.CHANNEL, "U0CAL")
    assert targets_at_night(None, facts({"priority": "urgent"}, on_call=("U0CAL",), away=("U0CAL",))) == ("U0CAL",)


def test_news_and_warnings_are_not_escalated() -> None:
    assert is_escalated(due())
    assert is_escalated(due(C.UNASSIGNED))
    assert not is_escalated(due(stage="warn"))
    assert not is_escalated(due(C.SNOOZE_OVER))
