"""Texts a second through one process: Clerk's gateway, a Flask gateway, and Clerk's without publishing.

All servers run side by side and take turns, so that other load on the machine affects them alike.
"""

from statistics import median
from typing import Final

from bench.flask_gateway import THREADS
from bench.load import CONNECTIONS, Load, put
from bench.processes import cpu_seconds
from bench.results import Target, heading, met, ratio, row
from tests.servers import Program, answers, depths, empty, free_port, rabbitmq, wait_until

type Turn = tuple[Load, float]
"""What a server did, and the microseconds of processor time that each answer took."""

ROUNDS: Final = 5
SECONDS: Final = 3.0
PUBLIC_URL: Final = "https://clerk.example.org"

CLERK: Final = "Clerk: verified, published, confirmed"
FLASK: Final = f"Flask: the same, gunicorn with {THREADS} threads"
SILENT: Final = "Clerk without publishing"
BARE: Final = "its server and signature check alone"


def run() -> bool:
    """Measure and print; whether the targets are met."""
    with rabbitmq() as broker:
        heading(f"gateway: POST /twilio/sms, {CONNECTIONS} connections, one process, on {broker.what}")
        servers = {name: _server(name, broker.url) for name in (CLERK, FLASK, SILENT, BARE)}
        try:
            loads = _take_turns(servers, broker.url)
        finally:
            for process, _ in servers.values():
                process.stop()
    row("", "texts/s", "p50 ms", "p99 ms", "CPU µs a text")
    for name, found in loads.items():
        figures = [median(getattr(load, what) for load, _ in found) for what in ("per_second", "p50", "p99")]
        row(name, *(f"{figure:,.1f}" for figure in figures), f"{median(cost for _, cost in found):,.0f}")
    rates = {name: [load.per_second for load, _ in found] for name, found in loads.items()}
    costs = {name: [cost for _, cost in found] for name, found in loads.items()}
    row("CPU a text: Flask / Clerk", f"{ratio(costs[FLASK], costs[CLERK]):.2f}")
    row("Clerk / its server and signature check alone", f"{ratio(rates[CLERK], rates[BARE]):.2f}")
    return met(
        [
            Target("Clerk / Flask", ratio(rates[CLERK], rates[FLASK]), at_least=5),
            Target("Clerk / without publishing", ratio(rates[CLERK], rates[SILENT]), at_least=0.5),
        ]
    )


def _take_turns(servers: dict[str, tuple[Program, str]], amqp_url: str) -> dict[str, list[Turn]]:
    wait_until(lambda: all(answers(f"{url}/healthz") for _, url in servers.values()), "all servers serve", 60)
    loads: dict[str, list[Turn]] = {name: [] for name in servers}
    for _ in range(ROUNDS):
        for name, (process, url) in servers.items():
            before, spent = depths(amqp_url).get("ingestion", 0), cpu_seconds(process.pid)
            load = put(f"{url}/twilio/sms", PUBLIC_URL, SECONDS)
            assert set(load.statuses) == {"200"}, f"{name}: {load.statuses}"
            if name in {CLERK, FLASK}:
                taken = depths(amqp_url)["ingestion"] - before
                assert taken >= load.statuses["200"], f"{name}: {load.statuses['200']} accepted, {taken} in the queue"
            spent = cpu_seconds(process.pid) - spent
            loads[name].append((load, spent / load.answered * 1e6))
    empty(amqp_url)
    return loads


def _server(name: str, amqp_url: str) -> tuple[Program, str]:
    port = free_port()
    commands = {
        CLERK: ["-m", "ops", "gateway"],
        FLASK: [
            *("-m", "gunicorn", "--worker-class", "gthread", "--workers", "1", "--threads", str(THREADS)),
            *("--keep-alive", "30", "--bind", f"127.0.0.1:{port}", "--log-level", "warning", "bench.flask_gateway:app"),
        ],
        SILENT: ["-m", "bench.unpublished", "gateway"],
        BARE: ["-m", "bench.unpublished", "bare"],
    }
    environment = {
        "CLERK_SANDBOX": "1",
        "CLERK_AMQP_URL": amqp_url,
        "CLERK_MONGO_URL": "mongodb://127.0.0.1:1",
        "CLERK_PORT": str(port),
        "CLERK_PUBLIC_URL": PUBLIC_URL,
        "CLERK_LOG_FORMAT": "json",
    }
    process = Program(f"bench-{name.split(':')[0].replace(' ', '-')}", commands[name], environment)
    process.log.unlink(missing_ok=True)
    return process.start(), f"http://127.0.0.1:{port}"
