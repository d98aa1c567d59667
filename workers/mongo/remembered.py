"""What a worker has just read of documents that hardly ever change, so that each text need not ask for it again."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

LIFE: Final = timedelta(seconds=1)
"""After this long a worker knows what another process has changed."""


class Remembered[V]:
    """Answers that stay good for `life`, by key; a change through the same stores ends them at once.

    That there is nothing (None) is not remembered.
    """

    def __init__(self, life: timedelta = LIFE) -> None:
        self._life = life.total_seconds()
        self._answers: dict[str, tuple[float, V]] = {}
        self._changes = 0

    async def get(self, key: str, ask: Callable[[], Awaitable[V | None]]) -> V | None:
        """The answer for a key, asked for anew if the last one is too old."""
        now, known = asyncio.get_running_loop().time(), self._answers.get(key)
        if known is not None and known[0] <= now < known[0] + self._life:
            return known[1]
        changes = self._changes
        answer = await ask()
        if answer is not None and changes == self._changes:  # otherwise the answer may be from before the change
            self._answers[key] = (now, answer)
        return answer

    def forget(self) -> None:
        """Ask for everything anew: something has changed."""
        self._changes += 1
        self._answers.clear()
