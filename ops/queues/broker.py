"""What can be asked of the queues, whichever broker holds them. Pure."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from ops.queues.layout import Moment, Shape
from ops.queues.letters import Letter, Selection

STALLED: Final = 120.0
"""Seconds without a finished message after which workers that have some in hand are called stuck: longer than nearly
every actor may take."""


class BrokerAway(Exception):
    """The broker can't be asked at present; the text says why and what to do."""


class QueueState(Shape):
    """One work queue and the two beside it: what lies in them; None is what the source can't tell.

    `held` messages are in workers' hands, and none of them was finished for `stalled` seconds; `delayed` ones wait for
    their time, the next at `next_due_at`. Rates are messages a second. The oldest waiting message has waited `oldest`
    seconds, or longer if `oldest_at_least`.
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


class Page(Shape):
    """Dead letters that matched, among `scanned` of `total`; `more` if not all were looked at."""

    letters: tuple[Letter, ...]
    scanned: int
    total: int
    more: bool


class Tally(Shape):
    """What a run over dead letters has done so far.

    `already` were found moved by a run that was killed; `unreplayable` match, but no actor could be handed them;
    `missing` are ids that were asked for and are not there.
    """

    total: int = 0
    scanned: int = 0
    done: int = 0
    already: int = 0
    unreplayable: int = 0
    missing: tuple[str, ...] = ()
    stopped: bool = False


type Report = Callable[[Tally], bool]
"""Told how far a run is; answers whether to go on."""


class Broker(Protocol):
    """The queues, to be looked at and repaired."""

    def snapshot(self) -> Snapshot:
        """All queues now."""
        ...

    def peek(self, queue: str, limit: int) -> Sequence[Letter]:
        """The next messages of a queue (`slack`, `slack.DQ` or `slack.XQ`), which stay where they are."""
        ...

    def dead(self, selection: Selection, skip: int, limit: int, scan: int) -> Page:
        """Dead letters, oldest first: at most `limit` that match, after `skip` of them, among at most `scan`."""
        ...

    def rehearse(self, selection: Selection, report: Report) -> Tally:
        """Count what a replay would move, and what it could not, and leave everything where it is."""
        ...

    def replay(self, selection: Selection, report: Report) -> Tally:
        """Have dead letters handled once more: each is safe in its work queue before it leaves the dead ones."""
        ...

    def drop(self, selection: Selection, report: Report) -> Tally:
        """Throw dead letters away for good."""
        ...
