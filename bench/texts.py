"""Texts a second from the webhook to the Slack thread, through one worker and through two."""

import asyncio
import time
from typing import Any, Final

import httpx
from pymongo import MongoClient

from bench.load import signed
from bench.results import heading, row
from tests.deployment import Deployment
from tests.servers import BackingServer, database, empty, mongodb, rabbitmq

TEXTS: Final = 200
CONTACTS: Final = 20
AT_ONCE: Final = 16
POLL: Final = 0.2
WORKERS: Final = (1, 2)


def run() -> bool:
    """Measure and print; there is no target."""
    with rabbitmq() as broker, mongodb() as mongo:
        heading(f"texts: {TEXTS} texts of {CONTACTS} contacts into their threads, on {broker.what} and {mongo.what}")
        rates = {count: _rate(count, broker, mongo) for count in WORKERS}
    row("", "texts/s")
    for count, rate in rates.items():
        row(f"{count} worker process{'es' if count > 1 else ''}", f"{rate:.1f}")
    row("two workers / one", f"{rates[2] / rates[1]:.2f}")
    return True


def _rate(workers: int, broker: BackingServer, mongo: BackingServer) -> float:
    empty(broker.url)
    url = database(mongo.url, f"bench_texts_{workers}")
    with Deployment(f"bench-texts-{workers}", broker.url, url, workers, CLERK_CLOCK_SECONDS="15") as clerk:
        started = time.monotonic()
        asyncio.run(_send(clerk.gateway_url))
        with MongoClient[dict[str, Any]](url) as client:
            conversations = client.get_default_database()["conversations"]
            while sum(each.get("posted", 0) for each in conversations.find()) < TEXTS:
                assert time.monotonic() - started < 600, "not every text came into its thread"
                time.sleep(POLL)
        return TEXTS / (time.monotonic() - started)


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
