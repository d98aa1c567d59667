"""What is posted to Slack, and the messages about notifying and posting."""

from enum import StrEnum

from messages.base import Document, Moment, QueueMessage


class PostKind(StrEnum):
    """What a Slack message of ours is."""

    ROOT = "root"
    CARD = "card"
    TEXTS = "texts"
    FILES = "files"
    LINE = "line"
    WRITTEN = "written"


class Post(Document):
    """One Slack message of ours. Its deterministic `id` goes out in the message's metadata.

    `attempted_at` is set before Slack is called and `ts` after, so a post whose answer never came is looked up
    before it is tried again. `rendering` is the hash of what was last shown. A card shows text `shown` and `more`
    others; `first`..`last` are the texts of a thread post; a root without `announcement` was no notification, for an
    agent wrote first; `hidden_during` is the announcement at which it was hidden. `failed` is why Slack never took it,
    `refused` why it did not when it was last tried, and it will be tried again.

    The post of a text's attachments carries no metadata: `files` are their ids at Slack, kept before Slack is asked to
    show them; `words` say which could not be had, and why; nothing is tried before `retry_at`.
    """

    id: str
    conversation: str
    kind: PostKind
    target: str
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
    failed: str | None = None
    refused: str | None = None
    hidden_by: str | None = None
    hidden_during: int | None = None
    removed: bool = False
    files: tuple[str, ...] = ()
    words: str = ""
    retry_at: Moment | None = None
    created_at: Moment


class ConsiderNotifying(QueueMessage):
    """Something happened in the conversation, or its time has come: decide whether to notify."""

    actor = "notifications.consider"
    conversation: str


class AgentActed(QueueMessage):
    """An agent opened, assigned, hid, took or replied: the team has seen what came before `at`.

    A reply is a text of the conversation besides.
    """

    actor = "notifications.record_action"
    ticket: int
    by: str
    at: Moment
    replied: bool = False


class RenderConversation(QueueMessage):
    """Bring Slack into line with the conversation's documents."""

    actor = "slack.render"
    conversation: str


class HidePost(QueueMessage):
    """An agent wants a notification out of sight."""

    actor = "slack.hide"
    channel: str
    ts: str
    by: str
    response_url: str | None = None


class ShowPost(QueueMessage):
    """An agent wants a collapsed root back."""

    actor = "slack.show"
    channel: str
    ts: str
    by: str


class UndoHide(QueueMessage):
    """The agent who hid a post wants it back."""

    actor = "slack.undo_hide"
    post: str
    by: str
    response_url: str | None = None


class Whisper(QueueMessage):
    """Tell one agent something in private: at `response_url`, else in `channel` (and its thread, if given)."""

    actor = "slack.whisper"
    text: str
    user: str
    response_url: str | None = None
    channel: str | None = None
    thread_ts: str | None = None


class OpenModal(QueueMessage):
    """An agent clicked Assign: the modal must open within three seconds of `received_at`."""

    actor = "interactive.open_modal"
    ticket: int
    user: str
    trigger_id: str
    response_url: str | None = None
    received_at: Moment
