"""A contact whom the team has blocked on a line: what the orders do to the ticket, and what is typed for them. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from messages.conversation import BlockContact, Blocking
from messages.line import Line, line_of
from messages.ticket import WHY_LIMIT, Block, Ticket, Unblock
from workers.tickets.naming import split_typed

BLOCKED_ALREADY: Final = "Nothing was changed: the contact is blocked already."
NOT_BLOCKED: Final = "Nothing was changed: the contact is not blocked. You can send them texts."

WHICH_LINE: Final = (
    "Nothing was changed: a contact is blocked on one line, and Clerk can't tell which one you mean. Type this in the "
    "line's channel."
)
NO_CONVERSATION: Final = (
    "Nothing was changed: {number} has not texted {line} yet. You can block a contact once they have written."
)

BLOCKED: Final = "blocked"
"""What a change of a ticket is about if its contact was blocked (`after` is why, else true) or unblocked (false)."""


def block_or_unblock(ticket: Ticket, command: Block | Unblock) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What an order to block or unblock a ticket's contact changes, and its refusals; nobody waits any more."""
    if isinstance(command, Block):
        return ({}, (BLOCKED_ALREADY,)) if ticket.blocked else ({"blocked": True, "waiting_since": None}, ())
    return ({"blocked": False}, ()) if ticket.blocked else ({}, (NOT_BLOCKED,))


def with_reason(ticket: Ticket, why: str) -> Ticket:
    """A ticket whose contact was just blocked, with the reason in its history."""
    if not why:
        return ticket
    *earlier, entry = ticket.history
    changes = tuple(
        change.model_copy(update={"after": why}) if change.what == BLOCKED else change for change in entry.changes
    )
    return ticket.model_copy(update={"history": (*earlier, entry.model_copy(update={"changes": changes}))})


def blocking_of(ticket: Ticket) -> Blocking | None:
    """What the newest order to block or unblock the contact makes of the conversation, by a ticket's history.

    It follows from the ticket alone: however often and late it is asked for, it is the same.
    """
    for entry in reversed(ticket.history):
        for change in entry.changes:
            if change.what == BLOCKED:
                on = bool(change.after)
                return Blocking(
                    on=on,
                    by=entry.by,
                    at=entry.at,
                    why=change.after if isinstance(change.after, str) else "",
                    ticket=ticket.id,
                    version=entry.version,
                    blocked_at=entry.at if on else None,
                )
    return None


@dataclass(frozen=True)
class BlockOrder:
    """The contact and the line that typed words mean, and the order about them."""

    number: str
    line: Line
    command: Block | Unblock


def parse_block(message: BlockContact, lines: Sequence[Line], known: Collection[str]) -> BlockOrder | str:
    """Whom to block or unblock on which line, or the answer that says what is wrong; `known` as for a name."""
    line = line_of(lines, message.channel)
    if line is None:
        return WHICH_LINE
    found = split_typed(message.typed, message.channel, lines, known)
    if isinstance(found, str):
        return f"Nothing was changed. {found}"
    number, rest = found
    why = " ".join(rest.split())
    if not message.block:
        return BlockOrder(number, line, Unblock())
    if len(why) > WHY_LIMIT:
        return f"Nothing was changed: a reason has at most {WHY_LIMIT} characters, and this has {len(why)}."
    return BlockOrder(number, line, Block(why=why))


def done(order: Block | Unblock) -> str:
    """What the agent is told who has blocked or unblocked a contact."""
    if isinstance(order, Block):
        return (
            "The contact is blocked on this line. Their texts are kept in the thread but notify nobody, and no text is "
            "sent to them: those that were planned are cancelled. “Unblock” on the card, or /clerk unblock, ends that."
        )
    return "The contact is not blocked any more: their next text notifies as any other, and you can send them texts."
