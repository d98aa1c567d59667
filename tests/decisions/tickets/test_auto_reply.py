"""Automatic texts: what calls for one, and every silence, one at a time and in order."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest

from messages.answering import ARRIVALS_KEPT, Answering, AutoKind, AutoReplies, AutoText, Stop, Wait
from messages.calendar import Closure, SpecialDays
from messages.conversation import Arrival
from messages.team.auto_replies import OFFERED
from messages.ticket import Status
from tests import make
from workers.tickets.auto_reply import (
    DONE_WITHIN,
    SILENCES,
    AutoDecision,
    AutoFacts,
    Silence,
    closed_since,
    decide_texts,
    decide_wait,
)

NIGHT: Final = datetime(2026, 3, 4, 3, 0, tzinfo=UTC)
"""Tuesday 22:00 in New York."""

CLOSED_AT: Final = datetime(2026, 3, 3, 22, 0, tzinfo=UTC)
DAY: Final = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
"""Wednesday 10:00 in New York."""

ALL: Final = AutoReplies(**{kind.value: words for kind, words in OFFERED.items()})
LINE: Final = make.line(calendar="shop", auto_replies=ALL, name="The shop")
TEXT: Final = Arrival(1, NIGHT, keyword=False, digest="d1")
CHRISTMAS: Final = SpecialDays(first=date(2026, 3, 3), last=date(2026, 3, 3), name="Christmas")


def ago(hours: float) -> datetime:
    return NIGHT - timedelta(hours=hours)


def facts(**fields: Any) -> AutoFacts:
    """A new contact's text at night, by which a new ticket begins."""
    ticket = make.ticket(created_at=NIGHT, waiting_since=NIGHT)
    given = {"now": NIGHT, "line": LINE, "calendar": make.calendar(), "ticket": ticket, "answering": Answering()}
    return AutoFacts(**{**given, "arrivals": [TEXT], **fields})


def ticket(**fields: Any) -> AutoFacts:
    """The same with another ticket."""
    return facts(ticket=make.ticket(**{"created_at": NIGHT, **fields}))


def answered(*hours: float, **fields: Any) -> Answering:
    """A contact who got automatic texts some hours ago."""
    answers = [
        AutoText(**{"id": f"a{each}", "kind": AutoKind.CLOSED, "ticket": 1, "period": "p", "at": ago(each), **fields})
        for each in hours
    ]
    return Answering(answers=tuple(answers))


def arrival(**fields: Any) -> AutoFacts:
    return facts(arrivals=[replace(TEXT, **fields)])


SILENT: Final[Mapping[Silence, AutoFacts]] = {
    Silence.REACTION: arrival(reaction=True),
    Silence.KEYWORD: arrival(keyword=True),
    Silence.LATE: arrival(at=NIGHT - timedelta(minutes=15, seconds=1)),
    Silence.NO_NUMBER: ticket(contact="12345"),
    Silence.NOT_TEXTABLE: ticket(contact="+19002345678"),
    Silence.OWN_LINE: facts(own_line=True),
    Silence.OPTED_OUT: facts(opted_out=True),
    Silence.BLOCKED: facts(blocked=True),
    Silence.TAG: ticket(tags=("vip", "no-auto")),
    Silence.ATTENDED: ticket(written_at=NIGHT - timedelta(minutes=29)),
    Silence.ASSIGNED: ticket(assignees=("U0ADA", "U0BEN")),
    Silence.NEARLY_OPEN: facts(
        calendar=make.calendar(closures=(Closure(since=ago(1), until=NIGHT), Closure(since=ago(1), until=DAY))),
        now=datetime(2026, 3, 4, 14, 56, tzinfo=UTC),
        arrivals=[replace(TEXT, at=datetime(2026, 3, 4, 14, 56, tzinfo=UTC))],
    ),
    Silence.NO_OPENING: facts(calendar=make.calendar(week={})),
    Silence.SAME_PERIOD: facts(answering=answered(4, period="20260303T220000Z")),
    Silence.TWELVE_HOURS: facts(answering=answered(11.9)),
    Silence.SEVEN_DAYS: facts(answering=answered(167, 90, 13)),
    Silence.MACHINE: facts(answering=Answering(stop=Stop(at=ago(23), until=NIGHT + timedelta(hours=1), told=True))),
}
"""Facts in which there is one silence and no other."""

