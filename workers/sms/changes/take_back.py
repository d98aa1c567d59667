"""Decides what an edited or deleted reply means: it is taken back, changed, or too late. Pure.

A reply can be taken back until a worker claims it. Whoever changes its document first wins; the loser is told.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from messages.inbound import SlackReplyChanged
from messages.sms import Sms, State


class ReplyProgress(StrEnum):
    """How far a reply has come when its change is looked at."""

    UNSEEN = "not stored: the change has overtaken it"
    OPEN = "waits, and the contact certainly does not have it"
    LATE = "came late: a person may say to send it"
    LEFT = "was given to the provider, or may have been"
    REFUSED = "refused"
    KEPT = "a note, or not meant for the contact"
    WITHDRAWN = "taken back"
    PLANNED = "held until the contact's morning: a planned text is sent in its stead"


class ReplyEvent(StrEnum):
    """What an author did to a reply."""

    DELETED = "deleted"
    EDITED = "edited"
    CHANGED = "changed, says a gateway of an earlier version, but not how"


class ChangeStep(StrEnum):
    """What is done about a change."""

    WAIT = "look again: the reply may still come"
    REMEMBER = "store it as taken back, so that it is never sent"
    RECORD = "store it as it reads now"
    WITHDRAW = "take it back"
    REPLACE = "decide about it as it reads now"
    CONFIRM = "say again that it was taken back: a worker may have died before it said so"
    SAY_LEFT = "say that the contact does not see the change"
    SAY_REFUSED = "say that an edit sends nothing"
    SAY_PLANNED = "say where what is planned can be changed"
    CANCEL_PLAN = "cancel the planned text that would be sent in its stead"
    NOTHING = "nothing"


def _row(deleted: ChangeStep, edited: ChangeStep, changed: ChangeStep) -> Mapping[ReplyEvent, ChangeStep]:
    steps = {ReplyEvent.DELETED: deleted, ReplyEvent.EDITED: edited, ReplyEvent.CHANGED: changed}
    return MappingProxyType(steps)


STEPS: Final[Mapping[ReplyProgress, Mapping[ReplyEvent, ChangeStep]]] = MappingProxyType(
    {
        # deleted, edited, changed
        ReplyProgress.UNSEEN:    _row(ChangeStep.REMEMBER,    ChangeStep.RECORD,      ChangeStep.WAIT),
        ReplyProgress.OPEN:      _row(ChangeStep.WITHDRAW,    ChangeStep.REPLACE,     ChangeStep.SAY_LEFT),
        ReplyProgress.LATE:      _row(ChangeStep.WITHDRAW,    ChangeStep.REPLACE,     ChangeStep.SAY_REFUSED),
        ReplyProgress.LEFT:      _row(ChangeStep.SAY_LEFT,    ChangeStep.SAY_LEFT,    ChangeStep.SAY_LEFT),
        ReplyProgress.REFUSED:   _row(ChangeStep.NOTHING,     ChangeStep.SAY_REFUSED, ChangeStep.SAY_REFUSED),
        ReplyProgress.KEPT:      _row(ChangeStep.NOTHING,     ChangeStep.NOTHING,     ChangeStep.NOTHING),
        ReplyProgress.WITHDRAWN: _row(ChangeStep.CONFIRM,     ChangeStep.NOTHING,     ChangeStep.NOTHING),
        ReplyProgress.PLANNED:   _row(ChangeStep.CANCEL_PLAN, ChangeStep.SAY_PLANNED, ChangeStep.SAY_PLANNED),
    }
)  # fmt: skip
"""What is done about each change of a reply, by how far the reply has come."""

SEEN_WITHIN: Final = timedelta(minutes=10)
"""For so long after it was written, a reply that no worker has stored may still come: later, it would not be sent."""


def progress_of(text: Sms | None) -> ReplyProgress:
    """How far a reply has come."""
    if text is None:
        return ReplyProgress.UNSEEN
    match text.state:
        case State.WAITING:
            return ReplyProgress.OPEN if text.can_be_taken_back else ReplyProgress.LEFT
        case State.REFUSED:
            return ReplyProgress.LATE if text.late else ReplyProgress.REFUSED
        case State.UNSENT if text.withdrawn_at is not None:
            return ReplyProgress.WITHDRAWN
        case State.UNSENT if text.planned is not None:
            return ReplyProgress.PLANNED
        case State.NOTE | State.UNSENT:
            return ReplyProgress.KEPT
        case _:
            return ReplyProgress.LEFT


def event_of(change: SlackReplyChanged) -> ReplyEvent:
    """What the author did."""
    if change.deleted:
        return ReplyEvent.DELETED
    edited = change.reply is not None and change.reply.edited is not None
    return ReplyEvent.EDITED if edited else ReplyEvent.CHANGED


def counts_already(text: Sms | None, change: SlackReplyChanged) -> bool:
    """Whether a reply says what an edit made of it, or what a later one did."""
    edited = change.reply.edited if change.reply is not None else None
    return text is not None and text.edited is not None and edited is not None and edited <= text.edited


def step(text: Sms | None, change: SlackReplyChanged, now: datetime, written_at: datetime) -> ChangeStep:
    """What is done about a change of a reply that was written then; `text` is what Clerk has stored of it."""
    found = STEPS[progress_of(text)][event_of(change)]
    if found in {ChangeStep.REMEMBER, ChangeStep.RECORD} and now - written_at > SEEN_WITHIN:
        return ChangeStep.NOTHING
    return found


def edited(text: Sms, changed: Sms, now: datetime) -> Sms:
    """A reply that its author has edited in time; `changed` is what Clerk makes of it as it reads now.

    One that is still to be sent waits anew, and on for whatever else it waits for. One that is not has left the outbox
    since now; of a late one that became a note, `late` still says that it was never to be sent.
    """
    said = {name: getattr(changed, name) for name in ("body", "files", "state", "rank", "words", "edited")}
    said |= {"unshown": text.conversation, "outbox": None, "due_at": None, "retry_at": None}
    if text.state is not State.WAITING and changed.state is State.WAITING:
        said |= {"state": text.state, "rank": text.rank, "words": text.words}
    elif changed.state is State.WAITING:
        times = [each for each in (text.retry_at, changed.retry_at) if each is not None]
        dues = [each for each in (text.due_at, changed.due_at) if each is not None]
        waits = {"retry_at": max(times, default=None), "due_at": max(dues, default=None)}
        said |= {"outbox": text.conversation, "hold_until": changed.hold_until, **waits}
    elif text.state is State.WAITING or changed.state is State.NOTE:
        said |= {"withdrawn_at": now, "late": changed.late if text.state is State.WAITING else text.late}
    else:
        said |= {"late": changed.late}
    return text.model_copy(update=said)


TAKEN_BACK: Final = "Taken back: the contact does not get this reply."
CHANGED: Final = "Changed in time: the contact gets this reply as it reads now."
TOO_LATE_TO_CHANGE: Final = (
    "The contact does not see your change: Clerk had already begun to send this reply when the change came, and what "
    "was sent can't be changed. Write another reply to correct it."
)
EDIT_OF_HELD: Final = (
    "The contact does not see your change: Clerk keeps a reply for their morning as you first wrote it. Use Edit, "
    "Send now or Don't send in this thread."
)
TEXT_TAKEN_BACK: Final = "Taken back: the contact does not get this text."
TEXT_LEFT: Final = (
    "It is too late: Clerk had already begun to send this text, and what was sent can't be taken back. Write another "
    "one to correct it."
)
TEXT_NOT_SENT: Final = "There is nothing to take back: this text was not sent."
EDIT_OF_UNSENT: Final = "Editing does not send a reply that was not sent. Write it again as a new reply."
