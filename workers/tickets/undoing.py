"""What a ticket becomes when what an agent wrote turns out to be no answer: taken back, or failed. Pure.

The contact waits on, as if nobody had answered, unless another answer came meanwhile.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, assert_never

from messages.ticket import AnswerFailed, Change, Entry, Status, TakeBack, Ticket

WITHDRAWN: Final = "withdrawn"
"""What a change of a ticket is about if a reply was taken back: `after` is the identity of its order."""

UNDELIVERED: Final = "undelivered"
"""What a change of a ticket is about if a reply did not arrive: `after` is the identity of its order.

The reply itself says so in the thread: nothing more is said there.
"""

OVER: Final = frozenset({Status.PENDING, Status.SOLVED})
"""The statuses that an agent sets because the contact has an answer."""


def undone(
    ticket: Ticket, command: TakeBack | AnswerFailed, entry: Entry, solved_for: timedelta, earlier: Sequence[Entry]
) -> Ticket:
    """The ticket once a reply counts no more, as its history says with `entry`; `earlier` are entries before it."""
    match command:
        case TakeBack():
            return _taken_back(ticket, command, entry, solved_for, earlier)
        case AnswerFailed():
            return _failed(ticket, command, entry, solved_for, earlier)
        case _:
            assert_never(command)


def has_failed(ticket: Ticket, order: str | None) -> bool:
    """Whether the text of a reply is known to have failed, before the reply itself: messages overtake each other."""
    changes = (change for entry in ticket.history for change in entry.changes)
    return order is not None and any((change.what, change.after) == (UNDELIVERED, order) for change in changes)


def _taken_back(
    ticket: Ticket, command: TakeBack, entry: Entry, solved_for: timedelta, earlier: Sequence[Entry]
) -> Ticket:
    """The ticket after a reply was taken back before it left.

    The status is again what it was before the reply, if nothing has happened since, but New never comes again: an
    agent has acted on it. Who was assigned stays so. A reply whose order comes later than this changes nothing.
    """
    reply = next((each for each in (*earlier, *ticket.history) if each.order == command.reply), None)
    if reply is None:
        ignored = entry.model_copy(update={"why": "reply", "order": command.reply, "digest": ""})
        ticket = ticket.model_copy(update={"version": ignored.version, "history": (*ticket.history, ignored)})
    draft = {} if reply is None else _before(ticket, reply)
    return _with_undone(ticket, reply, draft, entry, Change(what=WITHDRAWN, after=command.reply), solved_for)


def _failed(
    ticket: Ticket, command: AnswerFailed, entry: Entry, solved_for: timedelta, earlier: Sequence[Entry]
) -> Ticket:
    """The ticket after a reply failed for good: what was Pending or Solved on the strength of it is Open again.

    Who set that status after the failure knew of it. A reply whose order comes later than this answers nobody.
    """
    told = Change(what=UNDELIVERED, after=command.reply)
    orders = {command.reply, f"late/{command.reply}"}
    replies = [each for each in (*earlier, *ticket.history) if each.order in orders]
    if not replies or ticket.is_closed or ticket.blocked:
        return _with_undone(ticket, None, {}, entry, told, solved_for)
    reply = replies[-1]
    draft: dict[str, Any] = {}
    if not _answers_after(ticket, reply):
        moves = [each for each in _since(ticket, reply) if any(change.what == "status" for change in each.changes)]
        if ticket.status in OVER and moves and moves[-1].at <= entry.at:
            draft["status"] = Status.OPEN
        if reply.waited_since is not None and draft.get("status", ticket.status) not in OVER:
            draft["waiting_since"] = _earlier(reply.waited_since, ticket.waiting_since)
    return _with_undone(ticket, reply, draft, entry, told, solved_for)


def _with_undone(
    ticket: Ticket, reply: Entry | None, draft: dict[str, Any], entry: Entry, told: Change, solved_for: timedelta
) -> Ticket:
    """The ticket with the drafted fields; the next answer after the reply is now that which answered the contact."""
    later = _answers_after(ticket, reply) if reply is not None else ()
    history = tuple(
        _with_earlier_wait(each, reply) if reply is not None and later and each is later[0] else each
        for each in ticket.history
    )
    changes = tuple(
        Change(what=what, before=getattr(ticket, what), after=value)
        for what, value in draft.items()
        if what != "waiting_since"
    )
    if "status" in draft:
        draft["close_at"] = entry.at + solved_for if draft["status"] is Status.SOLVED else None
    entry = entry.model_copy(update={"version": ticket.version + 1, "changes": (told, *changes)})
    fixed = {"version": entry.version, "updated_at": entry.at, "history": (*history, entry)}
    return ticket.model_copy(update={**draft, **fixed})


def _before(ticket: Ticket, reply: Entry) -> dict[str, Any]:
    """What the ticket is again once a reply of its history was not written."""
    if _answers_after(ticket, reply):
        return {}
    draft: dict[str, Any] = {}
    before = next((Status(change.before) for change in reply.changes if change.what == "status"), None)
    moved = any(change.what == "status" for each in _since(ticket, reply) for change in each.changes)
    if before in OVER and not moved and ticket.waiting_since is None:
        draft["status"] = before
    elif reply.waited_since is not None and ticket.status not in {*OVER, Status.CLOSED} and not ticket.blocked:
        draft["waiting_since"] = _earlier(reply.waited_since, ticket.waiting_since)
    return draft


def _since(ticket: Ticket, reply: Entry) -> Sequence[Entry]:
    return [each for each in ticket.history if each.version > reply.version]


def _answers_after(ticket: Ticket, reply: Entry) -> Sequence[Entry]:
    """The later replies in a ticket's history that count."""
    changes = [change for entry in ticket.history for change in entry.changes]
    gone = {change.after for change in changes if change.what in {WITHDRAWN, UNDELIVERED}}
    return [each for each in _since(ticket, reply) if each.why == "reply" and each.order not in gone]


def _with_earlier_wait(entry: Entry, reply: Entry) -> Entry:
    """The entry of a later reply, which is now the first that answered the contact."""
    if reply.waited_since is None:
        return entry
    return entry.model_copy(update={"waited_since": _earlier(reply.waited_since, entry.waited_since)})


def _earlier(since: datetime, other: datetime | None) -> datetime:
    return since if other is None else min(since, other)
