"""A text, either way."""

from enum import StrEnum
from typing import Final

from messages.base import Document, Moment, QueueMessage


class Direction(StrEnum):
    """Inbound comes from the contact, outbound goes to the contact."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class State(StrEnum):
    """How far an agent's reply has come."""

    WAITING = "waiting"
    """To be sent, and not yet attempted."""
    SENDING = "sending"
    """Attempted: the provider may have it or not."""
    UNKNOWN = "unknown"
    """Attempted, and nobody could say in time what became of it."""
    QUEUED = "queued"
    """The provider has it."""
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    REFUSED = "refused"
    """Not sent, for a reason that the agent is told."""
    NOTE = "note"
    """An internal note: never sent."""
    UNSENT = "unsent"
    """Written on a line where nothing written in the thread is sent."""

    @property
    def rank(self) -> int:
        """A text moves only to states of a higher rank."""
        return _RANKS[self]


_RANKS: Final = {
    State.WAITING: 0,
    State.SENDING: 1,
    State.UNKNOWN: 2,
    State.QUEUED: 3,
    State.SENT: 4,
    State.DELIVERED: 5,
    State.UNDELIVERED: 5,
    State.FAILED: 5,
    State.REFUSED: 6,
    State.NOTE: 6,
    State.UNSENT: 6,
}


LIMIT: Final = 1600
"""The most characters of one text, an emoji counted as two (https://www.twilio.com/docs/errors/21617)."""


class Media(Document):
    """A picture or file of an MMS, where the provider keeps it."""

    url: str
    content_type: str


class SlackFile(Document):
    """A file that a person attached to a reply; without `url_private` Clerk can't read it."""

    id: str
    name: str = ""
    mimetype: str = ""
    url_private: str = ""
    size: int = 0


class Sms(Document):
    """A text. `stored_at` is when a worker took it off the queue.

    An inbound text's `id` is the provider's sid, so a repeated webhook is the same document.
    `seq` counts a conversation's texts per direction from 1 without gaps; it is given once the text before it
    (`after`, as the gateway saw them arrive) has one, so that many workers keep the order of arrival.
    `due_at` is set until the text is filed under a ticket: the clock looks after texts whose time has passed.

    An outbound text is what `author` wrote in the thread as message `ts` of `channel`, whatever became of it: `state`
    and, for people, `words` say that. Its `id` follows from that message, and its place is that of `ts`. While it is
    to be sent, `outbox` is its conversation and `due_at` the time at which the clock looks after it; `claimed_at` is
    set before the provider is called and `sid` after, in the `attempts`-th attempt; it is not tried before
    `retry_at`. `after` is the text that it must not overtake. `unshown` is the conversation while Slack does not show
    the state; `mark` is the reaction that stands there, and `marking` are those that may, should a worker have died
    over one. An inbound text that opts out or in has `words`, too.

    An outbound text that was written elsewhere (in a modal, by a command) has no `channel` and `ts`: it stands in the
    thread in a post of ours, and its place is that of `received_at`.

    What came with an inbound text is `media`, and `unattached` its conversation until that stands in the thread, or
    the thread says why not. What goes out with an outbound text are `files`.
    """

    id: str
    conversation: str
    line: str
    contact: str
    direction: Direction
    body: str
    media: tuple[Media, ...] = ()
    files: tuple[SlackFile, ...] = ()
    received_at: Moment
    stored_at: Moment | None = None
    after: str | None = None
    seq: int | None = None
    due_at: Moment | None = None
    correlation_id: str | None = None
    state: State | None = None
    rank: int = 0
    author: str | None = None
    channel: str | None = None
    ts: str | None = None
    sid: str | None = None
    claimed_at: Moment | None = None
    retry_at: Moment | None = None
    attempts: int = 0
    error_code: int | None = None
    words: str = ""
    outbox: str | None = None
    unshown: str | None = None
    unattached: str | None = None
    mark: str | None = None
    marking: tuple[str, ...] = ()


def outbound_id(channel: str, ts: str) -> str:
    """The id of the text that a Slack message becomes: the same however often Slack tells of the message."""
    return f"{channel}-{ts}"


class WriteText(QueueMessage):
    """Send a contact what an agent wrote elsewhere than in the thread; `text` is in Slack's markup.

    `sms` becomes the text's id. What becomes of it is told at `response_url`, else in `channel`.
    """

    actor = "sms.write"
    sms: str
    line: str
    contact: str
    text: str
    by: str
    at: Moment
    channel: str | None = None
    response_url: str | None = None


class WriteTyped(QueueMessage):
    """An agent typed a number and a text for it, in a channel."""

    actor = "sms.write_typed"
    sms: str
    typed: str
    by: str
    at: Moment
    channel: str
    response_url: str | None = None


class SendTexts(QueueMessage):
    """Send what is in the conversation's outbox, in order."""

    actor = "sms.send"
    conversation: str


class ResendText(QueueMessage):
    """An agent wants a text of which nobody knows whether it was sent to be sent again."""

    actor = "sms.resend"
    sms: str
    by: str
