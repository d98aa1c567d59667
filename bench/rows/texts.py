"""A burst of texts into Slack's threads: Clerk, a Celery app that does the same, and a floor of bare actors.

All have the same broker, the same stand-in of Slack and an embedded MongoDB in a process of its own. Clerk's texts come
through its gateway, those of the others straight into their queue.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import dramatiq
import httpx
import pika
from celery import Celery
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from pymongo import MongoClient
from pymongo.database import Database

from bench.load import form, signed
from bench.processes import cpu_seconds
from bench.table import TableRow
from messages.process.settings import SANDBOX
from tests.deployment import CHANNEL, Deployment
from tests.servers import BackingServer, Program, answers, database, empty, free_port, mongodb, rabbitmq, wait_until

type Documents = Database[dict[str, Any]]

TEXTS: Final = 200
CONTACTS: Final = 20
AT_ONCE: Final = 16
POLL: Final = 0.2
WITHIN: Final = 600.0


@dataclass(frozen=True)
class Burst:
    """What became of a burst: texts a second, and the milliseconds of the workers' processor time for each."""

    per_second: float
    cpu: float


def rows() -> Iterator[TableRow]:
    """Measure one after the other."""
    with rabbitmq() as broker, mongodb() as mongo:
        clerk, two = (_clerk(count, broker, mongo) for count in (1, 2))
        celery = _rival("celery", CELERY, "ready.", _feed_celery, broker, mongo)
        floor = _rival("floor", FLOOR, "Worker process is ready for action.", _feed_floor, broker, mongo)
    yield TableRow("texts a second in a burst (rival: Celery)", clerk.per_second, at_least=50, rival=celery.per_second)
    yield TableRow("  the floor: bare actors, 12 round trips", floor.per_second)
    yield TableRow("  Clerk / Celery", clerk.per_second / celery.per_second)
    yield TableRow("  Clerk / the floor", clerk.per_second / floor.per_second)
    yield TableRow("  two workers / one, with this database", two.per_second / clerk.per_second)
    yield TableRow("worker CPU of a text in a burst (rival: Celery)", clerk.cpu, at_most=8, rival=celery.cpu, unit="ms")
    yield TableRow("  the floor", floor.cpu, unit="ms")


def _clerk(workers: int, broker: BackingServer, mongo: BackingServer) -> Burst:
    empty(broker.url)
    url = database(mongo.url, f"bench_texts_{workers}")
    with Deployment(
        f"bench-texts-{workers}", broker.url, url, workers, settings={"CLERK_CLOCK_SECONDS": "15"}
    ) as clerk:
        return _burst(
            clerk.workers,
            url,
            lambda: asyncio.run(_send(clerk.gateway_url)),
            lambda documents: sum(each.get("posted", 0) for each in documents["conversations"].find()),
        )


CELERY: Final = ("celery", "-A", "bench.rivals.celery_tasks", "worker", "--loglevel", "INFO")
FLOOR: Final = ("dramatiq", "bench.rivals.bare_actors", "--processes", "1", "--threads", "8")


def _rival(
    name: str,
    command: tuple[str, ...],
    ready: str,
    feed: Callable[[str], None],
    broker: BackingServer,
    mongo: BackingServer,
) -> Burst:
    """A burst through the workers of a rival, which take Celery's or Dramatiq's defaults for this machine."""
    url, sandbox_port = database(mongo.url, f"bench_{name}"), free_port()
    slack = f"http://127.0.0.1:{sandbox_port}/sandbox"
    environment = {
        "CLERK_SANDBOX": "1",
        "CLERK_AMQP_URL": broker.url,
        "CLERK_MONGO_URL": url,
        "CLERK_SLACK_API_URL": f"{slack}/slack/api/",
        "CLERK_SLACK_BOT_TOKEN": SANDBOX["slack_bot_token"],
        "BENCH_CHANNEL": CHANNEL,
    }
    sandbox = _started(f"bench-{name}-sandbox", ["-m", "sandbox", "--port", str(sandbox_port)], environment)
    worker = _started(f"bench-{name}-worker", ["-m", *command], environment)
    try:
        wait_until(lambda: answers(f"{slack}/state"), "the sandbox serves", 60)
        wait_until(lambda: ready in worker.output(), f"{name} is ready", 60)
        return _burst(
            [worker], url, lambda: feed(broker.url), lambda found: found["texts"].count_documents({"posted": True})
        )
    finally:
        worker.stop()
        sandbox.stop()
        _forget(broker.url)


def _burst(
    workers: list[Program], mongo_url: str, feed: Callable[[], None], posted: Callable[[Documents], int]
) -> Burst:
    spent, started = sum(cpu_seconds(each.pid) for each in workers), time.monotonic()
    feed()
    with MongoClient[dict[str, Any]](mongo_url) as client:
        while posted(client.get_default_database()) < TEXTS:
            assert time.monotonic() - started < WITHIN, "not every text came into its thread"
            time.sleep(POLL)
    took = time.monotonic() - started
    return Burst(TEXTS / took, (sum(cpu_seconds(each.pid) for each in workers) - spent) / TEXTS * 1000)


def _started(name: str, arguments: list[str], environment: Mapping[str, str]) -> Program:
    program = Program(name, arguments, environment)
    program.log.unlink(missing_ok=True)
    return program.start()


async def _send(gateway_url: str) -> None:
    permits = asyncio.Semaphore(AT_ONCE)

    async def send(http: httpx.AsyncClient, number: int) -> None:
        body, signature = signed(number, gateway_url, CONTACTS)
        headers = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature}
        async with permits:
            answer = await http.post(f"{gateway_url}/twilio/sms", content=body, headers=headers)
            answer.raise_for_status()

    async with httpx.AsyncClient(trust_env=False, timeout=30) as http, asyncio.TaskGroup() as group:
        for number in range(TEXTS):
            group.create_task(send(http, number))


def _feed_celery(amqp_url: str) -> None:
    with Celery(broker=amqp_url) as app:
        for number in range(TEXTS):
            app.send_task("bench.rivals.celery_tasks.store_text", [dict(form(number, CONTACTS))])


def _feed_floor(amqp_url: str) -> None:
    broker = RabbitmqBroker(url=amqp_url)
    broker.declare_queue("floor")
    for number in range(TEXTS):
        text = dict(form(number, CONTACTS))
        arguments = (text["MessageSid"], text["Body"])
        broker.enqueue(dramatiq.Message("floor", "receive", arguments, {}, {}))
    broker.close()


def _forget(amqp_url: str) -> None:
    """Delete the queues of the rivals."""
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    for queue in ("celery", "floor", "floor.DQ", "floor.XQ"):
        connection.channel().queue_delete(queue)
    connection.close()
