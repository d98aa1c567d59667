"""The life of a planned text: what each event makes of it in each state. Pure.

`decide` is total: every event in every state gives a decision, whose refusal is words for the agent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from messages.calendar import place, zone_exists
from messages.planned import AUTHOR_GONE, EDITS_KEPT, IfReply, Planned, PlannedEdit, PlannedState
from messages.sms import SlackFile
from workers.markup import moment
from workers.sms.may_send import Cause, ContactFacts, Hold, LineFacts, Refuse, Verdict, at_release

REMIND_EVERY: Final = timedelta(days=1)
REMINDERS: Final = 7
"""How often the author of a held text is reminded before it is cancelled."""

SETTLED_WITHIN: Final = timedelta(seconds=12)
"""After this long the clock looks whether a released text is in the outbox."""

FILES_CHECKED_BEFORE: Final = timedelta(hours=1)
"""How long before a text is due Clerk looks whether Slack still shows its files."""

ORDERS_KEPT: Final = 50


class PlanEvent(StrEnum):
    """What happens to a planned text."""

    DUE = "due, and it may be sent"
    DUE_IN_QUIET_HOURS = "due in quiet hours"
    DUE_LONG_AGO = "due more than four hours ago"
    DUE_AND_UNFILLED = "due, and a placeholder has nothing to be filled in"
    DUE_AND_REFUSED = "due, and it may not be sent"
    FILE_GONE = "due within the hour, and Slack does not show one of its files any more"
    RULES_CHANGED = "its zone's rules change, so that its time is another instant"
    REMINDER_DUE = "held for another day"
    REMINDED_ENOUGH = "held for seven days"
    TEXT_HOLDS = "the contact writes, and the text waits then"
    TEXT_CANCELS = "the contact writes, and the text is cancelled then"
    TEXT_CHANGES_NOTHING = "the contact writes, and the text is sent all the same"
    OPT_OUT = "the contact opts out, or is blocked"
    AUTHOR_GONE = "its author's account is deactivated"
    LINE_REMOVED = "the line is removed"
    EDIT = "an agent changes it"
    SEND_NOW = "an agent sends it now"
    KEEP = "an agent asks to send it as planned"
    CANCEL = "an agent cancels it"


class PlanOutcome(StrEnum):
    """What an event gives instead of a state."""

    NOTHING = "nothing"
    REFUSED = "refused in words"


P, H, R, C, X = PlannedState
Z, NO = PlanOutcome

LIFE: Final[dict[PlanEvent, dict[PlannedState, PlannedState | PlanOutcome]]] = {
    #                               Planned Held Released Cancelled Refused
    PlanEvent.DUE:                  {P: R, H: Z, R: Z, C: Z, X: Z},
    PlanEvent.DUE_IN_QUIET_HOURS:   {P: P, H: Z, R: Z, C: Z, X: Z},
    PlanEvent.DUE_LONG_AGO:         {P: H, H: Z, R: Z, C: Z, X: Z},
    PlanEvent.DUE_AND_UNFILLED:     {P: H, H: Z, R: Z, C: Z, X: Z},
    PlanEvent.DUE_AND_REFUSED:      {P: X, H: Z, R: Z, C: Z, X: Z},
    PlanEvent.FILE_GONE:            {P: H, H: Z, R: Z, C: Z, X: Z},
    PlanEvent.RULES_CHANGED:        {P: P, H: Z, R: Z, C: Z, X: Z},
    PlanEvent.REMINDER_DUE:         {P: Z, H: H, R: Z, C: Z, X: Z},
    PlanEvent.REMINDED_ENOUGH:      {P: Z, H: C, R: Z, C: Z, X: Z},
    PlanEvent.TEXT_HOLDS:           {P: H, H: Z, R: Z, C: Z, X: Z},
    PlanEvent.TEXT_CANCELS:         {P: C, H: Z, R: Z, C: Z, X: Z},
    PlanEvent.TEXT_CHANGES_NOTHING: {P: Z, H: Z, R: Z, C: Z, X: Z},
    PlanEvent.OPT_OUT:              {P: C, H: C, R: Z, C: Z, X: Z},
    PlanEvent.AUTHOR_GONE:          {P: H, H: Z, R: Z, C: Z, X: Z},
    PlanEvent.LINE_REMOVED:         {P: X, H: X, R: Z, C: Z, X: Z},
    PlanEvent.EDIT:                 {P: P, H: P, R: NO, C: NO, X: NO},
    PlanEvent.SEND_NOW:             {P: R, H: R, R: NO, C: NO, X: NO},
    PlanEvent.KEEP:                 {P: NO, H: P, R: NO, C: NO, X: NO},
    PlanEvent.CANCEL:               {P: C, H: C, R: NO, C: NO, X: NO},
}  # fmt: skip
"""The table of docs/decisions/0037-planned-texts-are-ours.md, row by row."""

BY_PEOPLE: Final = frozenset({PlanEvent.EDIT, PlanEvent.SEND_NOW, PlanEvent.KEEP, PlanEvent.CANCEL})

WHY: Final = {
    PlanEvent.DUE_LONG_AGO: "Clerk could not send it when it was due",
    PlanEvent.RULES_CHANGED: "clocks there change at other times than was known when it was planned",
    PlanEvent.REMINDED_ENOUGH: "nobody decided about it for a week",
    PlanEvent.TEXT_HOLDS: "the contact wrote first",
    PlanEvent.TEXT_CANCELS: "the contact wrote first",
    PlanEvent.OPT_OUT: "the contact opted out",
    PlanEvent.AUTHOR_GONE: AUTHOR_GONE,
    PlanEvent.LINE_REMOVED: "the line is no longer one of Clerk's lines",
}
"""Why an event that no agent ordered ended or held a text, in words for the thread."""

_TEXT: Final = {
    IfReply.HOLD: PlanEvent.TEXT_HOLDS,
    IfReply.CANCEL: PlanEvent.TEXT_CANCELS,
    IfReply.SEND: PlanEvent.TEXT_CHANGES_NOTHING,
}


@dataclass(frozen=True)
class Happening:
    """An event with what belongs to it: who ordered it and under which identity, until when it waits, why.

    `change` are the new fields of an edit. `body` is what the contact gets of a text with placeholders, if this
    releases it.
    """

    event: PlanEvent
    by: str | None = None
    order: str | None = None
    until: datetime | None = None
    why: str = ""
    change: "PlanChange | None" = None
    body: str | None = None


@dataclass(frozen=True)
class PlanChange:
    """What an edit changes: all of it, or nothing."""

    version: int
    body: str
    wall: str
    zone: str
    due_at: datetime
    if_reply: IfReply
    files: tuple[SlackFile, ...] = ()


@dataclass(frozen=True)
class PlanDecision:
    """The planned text afterwards (the same object if nothing changed), and the refusal, in words for the agent."""

    planned: Planned
    refusal: str = ""


@dataclass(frozen=True)
class Surroundings:
    """What a planned text depends on: what the gate is told of the contact and the line, and what the contact wrote.

    `wrote_at` is when the contact's newest text came, and `stopped_at` when their newest opt-out did, although a later
    START may have lifted it. `blocked_at` is when the team last blocked the contact, whether or not they still are.
    `gone_since` names the authors whose accounts are deactivated, and since when they are.
    """

    contact: ContactFacts = field(default_factory=ContactFacts)
    line: LineFacts = field(default_factory=LineFacts)
    wrote_at: datetime | None = None
    stopped_at: datetime | None = None
    blocked_at: datetime | None = None
    gone_since: Mapping[str, datetime] = field(default_factory=dict)


ENDS: Final = {
    Cause.OPTED_OUT: PlanEvent.OPT_OUT,
    Cause.BLOCKED: PlanEvent.OPT_OUT,
    Cause.LINE_REMOVED: PlanEvent.LINE_REMOVED,
}
"""What ends a planned text before it is due: why the gate refuses it then already."""

_BECAUSE: Final = {Cause.BLOCKED: "the team has blocked the contact"}
"""Why a cause ended a text, where that differs from what the event says."""


def happens(planned: Planned, around: Surroundings, now: datetime) -> Happening | None:
    """What happens to a planned text by itself, now; None if nothing does."""
    if planned.state.is_final:
        return None
    verdict = at_release(planned.due_at, around.contact, around.line, now)
    if isinstance(verdict, Refuse) and (ended := ENDS.get(verdict.why)) is not None:
        return Happening(ended, why=_BECAUSE.get(verdict.why, ""))
    if around.stopped_at is not None and around.stopped_at > planned.since:
        return Happening(PlanEvent.OPT_OUT)
    if around.blocked_at is not None and around.blocked_at > planned.since:
        return Happening(PlanEvent.OPT_OUT, why=_BECAUSE[Cause.BLOCKED])
    if planned.state is H:
        if planned.look_at is None or planned.look_at > now:
            return None
        return Happening(PlanEvent.REMINDED_ENOUGH if planned.reminded >= REMINDERS else PlanEvent.REMINDER_DUE)
    gone_since = around.gone_since.get(planned.by)
    if gone_since is not None and gone_since > planned.since:
        return Happening(PlanEvent.AUTHOR_GONE)
    if around.wrote_at is not None and around.wrote_at > planned.since:
        written = _TEXT[planned.if_reply]
        if LIFE[written][planned.state] is not Z:
            return Happening(written)
    if (instant := displaced_to(planned)) is not None:
        return Happening(PlanEvent.RULES_CHANGED, until=instant)
    return _falls_due(verdict) if planned.due_at <= now else None


def displaced_to(planned: Planned) -> datetime | None:
    """When a text is due by the present rules of its zone, if that is not when it is to leave; None if it is.

    A time that was moved since, or was meant as an instant, stays.
    """
    wall = planned.wall_time
    if planned.state is not P or planned.moved or wall is None or not zone_exists(planned.zone):
        return None
    instant = place(wall, planned.zone).instant
    return None if instant == planned.due_at else instant


def _falls_due(verdict: Verdict) -> Happening:
    match verdict:
        case Refuse(why):
            return Happening(PlanEvent.DUE_AND_REFUSED, why=_BECAUSE.get(why, str(why)))
        case Hold(until, why) if until is not None:
            return Happening(PlanEvent.DUE_IN_QUIET_HOURS, until=until, why=HELD_WHY.get(why, str(why)))
        case Hold():
            return Happening(PlanEvent.DUE_LONG_AGO)
        case _:
            return Happening(PlanEvent.DUE)


HELD_WHY: Final = {
    Cause.QUIET_HELD: "it was in quiet hours where the contact is",
    Cause.QUIET_TOLD: "it was in quiet hours where the contact is",
}
"""Why a time was moved."""


def may_leave_now(planned: Planned, around: Surroundings, now: datetime) -> Happening | None:
    """What keeps a planned text from leaving at an agent's order: an opt-out, a block, a line that is gone.

    Quiet hours don't: a person says so, and is named.
    """
    verdict = at_release(planned.due_at, around.contact, around.line, now, exempt=True)
    if not isinstance(verdict, Refuse):
        return None
    return Happening(ENDS.get(verdict.why, PlanEvent.DUE_AND_REFUSED), why=_BECAUSE.get(verdict.why, ""))


def is_known(planned: Planned, happening: Happening) -> bool:
    """Whether an agent's order was carried out before."""
    return happening.order is not None and happening.order in planned.orders


