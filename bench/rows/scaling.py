"""Two workers against one on RabbitMQ, where the database is not the limit: a stand-in that answers at once."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bench.queues import publish, texts
from bench.table import TableRow, ratio
from tests.servers import ROOT, BackingServer, Program, empty, rabbitmq, wait_until

TEXTS: Final = 2000
ROUNDS: Final = 2


def rows() -> Iterator[TableRow]:
    """Take turns with one worker process and two."""
    with rabbitmq() as broker, _mongodb() as mongo_url:
        rates: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(ROUNDS):
            for workers, found in rates.items():
                found.append(_rate(workers, broker, mongo_url))
    what = "2 workers / 1 on RabbitMQ, with a database that answers at once (a text's first hops)"
    yield TableRow(what, ratio(rates[2], rates[1]), at_least=1.8)


def _rate(workers: int, broker: BackingServer, mongo_url: str) -> float:
    """Texts a second that so many worker processes receive; the texts wait when they begin."""
    empty(broker.url)
    environment = {
        "CLERK_SANDBOX": "1",
        "CLERK_AMQP_URL": broker.url,
        "CLERK_MONGO_URL": mongo_url,
        "CLERK_LINES": "+15550001111=C0TEXTS",
        "CLERK_LOG_FORMAT": "json",
    }
    arguments = ["-m", "ops", "worker", "--processes", str(workers)]
    worker = Program(f"bench-scaling-{workers}", arguments, environment)
    worker.log.unlink(missing_ok=True)
    worker.start()
    try:
        wait_until(lambda: worker.output().count('"consuming"') > workers, "every process consumes", 60)
        started = time.monotonic()
        publish(broker.url, texts(TEXTS))
        wait_until(lambda: _received(worker) >= TEXTS, "every text is received", 120, every=0.2)
        return TEXTS / (time.monotonic() - started)
    finally:
        worker.stop()


def _received(worker: Program) -> int:
    lines = worker.output().splitlines()
    return sum('"event":"handled"' in line and '"actor":"ingestion.receive"' in line for line in lines)


@contextmanager
def _mongodb() -> Iterator[str]:
    """The stand-in's URL."""
    command = [sys.executable, "-m", "bench.rivals.answering_mongo"]
    serving = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert serving.stdout is not None
    try:
        yield f"mongodb://127.0.0.1:{serving.stdout.readline().strip()}/bench"
    finally:
        serving.communicate()
