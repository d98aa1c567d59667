"""Which automatic text, if any, a contact gets: what calls for one, and what silences it. Pure.

`SILENCES` are looked at in their order: the first that is there decides. What the contact wrote is counted first, also
where nothing is said: that is how a machine is told from a person.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Final

from messages.answering import (
    ALIKE_KEPT,
    ANSWERS_KEPT,
    ARRIVALS_KEPT,
    Answering,
    AutoKind,
    AutoOrder,
    AutoText,
    SeenWords,
    Stop,
    Wait,
)
from messages.calendar import (
    Calendar,
    add_open,
    is_open,
    moment_words,
    next_change,
    next_opening,
    offset,
    wall_time,
    zone_words,
)
from messages.conversation import Arrival
from messages.deadlines.nudge import period_of
from messages.formats.numbers import is_full_number, is_textable
from messages.line import Line
from messages.team.auto_replies import Filling, filled, is_fillable
from messages.ticket import Status, Ticket

NO_AUTO: Final = "no-auto"
"""The tag of a ticket whose contact gets no automatic text."""

FRESH: Final = timedelta(minutes=15)
"""A text that is filed later than this after it came gets no automatic answer."""

ATTENDED: Final = timedelta(minutes=30)
"""So long after a person wrote to the contact, Clerk leaves it to them."""

NEARLY_OPEN: Final = timedelta(minutes=5)
ONE_IN: Final = timedelta(hours=12)
SOME_IN: Final = timedelta(days=7)
MOST_IN_SOME: Final = 3

RATE: Final = timedelta(minutes=2)
"""In this time no person writes `ARRIVALS_KEPT` texts."""

ALIKE_WITHIN: Final = timedelta(hours=1)
MOST_ALIKE: Final = 3
QUICKLY: Final = timedelta(seconds=10)
QUICK_ANSWERS: Final = 2
STOPPED_FOR: Final = timedelta(hours=24)

DONE_WITHIN: Final = timedelta(seconds=20)
"""After this long the clock finds an automatic text that was decided and is not written."""

_BACK: Final = (timedelta(days=1), timedelta(days=8), timedelta(days=40), timedelta(days=366))
"""How far back the beginning of a closed period is looked for, one after the other."""


class Silence(StrEnum):
    """Why an automatic text that was called for is not sent, in the order in which it counts."""

    REACTION = "reaction"
    """The contact's phone sent a reaction to a text of ours."""
    KEYWORD = "keyword"
    """The contact wrote STOP, START or HELP: the provider answers that."""
    LATE = "late"
    """It was filed long after it came, as after an outage."""
    NO_NUMBER = "no number"
    """The sender is a short code or a name."""
    NOT_TEXTABLE = "not textable"
    """Nobody has a phone with such a number."""
    OWN_LINE = "own line"
    """The sender is one of our lines."""
    OPTED_OUT = "opted out"
    BLOCKED = "blocked"
    TAG = "tag"
    """The ticket is tagged `no-auto`."""
    ATTENDED = "attended"
    """A person has just written to the contact."""
    ASSIGNED = "assigned"
    """Somebody who is available is on the ticket."""
    NEARLY_OPEN = "nearly open"
    NO_OPENING = "no opening"
    """The text says when the line opens, and it does not."""
    SAME_PERIOD = "same period"
    """The contact has had the text of this closed period, or of this ticket."""
    TWELVE_HOURS = "twelve hours"
    SEVEN_DAYS = "seven days"
    MACHINE = "machine"
    """The contact looks like a machine."""


@dataclass(frozen=True)
class AutoFacts:
    """What an automatic text depends on.

    `arrivals` are the contact's texts that were not taken into account yet, in order; none if a wait is due. A contact
    who is `opted_out` or `blocked`, or whose number is `own_line`, gets none. `away` are the assignees who are not
    available. `zones` are where the contact may be, if that is known.
    """

    now: datetime
    line: Line
    calendar: Calendar | None
    ticket: Ticket
    answering: Answering
    arrivals: Sequence[Arrival] = ()
    opted_out: bool = False
    blocked: bool = False
    own_line: bool = False
    away: Collection[str] = ()
    zones: Sequence[str] = ()


@dataclass(frozen=True)
class AutoDecision:
    """What a conversation remembers afterwards (the same object if nothing changed), and what was decided.

    `said` is the automatic text that is to be written, and `silence` why one that was called for is not.
    """

    answering: Answering
    said: AutoKind | None = None
    silence: Silence | None = None


