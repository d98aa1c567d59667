"""A conversation: everything between one line and one contact, for ever. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from messages.answering import Answering
from messages.base import Document, Moment, Order, QueueMessage

NAME_LIMIT: Final = 80


def conversation_id(line: str, contact: str) -> str:
    """The id of the one conversation between a line and a contact."""
    return f"{line}:{contact}"


class Contact(Document):
    """A person, known by a phone number (`id`, E.164).

    An agent gave the `name` at `named_at`, and the time `zone` in which the contact is at `zoned_at`; blank: by their
    number. `orders` are the newest orders to name or place the contact that were carried out.
    Earlier versions recorded the contact's latest wish about all lines as `opted_out`, from `opted_at`; nothing writes
    that any more (`messages/opt_outs.py` says what it still means).
    """

    id: str
    name: str = ""
    named_at: Moment | None = None
    zone: str = ""
    zoned_at: Moment | None = None
    opted_out: bool = False
    opted_at: Moment | None = None
    orders: tuple[str, ...] = ()
    created_at: Moment

    @property
    def label(self) -> str:
        """The contact's name, or the number while there is no name."""
        return self.name or self.id


class Thread(Document):
    """The Slack thread of a conversation: its root message, posted at `begun_at`.

    `number` counts the threads that the conversation had before it. `recapped` says whether it shows the last texts of
    the thread before it, and a link to that. `gone` is Slack's reason why a former thread could not go on.
    """

    channel: str
    ts: str
    permalink: str | None = None
    number: int = 0
    recapped: bool = True
    begun_at: Moment | None = None
    gone: str | None = None


class Announcement(Document):
    """A decision to notify: texts `first`..`last` of a ticket, to `targets` (empty: the origin channel)."""

    number: int
    ticket: int
    first: int
    last: int
    targets: tuple[str, ...]
    opening: bool
    at: Moment


@dataclass(frozen=True)
class Arrival:
    """An inbound text: its place in the conversation, when the gateway received it, and whether it is a reaction.

    `keyword` says whether it is a STOP, START or HELP, and `digest` is a hash of its words; None: whoever looked at it
    did not ask. `found_at` is when Clerk took it in, if that was late (`messages/sms.py`). A `muted` one came while the
    contact was blocked, and an `out` one while they had opted out. `wish` is the keyword that the provider answers.
    """

    seq: int
    at: Moment
    reaction: bool = False
    keyword: bool | None = None
    digest: str | None = None
    found_at: Moment | None = None
    muted: bool = False
    wish: str | None = None
    out: bool = False

    @property
    def noticed_at(self) -> datetime:
        """From when on somebody could have seen it."""
        return self.found_at or self.at

    @property
    def is_silent(self) -> bool:
        """Whether it notifies nobody, and nobody waits for an answer to it."""
        return self.reaction or self.muted

    @property
    def waits(self) -> bool:
        """Whether the contact waits for an answer to it: the provider answers a keyword, nobody one who is `out`."""
        return not self.is_silent and self.wish is None and not self.out


@dataclass(frozen=True)
class Episode:
    """What is announced of a ticket: its number, its first and last text, and its targets, as of its `version`.

    `follows` is the number of the ticket before it. `assignees` are who is on it. Texts after `hushed_after` notify
    nobody while it is snoozed; None: it is not.
    """

    ticket: int
    first: int
    last: int
    targets: tuple[str, ...]
    version: int = 0
    follows: int | None = None
    assignees: tuple[str, ...] = ()
    hushed_after: int | None = None


class Debounce(Document):
    """The state of a conversation's debounce; a save compares `version`.

    `considered` is the newest inbound text taken into account, `announced` the newest that was announced or seen.
    `due_at` is when the unannounced texts must be announced; `armed_at` when the delayed message in the queue fires.
    `heard_at` is when the contact last wrote, and `last_text_at` when either side did.
    `hushed` is the newest text that came while the ticket was snoozed: it is announced when the snooze ends, unless
    an agent has seen it.
    `ticket` and `ticket_version` say which version of the newest ticket was taken into account.
    """

    version: int = 0
    ticket: int = 0
    ticket_version: int = 0
    considered: int = 0
    announced: int = 0
    hushed: int = 0
    last_text_at: Moment | None = None
    heard_at: Moment | None = None
    waiting_since: Moment | None = None
    seen_at: Moment | None = None
    due_at: Moment | None = None
    armed_at: Moment | None = None
    latest: Announcement | None = None

    def has_decided(self, ticket: int, version: int) -> bool:
        """Whether this version of a ticket, the newest, was taken into account."""
        return (self.ticket, self.ticket_version) >= (ticket, version)

    def is_of(self, ticket: int, version: int) -> bool:
        """Whether a ticket is the newest that was taken into account, in no later version than this."""
        return self.ticket == ticket and self.ticket_version <= version


