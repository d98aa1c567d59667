"""The dead letters that the console shows: the first few thousand, kept for a moment so that paging is quick."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ops.masking import masked_letter
from ops.queues.broker import Broker, Page, Snapshot
from ops.queues.letters import Letter, Selection

LOOK: Final = 5_000
"""How many dead letters the console reads; the commands, and the buttons for all, reach the rest."""

FRESH: Final = 30.0
"""Seconds for which the letters that were read are shown, unless the queues' own count says that there are others."""


@dataclass(frozen=True)
class SeenLetters:
    """The dead letters as they were read at a time, the earliest death first."""

    page: Page
    at: datetime

    @property
    def until(self) -> datetime:
        """The latest death of those that were seen: what died later was not among what an operator decided on."""
        if self.page.more:
            return self.at
        return max((died for each in self.page.letters if (died := each.died_at or each.published_at)), default=self.at)


class DeadLetters:
    """The dead letters as last read, shared by everyone who asks within a few seconds.

    A run holds them to itself: while one is `running`, they are not read, since a page would wait for its end.
    """

    def __init__(self, broker: Broker, running: Callable[[], bool] = lambda: False) -> None:
        self._broker, self._running = broker, running
        self._lock = threading.Lock()
        self._look: SeenLetters | None = None
        self._looked_at = 0.0

    def look(self, counted: Snapshot | None = None) -> SeenLetters:
        """The first dead letters; BrokerAway if they can't be read. `counted` is the latest count of the queues."""
        if self._running():
            return self._look or SeenLetters(Page(letters=(), scanned=0, total=0, more=False), datetime.now(UTC))
        with self._lock:
            if self._look is None or time.monotonic() - self._looked_at > FRESH or _is_behind(self._look, counted):
                at = datetime.now(UTC)
                self._look = SeenLetters(self._broker.dead(Selection(), 0, LOOK, LOOK), at)
                self._looked_at = time.monotonic()
            return self._look

    def matching(self, selection: Selection, look: SeenLetters) -> list[Letter]:
        """The letters of a look that match a selection, the earliest death first."""
        now = datetime.now(UTC)
        return [letter for letter in look.page.letters if selection.matches(letter, now)]

    def get(self, id: str) -> Letter | None:
        """One dead letter, also one that was not among those read; None if there is none, or a run has it."""
        known = next((letter for letter in self.look().page.letters if letter.id == id), None)
        if known is not None or self._running():
            return known
        found = self._broker.dead(Selection(ids=(id,)), 0, 1, 1_000_000_000).letters
        return found[0] if found else None

    def forget(self) -> None:
        """Read the dead letters again the next time."""
        self._looked_at = 0.0


def _is_behind(look: SeenLetters, counted: Snapshot | None) -> bool:
    """Whether the queues were counted after the look, and hold another number of dead letters."""
    if counted is None or counted.at <= look.at:
        return False
    return sum(queue.dead for queue in counted.queues) != look.page.total


def grouped(letters: list[Letter]) -> list[tuple[str, str, int]]:
    """Actor, reason and count, the most frequent first."""
    counts = Counter((letter.actor, masked_letter(letter).reason or "not recorded") for letter in letters)
    return [(actor, reason, count) for (actor, reason), count in counts.most_common(20)]