SPOKEN: Final[Mapping[str, AutoFacts]] = {
    "a text of a quarter of an hour ago": arrival(at=NIGHT - timedelta(minutes=15)),
    "the shortest number": ticket(contact="+1234567"),
    "a number of no known kind": ticket(contact="+15550002222"),
    "another tag": ticket(tags=("vip",)),
    "a person wrote half an hour ago": ticket(written_at=NIGHT - timedelta(minutes=30)),
    "all who are on it are away": replace(ticket(assignees=("U0ADA",)), away=("U0ADA", "U0BEN")),
    "another closed period": facts(answering=answered(12, period="20260302T220000Z")),
    "twice in seven days": facts(answering=answered(167, 13)),
    "three in more than seven days": facts(answering=answered(168, 90, 13)),
    "a person wrote since": replace(ticket(written_at=ago(2)), answering=answered(20, 15, 3)),
    "a stop that is over": facts(answering=Answering(stop=Stop(at=ago(24), until=NIGHT, told=True))),
    "another text after a keyword": facts(arrivals=[replace(TEXT, keyword=True), replace(TEXT, seq=2)]),
    "a keyword after another text": facts(arrivals=[TEXT, replace(TEXT, seq=2, keyword=True)]),
}


def judged(of: AutoFacts) -> tuple[AutoKind | None, Silence | None]:
    decision = decide_texts(of)
    return decision.said, decision.silence


def test_every_silence_is_in_the_table() -> None:
    assert list(SILENCES) == list(Silence) == list(SILENT)


def test_a_text_at_night_is_answered_and_what_is_to_be_written_is_remembered() -> None:
    decision = decide_texts(facts())
    after = decision.answering
    assert (decision.said, decision.silence) == (AutoKind.CLOSED, None)
    assert after.order is not None
    assert after.order.id == "auto-closed-7-20260303T220000Z"
    assert after.order.body == "Thanks for your text. We are back tomorrow at 9:00 and will answer then."
    assert [each.id for each in after.answers] == [after.order.id]
    assert (after.version, after.considered, after.due_at) == (1, 1, NIGHT + DONE_WITHIN)


@pytest.mark.parametrize("silence", Silence)
def test_each_silence_alone_silences_the_text(silence: Silence) -> None:
    decision = decide_texts(SILENT[silence])
    assert (decision.said, decision.silence, decision.answering.order) == (None, silence, None)
    assert decision.answering.considered == 1, "it is counted all the same"


@pytest.mark.parametrize("what", SPOKEN)
def test_what_is_just_no_silence_leaves_the_text(what: str) -> None:
    assert judged(SPOKEN[what]) == (AutoKind.CLOSED, None)


def test_the_first_silence_in_the_table_is_the_reason() -> None:
    everything = replace(
        ticket(contact="12", tags=("no-auto",), assignees=("U0ADA",)), own_line=True, opted_out=True, blocked=True
    )
    assert judged(everything) == (None, Silence.NO_NUMBER)


@pytest.mark.parametrize(
    ("now", "changes", "kind"),
    [
        (NIGHT, {}, AutoKind.CLOSED),
        (DAY, {}, AutoKind.RECEIVED),
        (NIGHT, {"calendar": None}, AutoKind.RECEIVED),
        (NIGHT, {"calendar": make.calendar(days=(CHRISTMAS,))}, AutoKind.HOLIDAY),
        (NIGHT, {"calendar": make.calendar(days=(CHRISTMAS.model_copy(update={"name": ""}),))}, AutoKind.CLOSED),
        (
            NIGHT,
            {"calendar": make.calendar(days=(CHRISTMAS,), closures=(Closure(since=ago(1), until=DAY),))},
            AutoKind.CLOSED,
        ),
        (NIGHT, {"line": LINE.model_copy(update={"auto_replies": AutoReplies(received="R")})}, None),
        (DAY, {"line": LINE.model_copy(update={"auto_replies": AutoReplies(closed="C")})}, None),
        (NIGHT, {"line": LINE.model_copy(update={"auto_replies": AutoReplies()})}, None),
        (DAY, {"ticket": make.ticket(first_text=2, last_text=2, created_at=DAY)}, None),
        (DAY, {"ticket": make.ticket(status=Status.OPEN, created_at=DAY)}, None),
    ],
)
def test_the_hour_and_the_ticket_say_what_is_called_for(
    now: datetime, changes: Mapping[str, Any], kind: AutoKind | None
) -> None:
    of = facts(now=now, arrivals=[replace(TEXT, at=now)], **changes)
    assert judged(of) == (kind, None)


