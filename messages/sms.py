"""A text, inbound or outbound. Pure."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from messages.base import Document, Moment, Order, QueueMessage


class Direction(StrEnum):
    """Inbound comes from the contact, outbound goes to the contact."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Origin(StrEnum):
    """Who decided that a text goes to the contact, and when."""

    AGENT = "agent"
    """A person, just now."""
    PLANNED = "planned"
    """A person, earlier, for a time that they chose."""
    AUTO = "auto"
    """Clerk by itself: an auto-reply, a reminder."""
    SURVEY = "survey"
    """Clerk by itself: a question about how it went."""

    @property
    def is_automatic(self) -> bool:
        """Whether Clerk sends it by itself: then it is no answer by the team, and counts as nothing an agent did."""
        return self in {Origin.AUTO, Origin.SURVEY}


class State(StrEnum):
    """The delivery state of an outbound text."""

    WAITING = "waiting"
    """To be sent, and not yet attempted."""
    SENDING = "sending"
    """Attempted: the provider may or may not have it."""
    UNKNOWN = "unknown"
    """Attempted, and the outcome stayed unknown."""
    QUEUED = "queued"
    """The provider has it."""
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    REFUSED = "refused"
    """Not sent; `words` tell the agent why."""
    NOTE = "note"
    """An internal note: never sent."""
    UNSENT = "unsent"
    """Written in a thread whose line sends no replies, taken back by its author before it left, or `planned`."""

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
    """A picture or file of an MMS, at its address at the provider."""

    url: str
    content_type: str


class SlackFile(Document):
    """A file that a person attached to a reply; without `url_private` Clerk can't read it.

    With `file_access` "check_file_info", as in channels that are shared with other organisations, Slack says more about
    it only when it is asked.
    """

    id: str
    name: str = ""
    mimetype: str = ""
    url_private: str = ""
    size: int = 0
    file_access: str = ""


class Sms(Document):
    """A text. `stored_at` is when a worker took it off the queue.

    An inbound text's `id` is the provider's sid, so a repeated webhook gives the same document.
    `seq` counts a conversation's inbound texts from 1 without gaps. A text gets it after the text before it (`after`,
    in the gateway's order of arrival), so that many workers keep that order. While `asking`, Clerk has yet to ask the
    provider's list (for a reply: Slack's thread) for the texts before it: younger ones wait behind it. `wish` is the
    keyword by which the contact opts out or in, or asks for help, and `unheeded` one that the provider does not heed on
    this line; `words` say in the thread what it did. `pool` is the Messaging Service that the webhook named.
    `due_at` is set until the text is under a ticket: the clock finds the texts that are overdue.

    An outbound text is what `author` wrote in the thread as message `ts` of `channel`, sent or not: `state` and, for
    people, `words` tell its outcome. Its `id` is made from that message, and `ts` decides its place in the order.
    While it is to be sent, `outbox` is its conversation, and at `due_at` the clock finds it overdue. `claimed_at` is
    the time of the first call to the provider, set before it, and `sid` is set after it; `allowed_since` is when the
    contact's wish was decided that allowed the call, if they had one; `called_at` is the time of the last call, and
    `undecided_at` that of the last one whose answer was lost; `attempts` counts the calls; the next one waits until
    `retry_at`. `after` is the text that it must not overtake. While Slack does not show the state,
    `unshown` is the conversation. `mark` is the reaction that shows it; `marking` are reactions that a worker may have
    put there before it died. An inbound text that opts out or in has `words`, too.

    An outbound text from a modal or a command has no `channel` and `ts`: one of our posts shows it in the thread, and
    `received_at` decides its place.

    `origin` says who decided that an outbound text goes out; an automatic one has no `author`. With `exempt`, quiet
    hours don't hold it: it answers a contact who has just written, or a person said to send it now. It is to go out at
    `wanted_at`, if not when it was written: quiet hours have put it off, or a person ordered it later.

    While a reply waits, its author can take it back or change it by deleting or editing it in Slack; `hold_until` is
    until when it waits for that alone. `edited` is the time of the last edit that counted, as `ts`: a worker claims the
    reply only as it read it. Since `withdrawn_at` it is not to be sent any more: taken back (then it is UNSENT), or
    edited into a note or something that can't be sent.

    Written in the contact's night, on a line that holds people's texts, it is not sent itself: the planned text
    `planned` is, at `wanted_at` or as people order.

    A text that is `late` was refused because Clerk got it long after it was written: a person may send it all the same.

    `others` are the other recipients of an inbound text to a group. An inbound `reaction` quotes a text of ours: the
    thread shows it, and it changes and notifies nothing. Nor does a `muted` one: the team had blocked the contact when
    it got its place. To an `out` one nobody may answer: the contact had opted out when it got its place.

    `media` came with an inbound text; `unattached` is its conversation until the thread shows them or says why not.
    `files` go out with an outbound text. `orders` are the newest orders to resend it that were carried out.
    """

    id: str
    conversation: str
    line: str
    contact: str
    direction: Direction
    body: str
    media: tuple[Media, ...] = ()
    files: tuple[SlackFile, ...] = ()
    others: tuple[str, ...] = ()
    reaction: bool = False
    muted: bool = False
    out: bool = False
    received_at: Moment
    stored_at: Moment | None = None
    after: str | None = None
    asking: bool = False
    wish: str | None = None
    unheeded: str | None = None
    pool: str | None = None
    seq: int | None = None
    due_at: Moment | None = None
    correlation_id: str | None = None
    state: State | None = None
    rank: int = 0
    author: str | None = None
    origin: Origin = Origin.AGENT
    exempt: bool = False
    wanted_at: Moment | None = None
    planned: str | None = None
    channel: str | None = None
    ts: str | None = None
    sid: str | None = None
    claimed_at: Moment | None = None
    allowed_since: Moment | None = None
    called_at: Moment | None = None
    undecided_at: Moment | None = None
    retry_at: Moment | None = None
    hold_until: Moment | None = None
    edited: str | None = None
    withdrawn_at: Moment | None = None
    attempts: int = 0
    error_code: int | None = None
    words: str = ""
    late: bool = False
    outbox: str | None = None
    unshown: str | None = None
    unattached: str | None = None
    mark: str | None = None
    marking: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()

    @property
    def found_at(self) -> datetime | None:
        """When Clerk took in a contact's text, if that was late; None if it was at once, or soon."""
        return found_late(self.received_at, self.stored_at) if self.direction is Direction.INBOUND else None

    @property
    def noticed_at(self) -> datetime:
        """From when on somebody could have seen a contact's text."""
        return self.found_at or self.received_at

    @property
    def is_held(self) -> bool:
        """Whether quiet hours have put it off, until `retry_at`."""
        return self.state is State.WAITING and self.wanted_at is not None and self.retry_at == self.wanted_at

    @property
    def can_be_taken_back(self) -> bool:
        """Whether it is certain that the contact does not have it, and its author may still take it back."""
        return self.state is State.WAITING and self.undecided_at is None

    @property
    def written_at(self) -> datetime:
        """When an outbound text was written: the time of its Slack message, if it is one; when a planned one left."""
        if self.ts is None:
            return self.received_at
        return min(datetime.fromtimestamp(float(self.ts), UTC), self.received_at)

    @property
    def is_of_team(self) -> bool:
        """Whether a person of the team wrote it to the contact: what Clerk sends by itself answers nobody."""
        return self.direction is Direction.OUTBOUND and not self.origin.is_automatic


