"""Our posts in Slack, and the messages about notifying and posting. Pure."""

from enum import StrEnum
from typing import Final

from messages.base import Document, Moment, Order, QueueMessage
from messages.conversation import Arrival, DebounceAsRead, Episode


class PostKind(StrEnum):
    """What one of our Slack messages shows."""

    ROOT = "root"
    CARD = "card"
    PAST_CARD = "past_card"
    """A card that has shrunk to one line, or was deleted: no pass looks at it any more."""
    TEXTS = "texts"
    FILES = "files"
    LINE = "line"
    WRITTEN = "written"
    DIGEST = "digest"
    """What came while a line was closed; it is in no conversation."""
    ALERT = "alert"
    """That a ticket waits too long; in place of its conversation the post names the alert, or the line's storm."""
    HAND_ON = "hand_on"
    """What somebody had in hand whose account was deactivated; it is in no conversation."""


HOME: Final = "home"
"""In place of a channel: the app's Home of whoever did something there. A click there has no response_url."""

NOTIFICATIONS: Final = frozenset({PostKind.CARD, PostKind.PAST_CARD})
"""The kinds of messages that announce texts below a thread's root."""


class Post(Document):
    """One Slack message of ours. Its deterministic `id` goes out in the message's metadata.

    `attempted_at` is the time of the first call to Slack, set before it; `ts` is set after it, so a worker looks up a
    post without an answer before it tries again. `called_at` is the time of the last call, `undecided_at` that of the
    last one whose answer was lost, and `attempts` counts the calls. Nothing is tried before `retry_at`.

    `rendering` is the hash of what Slack shows. A card shows text `shown` and counts `more` others; `first`..`last` are
    the texts of a thread post, or those that a card announced; `permalink` is the address of a card to which older ones
    link. A root without `announcement` is not a notification, because an agent wrote first. `hidden_during` is the
    announcement during which an agent hid it, `shown_during` the one during which an agent asked to see it whole.
    `failed` is the reason why Slack will never accept
    it; `refused` is Slack's last reason, after which a worker tries again. `told` is the reason why it is not shown, or
    why nobody knows whether it is: a line in the thread says so.

    `target` and `thread` (the `ts` of its root) are where it was last attempted: a conversation's thread may be gone
    and begin anew elsewhere.
    `unsure_at` is the time of the last update that had no answer. It may yet replace a later one: the post is drawn
    once more when it can't.

    `orders` are the newest orders about it that were carried out, so that none is carried out twice.

    The post of a text's attachments carries no metadata: `files` are their ids at Slack, stored before Slack is asked
    to show them; `words` name the attachments that are missing, and why.
    """

    id: str
    conversation: str
    kind: PostKind
    target: str
    thread: str | None = None
    ticket: int | None = None
    announcement: int | None = None
    first: int = 0
    last: int = 0
    shown: int = 0
    more: int = 0
    channel: str | None = None
    ts: str | None = None
    rendering: str = ""
    attempted_at: Moment | None = None
    called_at: Moment | None = None
    undecided_at: Moment | None = None
    attempts: int = 0
    failed: str | None = None
    refused: str | None = None
    told: str | None = None
    hidden_by: str | None = None
    hidden_during: int | None = None
    shown_during: int | None = None
    permalink: str | None = None
    removed: bool = False
    files: tuple[str, ...] = ()
    words: str = ""
    retry_at: Moment | None = None
    unsure_at: Moment | None = None
    orders: tuple[str, ...] = ()
    created_at: Moment


class ConsiderNotifying(QueueMessage):
    """Decide whether to notify: something happened in the conversation, or its due time has come.

    `episode` is the newest ticket as it was saved, and `arrivals` are its newest texts, if the sender knew them: they
    spare the reader a look at the documents, and so does `read`, the debounce as somebody read it. With `waits_on` the
    texts are more of the same from a contact who waited before them: whatever is told of the ticket while it waits
    stays as it was. With `waits_from` they are all that has happened, and nobody has waited on the ticket since before
    then.
    """

    actor = "notifications.consider"
    conversation: str
    episode: Episode | None = None
    arrivals: tuple[Arrival, ...] = ()
    waits_on: bool = False
    read: DebounceAsRead | None = None
    waits_from: Moment | None = None


class AgentActed(Order):
    """An agent opened, assigned, hid, took or replied: the team has seen what came before `at`.

    `replied` says that the action also sent a text, `took` that it took the ticket. With `conversation`, the one of the
    ticket, `episode` and `read` are as in ConsiderNotifying.
    """

    actor = "notifications.record_action"
    ticket: int
    by: str
    at: Moment
    replied: bool = False
    took: bool = False
    conversation: str | None = None
    episode: Episode | None = None
    response_url: str | None = None
    read: DebounceAsRead | None = None


class RenderConversation(QueueMessage):
    """Bring Slack into line with the conversation's documents."""

    actor = "slack.render"
    conversation: str


class HidePost(Order):
    """An agent asks to hide a notification; `order` is the order's identity, the same in every delivery."""

    actor = "slack.hide"
    channel: str
    ts: str
    by: str
    response_url: str | None = None
    order: str | None = None


class ShowPost(Order):
    """An agent asks to show a collapsed root again; `order` is the order's identity, the same in every delivery."""

    actor = "slack.show"
    channel: str
    ts: str
    by: str
    response_url: str | None = None
    order: str | None = None


class UndoHide(Order):
    """The agent who hid a post asks to undo that; `order` is the order's identity, the same in every delivery."""

    actor = "slack.undo_hide"
    post: str
    by: str
    response_url: str | None = None
    order: str | None = None


class Whisper(QueueMessage):
    """Send one agent a private message: to `response_url`, else in `channel` (and its thread, if given).

    In `HOME` it is on top of their Home, which is brought up to date.

    With `markup`, the text is in Slack's markup. The planned texts with the ids `planned` follow it, with buttons.
    With `back`, a button follows that says that they are back from what they said at that time. If it `replaces`, it
    takes the place of the private message whose button gave the `response_url`: that button is over.
    """

    actor = "slack.whisper"
    text: str
    user: str
    response_url: str | None = None
    channel: str | None = None
    thread_ts: str | None = None
    markup: bool = False
    planned: tuple[str, ...] = ()
    back: Moment | None = None
    replaces: bool = False


class OpenModal(Order):
    """An agent clicked Assign, in `channel`: the modal must open within three seconds of `received_at`."""

    actor = "interactive.open_modal"
    ticket: int
    user: str
    trigger_id: str
    response_url: str | None = None
    channel: str | None = None
    received_at: Moment


class ChannelMoved(QueueMessage):
    """Slack gave a channel another id for good; what names the former one follows.

    `again` is how often this is to be repeated: a worker may have read a document before, and saved it after.
    """

    actor = "slack.move_channel"
    former: str
    channel: str
    again: int = 1
