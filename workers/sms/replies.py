"""What becomes of what an agent wrote in a conversation's thread, and of the provider's word on it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from messages.conversation import Contact
from messages.inbound import SlackReplyPosted
from messages.line import Line, ReplyMode
from messages.sms import LIMIT, SlackFile, State
from workers.sms.files import objection
from workers.sms.plain_text import is_note, segments

OPTED_OUT: Final = (
    "Not sent: the contact has opted out of texts. Reach them another way; they can opt in again by texting START to "
    "the line."
)
EMPTY: Final = "Not sent: there is no text in it."
BUTTONS_ONLY: Final = "On this line, what is written in the thread is not sent to the contact."
ALREADY_TAKEN: Final = (
    "The contact does not get what is changed or deleted here: a text goes out as it was written first, and this one "
    "has already been taken. Write another reply to put it right."
)
NOT_SENT: Final = "What was not sent is not sent by editing it, either: write it again as a new reply."
NOT_IN_THREAD: Final = "Not sent: only replies in the conversation's own thread reach the contact. Open leads there."
NOT_KNOWN: Final = (
    "It is not known whether this text was sent: the provider did not answer, and does not list it. "
    "Send it again only if the contact can do with getting it twice."
)
OUTCOME_KNOWN: Final = "It is known by now what became of this text: its mark says so. It was not sent again."


TOO_LATE: Final = (
    "Not sent: this was written while Clerk was away, and found only now. Write it again if it still holds."
)


@dataclass(frozen=True)
class ReplyDecision:
    """The state in which a reply begins, and why it is not sent, in words for the agent."""

    state: State
    words: str = ""


def decide_reply(
    markup: str, body: str, files: Sequence[SlackFile], mode: ReplyMode, contact: Contact
) -> ReplyDecision:
    """Whether a reply is to be sent; `body` is its `markup` as plain text. Notes come first: they are never sent.

    What was written with a button is sent in any mode: it is judged as if the thread were sent.
    """
    if is_note(markup) or is_note(body):
        return ReplyDecision(State.NOTE)
    if mode is not ReplyMode.THREAD:
        return ReplyDecision(State.UNSENT)
    if contact.opted_out:
        return ReplyDecision(State.REFUSED, OPTED_OUT)
    if words := objection(files):
        return ReplyDecision(State.REFUSED, words)
    if not body.strip() and not files:
        return ReplyDecision(State.REFUSED, EMPTY)
    if (length := segments(body).characters) > LIMIT:
        return ReplyDecision(
            State.REFUSED, f"Not sent: it has {length:,} characters, and a text has at most {LIMIT:,}."
        )
    return ReplyDecision(State.WAITING)


def written_at(ts: str) -> datetime:
    """When a Slack message was written, from its `ts`: the same in every retry of its event."""
    return datetime.fromtimestamp(float(ts), UTC)


SENDABLE_FOR: Final = timedelta(minutes=10)
"""How long after a person wrote a reply it is sent although no event brought it."""


def is_too_late(reply: SlackReplyPosted, now: datetime) -> bool:
    """Whether a reply was found, not brought by an event, so late that its author may have gone on without it."""
    return reply.event_id is None and now - written_at(reply.ts) > SENDABLE_FOR


THREAD_UNKNOWN_FOR: Final = timedelta(minutes=10)
"""How long after its thread began, and after it came, a reply is kept for a conversation that does not know its thread
yet: the worker that posted the card may have died before it wrote down where."""


def wait_for_thread(reply: SlackReplyPosted, lines: Sequence[Line], now: datetime) -> timedelta | None:
    """When to look again for the conversation of a reply whose thread is not known; None if it surely has none."""
    waited = now - reply.received_at
    young = written_at(reply.ts) - written_at(reply.thread_ts) < THREAD_UNKNOWN_FOR and waited < THREAD_UNKNOWN_FOR
    if not young or all(line.channel != reply.channel for line in lines):
        return None
    return min(max(waited / 2, timedelta(seconds=1)), timedelta(seconds=10))


def edit_notice(state: State | None) -> str:
    """What the author of an edited or deleted reply is told; nothing about what is for the team alone."""
    if state in {State.NOTE, State.UNSENT}:
        return ""
    return NOT_SENT if state is State.REFUSED else ALREADY_TAKEN


_REPORTED: Final = {
    "accepted": State.QUEUED,
    "scheduled": State.QUEUED,
    "queued": State.QUEUED,
    "sending": State.QUEUED,
    "sent": State.SENT,
    "partially_delivered": State.SENT,
    "delivered": State.DELIVERED,
    "read": State.DELIVERED,
    "undelivered": State.UNDELIVERED,
    "failed": State.FAILED,
    "canceled": State.FAILED,
}
"""https://www.twilio.com/docs/messaging/api/message-resource#message-status-values"""


def reported(status: str) -> State | None:
    """The state that the provider's word for it stands for; None for a word that is not known."""
    return _REPORTED.get(status)
