"""How many calls of Slack a text costs while a storm of texts waits: a channel takes about one post a second."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Final

from bench.table import TableRow
from tests import make
from tests.actors.costs import text
from tests.fakes import FakeWorkers
from tests.servers import database, mongodb
from workers.mongo import Stores

TEXTS: Final = 200
CONTACTS: Final = 20


def rows() -> Iterator[TableRow]:
    """Count, with a Slack that takes everything."""
    with mongodb() as mongo:
        calls = asyncio.run(_calls(database(mongo.url, "bench_slack_calls")))
    what = f"Slack calls of a text, a storm of {TEXTS} texts of {CONTACTS} contacts in one channel"
    yield TableRow(what, calls.total() / TEXTS, at_most=0.2)
    yield TableRow("  posts among them", calls["post"] / TEXTS)


async def _calls(mongo_url: str) -> Counter[str]:
    calls: Counter[str] = Counter()
    async with Stores.opened(mongo_url) as stores:
        await stores.prepare()
        await stores.lines.add(make.line())
        workers = FakeWorkers(stores)
        workers.slack.before = lambda method, channel: calls.update([method])
        for number in range(TEXTS // CONTACTS):
            for contact in range(CONTACTS):
                await workers.queue.publish(text(workers, f"+1555000{3000 + contact}", number))
        workers.clock.forward(1)
        await workers.drain()
    return calls
