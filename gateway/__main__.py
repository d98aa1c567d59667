"""Serves the gateway: `python -m gateway`, or `clerk gateway`."""

import asyncio
import gc
import resource
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
import uvicorn

from gateway.app import ASGIApp, Gateway
from gateway.arrivals.exchange import ArrivalsExchange
from gateway.arrivals.shared import SharedArrivals
from gateway.connection import Connection, CrowdedState
from gateway.crowd import Crowd
from gateway.listening import PortTaken, bind
from messages.process import telemetry
from messages.process.logs import configure_logging
from messages.process.publishing import AmqpPublisher
from messages.process.settings import Misconfigured, Settings, refuse_sandbox_secrets

log = structlog.get_logger("clerk.gateway")


MOST_CONNECTIONS: Final = 4000
MOST_RECEIVING: Final = 500
"""The most requests that have come in part: each may hold a body of up to 1 MiB."""

OTHER_FILES: Final = 256
"""How many of the files that a process may open are kept for RabbitMQ, MongoDB and all others."""


class GatewayServer(uvicorn.Server):
    """Ends `serve` on SIGTERM and SIGINT, so that the code after `serve` still runs."""

    def __init__(self, config: uvicorn.Config, crowd: Crowd[Connection] | None = None) -> None:
        super().__init__(config)
        if crowd is not None:
            self.server_state = CrowdedState(crowd)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let signals end `serve`; Uvicorn's own version raises them again, which ends the process."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, self.handle_exit, each, None)
        try:
            yield
        finally:
            for each in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(each)


def server(app: ASGIApp, settings: Settings, *, connection: type[Connection] = Connection) -> GatewayServer:
    """The HTTP server of an application, with the gateway's settings."""
    most = most_connections(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    return GatewayServer(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            loop="uvloop",
            http=connection,
            ws="none",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=10,
            timeout_keep_alive=30,
            backlog=2048,
        ),
        Crowd(most, MOST_RECEIVING),
    )


def most_connections(most_files: int) -> int:
    """How many connections a process holds that may open so many files (negative: any number)."""
    return MOST_CONNECTIONS if most_files < 0 else min(MOST_CONNECTIONS, max(most_files - OTHER_FILES, most_files // 2))


def freeze_garbage_collector() -> None:
    """Exclude all present objects (modules, settings) from garbage collection, which would scan them in vain."""
    gc.collect()
    gc.freeze()


async def run(settings: Settings) -> None:
    """Serve until a signal comes."""
    if settings.amqp_url is None:
        raise Misconfigured("CLERK_AMQP_URL: set it, e.g. to amqp://guest:guest@localhost:5672/")
    sockets = bind(settings)
    texts = SharedArrivals()
    publisher = AmqpPublisher(settings.amqp_url.get_secret_value(), on_connection=ArrivalsExchange(texts).open)
    publisher.start()
    log.info("gateway listening", host=settings.host, port=settings.port, public_url=settings.url)
    gateway = Gateway(settings, publisher, texts=texts)
    freeze_garbage_collector()
    try:
        await server(gateway, settings).serve(sockets)
    finally:
        await publisher.close()


def run_on_uvloop(settings: Settings) -> None:
    """Serve until SIGTERM, then finish the requests that wait for a confirm."""
    with asyncio.Runner(loop_factory=_loop) as runner:
        runner.run(run(settings))


def _loop() -> asyncio.AbstractEventLoop:
    import uvloop

    return uvloop.new_event_loop()


if __name__ == "__main__":
    try:
        found = Settings.load()
        refuse_sandbox_secrets(found)
        configure_logging(found.log_format)
        telemetry.configure("gateway")
        run_on_uvloop(found)
    except (Misconfigured, PortTaken) as error:
        print(error, file=sys.stderr)  # noqa: T201 - this is a command
        sys.exit(2 if isinstance(error, Misconfigured) else 1)
