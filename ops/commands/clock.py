"""`clerk clock`: finds work that is due."""

import asyncio
import signal
from datetime import timedelta

import structlog
from prometheus_client import REGISTRY

from messages.process import telemetry
from messages.process.publishing import AmqpPublisher
from messages.process.settings import Settings
from ops.documents import seed
from ops.environment import distributed_settings
from ops.health.looks import Looks
from ops.health.showing import Signs, shown
from ops.running.instrumentation import instrument
from workers import clock as due_work
from workers.wiring import make_ports

log = structlog.get_logger("clerk")


def clock() -> None:
    """Find work that is due, every CLERK_CLOCK_SECONDS. You may run more than one clock."""
    settings = distributed_settings()
    instrument(settings, "clock", REGISTRY)
    telemetry.configure("clock")
    asyncio.run(_look(settings))


async def _look(settings: Settings) -> None:
    await seed.prepare(settings)
    assert settings.amqp_url is not None
    ports = make_ports(settings, AmqpPublisher(settings.amqp_url.get_secret_value()))
    log.info("clock running", every=settings.clock_seconds)
    looks = Looks()
    ticking = asyncio.create_task(
        due_work.run(ports, timedelta(seconds=settings.clock_seconds), looked=looks.note), name="clock"
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ticking.cancel)
    with shown(Signs(), lambda: {"clock": looks.trouble()}):
        await asyncio.wait((ticking,))
    if not ticking.cancelled():
        ticking.result()
