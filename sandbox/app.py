"""The sandbox as one ASGI application: both stand-ins, and the page over them."""

import contextlib
import time
from collections.abc import AsyncIterator, Callable

from starlette.applications import Starlette
from starlette.middleware import Middleware

from sandbox.config import Sandbox
from sandbox.guard import Guard
from sandbox.live import Live
from sandbox.machinery import Machinery
from sandbox.page_api import PageApi
from sandbox.standins import StandIns


def build(
    config: Sandbox,
    clock: Callable[[], float] = time.time,
    machinery: Machinery | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> Starlette:
    """The sandbox, to be mounted at /sandbox; its open streams end once `stopping` says so."""
    standins = StandIns(config, clock)
    page = PageApi(standins, Live(standins, machinery, stopping), machinery)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await standins.close()

    return Starlette(routes=[*page.routes(), *standins.routes()], middleware=[Middleware(Guard)], lifespan=lifespan)
