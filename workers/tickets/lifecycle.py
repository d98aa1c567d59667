"""The ticket's life: the status after each event, and what each command does to a ticket. Pure.

`decide` is total: every command on every ticket gives a Decision, whose refusals are words for the agent.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, assert_never

from messages.deadlines.nudge import AskedAgain, SolveUnanswered
from messages.deadlines.priority import Priority
from messages.deadlines.snooze import EndSnooze, MoveSnooze, SetSnooze, SnoozeAgain, WakeUp
from messages.ticket import (
    PRIORITY_STAYS,
    TAGS_LIMIT,
    AddNote,
    AnswerAgain,
    AnswerFailed,
    Block,
    Change,
    Command,
    Edit,
    Entry,
    Expire,
    Note,
    OptIn,
    Reply,
    SetPriority,
    SetStatus,
    Status,
    StopAnswering,
    Take,
    TakeBack,
    Ticket,
    Unblock,
)
from workers.tickets import snoozing
from workers.tickets.blocking import block_or_unblock, with_reason
from workers.tickets.nudges import rules as nudges
from workers.tickets.snoozing import SnoozeEvent, SnoozeFacts
from workers.tickets.undoing import has_failed, undone
from workers.tickets.waiting import is_answered, waiting


class Event(StrEnum):
    """An event that changes a ticket's status without naming one."""

    TEXT = "an inbound SMS"
    REPLY = "an agent replies"
    PLANNED = "a text leaves that an agent planned"
    TAKE = "an agent assigns someone, or takes it"
    EXPIRE = "solved_for passes"


class Outcome(StrEnum):
    """What an event causes instead of a status."""

    SUCCESSOR_NEW = "a new ticket, New"
    SUCCESSOR_OPEN = "a new ticket, Open"
    REFUSED = "refused"
    NOTHING = "nothing"


N, O, P, H, S, C = Status  # noqa: E741 - the table reads best with the initials of New, Open, Pending, On-hold, ...
Z: Final = Outcome.NOTHING

TRANSITIONS: Final[dict[Event, dict[Status, Status | Outcome]]] = {
    #              New   Open  Pending On-hold Solved Closed
    Event.TEXT:    {N: N, O: O, P: O, H: O, S: O, C: Outcome.SUCCESSOR_NEW},
    Event.REPLY:   {N: O, O: O, P: O, H: H, S: O, C: Outcome.SUCCESSOR_OPEN},
    Event.PLANNED: {N: O, O: O, P: O, H: H, S: S, C: Z},
    Event.TAKE:    {N: O, O: O, P: O, H: H, S: S, C: Outcome.REFUSED},
    Event.EXPIRE:  {N: Z, O: Z, P: Z, H: Z, S: C, C: Z},
}  # fmt: skip
"""The ticket's life; a planned text is no new work on a ticket that is over (docs/time.md, Planned texts)."""

SETTABLE: Final[dict[Status, frozenset[Status]]] = {
    status: frozenset() if status is C else frozenset(Status) - ({N} if status is not N else set()) for status in Status
}
"""The statuses that an agent may set, by the present one: New never again once left, Closed is final."""


@dataclass(frozen=True)
class Decision:
    """The ticket afterwards (the same object if nothing changed) and the refusals, in words for the agent."""

    ticket: Ticket
    refusals: tuple[str, ...] = ()


ACCEPTED_BEFORE: Final = (
    "Your second Save changed nothing: Clerk had already accepted the form as you first saved it. "
    "Click Assign again to change more."
)


