"""The ports of the actors: the documents, the queues, Slack, the phone network, and the time."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from messages.formats.byline import Byline
from messages.formats.thread_replies import ThreadReply
from messages.inbound import SmsReceived
from messages.process.publishing import Publisher
from messages.process.settings import Settings
from messages.sms import Media, SlackFile
from workers.mongo import Stores


class Renderable(Protocol):
    """Blocks and their fallback text."""

    @property
    def text(self) -> str:
        """The text that a notification or an old client shows."""
        ...

    @property
    def blocks(self) -> Sequence[Mapping[str, Any]]:
        """The message's blocks, if any."""
        ...

    @property
    def byline(self) -> Byline | None:
        """The name under which it is posted, if not the app's."""
        ...


@dataclass(frozen=True)
class Posted:
    """The place of a message; if the target is a user, `channel` is that of the direct message.

    `thread_ts` is the thread that it is in, as Slack says: it may differ from the one that was asked for.
    """

    channel: str
    ts: str
    thread_ts: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Sight:
    """The channels that a user can see, as Slack says; it is `unsure` if Slack did not say so of all that were asked.

    Those count as hidden.
    """

    channels: frozenset[str] = frozenset()
    unsure: bool = False


class Slack(Protocol):
    """The calls of the Slack Web API that Clerk makes; every failure is a CallError."""

    async def post(self, channel: str, what: Renderable, *, post_id: str, thread_ts: str | None = None) -> Posted:
        """Post a message that carries `post_id` as metadata; the client never repeats the call."""
        ...

    async def find(self, channel: str, post_id: str, since: datetime, thread_ts: str | None = None) -> Posted | None:
        """The message that carries `post_id`, if it was posted after `since`: outside the thread if that is gone."""
        ...

    async def replies_between(self, thread: Posted, after: str, before: str) -> Sequence[ThreadReply]:
        """The replies that people wrote in a thread between two moments (as `ts`) and have not edited, in order."""
        ...

    async def update(self, at: Posted, what: Renderable) -> None:
        """Replace a message's text and blocks."""
        ...

    async def delete(self, at: Posted) -> None:
        """Delete a message; no error if it no longer exists."""
        ...

    async def permalink(self, at: Posted) -> str:
        """The address of a message that is no reply."""
        ...

    async def open_view(self, trigger_id: str, view: Mapping[str, Any]) -> None:
        """Open a modal for the user who made the trigger."""
        ...

    async def push_view(self, trigger_id: str, view: Mapping[str, Any]) -> None:
        """Open a modal on top of the one in which the trigger was made."""
        ...

    async def update_view(self, external_id: str, view: Mapping[str, Any]) -> None:
        """Replace the modal that has this external id."""
        ...

    async def publish_view(self, user: str, view: Mapping[str, Any], hash: str | None = None) -> None:
        """Let a user's Home show a view; hash_conflict if it no longer shows the one with this hash."""
        ...

    async def respond(self, response_url: str, what: Renderable, *, replace: bool = False) -> None:
        """Send the user who clicked a private message, through the click's response_url.

        It may `replace` the private message in which they clicked.
        """
        ...

    async def whisper(self, channel: str, user: str, what: Renderable, thread_ts: str | None = None) -> None:
        """Send one user a private message in a channel."""
        ...

    async def upload(self, name: str, content: bytes) -> str:
        """Upload a file, which nobody sees until it is shared; returns its id."""
        ...

    async def share(self, files: Sequence[str], channel: str, thread_ts: str, byline: Byline | None = None) -> None:
        """Share uploaded files in one message of a thread, under this name; the client never repeats the call."""
        ...

    async def find_share(self, file: str, channel: str) -> Posted | None:
        """The message that shares a file in a channel; None if there is none yet, file_not_found if never shared."""
        ...

    async def react(self, at: Posted, emoji: str) -> None:
        """Add our reaction to a message; no error if it is there already."""
        ...

    async def unreact(self, at: Posted, emoji: str) -> None:
        """Remove our reaction from a message; no error if it is not there."""
        ...

    async def is_member(self, channel: str) -> bool:
        """Whether the bot is a member of a channel; an archived one counts, since nobody can write there."""
        ...

    async def file(self, id: str) -> SlackFile:
        """A file that a person posted."""
        ...

    async def home(self) -> frozenset[str]:
        """The ids of the app's own workspace and organisation."""
        ...

    async def home_of(self, user: str) -> frozenset[str]:
        """The ids of a user's workspace and organisation."""
        ...

    async def user_name(self, user: str) -> str:
        """A user's name."""
        ...

    async def zone_of(self, user: str) -> str:
        """The time zone in which a user has Slack show times; blank if Slack does not say."""
        ...

    async def is_deactivated(self, user: str) -> bool:
        """Whether a user's account is deactivated."""
        ...

    async def is_admin(self, user: str) -> bool:
        """Whether a user is an admin or owner of the workspace."""
        ...

    async def sees(self, user: str, channels: Collection[str]) -> Sight:
        """Which of some channels a user can see."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


@dataclass(frozen=True)
class SentText:
    """One of our texts as the provider lists it, from `at`."""

    sid: str
    body: str = field(repr=False)
    status: str
    error_code: int | None
    at: datetime


@dataclass(frozen=True)
class ListedText:
    """A contact's text as the provider lists it, from `at`; `pool` is its Messaging Service, if the list names one."""

    sid: str
    contact: str = field(repr=False)
    body: str = field(repr=False)
    media: tuple[Media, ...]
    at: datetime
    pool: str | None = None

    def received(self, line: str, after: str | None) -> SmsReceived:
        """The text as a queue message, as from its webhook; `after` is the contact's text before it."""
        return SmsReceived(
            sid=self.sid,
            line=line,
            contact=self.contact,
            body=self.body,
            media=self.media,
            received_at=self.at,
            after=after,
            pool=self.pool,
        )


@dataclass(frozen=True)
class Attachment:
    """A picture or file, and the type that its server gave."""

    content: bytes = field(repr=False)
    content_type: str


class Texting(Protocol):
    """The phone network, through the provider; every failure is a TextingError; only `send` raises Undecided."""

    async def send(self, *, line: str, contact: str, body: str, media: Sequence[str], callback: str) -> SentText:
        """Send a text that reports its progress to `callback`; the client never repeats the call."""
        ...

    async def find(self, *, line: str, contact: str, since: datetime) -> Sequence[SentText]:
        """Our texts from a line to a contact since then (less ten minutes for unequal clocks), newest first."""
        ...

    async def received(self, *, line: str, since: datetime, contact: str | None = None) -> Sequence[ListedText]:
        """The contacts' (or one contact's) texts to a line since then (less a minute for unequal clocks), in order."""
        ...

    async def media(self, url: str, most: int) -> Attachment:
        """An attachment of a contact's text; TooLarge, or Unreachable if the provider does not have it yet."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


def _now() -> datetime:
    return datetime.now(UTC)


def _monotonic() -> float:
    return asyncio.get_running_loop().time()


@dataclass(frozen=True)
class Ports:
    """Everything that an actor may use; it gets them with each message."""

    settings: Settings
    stores: Stores
    publisher: Publisher
    slack: Slack
    texting: Texting
    now: Callable[[], datetime] = field(default=_now)
    monotonic: Callable[[], float] = field(default=_monotonic)
    """Seconds that pass evenly, on the event loop's clock."""

    async def close(self) -> None:
        """Close all connections, on the loop that uses them."""
        await self.slack.close()
        await self.texting.close()
        self.stores.close()
