"""An event loop whose time jumps to the next timer instead of passing, and processes whose tasks can all die at once.

What runs next depends only on what was scheduled: asyncio's ready queue is first in, first out, and its timers are a
heap by time. There are no sockets, threads or signals.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar
from datetime import datetime, timedelta
from typing import Any, Final, override

from tests.make import NOW

PROCESS: Final[ContextVar["SimulatedProcess | None"]] = ContextVar("simulated_process", default=None)
"""The process whose code runs."""


class NothingLeftToHappen(Exception):
    """Every task waits, and no timer is set."""


class _Leap(selectors.BaseSelector):
    """What the loop asks for I/O: there is none, so that it lets the time leap instead of waiting."""

    def __init__(self) -> None:
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise NothingLeftToHappen
        if timeout > 0:
            self.now += timeout
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        raise NotImplementedError

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        raise NotImplementedError

    def get_map(self) -> Any:
        return {}


class VirtualLoop(asyncio.BaseEventLoop):
    """An event loop in virtual time."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = _Leap()
        self._clock_resolution = 1e-9
        self.set_task_factory(_task_of_process)

    @override
    def time(self) -> float:
        return self._selector.now

    def _process_events(self, event_list: list[Any]) -> None:
        """There are no events of I/O."""

    def _write_to_self(self) -> None:
        """Nothing wakes the loop from outside."""


def _task_of_process(
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **options: Any
) -> asyncio.Task[Any]:
    """A task that belongs to the process whose code made it."""
    context: Context | None = options.get("context")
    process = context.get(PROCESS) if context is not None else PROCESS.get()
    task = asyncio.Task(coroutine, loop=loop, **options)
    if process is not None:
        process.tasks[task] = None
        task.add_done_callback(process.forget)
    return task


class SimulatedProcess:
    """A process: it can die between any two awaits, stand still for a while, and have a clock that is wrong."""

    def __init__(self, name: str, loop: VirtualLoop, skew: Callable[[float], float]) -> None:
        self.name, self.loop = name, loop
        self.alive = True
        self.tasks: dict[asyncio.Task[Any], None] = {}
        self.stopped_until = 0.0
        self.holds_until = 0.0
        """Until then its messages lie in its hands, but those that a person waits for."""
        self._skew = skew

    def now(self) -> datetime:
        """The time by the clock of the process's machine."""
        time = self.loop.time()
        return NOW + timedelta(seconds=time + self._skew(time))

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Begin to do something in this process."""
        token = PROCESS.set(self)
        try:
            return self.loop.create_task(work)
        finally:
            PROCESS.reset(token)

    def forget(self, task: asyncio.Task[Any]) -> None:
        """A task is done."""
        self.tasks.pop(task, None)

    def die(self) -> None:
        """End at once: what was under way goes no further, because a dead process has no connection to anything."""
        self.alive = False
        for task in list(self.tasks):
            task.cancel()

    def step(self) -> None:
        """Reach the outside; a dead process can't."""
        if not self.alive:
            raise asyncio.CancelledError
