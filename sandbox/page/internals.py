"""What the page asks the application around it: data about Clerk's queues, workers and notifications. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True)
class PendingNotification:
    """A conversation with texts that Clerk will announce at `due_at`, in seconds since the epoch."""

    conversation: str
    line: str
    contact: str
    unannounced: int
    waiting_since: float
    due_at: float


@dataclass(frozen=True)
class QuietWindow:
    """How many seconds of quiet a line waits for, and how many seconds it waits at most (`cap`)."""

    line: str
    seconds: float
    cap: float


@dataclass(frozen=True)
class MessageOutcome:
    """How a worker ended with a queue message; `cause` is the correlation id of the webhook that led to it."""

    id: str
    at: float
    actor: str
    outcome: str
    cause: str | None
    conversation: str | None


@dataclass(frozen=True)
class InternalsSnapshot:
    """The internals at one moment; `trouble` says why some of them are unknown.

    `queues` counts each slice's messages: ready (`slack`), delayed (`slack.DQ`) and dead (`slack.XQ`).
    """

    pending: Sequence[PendingNotification] = ()
    windows: Sequence[QuietWindow] = ()
    queues: Mapping[str, int] = field(default_factory=dict)
    handled: Sequence[MessageOutcome] = ()
    working: bool = True
    trouble: str = ""


class ClockNotMoved(Exception):
    """The clock can't be moved now; the text says why."""


class Internals(Protocol):
    """The part of the application that the page may see and change."""

    async def snapshot(self) -> InternalsSnapshot:
        """What is pending and queued now, and the messages that workers handled recently."""
        ...

    async def set_window(self, line: str, seconds: float) -> None:
        """Set a line's seconds of quiet, also for texts that already wait; LookupError if the line is unknown."""
        ...

    async def offer_targets(self, line: str) -> None:
        """Let a line's tickets be due at the offered times, unless it has its own; LookupError if it is unknown."""
        ...

    async def kill(self) -> None:
        """Kill the workers at once; new ones start their messages again."""
        ...

    async def set_working(self, working: bool) -> None:
        """Pause the workers after their current messages, or resume them."""
        ...

    async def move_clock(self, ahead: timedelta) -> int:
        """Let the sandbox's clock be so far ahead of the machine's; return how much has fallen due, or ClockNotMoved.

        Workers end what they have in hand before.
        """
        ...
