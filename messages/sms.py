"""A text, either way."""

from enum import StrEnum

from messages.base import Document, Moment


class Direction(StrEnum):
    """Inbound comes from the contact, outbound goes to the contact."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Media(Document):
    """A picture or file of an MMS, where the provider keeps it."""

    url: str
    content_type: str


class Sms(Document):
    """A text. An inbound text's `id` is the provider's sid, so a repeated webhook is the same document.

    `seq` counts a conversation's texts per direction from 1 without gaps; it is given once the text before it
    (`after`, as the gateway saw them arrive) has one, so that many workers keep the order of arrival.
    `stored_at` is when a worker took it off the queue.
    `due_at` is set until the text is filed under a ticket: the clock looks after texts whose time has passed.
    """

    id: str
    conversation: str
    line: str
    contact: str
    direction: Direction
    body: str
    media: tuple[Media, ...] = ()
    received_at: Moment
    stored_at: Moment | None = None
    after: str | None = None
    seq: int | None = None
    due_at: Moment | None = None
    correlation_id: str | None = None
