"""How late something is: the same figure wherever it is shown."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messages.calendar import Calendar
from messages.deadlines.alert import Alert, AlertCause, AlertStage, AlertState, alert_id
from messages.deadlines.clocks import ClockKind, HoursCounted
from messages.deadlines.lateness import late_words, left, length, rest_words
from messages.deadlines.policy import Policy, Target
from messages.deadlines.priority import Priority
from messages.ticket import Status, Ticket
from ops.traces.due import due_now
from tests import make
from workers.notifications.alerts.causes import AlertFacts, causes, ending
from workers.shown.clock_life import clock_life
from workers.slack.alerts.card import AlertCard, ended
from workers.tickets.clocks.rules import (
    Answered,
    ClockRules,
    ClockState,
    ContactWrote,
    Event,
    Moved,
    Retargeted,
    Ticked,
    advance,
)

SHOP = make.calendar()
WROTE = make.at(5 * 3600)
"""Half an hour after the shop has opened."""
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "1 min late"),
        (0, "1 min late"),
        (60, "1 min late"),
        (61, "2 min late"),
        (1229, "21 min late"),
        (3600, "1 h late"),
        (3601, "1 h 1 min late"),
    ],
)
def test_a_minute_that_has_begun_counts(seconds: float, words: str) -> None:
    assert late_words(timedelta(seconds=seconds)) == words


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=20)))
def test_nothing_is_said_to_take_less_than_it_does_or_a_minute_more(amount: timedelta) -> None:
    parts = length(amount).split()
    said = sum(int(count) * {"h": 60, "min": 1}[unit] for count, unit in zip(parts[::2], parts[1::2], strict=True))
    assert amount <= timedelta(minutes=said) <= amount + timedelta(minutes=1)
    assert rest_words(-amount) == late_words(amount)


def _waits(counts: HoursCounted, late_at: datetime, answered_at: datetime | None = None) -> Ticket:
    """A ticket whose contact wrote an hour before it was due, found late, and answered then."""
    target = Target(within=HOUR, counts=counts)
    rules = ClockRules(
        Policy(targets={Priority.NORMAL: {ClockKind.FIRST_RESPONSE: target}}, version=1), Priority.NONE, SHOP
    )
    state = ClockState()
    events: list[Event] = [Moved(Status.NEW, WROTE, 1), ContactWrote(1, WROTE, WROTE), Ticked()]
    if answered_at is not None:
        events.append(Answered("o", answered_at))
    for each in events:
        state = advance(state, each, rules, late_at)
    answer = make.entry(at=answered_at, waited_since=WROTE, order="o") if answered_at is not None else None
    history = () if answer is None else (answer,)
    return make.ticket(status=Status.OPEN, marks=state.marks, clocks=state.clocks, history=history)


@given(st.timedeltas(min_value=HOUR + timedelta(seconds=1), max_value=timedelta(days=9)), st.sampled_from(HoursCounted))
def test_a_ticket_is_as_late_in_its_alert_and_in_lists_as_where_its_clock_is_explained(
    after: timedelta, counts: HoursCounted
) -> None:
    at = WROTE + after
    waits, answered = _waits(counts, at), _waits(counts, at, at)
    [runs] = clock_life(waits, (), SHOP, at).clocks
    [stopped] = clock_life(answered, answered.history, SHOP, at + HOUR).clocks
    listed = due_now(waits, SHOP, at)
    assert listed is not None
    assert listed.words == f"reply {runs.state}"
    assert stopped.state == f"answered, {runs.state}"
    facts = AlertFacts(now=at + HOUR, ticket=answered, line=make.line(), calendar=SHOP)
    alert = Alert(
        id=alert_id(7, AlertCause.FIRST_RESPONSE, WROTE),
        ticket=7,
        conversation=make.CONVERSATION,
        line=make.LINE,
        cause=AlertCause.FIRST_RESPONSE,
        began_at=WROTE,
        since=WROTE + HOUR,
        state=AlertState.STANDS,
    )
    found = ending(alert, facts)
    over = alert.model_copy(
        update={"state": AlertState.ENDED, "end": found.end, "ended_at": found.at, "late": found.late}
    )
    assert str(ended(AlertCard(over, answered)).blocks).count(f", {runs.state}") == 1


@settings(max_examples=40)
@given(
    make.calendars(),
    make.calendars(),
    st.timedeltas(min_value=timedelta(), max_value=timedelta(days=5)),
    st.timedeltas(min_value=timedelta(), max_value=timedelta(days=5)),
    st.sampled_from(HoursCounted),
)
def test_clocks_alerts_and_their_explanation_agree_when_the_calendar_is_changed_meanwhile(
    first: Calendar, changed: Calendar, until: timedelta, after: timedelta, counts: HoursCounted
) -> None:
    policy = Policy(
        targets={Priority.NORMAL: {ClockKind.FIRST_RESPONSE: Target(within=HOUR, counts=counts)}}, version=1
    )
    changed = changed.model_copy(update={"id": "other"})
    before, now = (ClockRules(policy, Priority.NONE, each) for each in (first, changed))
    moved_at, at = WROTE + until, WROTE + until + after
    began = (Moved(Status.NEW, WROTE, 1), ContactWrote(1, WROTE, WROTE))
    state = fresh = ClockState()
    for each in began:
        state, fresh = advance(state, each, before, WROTE), advance(fresh, each, now, WROTE)
    for event, rules, when in ((Ticked(), before, moved_at), (Retargeted(), now, moved_at), (Ticked(), now, at)):
        state = advance(state, event, rules, when)
    [clock], [anew] = state.clocks, advance(fresh, Ticked(), now, at).clocks
    assert (clock.due_at, clock.ran, clock.running_since) == (anew.due_at, anew.ran, anew.running_since)
    is_late = clock.due_at is not None and clock.due_at <= at
    assert (left(clock, changed, at) <= timedelta()) == is_late
    ticket = make.ticket(status=Status.OPEN, marks=state.marks, clocks=state.clocks)
    [explained] = clock_life(ticket, (), changed, at).clocks
    assert explained.state.endswith(" late") == is_late
    facts = AlertFacts(now=at, ticket=ticket, line=make.line(), calendar=changed)
    assert any(each.stage is AlertStage.BREACH for each in causes(facts)) == is_late
