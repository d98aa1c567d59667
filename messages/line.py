"""A line: one of the team's phone numbers, its channel and its settings."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from messages.base import Document, Duration, Moment


class Mode(StrEnum):
    """When texts are announced: at the start of a conversation only, or also after it fell quiet."""

    BOTH = "leading+trailing"
    LEADING = "leading"


class ReplyMode(StrEnum):
    """Whether what is written in the thread goes out, or only what the Reply button sends."""

    THREAD = "thread"
    BUTTONS = "buttons"


class Line(Document):
    """One of the team's phone numbers (`id`, E.164), tied to one Slack channel, its origin channel."""

    id: str
    channel: str
    name: str = ""
    mode: Mode = Mode.BOTH
    window: Duration = timedelta(minutes=3)
    cap: Duration = timedelta(minutes=15)
    solved_for: Duration = timedelta(hours=96)
    reply_mode: ReplyMode = ReplyMode.THREAD

    @property
    def label(self) -> str:
        """What people call the line: its name, else its number."""
        return self.name or self.id


def line_of(lines: Sequence[Line], channel: str | None) -> Line | None:
    """The line that a command typed in a channel is about: the channel's own, else the only one; None if it is open."""
    found = [line for line in lines if line.channel == channel] or lines
    return found[0] if len(found) == 1 else None


class Inbox(Document):
    """How far a line's texts (`id` is its number) were compared with the provider's list.

    What came before `began_at` is not Clerk's. All that came up to `seen_at` are known, or in a queue: those that the
    last look put there are `taken`. Whoever takes the next look, at `look_at`, takes it alone.
    """

    id: str
    began_at: Moment = datetime.fromtimestamp(0, UTC)
    seen_at: Moment
    look_at: Moment
    taken: tuple[str, ...] = ()
