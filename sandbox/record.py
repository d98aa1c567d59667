"""What the sandbox saw and sent, for tests and for the page; and who listens for it."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, Final

KEPT: Final = 20_000


class Record:
    """The latest calls and webhooks, in order; listeners are woken at every change."""

    def __init__(self) -> None:
        self.entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._count = 0
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    def note(self, kind: str, **fields: Any) -> None:
        """Keep what happened, and wake the listeners."""
        self.entries.append({"at": time.time(), "kind": kind, **fields})
        self.change()

    def change(self) -> None:
        """Wake the listeners: something that the page shows is different now."""
        self._count += 1
        task = asyncio.ensure_future(self._wake())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def changes(self) -> AsyncIterator[int]:
        """The number of changes so far, now and each time it grows."""
        seen = -1
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._count != seen)  # noqa: B023 - read before it changes
                seen = self._count
            yield seen
