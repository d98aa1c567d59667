"""What actors may reach: the documents, the queues, Slack, and the time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from messages.formats.thread_replies import ThreadReply
from messages.inbound import SmsReceived
from messages.process.publishing import Publisher
from messages.process.settings import Settings
from messages.sms import Media
from workers.mongo import Stores


class SlackError(Exception):
    """Slack did not do what was asked; `code` is Slack's own word for why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Permanent(SlackError):
    """Trying again can't help until a person changes something."""


class Temporary(SlackError):
    """Nothing happened at Slack; trying again later may help, after `retry_after` if that is known."""

    def __init__(self, code: str, retry_after: timedelta | None = None) -> None:
        super().__init__(code)
        self.retry_after = retry_after


class Throttled(Temporary):
    """Slack wants to be left alone for `retry_after`."""

    retry_after: timedelta

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__("ratelimited", retry_after)


class Ambiguous(SlackError):
    """Slack may or may not have done it: look before trying again."""


class Renderable(Protocol):
    """Blocks and their fallback text."""

    @property
    def text(self) -> str:
        """What a notification or an old client shows."""
        ...

    @property
    def blocks(self) -> Sequence[Mapping[str, Any]]:
        """The message's blocks; may be empty."""
        ...


@dataclass(frozen=True)
class Posted:
    """Where a message landed; for a user as target, `channel` is the direct message's."""

    channel: str
    ts: str


class Slack(Protocol):
    """The calls of the Slack Web API that Clerk makes; every failure is a SlackError."""

    async def post(self, channel: str, what: Renderable, *, post_id: str, thread_ts: str | None = None) -> Posted:
        """Post a message that carries `post_id` as metadata; never repeated by the client itself."""
        ...

    async def find(self, channel: str, post_id: str, since: datetime, thread_ts: str | None = None) -> Posted | None:
        """The message that carries `post_id`, if it was posted after `since`."""
        ...

    async def replies_between(self, thread: Posted, after: str, before: str) -> Sequence[ThreadReply]:
        """What people wrote in a thread between two moments (as `ts`), in order, and did not edit since."""
        ...

    async def update(self, at: Posted, what: Renderable) -> None:
        """Replace a message's text and blocks."""
        ...

    async def delete(self, at: Posted) -> None:
        """Take a message away; a message that is gone already is fine."""
        ...

    async def permalink(self, at: Posted) -> str:
        """The address of a message."""
        ...

    async def open_view(self, trigger_id: str, view: Mapping[str, Any]) -> None:
        """Open a modal for whoever made the trigger."""
        ...

    async def push_view(self, trigger_id: str, view: Mapping[str, Any]) -> None:
        """Lay a modal on the one in which the trigger was made."""
        ...

    async def update_view(self, external_id: str, view: Mapping[str, Any]) -> None:
        """Replace the modal that has this external id."""
        ...

    async def respond(self, response_url: str, what: Renderable) -> None:
        """Tell whoever clicked, in private, through the click's response_url."""
        ...

    async def whisper(self, channel: str, user: str, what: Renderable, thread_ts: str | None = None) -> None:
        """Tell one user in a channel, in private."""
        ...

    async def upload(self, name: str, content: bytes) -> str:
        """The id of a new file, which nobody sees until it is shared."""
        ...

    async def share(self, files: Sequence[str], channel: str, thread_ts: str) -> None:
        """Share uploaded files in one message of a thread; never repeated by the client itself."""
        ...

    async def find_share(self, file: str, channel: str) -> Posted | None:
        """Where in a channel a file stands; None if it is not there yet, file_not_found if it was never shared."""
        ...

    async def react(self, at: Posted, emoji: str) -> None:
        """Put our reaction on a message; one that stands already is fine."""
        ...

    async def unreact(self, at: Posted, emoji: str) -> None:
        """Take our reaction from a message; one that is gone already is fine."""
        ...

    async def user_name(self, user: str) -> str:
        """What people call a user."""
        ...

    async def close(self) -> None:
        """Give the connections back."""
        ...


class TextingError(Exception):
    """The provider did not do what was asked; `code` is its own, if any, and `detail` holds no number and no text."""

    def __init__(self, code: int | None, detail: str) -> None:
        super().__init__(detail if code is None else f"{code} ({detail})")
        self.code, self.detail = code, detail


class Refused(TextingError):
    """The provider said no and nothing was sent; `code` tells whether the same can work later."""


class TextingThrottled(TextingError):
    """The provider did not look at it, and wants to be left alone for `retry_after`."""

    def __init__(self, code: int | None, retry_after: timedelta) -> None:
        super().__init__(code, "throttled")
        self.retry_after = retry_after


class Unreachable(TextingError):
    """Nothing happened at the provider, or nothing but reading; asking again is safe."""


class Undecided(TextingError):
    """The text may or may not have been sent: look before trying again."""


class TooLarge(TextingError):
    """An attachment has more bytes than were asked for."""


@dataclass(frozen=True)
class SentText:
    """One of our texts as the provider has it, since `at`."""

    sid: str
    body: str = field(repr=False)
    status: str
    error_code: int | None
    at: datetime


@dataclass(frozen=True)
class ListedText:
    """A contact's text as the provider has it, since `at`."""

    sid: str
    contact: str = field(repr=False)
    body: str = field(repr=False)
    media: tuple[Media, ...]
    at: datetime

    def received(self, line: str, after: str | None) -> SmsReceived:
        """The text as its webhook would have brought it, after another one of the contact's."""
        return SmsReceived(
            sid=self.sid,
            line=line,
            contact=self.contact,
            body=self.body,
            media=self.media,
            received_at=self.at,
            after=after,
        )


@dataclass(frozen=True)
class Attachment:
    """A picture or file, and what the one who served it says it is."""

    content: bytes = field(repr=False)
    content_type: str


class Texting(Protocol):
    """The phone network, through the provider; every failure is a TextingError, and Undecided one of `send` alone."""

    async def send(self, *, line: str, contact: str, body: str, media: Sequence[str], callback: str) -> SentText:
        """Send a text that reports its progress to `callback`; never repeated by the client itself."""
        ...

    async def find(self, *, line: str, contact: str, since: datetime) -> Sequence[SentText]:
        """Our texts from a line to a contact since then (less a minute for unequal clocks), newest first."""
        ...

    async def received(self, *, line: str, since: datetime, contact: str | None = None) -> Sequence[ListedText]:
        """The contacts' (or one contact's) texts to a line since then (less a minute for unequal clocks), in order."""
        ...

    async def media(self, url: str, most: int) -> Attachment:
        """An attachment of a contact's text, or TooLarge; one that is not there yet is Unreachable."""
        ...

    async def close(self) -> None:
        """Give the connections back."""
        ...


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Ports:
    """Everything an actor may reach, handed to it with each message."""

    settings: Settings
    stores: Stores
    publisher: Publisher
    slack: Slack
    texting: Texting
    now: Callable[[], datetime] = field(default=_now)

    async def close(self) -> None:
        """Give every connection back, on the loop that uses them."""
        await self.slack.close()
        await self.texting.close()
        self.stores.close()
