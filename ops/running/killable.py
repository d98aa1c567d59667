"""Kills the workers of this very process: their coroutines stop for good, wherever they wait.

After `kill -9` of a worker process its coroutines no longer run, not even a `finally`, and RabbitMQ gives its messages
to another worker. Here the coroutines stay where they are and never run again, and each message starts anew.
"""

import asyncio
import concurrent.futures
import functools
import types
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, ContextVar
from typing import Any, Final, override

import dramatiq
from dramatiq.asyncio import get_event_loop_thread
from dramatiq.middleware import Middleware

type AnyCoroutine = Coroutine[Any, Any, Any]


class _Generation:
    """The tasks that all workers start between one kill and the next."""

    def __init__(self) -> None:
        self.killed = False
        self.tasks: dict[asyncio.Task[Any], AnyCoroutine] = {}

    def kill(self) -> list[AnyCoroutine]:
        """Stop every task where it is; its coroutines, which the caller must keep: Python closes one that it drops."""
        self.killed = True
        left = list(self.tasks.values())
        for task in list(self.tasks):
            task.cancel()
        return left

    @types.coroutine
    def run(self, coroutine: AnyCoroutine) -> Generator[Any, Any, Any]:
        """Run a coroutine until it ends or this generation is killed."""
        error: BaseException | None = None
        while True:
            try:
                awaited = coroutine.send(None) if error is None else coroutine.throw(error)
            except StopIteration as done:
                return done.value
            error = None
            try:
                yield awaited
            except BaseException as raised:
                if self.killed:
                    raise
                error = raised


_GENERATION: Final[ContextVar[_Generation | None]] = ContextVar("generation", default=None)


class Killable(Middleware):
    """Runs the actors so that `kill` can end them; calls `on_kill` in the thread of each message that was in hand."""

    def __init__(self, on_kill: Callable[[], None]) -> None:
        self._generation, self._stopped = _Generation(), list[AnyCoroutine]()
        self._on_kill = on_kill

    @override
    def after_declare_actor(self, broker: dramatiq.Broker, actor: dramatiq.Actor[Any, Any]) -> None:
        actor.fn = self._repeat_if_killed(actor.fn)

    @override
    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        _loop().set_task_factory(_task)

    async def kill(self) -> None:
        """End what all workers have in hand; returns once none of it runs."""
        generation, self._generation = self._generation, _Generation()
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        here = asyncio.get_running_loop()

        def end() -> None:
            self._stopped += generation.kill()
            here.call_soon_threadsafe(ended.set_result, None)

        _loop().call_soon_threadsafe(end)
        await ended

    def _repeat_if_killed[**P, R](self, fn: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(fn)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            while True:
                generation = self._generation
                token = _GENERATION.set(generation)
                try:
                    return fn(*args, **kwargs)
                except concurrent.futures.CancelledError:
                    if not generation.killed:
                        raise
                finally:
                    _GENERATION.reset(token)
                self._on_kill()

        return run


def _task(
    loop: asyncio.AbstractEventLoop, coroutine: AnyCoroutine, *, context: Context | None = None, **more: Any
) -> asyncio.Task[Any]:
    """A task of the generation in which it is made, if any (https://docs.python.org/3/library/asyncio-eventloop.html)."""
    generation = _GENERATION.get() if context is None else context.get(_GENERATION)
    if generation is None:
        return asyncio.Task(coroutine, loop=loop, context=context, **more)

    async def killable() -> Any:
        return await generation.run(coroutine)

    task = asyncio.Task(killable(), loop=loop, context=context, **more)
    generation.tasks[task] = coroutine
    task.add_done_callback(generation.tasks.pop)
    if generation.killed:
        coroutine.close()  # it has not started
        task.cancel()
    return task


def _loop() -> asyncio.AbstractEventLoop:
    thread = get_event_loop_thread()
    assert thread is not None
    return thread.loop
