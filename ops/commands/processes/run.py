"""`clerk run`: everything in one process; it needs only Python."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial
from socket import socket
from typing import Annotated, Final

import dramatiq
import structlog
import uvicorn
import uvloop
from cyclopts import Parameter
from dramatiq.asyncio import get_event_loop_thread
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import Middleware
from prometheus_client import REGISTRY
from pydantic import SecretStr
from pymongo.monitoring import CommandListener
from rich.console import Console

from gateway.__main__ import server
from gateway.app import ASGIApp, Gateway
from gateway.arrivals.exchange import ArrivalsExchange
from gateway.arrivals.shared import SharedArrivals
from gateway.listening import bind
from gateway.readiness import GatewayPublisher, Readiness
from messages.process import telemetry
from messages.process.logs import configure_logging
from messages.process.publishing import AmqpPublisher
from messages.process.settings import SLACK_API, TWILIO_API, Settings, refuse_sandbox_secrets
from ops.broker import LAYOUT, rabbit
from ops.commands.processes.gateway import trouble
from ops.console.app import build as build_console
from ops.console.signing_in.one_time_links import OneTimeLinks
from ops.documents import data_folder, seed
from ops.documents.reader import Documents
from ops.documents.turning_back import turn_back
from ops.environment import load_settings, warn_of_unknown_variables, with_mongo
from ops.health.looks import Looks
from ops.health.showing import Echo, Signs, shown
from ops.queues.broker import Broker
from ops.queues.in_memory import InMemory
from ops.running.instrumentation import instrument
from ops.running.internals import ClerkInternals, HandledMessages
from ops.running.journal import FILE as JOURNAL
from ops.running.journal import Journal, Journaled
from ops.running.killable import Killable
from ops.running.thread_death import end_with_needed_threads
from ops.settings import OpsSettings
from ops.traces import log_trail
from sandbox.app import opened
from sandbox.clock import SandboxClock
from sandbox.config import SandboxConfig
from workers import clock
from workers.admission import Admission
from workers.broker import InMemoryPublisher, in_memory, rabbitmq
from workers.observe import Observed, reason
from workers.ports import Ports
from workers.wiring import add_actors, make_ports

log = structlog.get_logger("clerk.run")

THREADS: Final = 16
WORKERS: Final = ("worker", "interactive")
"""What its workers are to `clerk health`."""
LINES: Final = {"+15550001111": "C0TEXTS"}
"""The sandbox's line, if CLERK_LINES names none."""


def run(
    *,
    sandbox: bool = True,
    port: int | None = None,
    verbose: Annotated[bool, Parameter(negative="", show_default=False)] = False,
) -> None:
    """Run everything in one process: gateway, workers, clock, and (with nothing configured) the sandbox.

    Parameters
    ----------
    sandbox
        Use the sandbox while no real account is configured.
    port
        Where to listen; by default CLERK_PORT.
    verbose
        Log every step on a terminal too; by default only what asks for attention. JSON logs always have all.
    """
    settings = load_settings(**({} if port is None else {"port": port}))
    configure_logging(settings.log_format, quiet=not verbose)
    warn_of_unknown_variables()
    telemetry.configure("run")
    serve(settings, sandbox=sandbox)


def serve(settings: Settings, *, sandbox: bool) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    settings = as_run(settings) if sandbox else settings
    if not settings.sandbox:
        refuse_sandbox_secrets(settings)
    with ExitStack() as stack:
        sockets = bind(settings)
        for each in sockets:
            stack.callback(each.close)
        token = "" if "ops_token" in settings.model_fields_set else settings.ops_token.get_secret_value()
        note_documents: Callable[[str], None] | None = None
        if settings.keeps_files:
            note_documents = stack.enter_context(data_folder.claimed(settings.data_dir, settings.own_url))
            if token:
                kept, is_new = data_folder.token(settings.data_dir)
                settings, token = settings.model_copy(update={"ops_token": SecretStr(kept)}), kept if is_new else ""
        stored = stack.enter_context(with_mongo(settings))
        if note_documents is not None and settings.mongo_url is None and stored.mongo_url is not None:
            note_documents(stored.mongo_url.get_secret_value())
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(stored, sockets, token, embedded=settings.mongo_url is None))


def as_run(settings: Settings) -> Settings:
    """The settings, with the sandbox's values if they ask for the sandbox."""
    return _in_sandbox(settings) if _wants_sandbox(settings) else settings