@dataclass(frozen=True)
class _Case:
    """A text that is called for, with what may silence it; what takes time is worked out when it is asked for."""

    facts: AutoFacts
    kind: AutoKind
    text: Arrival | None
    answering: Answering
    """What is remembered once the arrivals are counted."""

    @property
    def id(self) -> str:
        return f"auto-{self.kind}-{self.facts.ticket.id}-{self.period}"

    @property
    def due_since(self) -> datetime:
        """When what calls for the text happened."""
        wait = self.answering.wait if self.kind is AutoKind.WAITING else None
        return self.text.at if self.text is not None else wait.due_at if wait is not None else self.facts.now

    @property
    def words(self) -> str:
        return self.facts.line.auto_replies.words(self.kind)

    @cached_property
    def period(self) -> str:
        """What the text answers, as its id names it: the closed period by its beginning, else the ticket by its own."""
        if self.kind is AutoKind.NUDGE and self.facts.ticket.nudge is not None:
            return period_of(self.facts.ticket.nudge)
        if not self.kind.is_about_hours:
            return _stamp(self.facts.ticket.created_at)
        calendar = self.facts.calendar
        since = closed_since(calendar, self.facts.now) if calendar is not None else None
        return "never" if since is None else _stamp(since)

    @cached_property
    def opens_at(self) -> datetime | None:
        calendar = self.facts.calendar
        return next_opening(calendar, self.facts.now) if calendar is not None else None

    @cached_property
    def filling(self) -> Filling:
        facts, at = self.facts, self.opens_at
        opens = _opening(facts.calendar, at, facts) if facts.calendar is not None and at is not None else ""
        return Filling(opens=opens, line=facts.line.label, holiday=holiday(facts.calendar, facts.now))

    def lately(self, within: timedelta) -> int:
        """How many automatic texts the contact has had in this time, and since a person wrote to them."""
        since = self.facts.now - within
        person = self.facts.ticket.written_at
        return sum(each.at > since and (person is None or each.at > person) for each in self.answering.answers)


def _has_same_period(case: _Case) -> bool:
    answers = case.answering.answers
    if case.kind.is_about_hours:
        return any(each.kind.is_about_hours and each.period == case.period for each in answers)
    if case.kind is AutoKind.NUDGE:
        return any(each.id == case.id for each in answers)
    return any(each.kind is case.kind and each.ticket == case.facts.ticket.id for each in answers)


def _is_attended(case: _Case) -> bool:
    written_at = case.facts.ticket.written_at
    return written_at is not None and case.facts.now - written_at < ATTENDED


def _is_nearly_open(case: _Case) -> bool:
    opens_at = case.opens_at if case.kind.is_about_hours else None
    return opens_at is not None and opens_at - case.facts.now < NEARLY_OPEN


def _is_stopped(case: _Case) -> bool:
    return is_stopped(case.answering, case.facts.now)


SILENCES: Final[Mapping[Silence, Callable[[_Case], bool]]] = MappingProxyType(
    {
        Silence.REACTION: lambda case: case.text is not None and case.text.reaction,
        Silence.KEYWORD: lambda case: case.text is not None and bool(case.text.keyword),
        Silence.LATE: lambda case: case.facts.now - case.due_since > FRESH,
        Silence.NO_NUMBER: lambda case: not is_full_number(case.facts.ticket.contact),
        Silence.NOT_TEXTABLE: lambda case: not is_textable(case.facts.ticket.contact),
        Silence.OWN_LINE: lambda case: case.facts.own_line,
        Silence.OPTED_OUT: lambda case: case.facts.opted_out,
        Silence.BLOCKED: lambda case: case.facts.blocked or (case.text is not None and case.text.muted),
        Silence.TAG: lambda case: NO_AUTO in case.facts.ticket.tags,
        Silence.ATTENDED: _is_attended,
        Silence.ASSIGNED: lambda case: not set(case.facts.ticket.assignees) <= set(case.facts.away),
        Silence.NEARLY_OPEN: _is_nearly_open,
        Silence.NO_OPENING: lambda case: not is_fillable(case.words, case.filling),
        Silence.SAME_PERIOD: _has_same_period,
        Silence.TWELVE_HOURS: lambda case: case.lately(ONE_IN) > 0,
        Silence.SEVEN_DAYS: lambda case: case.lately(SOME_IN) >= MOST_IN_SOME,
        Silence.MACHINE: _is_stopped,
    }
)
"""When each silence is there; in the order in which they count."""


