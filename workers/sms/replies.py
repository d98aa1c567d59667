"""What becomes of what an agent wrote in a conversation's thread, and of the provider's word on it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from messages.conversation import Contact
from messages.inbound import SlackFile, SlackReplyPosted
from messages.line import Line, ReplyMode
from messages.sms import State
from workers.sms.text import LIMIT, is_note, segments

OPTED_OUT: Final = (
    "Not sent: the contact has opted out of texts. Reach them another way; they can opt in again by texting START to "
    "the line."
)
EMPTY: Final = "Not sent: there is no text in it."
FILES: Final = "Not sent: files can't be sent to a contact. Send the text by itself."
BUTTONS_ONLY: Final = "On this line, what is written in the thread is not sent to the contact."
NOT_KNOWN: Final = (
    "It is not known whether this text was sent: the provider did not answer, and does not list it. "
    "Send it again only if the contact can do with getting it twice."
)


@dataclass(frozen=True)
class Verdict:
    """The state in which a reply begins, and why it is not sent, in words for the agent."""

    state: State
    words: str = ""


def judged(markup: str, body: str, files: Sequence[SlackFile], line: Line, contact: Contact) -> Verdict:
    """Whether a reply is to be sent; `body` is its `markup` as plain text. Notes come first: they are never sent."""
    if is_note(markup) or is_note(body):
        return Verdict(State.NOTE)
    if line.reply_mode is not ReplyMode.THREAD:
        return Verdict(State.UNSENT)
    if contact.opted_out:
        return Verdict(State.REFUSED, OPTED_OUT)
    if files:
        return Verdict(State.REFUSED, FILES)
    if not body.strip():
        return Verdict(State.REFUSED, EMPTY)
    if (length := segments(body).characters) > LIMIT:
        return Verdict(State.REFUSED, f"Not sent: it has {length:,} characters, and a text has at most {LIMIT:,}.")
    return Verdict(State.WAITING)


def written_at(reply: SlackReplyPosted) -> datetime:
    """When a reply was written: the same in every retry of its event."""
    return datetime.fromtimestamp(float(reply.ts), UTC)


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
