"""People's messages in a thread, as Slack's events and Slack's lists of a thread's messages describe them. Pure.

Slack adds fields without notice, and sends null for a field that has no value.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, model_validator

from messages.formats.slack_urls import is_slack_url
from messages.inbound import SlackReplyPosted
from messages.sms import SlackFile

PERSONS_SUBTYPES: Final = frozenset({None, "thread_broadcast", "file_share"})


class SlackPayload(BaseModel):
    """The part of a payload that Clerk reads."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, found: Any) -> Any:
        return {name: value for name, value in found.items() if value is not None} if isinstance(found, dict) else found


class MessageFile(SlackPayload):
    """A file of a message (https://docs.slack.dev/reference/objects/file-object)."""

    id: str
    name: str = ""
    mimetype: str = ""
    url_private: str = ""
    size: int = 0
    file_access: str = ""


class MessageEdit(SlackPayload):
    """The last edit of a message."""

    user: str = ""
    ts: str = ""


class MessageOrigin(SlackPayload):
    """Who wrote a message, and where it is: `parent_user_id` wrote its thread's first message."""

    ts: str = ""
    thread_ts: str | None = None
    parent_user_id: str = ""
    user: str | None = None
    subtype: str | None = None
    bot_id: str | None = None
    edited: MessageEdit | None = None

    @property
    def is_persons_reply(self) -> bool:
        """Whether a person wrote it as a reply: not a bot, not a notice of Slack's, not the thread's first message."""
        persons = self.user is not None and not self.bot_id and self.subtype in PERSONS_SUBTYPES
        return persons and self.thread_ts is not None and self.thread_ts != self.ts


class ThreadReply(MessageOrigin):
    """A message with its content (https://docs.slack.dev/reference/events/message)."""

    ts: str
    text: str = ""
    files: Sequence[MessageFile] = ()
    attachments: Sequence[Mapping[str, Any]] = ()
    blocks: Sequence[Mapping[str, Any]] = ()
    team: str = ""
    user_team: str = ""
    source_team: str = ""

    @property
    def beyond_text(self) -> tuple[str, ...]:
        """What it has besides text and files: forwarded messages, and the types of blocks that its text leaves out."""
        forwarded = [FORWARDED for each in self.attachments if not _is_preview(each)]
        kinds = [str(each.get("type", "")) for each in self.blocks]
        return tuple(dict.fromkeys([*forwarded, *(kind for kind in kinds if kind not in _IN_TEXT)]))


FORWARDED: Final = "forwarded message"

_IN_TEXT: Final = frozenset({"rich_text", "section", "header", "divider", "context", "actions"})
"""Blocks whose words a message's text repeats (https://docs.slack.dev/reference/block-kit/blocks)."""


def _is_preview(attachment: Mapping[str, Any]) -> bool:
    """Whether an attachment is Slack's preview of a link in the text, and nothing that a person forwarded.

    https://docs.slack.dev/messaging/unfurling-links-in-messages
    """
    if attachment.get("is_share"):
        return False
    return any(attachment.get(sign) for sign in ("original_url", "from_url", "is_msg_unfurl", "is_app_unfurl"))


def reply_posted(
    reply: ThreadReply,
    channel: str,
    *,
    api_url: str,
    received_at: datetime,
    event_id: str | None = None,
    home: tuple[str, ...] = (),
) -> SlackReplyPosted:
    """A person's reply as a queue message; a file that is stored outside Slack loses its address."""
    assert reply.user is not None
    assert reply.thread_ts is not None
    files = (SlackFile(**file.model_dump()) for file in reply.files)
    return SlackReplyPosted(
        event_id=event_id,
        channel=channel,
        ts=reply.ts,
        thread_ts=reply.thread_ts,
        user=reply.user,
        text=reply.text,
        files=tuple(only_slacks(file, api_url) for file in files),
        received_at=received_at,
        beyond_text=reply.beyond_text,
        team=reply.user_team or reply.source_team or reply.team,
        home=home,
        edited=reply.edited.ts or None if reply.edited is not None else None,
    )


def only_slacks(file: SlackFile, api_url: str) -> SlackFile:
    """A file without its address, if that is outside Slack."""
    return file if is_slack_url(file.url_private, api_url) else file.model_copy(update={"url_private": ""})
