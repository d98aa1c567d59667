"""Both stand-ins, assembled from their parts; tests and the page use the parts."""

import contextlib
import functools
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Sequence

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route

from sandbox.clock import SandboxClock
from sandbox.config import CONTACTS, SandboxConfig
from sandbox.faults import OrderedFaults
from sandbox.record import Record
from sandbox.slack.people.all_actions import People
from sandbox.slack.web_api import SlackStandIn
from sandbox.slack.workspace import Workspace
from sandbox.twilio.rest_api import TwilioStandIn


@functools.cache
def _trusted() -> ssl.SSLContext:
    """What checks the gateway's certificate. To read all that are trusted takes longer than most that is done here."""
    return httpx.create_ssl_context(trust_env=False)


class StandIns:
    """Slack and Twilio: `people` act in the workspace, `twilio.receive` sends contacts' texts, `record` has calls.

    `address_book` has the names that the page's contacts were given, by their numbers.
    """

    def __init__(self, config: SandboxConfig, clock: SandboxClock | None = None) -> None:
        self.config = config
        self.clock = clock or SandboxClock()
        self.record = Record()
        self.faults = OrderedFaults()
        self.address_book = dict(CONTACTS)
        limits = httpx.Limits(max_connections=200)
        self.http = httpx.AsyncClient(timeout=20, trust_env=False, limits=limits, verify=_trusted())
        self.workspace = Workspace(config, self.record, self.clock)
        self.slack = SlackStandIn(self.workspace, self.record, self.faults)
        self.people = People(self.workspace, self.record, self.http)
        self.twilio = TwilioStandIn(config, self.record, self.faults, self.http, self.clock.now)

    def routes(self) -> list[Route]:
        """The routes of both APIs, below the mount."""
        return [*self.slack.routes(), *self.twilio.routes()]

    def resume(self) -> None:
        """Continue the deliveries that were in progress when the last process ended."""
        self.twilio.carrier.resume()

    async def settled(self) -> None:
        """Wait until every retry, delivery and callback has ended."""
        await self.people.settled()
        await self.twilio.carrier.settled()

    async def close(self) -> None:
        """Cancel all background work and close the connections."""
        await self.people.webhooks.background.cancel()
        await self.twilio.carrier.background.cancel()
        await self.http.aclose()


@contextlib.asynccontextmanager
async def serving(
    configure: Callable[[str], SandboxConfig],
    clock: Callable[[], float] = time.time,
    extra_routes: Sequence[BaseRoute] = (),
) -> AsyncIterator[StandIns]:
    """Serve both APIs over HTTP on a free port, without the page; `configure` gets the base URL.

    The server also serves `extra_routes`, as it serves the gateway where everything runs in one process.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        standins = StandIns(configure(f"http://127.0.0.1:{listening.getsockname()[1]}"), SandboxClock(clock))
        app = Starlette(routes=[Mount("/sandbox", routes=standins.routes()), *extra_routes])
        config = uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[listening])
        try:
            yield standins
        finally:
            await standins.close()
            await server.shutdown(sockets=[listening])
