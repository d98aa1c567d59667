"""The dead letters that the console shows: the first few thousand, kept for a moment so that paging is quick."""

import threading
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Final

from ops.masking import masked_letter
from ops.queues.broker import Broker, Page
from ops.queues.letters import Letter, Selection

LOOK: Final = 5_000
"""How many dead letters the console reads; the commands, and the buttons for all, reach the rest."""

FRESH: Final = 30.0
"""Seconds for which the letters that were read are shown."""


class DeadLetters:
    """The dead letters as last read, shared by everyone who asks within a few seconds."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._lock = threading.Lock()
        self._page: Page | None = None
        self._looked_at = 0.0

    def look(self, *, fresh: bool = False) -> Page:
        """The first dead letters, newest death first; BrokerAway if they can't be read."""
        with self._lock:
            if self._page is None or fresh or time.monotonic() - self._looked_at > FRESH:
                page = self._broker.dead(Selection(), 0, LOOK, LOOK)
                self._page = page.model_copy(update={"letters": tuple(reversed(page.letters))})
                self._looked_at = time.monotonic()
            return self._page

    def matching(self, selection: Selection) -> list[Letter]:
        """The letters read that match a selection, newest death first."""
        now = datetime.now(UTC)
        return [letter for letter in self.look().letters if selection.matches(letter, now)]

    def get(self, id: str) -> Letter | None:
        """One dead letter, also one that was not among those read; None if there is none."""
        known = next((letter for letter in self.look().letters if letter.id == id), None)
        if known is not None:
            return known
        found = self._broker.dead(Selection(ids=(id,)), 0, 1, 1_000_000_000).letters
        return found[0] if found else None

    def forget(self) -> None:
        """Read the dead letters again the next time."""
        self._looked_at = 0.0


def grouped(letters: list[Letter]) -> list[tuple[str, str, int]]:
    """Actor, reason and count, the most frequent first."""
    counts = Counter((letter.actor, masked_letter(letter).reason or "not recorded") for letter in letters)
    return [(actor, reason, count) for (actor, reason), count in counts.most_common(20)]
