"""The `clerk` command line."""

import asyncio
import logging
import os
import sys
from importlib.metadata import version
from typing import Annotated

import structlog
from cyclopts import App, Parameter

from messages.process import telemetry
from messages.process.logs import configure_logging
from messages.process.publishing import AmqpPublisher
from messages.process.settings import Misconfigured, Settings, refuse_sandbox_secrets
from messages.queues import QUEUES
from ops.commands import doctor, queues, trace, transfer
from ops.commands.dead import dead
from ops.commands.lines import Invalid, lines
from ops.documents import seed
from ops.documents.reader import DocumentsAway
from ops.environment import need_distributed
from ops.queues.broker import BrokerAway

app = App(
    name="clerk",
    help="Answer your team's text messages from Slack.",
    version=version("clerk"),
    version_flags=["--version"],
)
app.command(lines)
app.command(dead)
queues.add_commands(app)
trace.add_commands(app)
doctor.add_commands(app)
transfer.add_commands(app)

log = structlog.get_logger("clerk")


@app.command
def run(*, sandbox: bool = True, port: int | None = None) -> None:
    """Everything in one process: gateway, workers, clock, and (with nothing configured) the sandbox."""
    from ops.running.all_in_one import run as run_all

    settings = Settings.load(**({} if port is None else {"port": port}))
    configure_logging(settings.log_format)
    telemetry.configure("run")
    run_all(settings, sandbox=sandbox)


@app.command
def demo(*, speed: float = 1.0, url: str | None = None) -> None:
    """Play a believable morning on the sandbox of a running `clerk run`; --speed 2 is twice as fast."""
    from ops.commands.demo import play

    sys.exit(play(url or Settings.load().url, speed))


@app.command
def gateway() -> None:
    """Serve the webhooks of Twilio and Slack."""
    from ops.running.gateway import serve

    settings = _distributed()
    telemetry.configure("gateway")
    serve(settings)


@app.command
def worker(
    *,
    names: Annotated[str, Parameter(name="--queues")] = ",".join(QUEUES),
    processes: int | None = None,
    threads: int = 16,
) -> None:
    """Serve queues (comma-separated; all by default); `interactive` from a process of its own."""
    from ops.metrics.serving import Workers
    from ops.running.instrumentation import watching
    from ops.running.supervisor import plan, supervise

    settings = _distributed()
    children = plan([queue.strip() for queue in names.split(",")], processes or os.cpu_count() or 1, threads)
    asyncio.run(seed.prepare(settings))
    counted = Workers()
    watching(settings, "worker", counted.registry, tuple(queue for child in children for queue in child.queues))
    status = asyncio.run(supervise(children, counted))
    counted.close()
    sys.exit(status)


@app.command
def clock() -> None:
    """Look for due work, every CLERK_CLOCK_SECONDS; more than one does no harm."""
    from datetime import timedelta

    from prometheus_client import REGISTRY

    from ops.running.instrumentation import watching
    from workers import clock as the_clock
    from workers.wiring import make_ports

    settings = _distributed()
    watching(settings, "clock", REGISTRY)
    telemetry.configure("clock")

    async def main() -> None:
        await seed.prepare(settings)
        assert settings.amqp_url is not None
        ports = make_ports(settings, AmqpPublisher(settings.amqp_url.get_secret_value()))
        log.info("clock running", every=settings.clock_seconds)
        await the_clock.run(ports, timedelta(seconds=settings.clock_seconds))

    asyncio.run(main())


def _distributed() -> Settings:
    settings = Settings.load()
    configure_logging(settings.log_format)
    need_distributed(settings)
    refuse_sandbox_secrets(settings)
    if settings.sandbox_variables():
        log.warning("sandbox values in force", variables=settings.sandbox_variables())
    return settings


def main() -> None:
    """Run the command line; exit status 0 good, 1 a finding or failure, 2 wrong usage."""
    logging.getLogger("pika").setLevel(logging.CRITICAL)  # it logs at length what its exceptions say
    try:
        app()
    except (Misconfigured, Invalid) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except (BrokerAway, DocumentsAway) as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