LATE: Final = timedelta(minutes=2)
"""A contact's text that Clerk takes in later than this after it came is late: people are told when it was found."""


def found_late(received_at: datetime, stored_at: datetime | None) -> datetime | None:
    """When a contact's text was taken in, if that was late."""
    return stored_at if stored_at is not None and stored_at - received_at > LATE else None


def outbound_id(channel: str, ts: str) -> str:
    """The id of the text that a Slack message becomes: the same for every event about the message."""
    return f"{channel}-{ts}"


class WriteText(Order):
    """Send a contact a text that an agent wrote outside the thread; `text` is in Slack's markup.

    `sms` becomes the text's id. The agent learns the outcome at `response_url`, else in `channel`. They asked to
    send it when the contact is `awake`: it is day there.
    """

    actor = "sms.write"
    sms: str
    line: str
    contact: str
    text: str
    files: tuple[SlackFile, ...] = ()
    awake: bool = False
    by: str
    at: Moment
    channel: str | None = None
    response_url: str | None = None


class WriteAuto(QueueMessage):
    """Write the automatic text that was decided in a conversation."""

    actor = "sms.write_auto"
    conversation: str


class WriteTyped(Order):
    """An agent typed a contact's number and a text in a channel."""

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


class SendLate(Order):
    """An agent asks to send a reply that was refused because it came late; `order` is the order's identity."""

    actor = "sms.send_late"
    sms: str
    by: str
    at: Moment
    channel: str | None = None
    response_url: str | None = None
    order: str | None = None


class TakeBackText(Order):
    """An agent asks not to send a text that was written in a form or by a command; `order` is the order's identity."""

    actor = "sms.take_back_text"
    sms: str
    by: str
    at: Moment
    channel: str | None = None
    response_url: str | None = None
    order: str | None = None


class ResendText(Order):
    """An agent asks to resend a text whose outcome is unknown; `attempt` is how often it had been tried by then.

    `order` is the order's identity.
    """

    actor = "sms.resend"
    sms: str
    by: str
    attempt: int | None = None
    channel: str | None = None
    response_url: str | None = None
    order: str | None = None