def test_a_holiday_is_named_and_without_words_for_it_it_is_closed() -> None:
    calendar = make.calendar(days=(CHRISTMAS.model_copy(update={"last": date(2026, 3, 4)}),))
    order = decide_texts(facts(calendar=calendar)).answering.order
    assert order is not None
    assert order.body == "We are closed for Christmas. We are back on Thursday at 9:00."
    plain = LINE.model_copy(update={"auto_replies": AutoReplies(closed="{line} is closed.")})
    order = decide_texts(facts(calendar=calendar, line=plain)).answering.order
    assert order is not None
    assert order.body == "The shop is closed."


@pytest.mark.parametrize(
    ("zones", "named"),
    [((), ""), (("America/Toronto",), ""), (("America/Toronto", "America/Chicago"), " (New York)")],
)
def test_the_zone_is_named_where_the_contacts_clock_may_show_another_time(zones: tuple[str, ...], named: str) -> None:
    order = decide_texts(facts(zones=zones)).answering.order
    assert order is not None
    assert f"tomorrow at 9:00{named} and" in order.body


def test_a_closed_period_has_one_text_whatever_its_kind_and_ticket() -> None:
    calendar = make.calendar(days=(CHRISTMAS,))
    had = answered(2, kind=AutoKind.HOLIDAY, period="20260302T220000Z", ticket=3)
    assert judged(facts(calendar=calendar, answering=had)) == (None, Silence.SAME_PERIOD)
    assert judged(facts(answering=answered(2, kind=AutoKind.RECEIVED))) == (None, Silence.TWELVE_HOURS)


def test_texts_that_were_counted_before_change_nothing() -> None:
    after = decide_texts(facts()).answering
    assert decide_texts(facts(answering=after)) == AutoDecision(after)


@pytest.mark.parametrize(
    ("at", "since"),
    [
        (NIGHT, CLOSED_AT),
        (datetime(2026, 3, 9, 12, 0, tzinfo=UTC), datetime(2026, 3, 6, 22, 0, tzinfo=UTC)),
        (datetime(2026, 3, 3, 13, 59, tzinfo=UTC), datetime(2026, 3, 2, 22, 0, tzinfo=UTC)),
    ],
)
def test_a_closed_period_begins_where_the_calendar_closed(at: datetime, since: datetime) -> None:
    assert closed_since(make.calendar(), at) == since


def test_a_calendar_that_was_never_open_has_one_period_for_ever() -> None:
    calendar = make.calendar(week={})
    assert closed_since(calendar, NIGHT) is None
    line = LINE.model_copy(update={"auto_replies": AutoReplies(closed="Closed.")})
    order = decide_texts(facts(calendar=calendar, line=line)).answering.order
    assert order is not None
    assert order.id == "auto-closed-7-never"


# -- machines ---------------------------------------------------------------------------------------------------------


def one_by_one(texts: list[Arrival], answering: Answering) -> AutoDecision:
    """What is decided about the last of some texts that come one after the other."""
    decision = AutoDecision(answering)
    for text in texts:
        given = facts(now=text.at, arrivals=[text], answering=decision.answering)
        decision = decide_texts(given)
    return decision


def every(seconds: float, *digests: str) -> list[Arrival]:
    return [
        Arrival(number, NIGHT + timedelta(seconds=seconds * number), keyword=False, digest=digest)
        for number, digest in enumerate(digests, 1)
    ]


MACHINES: Final[Mapping[str, list[Arrival]]] = {
    "five texts in two minutes": every(30, "a", "b", "c", "d", "e"),
    "three alike in an hour": every(1799, "a", "a", "a"),
    "three alike among others": every(600, "a", "b", "a", "c", "a"),
}
PEOPLE: Final[Mapping[str, list[Arrival]]] = {
    "five texts in more than two minutes": every(30.1, "a", "b", "c", "d", "e"),
    "three alike in more than an hour": every(1800, "a", "a", "a"),
    "three that say nothing": every(600, "", "", ""),
    "two alike": every(60, "a", "a", "b"),
}


