"""The sandbox as one ASGI application: both stand-ins, and the page over them."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware

from sandbox.config import Sandbox
from sandbox.page.internals import Machinery
from sandbox.page.live_state import Live
from sandbox.page.routes import PageApi
from sandbox.page.same_site_guard import Guard
from sandbox.standins import StandIns
from sandbox.state.folder import Kept


@contextlib.asynccontextmanager
async def opened(
    config: Sandbox,
    clock: Callable[[], float] = time.time,
    machinery: Machinery | None = None,
    stopping: Callable[[], bool] = lambda: False,
    folder: Path | None = None,
) -> AsyncIterator[Starlette]:
    """The sandbox for the length of a block, to be mounted at /sandbox; its open streams end once `stopping` says so.

    What it holds is kept in `folder`; without one it is forgotten at the end.
    """
    standins = StandIns(config, clock)
    standins.faults.kill = machinery.kill if machinery is not None else None
    page = PageApi(standins, Live(standins, machinery, stopping), machinery)
    app = Starlette(routes=[*page.routes(), *standins.routes()], middleware=[Middleware(Guard)])
    async with _kept(standins, folder) if folder else contextlib.nullcontext():
        try:
            yield app
        finally:
            await standins.close()


@contextlib.asynccontextmanager
async def _kept(standins: StandIns, folder: Path) -> AsyncIterator[None]:
    kept = Kept(standins, folder)
    kept.restore()
    standins.resume()
    following = asyncio.create_task(kept.follow())
    try:
        yield
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await kept.save()
