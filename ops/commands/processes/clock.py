"""`clerk clock`: finds work that is due."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from prometheus_client import REGISTRY
from pymongo.errors import PyMongoError

from messages.process import telemetry
from messages.process.publishing import AmqpPublisher
from messages.process.settings import Settings
from ops.documents import seed
from ops.environment import distributed_settings
from ops.health.looks import Looks
from ops.health.showing import Signs, shown
from ops.running.instrumentation import instrument
from workers import clock as due_work
from workers.ports import Ports
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
    ticking = asyncio.create_task(_look_and_migrate(ports, settings, looks), name="clock")
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ticking.cancel)
    with shown(Signs(), lambda: {"clock": looks.trouble()}):
        await asyncio.wait((ticking,))
    if not ticking.cancelled():
        ticking.result()


async def _look_and_migrate(ports: Ports, settings: Settings, looks: Looks) -> None:
    every = timedelta(seconds=settings.clock_seconds)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(due_work.run(ports, every, looked=looks.note), name="looks")
        tasks.create_task(finish_migrations(ports.stores.migrate), name="migrations")


async def finish_migrations(
    migrate: Callable[[], Awaitable[bool]], wait: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Repeat the migrations every minute until all are done: older processes have ended then."""
    while True:
        try:
            if await migrate():
                return
        except PyMongoError as error:
            log.warning("the migrations could not be repeated", error=type(error).__name__)
        await wait(60)