@pytest.mark.parametrize("what", MACHINES)
def test_a_machine_is_left_alone_for_a_day_and_the_thread_is_told_once(what: str) -> None:
    texts = MACHINES[what]
    before = one_by_one(texts[:-1], Answering()).answering
    assert before.stop is None
    after = one_by_one(texts, Answering()).answering
    until = texts[-1].at + timedelta(hours=24)
    assert after.stop == Stop(at=texts[-1].at, until=until, told=True, ticket=7)
    assert after.tell
    again = decide_texts(facts(now=NIGHT, answering=after.told(NIGHT), arrivals=[replace(TEXT, seq=9)])).answering
    assert (again.stop, again.tell) == (after.stop, False)


@pytest.mark.parametrize("what", PEOPLE)
def test_a_person_is_no_machine(what: str) -> None:
    assert one_by_one(PEOPLE[what], Answering()).answering.stop is None


def test_reactions_make_no_machine() -> None:
    texts = [replace(each, reaction=True) for each in MACHINES["five texts in two minutes"]]
    assert one_by_one(texts, Answering()).answering.stop is None


@pytest.mark.parametrize(("seconds", "stopped"), [(10, True), (10.1, False), (-1, False)])
def test_who_answers_two_automatic_texts_in_a_row_at_once_is_a_machine(seconds: float, stopped: bool) -> None:
    before = answered(14, sent_at=ago(14), quick=True).answers
    last = answered(0, sent_at=NIGHT).answers
    text = Arrival(1, NIGHT + timedelta(seconds=seconds), keyword=False, digest="x")
    after = decide_texts(facts(answering=Answering(answers=(*before, *last)), arrivals=[text])).answering
    assert (after.stop is not None) is stopped
    slow = answered(14, sent_at=ago(14), quick=False).answers
    after = decide_texts(facts(answering=Answering(answers=(*slow, *last)), arrivals=[text])).answering
    assert after.stop is None


def test_nobody_is_told_of_a_machine_to_which_clerk_says_nothing_anyway() -> None:
    attended = make.ticket(created_at=NIGHT, written_at=NIGHT, assignees=("U0ADA",))
    arrivals = every(20, "a", "b", "c", "d", "e")
    after = decide_texts(facts(ticket=attended, arrivals=arrivals, now=arrivals[-1].at)).answering
    assert after.stop is not None
    assert (after.stop.told, after.tell) == (False, False)
    left = facts(answering=after, now=arrivals[-1].at, arrivals=[replace(arrivals[-1], seq=6)])
    decision = decide_texts(left)
    assert decision.silence is Silence.MACHINE
    assert decision.answering.tell


def test_a_person_who_says_that_it_is_no_machine_begins_anew() -> None:
    machine = one_by_one(MACHINES["five texts in two minutes"], Answering()).answering
    assert machine.stop is not None
    assert machine.resumed(ago(99), NIGHT) == machine, "a click of before"
    after = machine.resumed(machine.stop.at, NIGHT)
    assert (after.stop, after.arrivals, after.alike) == (None, (), ())
    text = Arrival(6, NIGHT + timedelta(seconds=151), keyword=False, digest="f")
    assert decide_texts(facts(answering=after, arrivals=[text], now=text.at)).answering.stop is None


# -- waiting ----------------------------------------------------------------------------------------------------------

WAITING: Final = make.line(calendar="shop", auto_replies=AutoReplies(waiting="Still with you.", waiting_after=120))


def waiting(now: datetime, answering: Answering, **fields: Any) -> AutoFacts:
    return facts(**{"now": now, "line": WAITING, "arrivals": (), "answering": answering, **fields})


