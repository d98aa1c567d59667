"""Awaits what pika reports through callbacks."""

import asyncio
from collections.abc import Callable
from typing import Any

type Closed = asyncio.Future[BaseException]
"""Why a channel or connection was closed, once it is."""


class CalledOff(Exception):
    """A call has no answer, because the channel or connection was closed first."""


async def called_back[T](call: Callable[[Callable[[T], None]], object], *ends: asyncio.Future[Any]) -> T:
    """The result of a call that takes its callback; CalledOff if one of the `ends` comes first."""
    done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    call(lambda result: None if done.done() else done.set_result(result))
    await asyncio.wait((done, *ends), return_when=asyncio.FIRST_COMPLETED)
    if not done.done():
        raise CalledOff
    return done.result()


def note_closed(closed: Closed, _: object, error: BaseException) -> None:
    """Note why a channel or connection was closed; the first reason stays."""
    if not closed.done():
        closed.set_result(error)