def decide(planned: Planned, happening: Happening, now: datetime) -> PlanDecision:
    """What an event makes of a planned text; an order that was carried out before changes and refuses nothing."""
    if is_known(planned, happening):
        return PlanDecision(planned)
    event = happening.event
    if event is PlanEvent.KEEP and planned.state is H and planned.due_at <= now:
        event = PlanEvent.SEND_NOW
    found = LIFE[event][planned.state]
    if found is NO:
        return PlanDecision(planned, refusal(planned))
    change = happening.change
    if change is not None and change.version != planned.version:
        return PlanDecision(planned, CHANGED_MEANWHILE)
    if not isinstance(found, PlannedState):
        return PlanDecision(planned)
    draft: dict[str, Any] = {"state": found, "version": planned.version + 1, "changed_by": happening.by}
    if happening.order is not None:
        draft["orders"] = (*planned.orders, happening.order)[-ORDERS_KEPT:]
    draft |= _fields(planned, event, found, happening, now)
    return PlanDecision(planned.model_copy(update=draft))


def _fields(
    planned: Planned, event: PlanEvent, found: PlannedState, happening: Happening, now: datetime
) -> dict[str, Any]:
    """What else changes with the state."""
    why = happening.why or WHY.get(event, "")
    if found.is_final:
        look_at = now + SETTLED_WITHIN if found is R else None
        body = happening.body if found is R and happening.body is not None else planned.body
        return {"why": why, "ended_at": now, "look_at": look_at, "body": body}
    if event is PlanEvent.REMINDER_DUE:
        return {"reminded": planned.reminded + 1, "look_at": now + REMIND_EVERY}
    if found is H:
        return {"why": why, "reminded": 0, "look_at": max(planned.due_at, now + REMIND_EVERY)}
    if event in {PlanEvent.DUE_IN_QUIET_HOURS, PlanEvent.RULES_CHANGED}:
        assert happening.until is not None
        by_quiet_hours = event is PlanEvent.DUE_IN_QUIET_HOURS
        look_at = first_look(happening.until, planned.files, now)
        return {"why": why, "due_at": happening.until, "look_at": look_at, "moved": by_quiet_hours}
    kept = {"why": "", "since": now, "reminded": 0}
    if (change := happening.change) is None:
        return {**kept, "look_at": first_look(planned.due_at, planned.files, now)}
    by = happening.by or planned.by
    edit = PlannedEdit(by=by, at=now, body=planned.body, due_at=planned.due_at, files=planned.files)
    new = {name: getattr(change, name) for name in ("body", "wall", "zone", "due_at", "if_reply", "files")}
    edits = (*planned.edits, edit)[-EDITS_KEPT:]
    look_at = first_look(change.due_at, change.files, now)
    return {**kept, **new, "moved": False, "look_at": look_at, "edits": edits}


