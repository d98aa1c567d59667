"""The document that each running process of Clerk keeps up to date, and when its process counts as gone. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from messages.base import Document, Moment

GONE: Final = timedelta(seconds=30)
"""A process that has not reported for this long is gone."""

STARTS_WITHIN: Final = timedelta(seconds=60)
"""A worker that reports consumes from its queues at the latest so long after its start, or something is wrong."""


class RunningProcess(Document):
    """A running process of Clerk: its kind, where it runs, when it last reported, by its own clock and by MongoDB's.

    `release` is its version of Clerk, `messages` and `documents` are those that it knows; those of before have none.
    """

    id: str
    kind: str
    host: str
    pid: int
    started_at: Moment
    told_at: Moment
    seen_at: Moment
    queues: tuple[str, ...] = ()
    release: str = ""
    messages: int = 0
    documents: int = 0
    metrics: str = "[]"

    def is_running(self, now: datetime) -> bool:
        """Whether it has reported lately."""
        return now - self.seen_at < GONE

    def is_starting(self) -> bool:
        """Whether it may not do its work yet, by its own clock."""
        return self.told_at - self.started_at < STARTS_WITHIN

    @property
    def clock_ahead(self) -> timedelta:
        """By how much its clock is ahead of MongoDB's."""
        return self.told_at - self.seen_at


def starting_workers(processes: Sequence[RunningProcess], queues: Sequence[str]) -> list[RunningProcess]:
    """The workers that have just been started and will serve these queues; none, if they leave one of them out."""
    found = [each for each in processes if each.kind == "worker" and each.is_starting() and {*queues} & {*each.queues}]
    served = {queue for each in found for queue in each.queues}
    return found if {*queues} <= served else []


def older_workers(processes: Sequence[RunningProcess]) -> list[RunningProcess]:
    """The workers that can't read all messages that the others may publish."""
    newest = max((each.messages for each in processes), default=0)
    return [each for each in processes if each.kind in {"worker", "run"} and each.messages < newest]


def told_of_older_workers(processes: Sequence[RunningProcess]) -> str:
    """In words, which workers are older than what may be published; empty if none is."""
    older = older_workers(processes)
    where = ", ".join(sorted({f"{each.host} ({each.release or 'of an earlier version'})" for each in older}))
    what = "a worker is" if len(older) == 1 else f"{len(older)} workers are"
    return f"{what} older than what others publish: {where}" if older else ""