def _wants_sandbox(settings: Settings) -> bool:
    """Whether CLERK_SANDBOX is set, or nothing real is configured."""
    return settings.sandbox or len(settings.sandbox_variables()) == 4


def _in_sandbox(settings: Settings) -> Settings:
    """The settings with both APIs pointed at the stand-ins in this process."""
    here = f"{settings.own_url}/sandbox"
    return settings.model_copy(
        update={
            "sandbox": True,
            "lines": settings.lines or LINES,
            "slack_api_url": f"{here}/slack/api/" if settings.slack_api_url == SLACK_API else settings.slack_api_url,
            "twilio_api_url": f"{here}/twilio" if settings.twilio_api_url == TWILIO_API else settings.twilio_api_url,
        }
    )


async def _serve(settings: Settings, sockets: list[socket], token: str, *, embedded: bool) -> None:
    """Serve; `token` is the console's, if nobody knows it yet."""
    end_with_needed_threads()
    await seed.prepare(settings)
    handled = HandledMessages()
    killable = Killable(handled.killed)
    watched = (handled, killable) if settings.sandbox else ()
    journal = Journal(settings.data_dir) if settings.amqp_url is None else None
    admission, texts = Admission(), SharedArrivals()
    broker, gateway_publisher, worker_publisher = _queues(settings, journal, admission, texts, *watched)
    times = SandboxClock() if settings.sandbox else None
    add_actors(broker, _ports(settings, worker_publisher, times, admission.listener))
    worker = dramatiq.Worker(broker, worker_threads=THREADS, worker_timeout=100)
    ports = _ports(settings, gateway_publisher, times)
    if journal is not None:  # then the queues start empty, but for what the journal holds
        assert isinstance(broker, StubBroker)
        await ports.stores.inboxes.forget_taken()
        journal.publish_again(broker)
        journal.start()
    readiness = Readiness(gateway_publisher)
    links = OneTimeLinks()
    mounts: dict[str, ASGIApp] = {"/ops": _console(settings, broker, readiness, links, times, embedded=embedded)}
    async with AsyncExitStack() as stack:
        if times is not None:
            assert settings.mongo_url is not None
            documents = stack.enter_context(Documents(settings.mongo_url.get_secret_value()))
            back = partial(turn_back, documents)
            inside = ClerkInternals(ports, broker, worker, handled, killable, times, back)
            folder = settings.data_dir / "sandbox"
            sandbox = opened(_sandbox(settings), times, inside, lambda: serving.should_exit, folder)
            mounts["/sandbox"] = await stack.enter_async_context(sandbox)
        told = {} if times is None else {"now": times.now, "real": times.real_now}
        app = Gateway(settings, gateway_publisher, mounts=mounts, readiness=readiness, texts=texts, **told)
        serving = server(app, settings)
        worker.start()
        looks, loop_thread = Looks(), get_event_loop_thread()
        assert loop_thread is not None
        echo = Echo(loop_thread.loop)

        def troubles() -> dict[str, str]:
            return {"gateway": trouble(serving), "clock": looks.trouble(), **dict.fromkeys(WORKERS, echo.trouble())}

        every = timedelta(seconds=settings.clock_seconds)
        ticking = asyncio.create_task(clock.run(ports, every, looked=looks.note), name="clock")
        watching = asyncio.create_task(readiness.watch(), name="readiness")
        ended = end_server_with(ticking, serving)
        _say_where_things_are(settings, embedded=embedded)
        _say_how_to_enter(settings, links, token)
        try:
            with shown(Signs(unready=readiness.unready), troubles):
                await serving.serve(sockets)
        finally:
            for each in (ticking, watching):
                each.cancel()
            await asyncio.gather(ticking, watching, return_exceptions=True)
            await asyncio.to_thread(worker.stop, 10_000)
            if journal is not None:
                await asyncio.to_thread(journal.close)
            broker.close()
            await ports.close()
    if ended:
        sys.exit(1)


def _ports(
    settings: Settings, publisher: GatewayPublisher, times: SandboxClock | None, *listeners: CommandListener
) -> Ports:
    """The ports of the actors or the clock, with the sandbox's time if there is one."""
    ports = make_ports(settings, publisher, listeners)
    return ports if times is None else replace(ports, now=times.now)


