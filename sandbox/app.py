"""The sandbox as one ASGI application: both stand-ins and the page."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware

from sandbox.clock import SandboxClock
from sandbox.config import SandboxConfig
from sandbox.page.internals import Internals
from sandbox.page.live_state import LiveState
from sandbox.page.routes import PageApi
from sandbox.page.same_site_guard import SameSiteGuard
from sandbox.standins import StandIns
from sandbox.state.folder import StateFolder


@contextlib.asynccontextmanager
async def opened(
    config: SandboxConfig,
    clock: SandboxClock | None = None,
    internals: Internals | None = None,
    stopping: Callable[[], bool] = lambda: False,
    folder: Path | None = None,
) -> AsyncIterator[Starlette]:
    """Open the sandbox for the length of a block; mount it at /sandbox.

    Its open streams end once `stopping` returns true. `folder` keeps the state; without one the end loses it.
    `clock` is that of the application around it.
    """
    standins = StandIns(config, clock)
    standins.faults.kill = internals.kill if internals is not None else None
    page = PageApi(standins, LiveState(standins, internals, stopping), internals)
    app = Starlette(routes=[*page.routes(), *standins.routes()], middleware=[Middleware(SameSiteGuard)])
    async with _state_kept(standins, folder) if folder else contextlib.nullcontext():
        try:
            yield app
        finally:
            await standins.close()


@contextlib.asynccontextmanager
async def _state_kept(standins: StandIns, folder: Path) -> AsyncIterator[None]:
    state = StateFolder(standins, folder)
    state.restore()
    standins.resume()
    following = asyncio.create_task(state.follow())
    try:
        yield
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await state.save()
