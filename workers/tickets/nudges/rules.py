"""When a contact who says nothing is asked again, what ends that, and when the ticket is over. Pure.

`ENDS` are looked at in their order: the first that is there ends the nudge, and the ticket stays as it is until it
becomes Pending again.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from messages.answering import Answering, AutoKind
from messages.calendar import Calendar, is_open, next_opening
from messages.deadlines.nudge import AskedAgain, Nudge, NudgeCommand, SolveUnanswered, nudge_text
from messages.line import Line, Quiet
from messages.opt_outs import Standing
from messages.sms import Sms, State
from messages.ticket import Change, Status, Ticket
from workers.tickets.auto_reply import DONE_WITHIN, AutoFacts, Silence, judged

LOOK_AGAIN: Final = timedelta(hours=1)
"""How often is asked what became of a nudge's text, while its outcome is open."""

_FAILED: Final = frozenset({State.FAILED, State.UNDELIVERED, State.REFUSED, State.UNSENT})
_OPEN: Final = frozenset({State.WAITING, State.SENDING, State.UNKNOWN})


class NudgeEnd(StrEnum):
    """What ends a nudge without anything being done, in the order in which it counts."""

    OFF = "off"
    """The line asks nobody again any more."""
    STATUS = "status"
    """The ticket is not Pending."""
    TEXT = "text"
    """A text went either way."""
    SNOOZED = "snoozed"
    BLOCKED = "blocked"
    OPTED_OUT = "opted out"
    """The contact has opted out since, whatever they said later."""
    FAILED = "failed"
    """The contact does not have the text that asked them again."""
    NO_OPENING = "no opening"
    """The line never opens."""
    SILENCED = "silenced"
    """What silences every automatic text silences this one."""


@dataclass(frozen=True)
class NudgeFacts:
    """What a nudge depends on. Its ticket has one.

    `asked` is the text that asked the contact again, if it is written. `overtaken` says whether another text went
    either way. `standing` is what the contact wants of the line. `zones` are where the contact may be, and `night_ends`
    is when it is day at all of them, if it is night now.
    """

    now: datetime
    line: Line
    calendar: Calendar | None
    ticket: Ticket
    nudge: Nudge
    answering: Answering
    asked: Sms | None = None
    overtaken: bool = False
    blocked: bool = False
    standing: Standing = Standing()  # noqa: RUF009 - it is frozen
    own_line: bool = False
    zones: Sequence[str] = ()
    night_ends: datetime | None = None


@dataclass(frozen=True)
class NudgeDecision:
    """The ticket's nudge afterwards (None: nothing more happens), and what the conversation remembers.

    `said` says that a text is to be written, `silence` why it is not, and `ended` what ended the nudge. `command` is
    what is to be done to the ticket.
    """

    nudge: Nudge | None
    answering: Answering
    said: bool = False
    silence: Silence | None = None
    ended: NudgeEnd | None = None
    command: NudgeCommand | None = None


def _has_opted_out(facts: NudgeFacts) -> bool:
    since = facts.standing.since
    return facts.standing.out or (since is not None and since > facts.nudge.since)


ENDS: Final[Mapping[NudgeEnd, Callable[[NudgeFacts], bool]]] = MappingProxyType(
    {
        NudgeEnd.OFF: lambda facts: not facts.line.auto_replies.nudge,
        NudgeEnd.STATUS: lambda facts: facts.ticket.status is not Status.PENDING,
        NudgeEnd.TEXT: lambda facts: facts.overtaken,
        NudgeEnd.SNOOZED: lambda facts: facts.ticket.asleep is not None,
        NudgeEnd.BLOCKED: lambda facts: facts.blocked or facts.ticket.blocked,
        NudgeEnd.OPTED_OUT: _has_opted_out,
        NudgeEnd.FAILED: lambda facts: facts.asked is not None and facts.asked.state in _FAILED,
        NudgeEnd.NO_OPENING: lambda facts: facts.nudge.asked_at is None and _opens_at(facts) is None,
    }
)
"""When each end is there; in the order in which they count."""


def followed(read: Ticket, ticket: Ticket, line: Line | None, now: datetime) -> Ticket:
    """The changed ticket with its nudge: one begins when it becomes Pending, and whatever happens to it ends that."""
    nudge = ticket.nudge
    if ticket.status is not Status.PENDING or ticket.blocked or ticket.asleep is not None:
        nudge = None
    elif read.status is not Status.PENDING:
        settings = line.auto_replies if line is not None else None
        nudge = Nudge(since=now, due_at=now + _days(settings.nudge_after)) if settings and settings.nudge else None
    elif any(getattr(read, each) != getattr(ticket, each) for each in ("last_text", "written_at", "wait_ended_at")):
        nudge = None
    return ticket if nudge == ticket.nudge else ticket.model_copy(update={"nudge": nudge})


