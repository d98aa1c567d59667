"""The document that each running process of Clerk keeps up to date, and when its process counts as gone. Pure."""

from datetime import datetime, timedelta
from typing import Final

from messages.base import Document, Moment

GONE: Final = timedelta(seconds=30)
"""A process that has not reported for this long is gone."""


class RunningProcess(Document):
    """A running process of Clerk: its kind, where it runs, when it last reported, by its own clock and by MongoDB's."""

    id: str
    kind: str
    host: str
    pid: int
    started_at: Moment
    told_at: Moment
    seen_at: Moment
    queues: tuple[str, ...] = ()
    metrics: str = "[]"

    def is_running(self, now: datetime) -> bool:
        """Whether it has reported lately."""
        return now - self.seen_at < GONE

    @property
    def clock_ahead(self) -> timedelta:
        """By how much its clock is ahead of MongoDB's."""
        return self.told_at - self.seen_at