def decide(
    ticket: Ticket,
    command: Command,
    by: str | None,
    now: datetime,
    solved_for: timedelta,
    order: str | None = None,
    earlier: Sequence[Entry] = (),
    *,
    opted_out: bool = False,
    stopped: bool = False,
    snooze: SnoozeFacts = SnoozeFacts(),  # noqa: B008 - it is frozen
) -> Decision:
    """What a command does to a ticket; `by` is the agent, None for the clock; `order` identifies the agent's order.

    `opted_out` says whether the ticket's contact has opted out, and `stopped` whether Clerk takes it for a machine.
    `snooze` is what a snooze depends on besides the ticket.

    An order that is already in the history is not carried out again, and only its refusals are repeated. One that
    changes nothing gets an entry in the history, so that it changes nothing later either. `earlier` are the entries
    since the version that a submitted modal showed, or that may be the reply that is taken back, which the ticket
    itself no longer holds.
    """
    known = entry_of(ticket.history, command, by, now, order)
    if known is not None:
        return Decision(ticket, repeated_refusals(known, command))
    if isinstance(command, TakeBack | AnswerFailed):
        entry = Entry(
            version=ticket.version + 1,
            changes=(),
            by=by,
            at=now,
            why=command.kind,
            order=order,
            digest=digest_of(command),
        )
        return Decision(undone(ticket, command, entry, solved_for, earlier))
    match command:
        case Edit():
            draft, refusals = _edit(ticket, as_of(ticket, command.version, earlier), command, by, now)
        case Take():
            draft, refusals = _take(ticket, by)
        case SetStatus():
            draft, refusals = _set_status({}, ticket, command.status, by, now)
        case SetPriority():
            draft, refusals = _set_priority({}, ticket, command.priority)
        case Reply():
            draft, refusals = _reply(ticket, command, by, now, arrives=not has_failed(ticket, order)), ()
        case AddNote():
            draft, refusals = _add_note(ticket, command, by, now), ()
        case OptIn():
            draft, refusals = {}, () if opted_out else (NOT_OPTED_OUT,)
        case Block() | Unblock():
            draft, refusals = block_or_unblock(ticket, command)
        case StopAnswering():
            draft, refusals = {}, ()
        case AnswerAgain():
            draft, refusals = {}, () if stopped else (NOT_STOPPED,)
        case SetSnooze() | SnoozeAgain() | WakeUp() | EndSnooze() | MoveSnooze():
            draft, refusals = snoozing.carry_out(ticket, command, by, now, snooze)
        case AskedAgain() | SolveUnanswered():
            draft, refusals = nudges.carry_out(ticket, command), ()
        case Expire():
            draft, refusals = _expire(ticket, now), ()
        case _:
            assert_never(command)
    after = next_version(ticket, draft, by, now, _why(command), solved_for)
    if isinstance(command, Reply):
        after = _with_wait(ticket, after, by, now)
    if isinstance(command, Block) and not refusals:
        after = with_reason(after, command.why)
    if not refusals and (told := _told(command)) is not None:
        after = _with_entry(ticket, told, by, now, _why(command))
    if order is not None:
        after = _with_order(ticket, after, command, by, now, order, refusals)
    return Decision(after, refusals)


NOT_OPTED_OUT: Final = "Nothing was changed: the contact has opted in again meanwhile. You can send them texts."


NOT_STOPPED: Final = "Nothing was changed: Clerk answers this contact by itself already."


def _told(command: Command) -> Change | None:
    """The change that a command makes in the conversation, and that the ticket's history tells."""
    match command:
        case OptIn():
            return Change(what="opted_out", before=True, after=False)
        case StopAnswering():
            return Change(what="machine", before=command.since.isoformat(), after=command.until.isoformat())
        case AnswerAgain():
            return Change(what="machine", before=command.since.isoformat(), after=None)
        case _:
            return None


def _with_entry(ticket: Ticket, change: Change, by: str | None, now: datetime, why: str) -> Ticket:
    """The ticket with a change of its conversation in its history."""
    entry = Entry(version=ticket.version + 1, changes=(change,), by=by, at=now, why=why)
    history = (*ticket.history, entry)
    return ticket.model_copy(update={"version": entry.version, "updated_at": now, "history": history})


