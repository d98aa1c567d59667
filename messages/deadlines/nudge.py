"""A nudge: a contact who was asked something and says nothing is asked once more, and then the ticket is over. Pure."""

from collections.abc import Iterable
from typing import Final, Literal

from messages.base import Document, Moment, QueueMessage
from messages.sms import Sms, State

LOOKED_AT: Final = 5
"""Among how many of the newest texts to the contact one is looked for that went since the ticket became Pending."""

_NEVER_LEFT: Final = frozenset({State.NOTE, State.UNSENT, State.REFUSED})


class Nudge(Document):
    """A ticket has been Pending `since` then, and nothing has happened to it; what is due next is due at `due_at`.

    The contact was asked again at `asked_at`; None: not yet. A ticket without one is left alone until it becomes
    Pending again.
    """

    since: Moment
    due_at: Moment
    asked_at: Moment | None = None


def nudge_text(ticket: int, nudge: Nudge) -> str:
    """The id of the text that asks a ticket's contact again: the same however often that is decided."""
    return f"auto-nudge-{ticket}-{period_of(nudge)}"


def period_of(nudge: Nudge) -> str:
    """What the text stands for, as its id names it."""
    return f"{nudge.since:%Y%m%dT%H%M%SZ}"


def is_overtaken(ticket: int, nudge: Nudge, inbound: Iterable[Sms], outbound: Iterable[Sms]) -> bool:
    """Whether a text went either way since then, but for the nudge's own; whether or not its ticket knows of it."""
    own, since = nudge_text(ticket, nudge), nudge.since
    wrote = any(text.noticed_at > since for text in inbound)
    return wrote or any(
        text.received_at > since and text.id != own and text.state not in _NEVER_LEFT for text in outbound
    )


class AskedAgain(Document):
    """Clerk asked the contact again at `at`, who had said nothing since the ticket became Pending (`since`).

    The ticket is to be Solved at `solve_at`, if the contact says nothing until then.
    """

    kind: Literal["nudged"] = "nudged"
    since: Moment
    at: Moment
    solve_at: Moment


class SolveUnanswered(Document):
    """The contact, who was asked again at `asked_at`, has said nothing since the ticket became Pending (`since`)."""

    kind: Literal["unanswered"] = "unanswered"
    since: Moment
    asked_at: Moment


NudgeCommand = AskedAgain | SolveUnanswered


class ConsiderNudge(QueueMessage):
    """Decide what is due to a Pending ticket whose contact says nothing."""

    actor = "tickets.consider_nudge"
    ticket: int


def nudge_order(ticket: int, command: NudgeCommand) -> str:
    """The identity of an order about a nudge, the same however often the clock gives it."""
    return f"{command.kind}/{ticket}/{command.since.isoformat()}"