def first_look(due_at: datetime, files: Sequence[SlackFile], now: datetime) -> datetime:
    """When the clock looks after a planned text: when it is due, and an hour before, if it has files."""
    return due_at - FILES_CHECKED_BEFORE if files and due_at - FILES_CHECKED_BEFORE > now else due_at


CHANGED_MEANWHILE: Final = (
    "Nothing was changed: somebody else changed this planned text meanwhile. Look at it again, then change it."
)
PLANNED_ALREADY: Final = "Nothing was changed: it is planned, and waits for its time."


def refusal(planned: Planned) -> str:
    """Why an order about a planned text comes too late, in words for the agent."""
    match planned.state:
        case PlannedState.RELEASED:
            return f"Nothing was changed: it left at {_ended(planned)}."
        case PlannedState.CANCELLED:
            who = f" by <@{planned.changed_by}>" if planned.changed_by else ""
            because = f": {planned.why}" if planned.why else ""
            return f"Nothing was sent or changed: it was cancelled{who} at {_ended(planned)}{because}."
        case PlannedState.REFUSED:
            return f"Nothing was sent or changed: it was refused, because {planned.why}."
        case _:
            return PLANNED_ALREADY


def _ended(planned: Planned) -> str:
    return moment(planned.ended_at or planned.due_at, "{time_secs}")
