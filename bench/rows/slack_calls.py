"""How many calls of Slack a text costs while a storm of texts waits: a channel takes about one post a second."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Final, cast

from bench.table import TableRow
from tests import make
from tests.actors.costs import text
from tests.fakes import FakeWorkers
from tests.simulation.documents.client import MemoryDatabase
from tests.simulation.documents.server import MemoryServer
from workers.mongo import Stores
from workers.mongo.collection import Database
from workers.platforms.message_addresses import MessageAddresses

TEXTS: Final = 1000
CONTACTS: Final = 100
FEWER: Final = 50
"""So many contacts send as many texts: each then has twenty in one thread."""


def rows() -> Iterator[TableRow]:
    """Count, with a Slack that takes everything, and documents in memory: what Slack is asked is the same."""
    calls = asyncio.run(calls_in_a_storm(TEXTS, CONTACTS))
    what = f"Slack calls of a text, a storm of {TEXTS:,} texts of {CONTACTS} contacts in one channel"
    yield TableRow(what, calls.total() / TEXTS, at_most=0.2)
    yield TableRow("  posts among them", calls["post"] / TEXTS)
    yield TableRow("  updates of cards among them", calls["update"] / TEXTS)
    calls = asyncio.run(calls_in_a_storm(TEXTS, FEWER))
    yield TableRow(f"the same of {FEWER} contacts", calls.total() / TEXTS)


async def calls_in_a_storm(texts: int, contacts: int) -> Counter[str]:
    """How often each method of Slack is called for texts of new contacts that have all waited for a second."""
    calls: Counter[str] = Counter()
    documents = cast("Database", MemoryDatabase(MemoryServer()))
    async with Stores.opened("", connect=lambda _: documents) as stores:
        await stores.prepare()
        await stores.lines.add(make.line())
        workers = FakeWorkers(stores)
        workers.slack.permalink = MessageAddresses(workers.slack.permalink).of  # type: ignore[method-assign]
        workers.slack.before = lambda method, channel: calls.update([method])
        for number in range(texts // contacts):
            for contact in range(contacts):
                await workers.queue.publish(text(workers, f"+1555000{3000 + contact}", number))
        workers.clock.forward(1)
        await workers.drain()
    return calls
