"""What goes on after a call was answered: retries, deliveries, callbacks."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class BackgroundTasks:
    """Tasks that end by themselves; what one of them raises is raised to whoever waits for them."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        """Begin a piece of work."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settled(self) -> None:
        """Wait until no work is under way."""
        while tasks := [*self._tasks]:
            await asyncio.gather(*tasks)
            self._tasks.difference_update(tasks)

    async def cancel(self) -> None:
        """Give up whatever is under way."""
        tasks = [*self._tasks]
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
