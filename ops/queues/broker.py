"""What an operator can ask of the queues, whichever broker holds them. Pure."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol

from ops.queues.layout import Moment, Shape, dead, delayed, family
from ops.queues.letters import Letter, Selection

STALLED: Final = 120.0
"""Workers that hold messages and finish none for this many seconds are called stuck: nearly every actor takes less."""


class BrokerAway(Exception):
    """The broker can't be reached at present; the text says why and what to do."""


class QueueState(Shape):
    """One work queue with its delayed messages and dead letters; None is what the source does not say.

    Workers hold `held` messages and have finished none for `stalled` seconds; `delayed` messages wait until they are
    due, the next at `next_due_at`. Rates are messages a second. The oldest message has waited `oldest` seconds, or
    longer if `oldest_at_least`.
    """

    name: str
    ready: int = 0
    held: int | None = None
    stalled: float | None = None
    delayed: int = 0
    next_due_at: Moment | None = None
    dead: int = 0
    consumers: int = 0
    rate_in: float | None = None
    rate_out: float | None = None
    oldest: float | None = None
    oldest_at_least: bool = False


class Snapshot(Shape):
    """All queues at one moment, and where the numbers come from."""

    at: Moment
    source: str
    queues: tuple[QueueState, ...]


def held_words(queue: str, snapshot: Snapshot, shown: int, now: datetime) -> str:
    """What a look at a queue can't show, in words: the messages that workers have taken; empty if there are none.

    `queue` is a work queue or its delayed messages, and `shown` is how many the look has shown.
    """
    state = next((each for each in snapshot.queues if each.name == family(queue)), None)
    if state is None or queue == dead(state.name):
        return ""
    if queue != delayed(state.name):
        count = state.held or 0
        return f"Workers hold {_messages(count)}, which can't be shown." if count else ""
    count = state.delayed - shown
    if count <= 0:
        return ""
    due = state.next_due_at
    when = f", the next in {max(0, round((due - now).total_seconds())):,} s" if due is not None else ""
    return f"Workers hold {_messages(count)} until they are due{when}. These can't be shown."


def _messages(count: int) -> str:
    return f"{count:,} of its messages" if count != 1 else "1 of its messages"


class Page(Shape):
    """Dead letters that match, among `scanned` of `total`; `more` if not all were read."""

    letters: tuple[Letter, ...]
    scanned: int
    total: int
    more: bool


class Tally(Shape):
    """What a replay, drop or rehearsal has done so far.

    A run that was killed had already moved `already` of them; `unreplayable` match, but no actor can read them;
    `missing` are requested ids that do not exist.
    """

    total: int = 0
    scanned: int = 0
    done: int = 0
    already: int = 0
    unreplayable: int = 0
    missing: tuple[str, ...] = ()
    stopped: bool = False


type Report = Callable[[Tally], bool]
"""Gets the tally after each message, and returns whether to go on."""


class Broker(Protocol):
    """The queues that an operator looks at and repairs."""

    def snapshot(self) -> Snapshot:
        """All queues now."""
        ...

    def peek(self, queue: str, limit: int) -> Sequence[Letter]:
        """The next messages of a queue (`slack`, `slack.DQ` or `slack.XQ`), which stay there."""
        ...

    def dead(self, selection: Selection, skip: int, limit: int, scan: int) -> Page:
        """Dead letters, oldest first: at most `limit` that match, after `skip` of them, among at most `scan`."""
        ...

    def rehearse(self, selection: Selection, report: Report) -> Tally:
        """Count what a replay would move and what it could not, and move nothing."""
        ...

    def replay(self, selection: Selection, report: Report) -> Tally:
        """Move dead letters to their work queues: each is safe there before it leaves the dead letters."""
        ...

    def drop(self, selection: Selection, report: Report) -> Tally:
        """Drop dead letters for good."""
        ...