def end_server_with(task: asyncio.Task[None], server: uvicorn.Server) -> list[str]:
    """End a server when a task that must not end does, and say so; the names of tasks that did, as they end."""
    ended: list[str] = []

    def on_end(task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        log.error("a task ended, the process ends", task=task.get_name(), error=error and reason(error))
        ended.append(task.get_name())
        server.should_exit = True

    task.add_done_callback(on_end)
    return ended


def _queues(
    settings: Settings, journal: Journal | None, admission: Admission, texts: SharedArrivals, *more: Middleware
) -> tuple[dramatiq.Broker, GatewayPublisher, GatewayPublisher]:
    """The broker, and a publisher for the gateway's event loop and one for the workers'."""
    if settings.amqp_url is None:
        kept = () if journal is None else (Journaled(journal),)
        stub: StubBroker = in_memory(Observed(), *kept, *more, admission=admission)
        return stub, InMemoryPublisher(stub, journal), InMemoryPublisher(stub, journal)
    url = settings.amqp_url.get_secret_value()
    gateway_publisher = AmqpPublisher(url, on_connection=ArrivalsExchange(texts).open)
    return rabbitmq(url, Observed(), *more, admission=admission), gateway_publisher, AmqpPublisher(url)


def _console(
    settings: Settings,
    broker: dramatiq.Broker,
    readiness: Readiness,
    links: OneTimeLinks,
    times: SandboxClock | None,
    *,
    embedded: bool,
) -> ASGIApp:
    """The console, over this process's own queues or over those in RabbitMQ."""
    now = None if times is None else times.now
    queues: Broker
    if settings.amqp_url is None:
        assert isinstance(broker, StubBroker)
        queues = InMemory(broker, LAYOUT.queues)
    else:
        queues = rabbit(settings.amqp_url.get_secret_value(), OpsSettings.load())
    if not embedded:
        trail = instrument(settings, "run", REGISTRY)
        return build_console(settings, queues, trail, shared=True, readiness=readiness, links=links, now=now)
    remembered = log_trail.MemoryTrail(log_trail.process_name("run"))
    log_trail.record_log(remembered)
    return build_console(settings, queues, remembered, shared=False, readiness=readiness, links=links, now=now)


def _sandbox(settings: Settings) -> SandboxConfig:
    return SandboxConfig(
        gateway_url=settings.own_url,
        public_url=settings.url,
        base_url=settings.own_url,
        slack_bot_token=settings.slack_bot_token.get_secret_value(),
        slack_signing_secret=settings.slack_signing_secret.get_secret_value(),
        twilio_account_sid=settings.twilio_account_sid,
        twilio_auth_token=settings.twilio_auth_token.get_secret_value(),
        lines=settings.lines,
    )


def _say_where_things_are(settings: Settings, *, embedded: bool) -> None:
    console = Console(stderr=True, highlight=False)
    console.print(f"[bold]Clerk[/bold] is listening at {settings.url}")
    if settings.sandbox:
        console.print(f"  Try it:       {settings.own_url}/sandbox")
    console.print(f"  Twilio:       {settings.url}/twilio/sms")
    console.print(f"  Slack:        {settings.url}/slack/interactions, /slack/events, /slack/commands")
    console.print(f"  Health:       {settings.url}/readyz, /metrics")
    if settings.amqp_url is None:
        console.print(f"  Queues:       in memory, and what a crash would lose in {settings.data_dir / JOURNAL}")
    if embedded:
        console.print(f"  Documents:    {settings.data_dir / 'clerk.sqlite'}")
    if settings.sandbox:
        console.print(f"  Sandbox:      {settings.data_dir / 'sandbox'}, what its workspace and phones hold")
    if names := settings.sandbox_variables():
        console.print(f"  Sandbox values are used for {', '.join(names)}")
    console.print(
        "  Lines:        " + (", ".join(f"{a} in {b}" for a, b in settings.lines.items()) or "see `clerk lines list`")
    )


def _say_how_to_enter(settings: Settings, links: OneTimeLinks, token: str) -> None:
    """Print where the console is; a link that signs in once goes to a terminal alone, never into a log."""
    base = settings.url if settings.public_url else settings.own_url
    kept = settings.data_dir / data_folder.TOKEN
    print(f"  Operations:   {base}/ops" + (f", token {token}" if token else ""), file=sys.stderr)
    if kept.exists():
        print(f"                its token is in {kept}, where `clerk queues` and the like read it", file=sys.stderr)
    if sys.stderr.isatty():
        print(f"                {links.new(base)}", file=sys.stderr)
        print("                signs you in, once", file=sys.stderr)
        print("  Log:          warnings and errors; `clerk run --verbose` logs every step", file=sys.stderr)