def decide_nudge(facts: NudgeFacts) -> NudgeDecision:
    """What is due to a Pending ticket whose contact says nothing."""
    nudge = facts.nudge
    if nudge.due_at > facts.now:
        return NudgeDecision(nudge, facts.answering)
    ended = next((end for end, is_there in ENDS.items() if is_there(facts)), None)
    if ended is not None:
        return _ended(facts, ended)
    return _decide_asking(facts) if nudge.asked_at is None else _decide_solving(facts, nudge.asked_at)


def _decide_asking(facts: NudgeFacts) -> NudgeDecision:
    nudge, now, settings = facts.nudge, facts.now, facts.line.auto_replies
    if facts.asked is not None:
        at = facts.asked.received_at
        told = AskedAgain(since=nudge.since, at=at, solve_at=max(now, at + _days(settings.solve_after)))
        return NudgeDecision(nudge, facts.answering, command=told)
    if (later := _not_before(facts)) > now:
        return NudgeDecision(nudge.model_copy(update={"due_at": later}), facts.answering)
    soon = nudge.model_copy(update={"due_at": now + DONE_WITHIN})
    if facts.answering.order is not None:  # this text, or another one, is about to be written
        return NudgeDecision(soon, facts.answering)
    automatic = AutoFacts(
        now=now,
        line=facts.line,
        calendar=facts.calendar,
        ticket=facts.ticket,
        answering=facts.answering,
        own_line=facts.own_line,
        away=facts.ticket.assignees,  # whoever is on the ticket waits for the contact, too
        zones=facts.zones,
    )
    decision = judged(automatic, AutoKind.NUDGE)
    if decision.silence is not None:
        return replace(_ended(facts, NudgeEnd.SILENCED), silence=decision.silence)
    return NudgeDecision(soon, decision.answering, said=True)


def _decide_solving(facts: NudgeFacts, asked_at: datetime) -> NudgeDecision:
    nudge, now = facts.nudge, facts.now
    if facts.asked is None:  # nobody knows what became of the text
        return _ended(facts, NudgeEnd.FAILED)
    due_at = asked_at + _days(facts.line.auto_replies.solve_after)
    if due_at <= now and facts.asked.state in _OPEN:
        due_at = now + LOOK_AGAIN
    if due_at > now:
        return NudgeDecision(nudge.model_copy(update={"due_at": due_at}), facts.answering)
    return NudgeDecision(nudge, facts.answering, command=SolveUnanswered(since=nudge.since, asked_at=asked_at))


def _ended(facts: NudgeFacts, end: NudgeEnd) -> NudgeDecision:
    """The end of a nudge; a text that was decided and is not written, is not written any more."""
    answering = facts.answering.without_order(nudge_text(facts.ticket.id, facts.nudge), facts.now + DONE_WITHIN)
    return NudgeDecision(None, answering, ended=end)


def _not_before(facts: NudgeFacts) -> datetime:
    """The first moment at which the contact may be asked again, as far as it can be told now."""
    now, line = facts.now, facts.line
    due_at = facts.nudge.since + _days(line.auto_replies.nudge_after)
    opens_at = _opens_at(facts) or now
    night = None if line.quiet is Quiet.OFF else facts.night_ends
    return max(due_at, opens_at, night or now)


def _opens_at(facts: NudgeFacts) -> datetime | None:
    """When the line is open next: now, perhaps; None: never."""
    calendar, now = facts.calendar, facts.now
    return now if calendar is None or is_open(calendar, now) else next_opening(calendar, now)


def _days(number: int) -> timedelta:
    return timedelta(days=number)


# -- what is done to the ticket ---------------------------------------------------------------------------------------


def carry_out(ticket: Ticket, command: NudgeCommand) -> dict[str, Any]:
    """What an order about a nudge changes in a ticket: nothing, if the nudge has ended, or another one has begun."""
    nudge = ticket.nudge
    if nudge is None or nudge.since != command.since or ticket.status is not Status.PENDING:
        return {}
    match command:
        case AskedAgain(at=at, solve_at=solve_at):
            asked = nudge.model_copy(update={"asked_at": at, "due_at": solve_at})
            return {"nudge": asked} if nudge.asked_at is None else {}
        case SolveUnanswered():
            return {"status": Status.SOLVED, "nudge": None} if nudge.asked_at is not None else {}


def changes(before: Nudge | None, now: Nudge | None) -> Collection[Change]:
    """What a ticket's history says of a change of its nudge: since when it was Pending, and when it is to be Solved."""
    if before is None:
        return ()
    if now is None:
        asked_at = None if before.asked_at is None else before.asked_at.isoformat()
        return (Change(what="asked_again", before=asked_at),)
    return (Change(what="asked_again", before=before.since.isoformat(), after=now.due_at.isoformat()),)
