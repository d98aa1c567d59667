"""What actors may reach: the documents, the queues, Slack, and the time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from messages.publishing import Publisher
from messages.settings import Settings
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

    async def respond(self, response_url: str, what: Renderable) -> None:
        """Tell whoever clicked, in private, through the click's response_url."""
        ...

    async def whisper(self, channel: str, user: str, what: Renderable, thread_ts: str | None = None) -> None:
        """Tell one user in a channel, in private."""
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
    now: Callable[[], datetime] = field(default=_now)