def decide_texts(facts: AutoFacts) -> AutoDecision:
    """What the contact's new texts call for; they are counted whatever it is."""
    new = [each for each in facts.arrivals if each.seq > facts.answering.considered]
    if not new:
        return AutoDecision(facts.answering)
    facts = replace(facts, arrivals=new)
    counted = _counted(facts)
    text = next((each for each in reversed(new) if not each.is_silent and not each.keyword), new[-1])
    begins = any(each.seq == facts.ticket.first_text and facts.now - each.at <= FRESH for each in new)
    kind = _called_for(facts, begins=begins)
    case = None if kind is None else _Case(facts, kind, text, counted)
    decision = AutoDecision(counted) if case is None else _judged(case)
    return _finished(facts, _with_wait(facts, decision, text))


def decide_wait(facts: AutoFacts) -> AutoDecision:
    """What is due to a contact who waits: nothing if somebody has answered, or it is too soon after all."""
    answering, now = facts.answering, facts.now
    if answering.wait is None or answering.wait.due_at > now:
        return AutoDecision(answering)
    wait = _wait(facts)
    if wait is not None and wait.due_at <= now:
        wait = _put_off(facts, wait)
    if wait is None or wait.due_at > now:
        return AutoDecision(answering.changed(now + DONE_WITHIN, wait=wait))
    decision = _judged(_Case(facts, AutoKind.WAITING, None, answering))
    return _finished(facts, replace(decision, answering=decision.answering.model_copy(update={"wait": None})))


def judged(facts: AutoFacts, kind: AutoKind) -> AutoDecision:
    """A text that something else than the contact's texts calls for, or its silence."""
    return _finished(facts, _judged(_Case(facts, kind, None, facts.answering)))


def is_stopped(answering: Answering, now: datetime) -> bool:
    """Whether Clerk answers the contact no more by itself at present."""
    return answering.stop is not None and now < answering.stop.until


def holiday(calendar: Calendar | None, now: datetime) -> str:
    """The name of a day that is closed; blank if it is none, or somebody has closed for a while."""
    if calendar is None or is_open(calendar, now) or any(each.since <= now < each.until for each in calendar.closures):
        return ""
    special = calendar.special(wall_time(now, calendar.zone).date())
    return special.name if special is not None and not special.periods else ""


def closed_since(calendar: Calendar, at: datetime) -> datetime | None:
    """When a calendar that is closed at a moment closed; None if it was not open for a year."""
    for back in _BACK:
        since, found = at - back, None
        while (change := next_change(calendar, since)) is not None and change.at <= at:
            since, found = change.at, None if change.opens else change.at
        if found is not None:
            return found
    return None


def _is_open(facts: AutoFacts) -> bool:
    return facts.calendar is None or is_open(facts.calendar, facts.now)


def _called_for(facts: AutoFacts, *, begins: bool) -> AutoKind | None:
    """The kind of text that the contact's texts call for; they may have begun the ticket."""
    words = facts.line.auto_replies.words
    if _is_open(facts):
        is_new = begins and facts.ticket.status is Status.NEW
        return AutoKind.RECEIVED if is_new and words(AutoKind.RECEIVED) else None
    if holiday(facts.calendar, facts.now) and words(AutoKind.HOLIDAY):
        return AutoKind.HOLIDAY
    return AutoKind.CLOSED if words(AutoKind.CLOSED) else None


def _opening(calendar: Calendar, at: datetime, facts: AutoFacts) -> str:
    """When a calendar opens, in words; its zone is named if the contact may be where clocks show another time."""
    words = moment_words(at, facts.now, calendar.zone)
    differs = any(offset(at, each) != offset(at, calendar.zone) for each in facts.zones)
    return f"{words} ({zone_words(calendar.zone)})" if differs else words


def _stamp(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}"


def _judged(case: _Case) -> AutoDecision:
    """The text that is called for, or its silence."""
    silence = next((name for name, is_there in SILENCES.items() if is_there(case)), None)
    if silence is not None:
        return AutoDecision(case.answering, silence=silence)
    now, kind = case.facts.now, case.kind
    answer = AutoText(id=case.id, kind=kind, ticket=case.facts.ticket.id, period=case.period, at=now)
    wait = case.answering.wait if kind is AutoKind.WAITING else None
    order = AutoOrder(id=case.id, kind=kind, body=filled(case.words, case.filling), at=now, wait=wait)
    answers = (*case.answering.answers, answer)[-ANSWERS_KEPT:]
    return AutoDecision(case.answering.model_copy(update={"answers": answers, "order": order}), said=kind)


