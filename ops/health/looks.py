"""Whether a clock looks for due work."""

import time
from collections.abc import Callable
from typing import Final

LATE: Final = 600
"""Seconds after which a look must have ended: it takes seconds, or a minute while MongoDB is away."""


class Looks:
    """When a clock last ended a look for due work."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._ended_at = clock, clock()

    def note(self) -> None:
        """Note that a look has just ended."""
        self._ended_at = self._clock()

    def trouble(self) -> str:
        """What is wrong, "" if nothing is."""
        since = self._clock() - self._ended_at
        return f"has ended no look for due work for {since:.0f} seconds" if since >= LATE else ""
