"""Texts a second through one process: Clerk's gateway, a Flask gateway, and Clerk's without publishing.

All servers run side by side and take turns, so that other load on the machine affects them alike.
"""

from collections.abc import Iterator
from statistics import median
from typing import Final

from bench.load import Load, Loader
from bench.processes import cpu_seconds
from bench.rivals.flask_gateway import THREADS
from bench.table import TableRow, ratio
from tests.servers import Program, answers, depths, empty, free_port, rabbitmq, wait_until

type Turn = tuple[Load, float]
"""What a server did, and the microseconds of processor time that each answer took."""

ROUNDS: Final = 5
SECONDS: Final = 2.0
PUBLIC_URL: Final = "https://clerk.example.org"

CLERK: Final = "Clerk: verified, published, confirmed"
FLASK: Final = f"Flask: the same, gunicorn with {THREADS} threads"
SILENT: Final = "Clerk without publishing"
FLASK_APP: Final = "bench.rivals.flask_gateway:app"
BARE: Final = "its server and signature check alone"


def rows() -> Iterator[TableRow]:
    """Put load on all servers in turn."""
    with rabbitmq() as broker:
        servers = {name: _server(name, broker.url) for name in (CLERK, FLASK, SILENT, BARE)}
        try:
            loads = _take_turns(servers, broker.url)
        finally:
            for process, _ in servers.values():
                process.stop()
    rates = {name: [load.per_second for load, _ in found] for name, found in loads.items()}
    costs = {name: [cost for _, cost in found] for name, found in loads.items()}
    clerk, flask = rates[CLERK], rates[FLASK]
    yield TableRow("texts a second, verified, published, confirmed (rival: Flask)", median(clerk), rival=median(flask))
    yield TableRow("the same / Flask with a BlockingConnection", ratio(clerk, flask), at_least=8)
    yield TableRow("the same / without publishing", ratio(clerk, rates[SILENT]), at_least=0.75)
    yield TableRow("the same / its server with the signature check alone", ratio(clerk, rates[BARE]), at_least=0.5)
    yield TableRow("CPU of a text (rival: Flask)", median(costs[CLERK]), rival=median(costs[FLASK]), unit="µs")
    yield TableRow("CPU of a text / without publishing", ratio(costs[CLERK], costs[SILENT]))
    p99 = {name: median(load.p99 for load, _ in found) for name, found in loads.items()}
    yield TableRow("p99 of an answer under that load (rival: Flask)", p99[CLERK], rival=p99[FLASK], unit="ms")


def _take_turns(servers: dict[str, tuple[Program, str]], amqp_url: str) -> dict[str, list[Turn]]:
    wait_until(lambda: all(answers(f"{url}/healthz") for _, url in servers.values()), "all servers serve", 60)
    loads: dict[str, list[Turn]] = {name: [] for name in servers}
    with Loader(PUBLIC_URL) as loader:
        for _ in range(ROUNDS):
            for name, (process, url) in servers.items():
                before, spent = depths(amqp_url).get("ingestion", 0), cpu_seconds(process.pid)
                load = loader.put(f"{url}/twilio/sms", SECONDS)
                assert set(load.statuses) == {"200"}, f"{name}: {load.statuses}"
                if name in {CLERK, FLASK}:
                    taken = depths(amqp_url)["ingestion"] - before
                    assert taken >= load.statuses["200"], f"{name}: {load.statuses['200']} accepted, {taken} queued"
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
            *("--keep-alive", "30", "--bind", f"127.0.0.1:{port}", "--log-level", "warning", FLASK_APP),
        ],
        SILENT: ["-m", "bench.rivals.unpublished", "gateway"],
        BARE: ["-m", "bench.rivals.unpublished", "bare"],
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