def _finished(facts: AutoFacts, decision: AutoDecision) -> AutoDecision:
    """The decision with what is to be told, and with when the clock looks."""
    after, now = decision.answering, facts.now
    stop = after.stop
    if stop is not None and not stop.told and is_stopped(after, now):
        lately = any(now - each.at < STOPPED_FOR for each in after.answers)
        if lately or decision.silence is Silence.MACHINE:
            told = stop.model_copy(update={"told": True, "ticket": facts.ticket.id})
            after = after.model_copy(update={"stop": told, "tell": True})
    return replace(decision, answering=after.changed(now + DONE_WITHIN))


# -- waiting ----------------------------------------------------------------------------------------------------------


def _with_wait(facts: AutoFacts, decision: AutoDecision, text: Arrival) -> AutoDecision:
    """The decision with when the contact will have waited for long, if they wait."""
    known, wait = decision.answering.wait, _wait(facts)
    is_fresh = facts.now - text.at <= FRESH and not text.keyword and not text.is_silent
    if wait is None:
        kept = None
    elif known is not None and (known.ticket, known.since) == (wait.ticket, wait.since):
        kept = known
    else:
        kept = wait if is_fresh else None
    return replace(decision, answering=decision.answering.model_copy(update={"wait": kept}))


def _put_off(facts: AutoFacts, wait: Wait) -> Wait | None:
    """A wait that is due, put off to when the line opens; None if it does not."""
    if facts.calendar is None or is_open(facts.calendar, facts.now):
        return wait
    due_at = next_opening(facts.calendar, facts.now)
    return None if due_at is None else wait.model_copy(update={"due_at": due_at})


def _wait(facts: AutoFacts) -> Wait | None:
    """Since when the ticket's contact waits, and when that will be long; None if nothing is to be said then."""
    ticket, settings = facts.ticket, facts.line.auto_replies
    said = any(each.kind is AutoKind.WAITING and each.ticket == ticket.id for each in facts.answering.answers)
    if not settings.waiting or said or ticket.waits_since is None or ticket.is_closed:
        return None
    after = timedelta(minutes=settings.waiting_after)
    if facts.calendar is None:
        due_at: datetime | None = ticket.waits_since + after
    else:
        due_at = add_open(facts.calendar, ticket.waits_since, after)
    return None if due_at is None else Wait(ticket=ticket.id, since=ticket.waits_since, due_at=due_at)


# -- machines ---------------------------------------------------------------------------------------------------------


def _counted(facts: AutoFacts) -> Answering:
    """What is remembered with the new texts; with a stop if they look like a machine's."""
    after = facts.answering.model_copy(update={"considered": facts.arrivals[-1].seq})
    if after.stop is not None and not is_stopped(after, facts.now):
        after = after.model_copy(update={"stop": None})
    looks_like_machine = False
    for text in facts.arrivals:
        if not text.is_silent:
            after = _with_text(after, text)
            looks_like_machine = looks_like_machine or is_machine(after)
    if looks_like_machine and after.stop is None:
        after = after.model_copy(update={"stop": Stop(at=facts.now, until=facts.now + STOPPED_FOR)})
    return after


def _with_text(answering: Answering, text: Arrival) -> Answering:
    arrivals = (*answering.arrivals, text.at)[-ARRIVALS_KEPT:]
    alike = tuple(each for each in answering.alike if text.at - each.at < ALIKE_WITHIN)
    if text.digest:
        alike = (*alike, SeenWords(digest=text.digest, at=text.at))[-ALIKE_KEPT:]
    answers = answering.answers
    sent_at = answers[-1].sent_at if answers else None
    if sent_at is not None and answers[-1].quick is None and text.at >= sent_at:
        answers = (*answers[:-1], answers[-1].model_copy(update={"quick": text.at - sent_at <= QUICKLY}))
    return answering.model_copy(update={"arrivals": arrivals, "alike": alike, "answers": answers})


def is_machine(answering: Answering) -> bool:
    """Whether the contact writes as machines do: fast, always the same, or at once after each automatic text.

    A machine whose answers differ each time is seen by its rate alone.
    """
    arrivals, answers = answering.arrivals, answering.answers[-QUICK_ANSWERS:]
    if len(arrivals) == ARRIVALS_KEPT and max(arrivals) - min(arrivals) <= RATE:
        return True
    said = [each.digest for each in answering.alike]
    if said and said.count(said[-1]) >= MOST_ALIKE:
        return True
    return len(answers) == QUICK_ANSWERS and all(each.quick for each in answers)