def entry_of(
    history: Iterable[Entry], command: Command, by: str | None, now: datetime, order: str | None
) -> Entry | None:
    """The entry of an agent's order that was carried out before; None if it is new.

    An order or an entry of an earlier version has no identity: there the agent, the time and the kind stand for it.
    """
    if by is None and order is None:
        return None
    for entry in history:
        unidentified = order is None or entry.order is None
        if entry.order == order is not None or (
            unidentified and (entry.by, entry.at, entry.why) == (by, now, _why(command))
        ):
            return entry
    return None


def repeated_refusals(entry: Entry, command: Command) -> tuple[str, ...]:
    """The words for the agent whose order was carried out before: its refusals, or that the second one was different.

    Slack keeps a modal open when our answer was lost, so that its author can change it and save it again.
    """
    if entry.digest and entry.digest != digest_of(command):
        return (ACCEPTED_BEFORE,)
    return entry.refusals


def digest_of(command: Command) -> str:
    """A hash of what a command asks for."""
    return hashlib.sha256(command.model_dump_json(exclude_defaults=True).encode()).hexdigest()[:16]


def _why(command: Command) -> str:
    return "solved_for" if isinstance(command, Expire) else command.kind


def _with_order(
    before: Ticket,
    after: Ticket,
    command: Command,
    by: str | None,
    now: datetime,
    order: str,
    refusals: tuple[str, ...],
) -> Ticket:
    """The ticket with the order's identity in its history, in an entry without changes if the order changed nothing."""
    identity = {"order": order, "digest": digest_of(command), "refusals": refusals}
    if after is before:
        entry = Entry(version=before.version + 1, changes=(), by=by, at=now, why=_why(command), **identity)
        return before.model_copy(update={"version": entry.version, "history": (*before.history, entry)})
    if not after.history or after.history[-1].version != after.version:
        bare = Entry(version=after.version, changes=(), by=by, at=now, why=_why(command), **identity)
        return after.model_copy(update={"history": (*after.history, bare)})
    *earlier, entry = after.history
    return after.model_copy(update={"history": (*earlier, entry.model_copy(update=identity))})


def receive(
    ticket: Ticket,
    last_text: int,
    now: datetime,
    solved_for: timedelta,
    *,
    silent: bool = False,
    only_thanks: bool = False,
    wait: Mapping[str, Any] | None = None,
) -> Ticket | None:
    """The ticket with the contact's texts up to `last_text`; None if it is Closed and needs a successor.

    `silent` ones alone (reactions, texts of a blocked contact) change no status, and need no successor. Thanks alone
    end no snooze. `wait` says since when the contact waits now, as fields of the ticket; None: since now at the latest.
    """
    if last_text <= ticket.last_text:
        return ticket
    if silent:
        return next_version(ticket, {"last_text": last_text}, None, now, "silent", solved_for)
    status = TRANSITIONS[Event.TEXT][ticket.status]
    if not isinstance(status, Status):
        return None
    heard = snoozing.after(ticket, SnoozeEvent.THANKS if only_thanks else SnoozeEvent.TEXT, now)
    waits = waiting(ticket, now, now) if wait is None else wait
    draft = {"status": status, "last_text": last_text, **waits, **heard}
    return next_version(ticket, draft, None, now, "text", solved_for)


NOTE_IN_HISTORY: Final = 1100
"""How much of a note the history repeats: more than the thread's line shows."""

SUCCESSORS: Final[dict[Outcome, Status]] = {Outcome.SUCCESSOR_NEW: N, Outcome.SUCCESSOR_OPEN: O}
"""The first status of the successor that an event begins after a Closed ticket."""


def may_reopen(ticket: Ticket) -> bool:
    """Whether a text of the contact changes the ticket's status, or begins a successor."""
    return TRANSITIONS[Event.TEXT][ticket.status] is not ticket.status


def successor_status(ticket: Ticket, command: Command) -> Status | None:
    """The status of the successor that a command begins; None if the command is about this ticket."""
    if not isinstance(command, Reply):
        return None
    outcome = TRANSITIONS[_written(command)][ticket.status]
    return SUCCESSORS.get(outcome) if isinstance(outcome, Outcome) else None


