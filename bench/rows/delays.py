"""Pending debounces: the memory that a worker needs for them, and how late they come."""

import asyncio
import itertools
import json
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from bench.processes import resident
from bench.queues import AT_ONCE, publish
from bench.table import TableRow, percentile
from messages.notification import ConsiderNotifying
from messages.process.publishing import AmqpPublisher, correlation
from messages.queues import delayed
from tests.servers import Program, database, depths, empty, mongodb, rabbitmq, wait_until

PENDING: Final = 10_000
"""A tenth of what the goal is for: to publish and take a hundred thousand takes longer than all other rows."""

DUE: Final = 1000
FIRST: Final = 15.0
SPREAD: Final = 20.0
WARM_UP: Final = 200
DELAY: Final = timedelta(minutes=8)
MEGABYTE: Final = 1_000_000
_numbers = itertools.count()


def rows() -> Iterator[TableRow]:
    """Let some delays become due, then hold many."""
    with rabbitmq() as broker, mongodb() as mongo:
        environment = {
            "CLERK_SANDBOX": "1",
            "CLERK_AMQP_URL": broker.url,
            "CLERK_MONGO_URL": database(mongo.url, "bench_delays"),
            "CLERK_LOG_FORMAT": "json",
        }
        worker = Program("bench-delays-worker", ["-m", "ops", "worker", "--processes", "1"], environment)
        worker.log.unlink(missing_ok=True)
        worker.start()
        try:
            wait_until(lambda: worker.output().count('"consuming"') >= 2, "the worker consumes", 60)
            publish(broker.url, [_considered() for _ in range(WARM_UP)])
            wait_until(lambda: worker.output().count('"handled"') >= WARM_UP, "the worker is warm", 60)
            spread = _late(broker.url, worker, [FIRST + SPREAD * number / DUE for number in range(DUE)])
            yield TableRow(f"late, p99, {DUE:,} debounces within {SPREAD:.0f} s", spread, at_most=1, unit="s")
            burst = _late(broker.url, worker, [FIRST] * DUE)
            yield TableRow(f"late, p99, {DUE:,} debounces at once", burst, at_most=5, unit="s")
            before = resident(worker.pid)
            publish(broker.url, [_considered() for _ in range(PENDING)], delay=DELAY)
            wait_until(lambda: not depths(broker.url)[delayed("notifications")], "the worker holds all delays", 240)
            growth = (resident(worker.pid) - before) / MEGABYTE
            what = f"memory of 100,000 pending debounces (ten times that of {PENDING:,}, measured)"
            yield TableRow(what, growth * 100_000 / PENDING, at_most=200, unit="MB")
        finally:
            worker.stop()
            empty(broker.url)


def _considered() -> ConsiderNotifying:
    return ConsiderNotifying(conversation=f"+15550001111:+{15550500000 + next(_numbers)}")


def _late(amqp_url: str, worker: Program, waits: Sequence[float]) -> float:
    """Seconds from when a debounce was due until it was done, which 99 % did not exceed."""
    due = asyncio.run(_publish(amqp_url, waits))
    found: dict[str, float] = {}

    def all_done() -> bool:
        for line in worker.output().splitlines():
            fields = json.loads(line) if line.startswith("{") else {}
            if fields.get("event") == "handled" and (cause := fields.get("correlation_id")) in due:
                found[cause] = datetime.fromisoformat(fields["timestamp"]).timestamp()
        return len(found) == len(due)

    wait_until(all_done, "every debounce is done", 120, every=1)
    return percentile([found[cause] - at for cause, at in due.items()], 0.99)


async def _publish(amqp_url: str, waits: Sequence[float]) -> dict[str, float]:
    """Publish debounces; when each is due, by its correlation id."""
    publisher, start, due = AmqpPublisher(amqp_url), time.time(), dict[str, float]()

    async def publish_one(wait: float) -> None:
        cause = f"bench-{next(_numbers)}"
        correlation.set(cause)
        due[cause] = start + wait
        delay = timedelta(seconds=start + wait - time.time())
        await publisher.publish(_considered(), delay=delay)

    for batch in itertools.batched(waits, AT_ONCE, strict=False):
        await asyncio.gather(*map(publish_one, batch))
    await publisher.close()
    return due
