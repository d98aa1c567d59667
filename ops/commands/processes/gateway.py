"""`clerk gateway`: serves the webhooks and the console."""

import asyncio
import sys
from datetime import timedelta
from socket import socket
from typing import Final

import structlog
import uvicorn
import uvloop
from prometheus_client import REGISTRY

from gateway.__main__ import freeze_garbage_collector, server
from gateway.app import Gateway
from gateway.arrivals.exchange import ArrivalsExchange
from gateway.arrivals.shared import SharedArrivals
from gateway.listening import bind
from gateway.readiness import Readiness
from messages.process import telemetry
from messages.process.publishing import AmqpPublisher
from messages.process.settings import Settings
from ops.broker import rabbit
from ops.console.app import build
from ops.environment import distributed_settings
from ops.health.showing import Signs, shown
from ops.health.sign import ENDING, STARTING
from ops.running.instrumentation import instrument
from ops.settings import OpsSettings

log = structlog.get_logger("clerk.gateway")

PATIENCE: Final = timedelta(seconds=3)
"""How long a page of the console waits for another command that goes through the dead letters."""


def gateway() -> None:
    """Serve the webhooks of Twilio and Slack."""
    settings = distributed_settings()
    telemetry.configure("gateway")
    serve(settings)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM; then answer the webhooks that wait for a confirm, and end."""
    sockets = bind(settings)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, sockets))


async def _serve(settings: Settings, sockets: list[socket]) -> None:
    assert settings.amqp_url is not None
    url = settings.amqp_url.get_secret_value()
    trail = instrument(settings, "gateway", REGISTRY)
    texts = SharedArrivals()
    publisher = AmqpPublisher(url, on_connection=ArrivalsExchange(texts).open)
    publisher.start()
    readiness = Readiness(publisher)
    console = build(settings, rabbit(url, OpsSettings.load(), PATIENCE), trail, shared=True, readiness=readiness)
    log.info("gateway listening", host=settings.host, port=settings.port, public_url=settings.url)
    say_token(settings)
    application = Gateway(settings, publisher, mounts={"/ops": console}, readiness=readiness, texts=texts)
    freeze_garbage_collector()
    serving = server(application, settings)
    watching = asyncio.create_task(readiness.watch(), name="readiness")
    try:
        with shown(Signs(unready=readiness.unready), lambda: {"gateway": trouble(serving)}):
            await serving.serve(sockets)
    finally:
        watching.cancel()
        await publisher.close()


def trouble(serving: uvicorn.Server) -> str:
    """What keeps a server from taking requests, "" if nothing does."""
    return ENDING if serving.should_exit else "" if serving.started else STARTING


def say_token(settings: Settings) -> None:
    """Print the console's address, and its token if CLERK_OPS_TOKEN is not set."""
    token = "" if "ops_token" in settings.model_fields_set else f", token {settings.ops_token.get_secret_value()}"
    print(f"Operations: {settings.url}/ops{token}", file=sys.stderr)
