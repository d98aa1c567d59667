"""How much a worker grows by ten thousand pending debounce delays."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from bench.processes import resident
from bench.queues import publish
from bench.results import Target, heading, met, row
from messages.notification import ConsiderNotifying
from messages.queues import delayed
from tests.servers import Program, database, depths, empty, mongodb, rabbitmq, wait_until

PENDING: Final = 10_000
WARM_UP: Final = 200
DELAY: Final = timedelta(minutes=5)
SETTLES: Final = 5.0
"""Seconds for which memory is measured once the worker holds all delays."""

MEGABYTE: Final = 1_000_000


def run() -> bool:
    """Measure and print; whether the target is met."""
    with rabbitmq() as broker, mongodb() as mongo:
        heading(f"memory: a worker with {PENDING:,} delayed ConsiderNotifying, on {broker.what}")
        environment = {
            "CLERK_SANDBOX": "1",
            "CLERK_AMQP_URL": broker.url,
            "CLERK_MONGO_URL": database(mongo.url, "bench_memory"),
            "CLERK_LOG_FORMAT": "json",
        }
        worker = Program("bench-memory-worker", ["-m", "ops", "worker", "--processes", "1"], environment)
        worker.log.unlink(missing_ok=True)
        worker.start()
        try:
            wait_until(lambda: worker.output().count('"consuming"') >= 2, "the worker consumes", 60)
            publish(broker.url, _considered(WARM_UP))
            wait_until(lambda: worker.output().count('"handled"') >= WARM_UP, "the worker is warm", 60)
            before = resident(worker.pid)
            publish(broker.url, _considered(PENDING), delay=DELAY)
            wait_until(lambda: not depths(broker.url)[delayed("notifications")], "the worker holds all delays", 120)
            after = max(_memory_readings(worker.pid))
        finally:
            worker.stop()
            empty(broker.url)
    row("", "all its processes")
    row("before", f"{before / MEGABYTE:,.0f} MB")
    row(f"with {PENDING:,} delays pending", f"{after / MEGABYTE:,.0f} MB")
    row("after / before", f"{after / before:.2f}")
    return met([Target("growth", (after - before) / MEGABYTE, at_most=200, unit=" MB")])


def _considered(count: int) -> list[ConsiderNotifying]:
    return [ConsiderNotifying(conversation=f"+15550001111:+{15550500000 + number}") for number in range(count)]


def _memory_readings(pid: int) -> Iterator[int]:
    until = time.monotonic() + SETTLES
    while time.monotonic() < until:
        yield resident(pid)
        time.sleep(0.2)
