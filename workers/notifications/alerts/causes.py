"""Which causes of alerts a ticket has, or will have, and what has ended one that it had. Pure."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from messages.calendar import Calendar, add_open, is_open, next_change
from messages.conversation import SendingOutcome
from messages.deadlines.alert import Alert, AlertCause, AlertEnd, AlertStage
from messages.deadlines.clocks import TicketClock
from messages.deadlines.lateness import counted, left
from messages.deadlines.snooze import SnoozeEnd
from messages.line import Line
from messages.planned import Planned
from messages.ticket import Entry, Status, Ticket

AT_WORK: Final = frozenset({Status.NEW, Status.OPEN, Status.PENDING, Status.ON_HOLD})
"""The statuses in which somebody still has something to do."""


@dataclass(frozen=True)
class AlertFacts:
    """What the alerts of a ticket depend on.

    `held` are the conversation's planned texts that wait for a person, the oldest first; they and `outcome`, that of
    the newest text to the contact, concern the newest ticket only (`is_newest`). Of a contact who `is_blocked` nothing
    is late. `known` are the ticket's alerts of before. `away` are those of all who are named who are not available, and
    `gone` those whose accounts are deactivated. `on_call` are called when the line is closed, in this order.
    """

    now: datetime
    ticket: Ticket
    line: Line
    calendar: Calendar | None
    is_newest: bool = True
    is_blocked: bool = False
    outcome: SendingOutcome | None = None
    held: Sequence[Planned] = ()
    known: Sequence[Alert] = ()
    away: Collection[str] = ()
    gone: Collection[str] = ()
    on_call: Sequence[str] = ()

    @property
    def calls_at_night(self) -> bool:
        """Whether somebody is told although the line is closed."""
        return bool(self.on_call) and self.ticket.cannot_wait

    def after_open(self, since: datetime, amount: timedelta) -> datetime | None:
        """When so much open time has passed; None if that never happens."""
        return since + amount if self.calendar is None else add_open(self.calendar, since, amount)

    def live(self, cause: AlertCause) -> Alert | None:
        """The alert of a cause that is not over."""
        return next((each for each in self.known if each.cause is cause and each.state.is_live), None)

    def acted_last(self) -> Entry | None:
        """The last that a person did about the ticket."""
        return next((each for each in reversed(self.ticket.history) if each.by is not None), None)


@dataclass(frozen=True)
class DueCause:
    """A cause that began at a time and falls due, or fell due, at `since`."""

    cause: AlertCause
    began_at: datetime
    since: datetime
    stage: AlertStage = AlertStage.BREACH
    owner: str | None = None
    count: int = 0


def causes(facts: AlertFacts) -> list[DueCause]:
    """The causes that a ticket has now, and those that it will have if nobody does anything; at most one of a kind."""
    if facts.ticket.status not in AT_WORK or facts.is_blocked:
        return []
    return [each for find in _FINDERS for each in find(facts) if not _is_taken_up(each, facts)]


def _clocks(facts: AlertFacts) -> Iterator[DueCause]:
    for clock in facts.ticket.clocks:
        if not clock.is_running:
            continue
        cause = AlertCause(clock.kind.value)
        if (due_at := _passed(clock.due_at, clock.breached_at, facts.now)) is not None:
            yield DueCause(cause, clock.began_at, due_at)
        elif (warn_at := _passed(clock.warn_at, clock.warned_at, facts.now)) is not None:
            yield DueCause(cause, clock.began_at, warn_at, AlertStage.WARN)


def _passed(at: datetime | None, found_at: datetime | None, now: datetime) -> datetime | None:
    """A time of a clock that was found to have passed, unless it was moved to a later one since."""
    return at if at is not None and found_at is not None and at <= max(found_at, now) else None


def _unanswered(facts: AlertFacts) -> Iterator[DueCause]:
    after, began_at = facts.line.alerts.unanswered_after, facts.ticket.waits_since
    if after is None or began_at is None or _is_snoozed(facts.ticket):
        return
    if (since := facts.after_open(began_at, after)) is not None:
        yield DueCause(AlertCause.UNANSWERED, began_at, since)


def _unassigned(facts: AlertFacts) -> Iterator[DueCause]:
    after, ticket = facts.line.alerts.unassigned_after, facts.ticket
    if after is None or ticket.assignees or _is_snoozed(ticket):
        return
    live = facts.live(AlertCause.UNASSIGNED)
    began_at = live.began_at if live is not None else _unassigned_since(ticket)
    if (since := facts.after_open(began_at, after)) is not None:
        yield DueCause(AlertCause.UNASSIGNED, began_at, since)


def _unassigned_since(ticket: Ticket) -> datetime:
    moved = (each.at for each in reversed(ticket.history) if any(one.what == "assignees" for one in each.changes))
    return next(moved, ticket.created_at)


def _snooze(facts: AlertFacts) -> Iterator[DueCause]:
    snooze = facts.ticket.snooze
    if snooze is None or snooze.ended is not SnoozeEnd.TIME or snooze.ended_at is None:
        return
    last = facts.acted_last()
    if last is None or last.at <= snooze.ended_at:
        yield DueCause(AlertCause.SNOOZE_OVER, snooze.at, snooze.ended_at, owner=snooze.by)


def _held(facts: AlertFacts) -> Iterator[DueCause]:
    if facts.held and facts.is_newest:
        live, first = facts.live(AlertCause.HELD_TEXT), facts.held[0]
        began_at = live.began_at if live is not None else first.since
        since = live.since if live is not None else facts.now
        yield DueCause(AlertCause.HELD_TEXT, began_at, since, owner=first.by, count=len(facts.held))


def _called(facts: AlertFacts) -> Iterator[DueCause]:
    """The contact waits while the line is closed; while it is open, that begins when it closes."""
    began_at, calendar = facts.ticket.waits_since, facts.calendar
    if not facts.calls_at_night or began_at is None or calendar is None or _is_snoozed(facts.ticket):
        return
    if is_open(calendar, facts.now):
        if (closes := next_change(calendar, facts.now)) is not None:
            yield DueCause(AlertCause.ON_CALL, began_at, closes.at)
        return
    live = facts.live(AlertCause.ON_CALL)
    known = live is not None and live.began_at == began_at and live.since <= facts.now
    yield DueCause(AlertCause.ON_CALL, began_at, live.since if live is not None and known else facts.now)


def _failed(facts: AlertFacts) -> Iterator[DueCause]:
    outcome = facts.outcome
    if outcome is None or not outcome.failed or not facts.is_newest:
        return
    known = [each for each in facts.known if each.cause is AlertCause.FAILED_TEXT and each.began_at == outcome.at]
    yield DueCause(AlertCause.FAILED_TEXT, outcome.at, known[0].since if known else facts.now)


_FINDERS: Final[Sequence[Callable[[AlertFacts], Iterator[DueCause]]]] = (
    _clocks,
    _unanswered,
    _unassigned,
    _snooze,
    _held,
    _called,
    _failed,
)


def _is_snoozed(ticket: Ticket) -> bool:
    return ticket.asleep is not None


def _is_taken_up(found: DueCause, facts: AlertFacts) -> bool:
    """Whether somebody has said that they have it, of what is over then."""
    return found.cause.is_news and any(
        (each.cause, each.began_at) == (found.cause, found.began_at) and _taken_up(each, facts) is not None
        for each in facts.known
    )


def _taken_up(alert: Alert, facts: AlertFacts) -> tuple[str | None, datetime] | None:
    """Who did something since an alert was posted, and when: they said that they have it, or acted on the ticket."""
    if alert.acted_at is not None:
        return alert.acted_by, alert.acted_at
    last = facts.acted_last()
    return (
        (last.by, last.at) if last is not None and alert.posted_at is not None and last.at > alert.posted_at else None
    )


@dataclass(frozen=True)
class Ending:
    """What ended an alert, by whom and when, and by how much too late."""

    end: AlertEnd
    at: datetime
    by: str | None = None
    late: timedelta | None = None


def ending(alert: Alert, facts: AlertFacts) -> Ending:
    """What ended an alert whose cause is gone."""
    if alert.cause.is_news and (taken := _taken_up(alert, facts)) is not None:
        by, at = taken
        return Ending(AlertEnd.TAKEN_UP, at, by)
    if facts.ticket.status not in AT_WORK:
        clock = _clock_of(alert, facts.ticket)
        answered = _answer(alert, facts) if clock is not None and clock.by is not None else None
        return answered or _solved(alert, facts)
    return _ENDINGS[alert.cause](alert, facts)


def _clock_of(alert: Alert, ticket: Ticket) -> TicketClock | None:
    same = (each for each in ticket.clocks if each.kind == alert.cause.value and each.began_at == alert.began_at)
    return next(same, None)


def _answer(alert: Alert, facts: AlertFacts) -> Ending | None:
    """The answer that the contact has got since the cause began."""
    for entry in facts.ticket.history:
        if entry.by is not None and entry.waited_since is not None and entry.at >= alert.began_at:
            return Ending(AlertEnd.ANSWERED, entry.at, entry.by, _late(alert, entry.at, facts))
    return None


def _late(alert: Alert, at: datetime, facts: AlertFacts) -> timedelta | None:
    """By how much too late something happened, in the hours that count; None if it was in time."""
    clock = _clock_of(alert, facts.ticket)
    if clock is not None:
        late = -left(clock, facts.calendar, at)
    else:
        late = counted(alert.since, at, facts.calendar) if alert.stage is AlertStage.BREACH else timedelta()
    return late if late > timedelta() else None


def _solved(alert: Alert, facts: AlertFacts) -> Ending:
    last = facts.acted_last()
    at = last.at if last is not None else facts.ticket.updated_at
    return Ending(AlertEnd.SOLVED, at, last.by if last is not None else None, _late(alert, at, facts))


def _response(alert: Alert, facts: AlertFacts) -> Ending:
    return _answer(alert, facts) or _dropped(alert, facts)


def _resolution(alert: Alert, facts: AlertFacts) -> Ending:
    clock, last = _clock_of(alert, facts.ticket), facts.acted_last()
    if clock is not None and clock.stopped_at is None and last is not None:
        return Ending(AlertEnd.PAUSED, last.at, last.by)
    return _dropped(alert, facts)


def _waiting(alert: Alert, facts: AlertFacts) -> Ending:
    if _is_snoozed(facts.ticket):
        return _put_off(alert, facts)
    return _answer(alert, facts) or _dropped(alert, facts)


def _alone(alert: Alert, facts: AlertFacts) -> Ending:
    ticket = facts.ticket
    if ticket.assignees:
        return Ending(AlertEnd.ASSIGNED, _unassigned_since(ticket), ticket.assignees[0])
    return _put_off(alert, facts) if _is_snoozed(ticket) else _dropped(alert, facts)


def _put_off(alert: Alert, facts: AlertFacts) -> Ending:
    snooze = facts.ticket.snooze
    return Ending(AlertEnd.SNOOZED, snooze.at, snooze.by) if snooze is not None else _dropped(alert, facts)


def _woken(alert: Alert, facts: AlertFacts) -> Ending:
    if _is_snoozed(facts.ticket):
        return _put_off(alert, facts)
    last = facts.acted_last()
    return Ending(AlertEnd.TAKEN_UP, last.at, last.by) if last is not None else _dropped(alert, facts)


def _sent(alert: Alert, facts: AlertFacts) -> Ending:
    return Ending(AlertEnd.SENT, facts.now)


def _dropped(alert: Alert, facts: AlertFacts) -> Ending:
    return Ending(AlertEnd.DROPPED, facts.now)


_ENDINGS: Final[Mapping[AlertCause, Callable[[Alert, AlertFacts], Ending]]] = MappingProxyType(
    {
        AlertCause.FIRST_RESPONSE: _response,
        AlertCause.NEXT_RESPONSE: _response,
        AlertCause.RESOLUTION: _resolution,
        AlertCause.UNANSWERED: _waiting,
        AlertCause.UNASSIGNED: _alone,
        AlertCause.SNOOZE_OVER: _woken,
        AlertCause.HELD_TEXT: _sent,
        AlertCause.ON_CALL: _waiting,
        AlertCause.FAILED_TEXT: _sent,
    }
)
