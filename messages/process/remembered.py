"""Answers that a process asks for again only after a while."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

MOST: Final = 10_000
"""The most answers remembered of one kind."""


class Remembered[T]:
    """The answers about some ids, each for a while; a failure, or that there is none (None), is not remembered."""

    def __init__(self, lasting: timedelta) -> None:
        self._lasting = lasting.total_seconds()
        self._known: dict[str, tuple[float, T]] = {}
        self._changes = 0

    async def get(self, id: str, ask: Callable[[str], Awaitable[T]]) -> T:
        """The answer about an id, asked for if it is not known, or is too old."""
        now = asyncio.get_running_loop().time()
        known = self._known.get(id)
        if known is not None and now < known[0]:
            return known[1]
        changes = self._changes
        answer = await ask(id)
        if len(self._known) >= MOST:
            self._known.clear()
        if answer is not None and changes == self._changes:  # otherwise the answer may be from before the change
            self._known[id] = (now + self._lasting, answer)
        return answer

    def forget(self) -> None:
        """Ask for everything anew: something has changed."""
        self._changes += 1
        self._known.clear()


class Lately:
    """Which ids a process has heard of just before."""

    def __init__(self, lasting: timedelta) -> None:
        self._lasting = lasting
        self._heard: dict[str, datetime] = {}

    def heard(self, id: str, now: datetime) -> bool:
        """Note an id; whether it was noted within a while before."""
        last = self._heard.get(id)
        if len(self._heard) >= MOST:
            self._heard.clear()
        self._heard[id] = now
        return last is not None and abs(now - last) < self._lasting