def test_who_waits_is_told_after_so_many_open_minutes_and_once_a_ticket() -> None:
    armed = decide_texts(facts(line=WAITING)).answering
    due = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
    assert armed.wait == Wait(ticket=7, since=NIGHT, due_at=due)
    assert armed.due_at == due, "9:00 and two hours"
    assert decide_wait(waiting(due - timedelta(seconds=1), armed)) == AutoDecision(armed)
    decision = decide_wait(waiting(due, armed))
    assert decision.said is AutoKind.WAITING
    assert decision.answering.order is not None
    assert decision.answering.order.id == "auto-waiting-7-20260304T030000Z"
    assert (decision.answering.wait, decision.answering.due_at) == (None, due + DONE_WITHIN)
    later = Arrival(2, due, keyword=False, digest="x")
    again = decide_texts(waiting(due, decision.answering, arrivals=[later]))
    assert again.answering.wait is None


@pytest.mark.parametrize(
    ("fields", "due"),
    [
        ({"ticket": make.ticket(status=Status.OPEN, created_at=NIGHT)}, None),
        ({"ticket": make.ticket(status=Status.CLOSED, created_at=NIGHT, waiting_since=NIGHT)}, None),
        ({"line": LINE.model_copy(update={"auto_replies": AutoReplies(closed="C")})}, None),
        ({"calendar": make.calendar(week={})}, None),
        (
            {"ticket": make.ticket(created_at=NIGHT, waiting_since=datetime(2026, 3, 4, 15, 30, tzinfo=UTC))},
            datetime(2026, 3, 4, 17, 30, tzinfo=UTC),
        ),
        (
            {"calendar": make.calendar(closures=(Closure(since=DAY, until=DAY + timedelta(hours=1)),))},
            datetime(2026, 3, 4, 17, 0, tzinfo=UTC),
        ),
        (
            {"now": datetime(2026, 3, 4, 22, 1, tzinfo=UTC)},
            datetime(2026, 3, 5, 14, 0, tzinfo=UTC),
        ),
    ],
)
def test_what_is_due_is_asked_anew_when_it_is_due(fields: Mapping[str, Any], due: datetime | None) -> None:
    armed = decide_texts(facts(line=WAITING)).answering
    decision = decide_wait(waiting(**{"now": datetime(2026, 3, 4, 16, 0, tzinfo=UTC), "answering": armed, **fields}))
    assert (decision.said, decision.silence) == (None, None)
    assert (decision.answering.wait.due_at if decision.answering.wait else None) == due


def test_what_is_not_written_at_night_is_asked_anew_in_the_morning() -> None:
    due = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
    armed = decide_texts(facts(line=WAITING)).answering
    decided = decide_wait(waiting(due, armed)).answering
    assert decided.order is not None
    morning = due + timedelta(hours=1)
    off = decided.put_off(decided.order.id, morning, due)
    assert off.wait == Wait(ticket=7, since=NIGHT, due_at=morning)
    assert (off.order, off.answers, off.due_at) == (None, (), morning)
    assert decide_wait(waiting(morning, off)).said is AutoKind.WAITING
    answered = make.ticket(status=Status.OPEN, created_at=NIGHT)
    assert decide_wait(waiting(morning, off, ticket=answered)).said is None
    assert off.put_off("another", due, due) == off


def test_who_waited_while_clerk_was_down_is_not_told_hours_later() -> None:
    armed = decide_texts(facts(line=WAITING)).answering
    decision = decide_wait(waiting(datetime(2026, 3, 4, 18, 0, tzinfo=UTC), armed))
    assert (decision.said, decision.silence, decision.answering.wait) == (None, Silence.LATE, None)


@pytest.mark.parametrize("silence", [Silence.KEYWORD, Silence.REACTION, Silence.LATE])
def test_nobody_waits_for_an_answer_to_what_is_no_question_or_old(silence: Silence) -> None:
    given = replace(SILENT[silence], line=WAITING)
    assert decide_texts(given).answering.wait is None


def test_without_a_calendar_every_minute_counts() -> None:
    armed = decide_texts(facts(line=WAITING, calendar=None)).answering
    assert armed.wait is not None
    assert armed.wait.due_at == NIGHT + timedelta(hours=2)


def test_what_is_remembered_is_bounded() -> None:
    answering = Answering()
    for number in range(1, 100):
        text = Arrival(number, NIGHT + timedelta(minutes=number), keyword=False, digest=str(number))
        answering = decide_texts(facts(now=text.at, arrivals=[text], answering=answering)).answering
    assert len(answering.arrivals) == ARRIVALS_KEPT
    assert len(answering.alike) <= 60