def as_of(ticket: Ticket, version: int, earlier: Sequence[Entry] = ()) -> Ticket:
    """The ticket at an earlier version, reconstructed from its history and the `earlier` entries before that."""
    past: dict[str, Any] = {}
    for entry in reversed((*earlier, *ticket.history)):
        if entry.version <= version:
            break
        past |= {change.what: change.before for change in entry.changes}
    return Ticket.model_validate(ticket.model_dump() | past)


_UNTOLD: Final = frozenset(
    {"notes", "last_text", "waiting_since", "wait_filed_at", "wait_ended_at", "written_at", "snooze", "nudge"}
)
"""The fields that the history does not tell of, or tells of in other words."""


def next_version(
    ticket: Ticket, draft: dict[str, Any], by: str | None, now: datetime, why: str, solved_for: timedelta
) -> Ticket:
    """The next version of a ticket with the drafted fields and a history entry; the same object if nothing differs."""
    draft = {what: value for what, value in draft.items() if value != getattr(ticket, what)}
    if not draft:
        return ticket
    version = ticket.version + 1
    changes = tuple(
        Change(what=what, before=getattr(ticket, what), after=value)
        for what, value in draft.items()
        if what not in _UNTOLD
    )
    if "snooze" in draft:
        changes += (*snoozing.changes(ticket.snooze, draft["snooze"]),)
    if "nudge" in draft:
        changes += (*nudges.changes(ticket.nudge, draft["nudge"]),)
    if "notes" in draft:
        changes += (Change(what="note", before=None, after=draft["notes"][-1].text[:NOTE_IN_HISTORY]),)
    entry = Entry(version=version, changes=changes, by=by, at=now, why=why)
    if draft.get("status") in {P, S, C}:
        draft["waiting_since"] = None
    if "status" in draft:
        draft["close_at"] = now + solved_for if draft["status"] is S else None
    history = (*ticket.history, entry) if changes else ticket.history
    return ticket.model_copy(update={**draft, "version": version, "updated_at": now, "history": history})


def _edit(
    ticket: Ticket, shown: Ticket, edit: Edit, by: str | None, now: datetime
) -> tuple[dict[str, Any], tuple[str, ...]]:
    draft: dict[str, Any] = {}
    refusals: list[str] = []

    if edit.subject is not None and edit.subject != shown.subject:
        draft["subject"] = edit.subject
    if edit.priority is not None and edit.priority is not shown.priority:
        draft, refused = _set_priority(draft, ticket, edit.priority)
        refusals += refused
    tags = _merged(ticket.tags, shown.tags, (*(shown.tags if edit.tags is None else edit.tags), *edit.new_tags))
    if len(tags) > TAGS_LIMIT:
        refusals.append(f"Tags not saved: someone else added tags meanwhile, and a ticket has at most {TAGS_LIMIT}.")
    else:
        draft["tags"] = tags
    if edit.note and by is not None:
        draft["notes"] = (*ticket.notes, Note(text=edit.note, author=by, at=now))

    notify = _merged(ticket.notify, shown.notify, edit.notify, default=(edit.origin,))
    assignees = _merged(ticket.assignees, shown.assignees, edit.assignees)
    status = edit.status if edit.status is not shown.status else None
    if ticket.is_closed:
        if notify != ticket.notify or assignees != ticket.assignees or status not in {None, C}:
            refusals.append(_closed(ticket))
    else:
        draft |= {"notify": notify, "assignees": assignees}
        if set(assignees) - set(ticket.assignees):
            draft["status"] = TRANSITIONS[Event.TAKE][ticket.status]
        if status is not None:
            draft, refused = _set_status(draft, ticket, status, by, now)
            refusals += refused
    return draft, tuple(refusals)


