"""The record of calls, webhooks and violations, for tests and for the page."""

import asyncio
import itertools
import time
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any, Final

MAX_ENTRIES: Final = 20_000


@dataclass(frozen=True)
class RecordedCall:
    """A call in progress: its number in the record, and when it started."""

    number: int
    at: float
    _clock: float = field(default_factory=time.perf_counter, repr=False)

    @property
    def latency(self) -> float:
        """Milliseconds since the call started."""
        return round((time.perf_counter() - self._clock) * 1000, 2)


class Record:
    """The latest calls, webhooks and violations, oldest first; every change is counted and wakes the listeners.

    An entry has `number`, `at` (its start, in seconds since the epoch), `kind` and `latency` in milliseconds.
    `cause` is the number of the entry that led to it, where that is known, and `ids` names what it was about.
    """

    def __init__(self) -> None:
        self.entries: deque[dict[str, Any]] = deque(maxlen=MAX_ENTRIES)
        self._numbers = itertools.count(1)
        self.count = 0
        self._listeners: set[asyncio.Event] = set()

    def begin(self) -> RecordedCall:
        """Number a call that starts now."""
        return RecordedCall(next(self._numbers), time.time())

    def note(self, kind: str, call: RecordedCall | None = None, **fields: Any) -> int:
        """Add an entry, wake the listeners, and return the entry's number."""
        call = call or self.begin()
        self.entries.append(
            {"number": call.number, "at": call.at, "kind": kind, "latency": call.latency, "cause": None, **fields}
        )
        self.change()
        return call.number

    def change(self) -> None:
        """Wake the listeners: something that the page shows has changed."""
        self.count += 1
        for each in self._listeners:
            each.set()

    def of(self, kind: str, **fields: Any) -> list[dict[str, Any]]:
        """The entries of a kind with these fields."""
        return [
            each
            for each in self.entries
            if each["kind"] == kind and all(each.get(name) == value for name, value in fields.items())
        ]

    async def changes(self) -> AsyncGenerator[int]:
        """Yield the number of changes so far, now and after each change."""
        changed = asyncio.Event()
        self._listeners.add(changed)
        try:
            while True:
                changed.clear()
                yield self.count
                await changed.wait()
        finally:
            self._listeners.discard(changed)
