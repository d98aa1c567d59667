"""Who is on call is told what can't wait while the line is closed: one after the other, until somebody has it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.deadlines.alert import TURN, Alert, AlertCause, AlertEnd, AlertState
from messages.deadlines.priority import Priority
from messages.line_settings.words import changed_line
from messages.ticket import Entry, Status
from ops.checks.finding import Verdict
from ops.checks.slack import of_on_call
from tests import make
from tests.decisions.notifications.alerts.helpers import OPEN, facts
from workers.notifications.alerts.causes import AlertFacts, causes
from workers.notifications.alerts.life import decide

SHOP: Final = make.calendar()
NIGHT: Final = make.NOW
CLOSES: Final = OPEN.replace(hour=22, minute=0)
PEOPLE: Final = ("U0ANN", "U0BOB", "U0CAT")
URGENT: Final[dict[str, Any]] = {"priority": Priority.URGENT, "waiting_since": NIGHT, "status": Status.OPEN}


def night(ticket: dict[str, Any] | None = None, now: datetime = NIGHT, **fields: Any) -> AlertFacts:
    """An Urgent ticket whose contact waits, on a line that is closed."""
    return facts({**URGENT, **(ticket or {})}, now=now, **{"calendar": SHOP, "on_call": PEOPLE, **fields})


def called(given: AlertFacts) -> list[datetime]:
    """When people on call are told, or will be."""
    return [each.since for each in causes(given) if each.cause is AlertCause.ON_CALL]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (night(), [NIGHT]),
        (night({"priority": Priority.NORMAL, "tags": ("vip",)}), [NIGHT]),
        (night({"priority": Priority.HIGH}), []),
        (night({"waiting_since": None}), []),
        (night({"blocked": True}), []),
        (night({"status": Status.SOLVED}), []),
        (night(on_call=()), []),
        (night(calendar=None), []),
        (night(now=OPEN), [CLOSES]),
    ],
)
def test_what_can_not_wait_and_waits_while_the_line_is_closed(given: AlertFacts, expected: list[datetime]) -> None:
    assert called(given) == expected


def after(given: AlertFacts) -> AlertFacts:
    """The facts once what they say was decided and saved."""
    known = {each.id: each for each in given.known}
    for before, now in decide(given):
        if now is None:
            assert before is not None
            del known[before.id]
        else:
            known[now.id] = now.model_copy(update={"version": now.version + 1})
    return replace(given, known=list(known.values()))


def alert(given: AlertFacts) -> Alert:
    (found,) = [each for each in given.known if each.cause is AlertCause.ON_CALL]
    return found


def test_they_are_told_one_after_the_other_and_then_the_channel_is() -> None:
    given, told = after(night()), []
    for _ in range(5):
        told.append(alert(given).targets)
        look_at = alert(given).look_at
        assert look_at is not None
        given = after(replace(given, now=look_at))
    whole = (*PEOPLE, make.CHANNEL)
    assert told == [whole[:1], whole[:2], whole[:3], whole, whole]
    assert alert(given).posted_at == NIGHT
    assert alert(given).round == 1, "nobody gets the same message twice"


def test_who_is_away_is_passed_over_unless_all_are_and_who_is_gone_is_always() -> None:
    assert alert(after(night(away=("U0ANN",)))).targets == ("U0BOB",)
    assert alert(after(night(away=PEOPLE, gone=("U0ANN",)))).targets == ("U0BOB",)
    assert alert(after(night(away=PEOPLE, gone=PEOPLE))).targets == (make.CHANNEL,)


@pytest.mark.parametrize("how", ["has it", "acts"])
def test_it_ends_as_soon_as_somebody_has_it_or_does_something(how: str) -> None:
    given, at = after(night()), NIGHT + TURN / 2
    if how == "has it":
        taken = alert(given).model_copy(update={"acted_at": at, "acted_by": "U0BOB"})
        given = replace(given, known=[taken], now=at)
    else:
        entry = Entry(version=2, changes=(), by="U0BOB", at=at, why="note")
        given = replace(given, ticket=given.ticket.model_copy(update={"history": (entry,)}), now=at)
    ended = alert(after(given))
    assert (ended.state, ended.end, ended.ended_by) == (AlertState.ENDED, AlertEnd.TAKEN_UP, "U0BOB")
    later = after(replace(after(given), now=NIGHT + 5 * TURN))
    assert not alert(later).stands


def test_the_opening_ends_it_and_the_next_closing_begins_it_anew() -> None:
    given = after(night())
    given = after(replace(given, now=OPEN))
    assert (alert(given).state, alert(given).targets, alert(given).look_at) == (AlertState.COMING, (), CLOSES)
    given = after(replace(given, now=CLOSES))
    assert (alert(given).state, alert(given).targets) == (AlertState.STANDS, PEOPLE[:1])


@given(st.lists(st.tuples(st.integers(0, 25), st.booleans()), max_size=12), st.integers(1, 3))
def test_however_often_and_late_it_is_looked_at_nobody_is_told_before_their_turn(
    looks: list[tuple[int, bool]], count: int
) -> None:
    """A model: who has been told follows from the time alone, and each look may be repeated, or come late."""
    people, now = PEOPLE[:count], NIGHT
    given = after(night(on_call=people))
    for minutes, twice in looks:
        now = min(now + timedelta(minutes=minutes), OPEN - timedelta(hours=1))
        given = after(replace(given, now=now))
        if twice:
            assert after(given).known == given.known
        turns = (now - NIGHT) // TURN
        expected = (*people, make.CHANNEL)[: turns + 1]
        assert alert(given).targets == expected


@pytest.mark.parametrize(
    ("typed", "expected"), [("U0ANN, U0BOB,U0ANN", ("U0ANN", "U0BOB")), ("none", ()), (None, ("U0CAT",))]
)
def test_an_operator_names_people_in_order(typed: str | None, expected: tuple[str, ...]) -> None:
    assert changed_line(make.line(on_call=("U0CAT",)), on_call=typed).on_call == expected


@pytest.mark.parametrize("typed", ["ann", "", "U0ANN,,U0BOB", "C0TEXTS", ",".join(f"U{each:04}" for each in range(11))])
def test_what_is_no_list_of_people_is_refused_in_words(typed: str) -> None:
    with pytest.raises(ValueError, match="--on-call"):
        changed_line(make.line(), on_call=typed)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"ok": True, "user": {"name": "ann"}}, Verdict.GOOD),
        ({"ok": True, "user": {"deleted": True}}, Verdict.BAD),
        ({"ok": True, "user": {"is_bot": True}}, Verdict.BAD),
        ({"ok": False, "error": "user_not_found"}, Verdict.BAD),
    ],
)
def test_the_doctor_says_who_can_not_be_called(answer: dict[str, Any], expected: Verdict) -> None:
    line = make.line(calendar="shop", on_call=("U0ANN",))
    assert of_on_call(line, "U0ANN", answer).state is expected
    assert of_on_call(make.line(), "U0ANN", {"ok": True, "user": {}}).state is not Verdict.GOOD
