"""The time in the sandbox, which a person may move.

Only `clerk run` with the sandbox makes one, and hands its `now` to whatever asks the time of day there. Nothing of
Clerk itself can import this: the clock of a real deployment can't be moved.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class SandboxClock:
    """A clock that is `ahead` of the real one, which gives seconds since the epoch."""

    def __init__(self, real: Callable[[], float] = time.time) -> None:
        self.real = real
        self.ahead = timedelta()

    def seconds(self) -> float:
        """The time in the sandbox, in seconds since the epoch."""
        return self.real() + self.ahead.total_seconds()

    def now(self) -> datetime:
        """The time in the sandbox."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    def real_now(self) -> datetime:
        """The time of the machine."""
        return datetime.fromtimestamp(self.real(), UTC)
