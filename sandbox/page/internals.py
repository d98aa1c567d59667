"""What the page shows of the machinery and only the application knows: it is asked for as plain data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class PendingNotification:
    """A conversation whose unannounced texts will be announced at `due_at`, in seconds since the epoch."""

    conversation: str
    line: str
    contact: str
    unannounced: int
    waiting_since: float
    due_at: float


@dataclass(frozen=True)
class QuietWindow:
    """How many seconds of quiet a line waits for, and for how many it waits at most."""

    line: str
    seconds: float
    cap: float


@dataclass(frozen=True)
class MessageOutcome:
    """A queue message that a worker is done with; `cause` ties it to the webhook that it follows from."""

    id: str
    at: float
    actor: str
    outcome: str
    cause: str | None
    conversation: str | None


@dataclass(frozen=True)
class InternalsSnapshot:
    """The machinery at one moment; `trouble` says why some of it can't be told.

    `queues` counts the messages of each slice's queue (`slack`), its delayed (`slack.DQ`) and dead ones (`slack.XQ`).
    """

    pending: Sequence[PendingNotification] = ()
    windows: Sequence[QuietWindow] = ()
    queues: Mapping[str, int] = field(default_factory=dict)
    handled: Sequence[MessageOutcome] = ()
    working: bool = True
    trouble: str = ""


class Internals(Protocol):
    """The application's inside, as far as the page may look and touch."""

    async def snapshot(self) -> InternalsSnapshot:
        """What is pending and queued now, and what was handled lately."""
        ...

    async def set_window(self, line: str, seconds: float) -> None:
        """Let a line wait for so many seconds of quiet, also where it waits already; LookupError if there is none."""
        ...

    async def kill(self) -> None:
        """Kill the workers as they are; others begin anew what they had in hand."""
        ...

    async def set_working(self, working: bool) -> None:
        """Stop the workers between two messages, or let them go on."""
        ...
