"""Work that goes on after a call was answered: retries, deliveries, callbacks."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class BackgroundTasks:
    """Tasks that end by themselves. An error in a task is raised in `settled`."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        """Start a task."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settled(self) -> None:
        """Wait until no task is running."""
        while tasks := [*self._tasks]:
            await asyncio.gather(*tasks)
            self._tasks.difference_update(tasks)

    async def cancel(self) -> None:
        """Cancel the running tasks."""
        tasks = [*self._tasks]
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
