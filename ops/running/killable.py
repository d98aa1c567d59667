"""Workers of this very process that can be killed: what they have in hand stops for good, wherever it waits.

After `kill -9` of a worker process nothing of its coroutines runs any more, no `finally` either, and RabbitMQ gives
what it had in hand to another worker. Here the coroutines are left where they are, never to run again, and each
message is begun anew.
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

type Running = Coroutine[Any, Any, Any]


class _Life:
    """What all workers run from one kill to the next."""

    def __init__(self) -> None:
        self.over = False
        self.tasks: dict[asyncio.Task[Any], Running] = {}

    def end(self) -> list[Running]:
        """Stop everything where it is; what is left must be kept, for Python would clean up after what it drops."""
        self.over = True
        left = list(self.tasks.values())
        for task in list(self.tasks):
            task.cancel()
        return left

    @types.coroutine
    def lived(self, coroutine: Running) -> Generator[Any, Any, Any]:
        """Run a coroutine for as long as this lasts."""
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
                if self.over:
                    raise
                error = raised


_LIFE: Final[ContextVar[_Life | None]] = ContextVar("life", default=None)


class Mortal(Middleware):
    """Runs the actors so that `kill` can end them; `died` is told in the thread of each message that was in hand."""

    def __init__(self, died: Callable[[], None]) -> None:
        self._life, self._left = _Life(), list[Running]()
        self._died = died

    @override
    def after_declare_actor(self, broker: dramatiq.Broker, actor: dramatiq.Actor[Any, Any]) -> None:
        actor.fn = self._again_if_killed(actor.fn)

    @override
    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        _loop().set_task_factory(_task)

    async def kill(self) -> None:
        """End what all workers have in hand; returns when nothing of it runs any more."""
        life, self._life = self._life, _Life()
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        here = asyncio.get_running_loop()

        def end() -> None:
            self._left += life.end()
            here.call_soon_threadsafe(ended.set_result, None)

        _loop().call_soon_threadsafe(end)
        await ended

    def _again_if_killed[**P, R](self, fn: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(fn)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            while True:
                life = self._life
                token = _LIFE.set(life)
                try:
                    return fn(*args, **kwargs)
                except concurrent.futures.CancelledError:
                    if not life.over:
                        raise
                finally:
                    _LIFE.reset(token)
                self._died()

        return run


def _task(
    loop: asyncio.AbstractEventLoop, coroutine: Running, *, context: Context | None = None, **more: Any
) -> asyncio.Task[Any]:
    """A task of a life, if it was made in one (https://docs.python.org/3/library/asyncio-eventloop.html)."""
    life = _LIFE.get() if context is None else context.get(_LIFE)
    if life is None:
        return asyncio.Task(coroutine, loop=loop, context=context, **more)

    async def mortal() -> Any:
        return await life.lived(coroutine)

    task = asyncio.Task(mortal(), loop=loop, context=context, **more)
    life.tasks[task] = coroutine
    task.add_done_callback(life.tasks.pop)
    if life.over:
        coroutine.close()  # which has not begun
        task.cancel()
    return task


def _loop() -> asyncio.AbstractEventLoop:
    thread = get_event_loop_thread()
    assert thread is not None
    return thread.loop