def _take(ticket: Ticket, by: str | None) -> tuple[dict[str, Any], tuple[str, ...]]:
    status = TRANSITIONS[Event.TAKE][ticket.status]
    if not isinstance(status, Status):
        return {}, (_closed(ticket),)
    if by in ticket.assignees and status is ticket.status:
        return {}, (f"Ticket #{ticket.id} is yours already.",)
    return {"status": status, "assignees": _with(ticket.assignees, by)}, ()


def _written(command: Reply) -> Event:
    return Event.PLANNED if command.planned else Event.REPLY


def _reply(ticket: Ticket, command: Reply, by: str | None, now: datetime, *, arrives: bool) -> dict[str, Any]:
    status = TRANSITIONS[_written(command)][ticket.status]
    if not isinstance(status, Status):
        return {}
    written: dict[str, Any] = {"written_at": max(now, ticket.written_at or now)}
    if arrives and is_answered(ticket, now):
        written["waiting_since"] = None
    return {"status": status, "assignees": ticket.assignees or _with((), by), **written}


def _with_wait(ticket: Ticket, after: Ticket, by: str | None, now: datetime) -> Ticket:
    """The ticket after a reply, whose entry says since when the contact had waited whom it answered."""
    if ticket.waiting_since is None or after.waiting_since is not None:
        return after
    entries = [entry for entry in after.history if entry.version == after.version]
    entry = entries[0] if entries else Entry(version=after.version, changes=(), by=by, at=now, why="reply")
    earlier = after.history[: len(after.history) - len(entries)]
    entry = entry.model_copy(update={"waited_since": ticket.waiting_since})
    return after.model_copy(update={"history": (*earlier, entry)})


def _add_note(ticket: Ticket, command: AddNote, by: str | None, now: datetime) -> dict[str, Any]:
    return {} if by is None else {"notes": (*ticket.notes, Note(text=command.text, author=by, at=now))}


def _expire(ticket: Ticket, now: datetime) -> dict[str, Any]:
    status = TRANSITIONS[Event.EXPIRE][ticket.status]
    due = ticket.close_at is not None and ticket.close_at <= now
    return {"status": status} if due and isinstance(status, Status) else {}


def _set_status(
    draft: dict[str, Any], ticket: Ticket, status: Status, by: str | None, now: datetime
) -> tuple[dict[str, Any], tuple[str, ...]]:
    if status is ticket.status:
        return draft | {"status": status}, ()
    if ticket.is_closed:
        return draft, (_closed(ticket),)
    if status not in SETTABLE[ticket.status]:
        return draft, (f"Ticket #{ticket.id} is {ticket.status.label}: it can't become {status.label} again.",)
    draft = draft | {"status": status} | snoozing.after(ticket, SnoozeEvent.STATUS, now)
    if status is S and not draft.get("assignees", ticket.assignees):
        draft["assignees"] = _with((), by)
    return draft, ()


def _set_priority(draft: dict[str, Any], ticket: Ticket, priority: Priority) -> tuple[dict[str, Any], tuple[str, ...]]:
    if priority is Priority.NONE and ticket.priority is not Priority.NONE:
        return draft, (PRIORITY_STAYS,)
    return draft | {"priority": priority}, ()


def _closed(ticket: Ticket) -> str:
    return (
        f"Ticket #{ticket.id} is Closed for good: you can only change its subject, priority, tags and notes. "
        "A new text or reply starts a new ticket."
    )


def _with(members: tuple[str, ...], member: str | None) -> tuple[str, ...]:
    return members if member is None or member in members else (*members, member)


def _merged(
    current: tuple[str, ...],
    shown: tuple[str, ...],
    submitted: Iterable[str] | None,
    *,
    default: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """An agent's changes since `shown`, applied to `current`; the modal shows an empty list as `default`."""
    if submitted is None:
        return current
    submitted, shown = tuple(dict.fromkeys(submitted)), shown or default
    if set(submitted) == set(shown):
        return current
    current = current or default
    kept = [each for each in current if each in submitted or each not in shown]
    return tuple(dict.fromkeys([*kept, *(each for each in submitted if each not in shown)]))