@dataclass(frozen=True)
class DebounceAsRead:
    """The debounce of a conversation on a line, as a sender read it: it counts if none has been saved since."""

    line: str
    debounce: Debounce


class Redraw(Document):
    """A request to bring Slack into line: `count` grows with each request; the clock repeats it at `due_at`.

    `tries` counts the consecutive passes that changed nothing in Slack; the next one waits until `again_at`.
    """

    count: int = 0
    tries: int = 0
    due_at: Moment | None = None
    again_at: Moment | None = None


class Ordering(Document):
    """A request to put new texts in order: `count` grows with each new text.

    From `asked_at` on, a message waits or a worker is at it, and no other message is needed.
    """

    count: int = 0
    asked_at: Moment | None = None


class SendingOutcome(Document):
    """What became of an agent's text that was written `at`; `failed` says why it failed, and is empty otherwise."""

    at: Moment
    failed: str = ""


class Blocking(Document):
    """An agent (`by`) blocked the contact on this line at `at`, and said `why`; or, if not `on`, ended that.

    `ticket` and `version` are the ticket whose history says so, and since which version. `blocked_at` is when the
    contact was last blocked, whatever came after that.
    """

    on: bool
    by: str | None = None
    at: Moment
    why: str = ""
    ticket: int
    version: int
    blocked_at: Moment | None = None


class Conversation(Document):
    """Everything between one line and one contact: exactly one Slack thread.

    `posted` is the newest inbound text in the thread. `former` is the thread before it, which can't be written to any
    more. `outcome` is that of the newest agent's text that has one. `opted_out` is the contact's latest wish about this
    line, from `opted_at`. With `own_opt_out`, what an earlier version recorded for all lines before this conversation
    began does not concern it. `answering` is what Clerk has said by itself, and is yet to say. `blocking` says whether
    the team has blocked the contact.

    `planned` are the planned texts that may still change, or whose end the thread does not show yet: an id is here
    before the planned text is stored, and until it is settled. `alerts` are the numbers of the tickets with alerts that
    are not over. Before `watch_at` there is nothing to be told of the newest ticket, if it has none of these. Until
    `lead_until` a text gives way to one of several segments that was sent just before it. At `cards_until` somebody
    comes back of whom its cards say that they are away.
    """

    id: str
    line: str
    contact: str
    created_at: Moment
    thread: Thread | None = None
    former: Thread | None = None
    posted: int = 0
    debounce: Debounce = Debounce()
    redraw: Redraw = Redraw()
    ordering: Ordering = Ordering()
    unreachable: tuple[str, ...] = ()
    outcome: SendingOutcome | None = None
    opted_out: bool = False
    opted_at: Moment | None = None
    own_opt_out: bool = False
    blocking: Blocking | None = None
    planned: tuple[str, ...] = ()
    alerts: tuple[int, ...] = ()
    lead_until: Moment | None = None
    watch_at: Moment | None = None
    cards_until: Moment | None = None
    answering: Answering = Answering()

    @property
    def is_blocked(self) -> bool:
        """Whether the team has blocked the contact: their texts notify nobody, and none is sent to them."""
        return self.blocking is not None and self.blocking.on


class BlockContact(Order):
    """An agent typed the number of a contact who is to be blocked on the channel's line, or unblocked, and perhaps why.

    `order` is the order's identity.
    """

    actor = "tickets.block_contact"
    typed: str
    block: bool = True
    by: str
    at: Moment
    channel: str
    response_url: str | None = None
    order: str | None = None


class NameContact(Order):
    """An agent typed a contact's number and name in a channel; `order` is the order's identity."""

    actor = "tickets.name_contact"
    typed: str
    by: str
    at: Moment
    channel: str
    response_url: str | None = None
    order: str | None = None


class PlaceContact(Order):
    """An agent typed a contact's number and time zone in a channel; `order` is the order's identity."""

    actor = "tickets.place_contact"
    typed: str
    by: str
    at: Moment
    channel: str
    response_url: str | None = None
    order: str | None = None


class SequenceTexts(QueueMessage):
    """Give the conversation's new texts their places in the order."""

    actor = "ingestion.sequence"
    conversation: str
