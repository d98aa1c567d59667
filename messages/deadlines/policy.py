"""A line's policy: within which time its tickets are answered and solved, by priority. Pure."""

from datetime import timedelta
from typing import Annotated, Final

from pydantic import Field

from messages.base import Document, Duration
from messages.deadlines.clocks import ClockKind, HoursCounted
from messages.deadlines.priority import Priority

WARN: Final = 0.75


class Target(Document):
    """Within which time something is to happen, counted in which hours; a warning comes after the share `warn`."""

    within: Duration = Field(gt=timedelta(), le=timedelta(days=366))
    warn: Annotated[float, Field(gt=0, lt=1)] = WARN
    counts: HoursCounted = HoursCounted.OPEN


class Policy(Document):
    """The targets of a line's tickets, by priority and clock; without any, no clock runs.

    Every change raises `version`.
    """

    targets: dict[Priority, dict[ClockKind, Target]] = {}
    version: int = 0

    def target(self, priority: Priority, kind: ClockKind) -> Target | None:
        """The target of a ticket's clock; a ticket without a priority has those of Normal."""
        of = priority if priority is not Priority.NONE else Priority.NORMAL
        return self.targets.get(of, {}).get(kind)
