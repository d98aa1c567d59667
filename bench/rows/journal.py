"""What the journal of `clerk run` costs: a publish with and without it, one at a time and many at once."""

import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from bench.table import TableRow, percentile
from messages.inbound import SlackReplyPosted
from messages.queues import QUEUES
from ops.running.journal import Journal
from tests import make
from workers.broker import InMemoryPublisher, in_memory

MOST: Final = 2.0
"""Milliseconds that the journal may add to a webhook."""

AT_ONCE: Final = (1, 8, 64)
PUBLISHES: Final = 2000


def rows() -> Iterator[TableRow]:
    """Publish with and without the journal."""
    for at_once in AT_ONCE:
        bare = percentile(asyncio.run(_publishes(None, at_once)), 0.5)
        with tempfile.TemporaryDirectory(dir=".") as folder:
            journal = Journal(Path(folder))
            journal.start()
            took = asyncio.run(_publishes(journal, at_once))
            journal.close()
        added = percentile(took, 0.5) / at_once - bare
        yield TableRow(f"added to each webhook, {at_once} at once", added, at_most=MOST, unit="ms")


async def _publishes(journal: Journal | None, at_once: int) -> Sequence[float]:
    """How long each publish took, in milliseconds, with so many of them under way, which share each commit."""
    broker = in_memory()
    for queue in QUEUES:
        broker.declare_queue(queue)
    publisher = InMemoryPublisher(broker, journal)
    took: list[float] = []

    async def publish(some: range) -> None:
        for number in some:
            message: SlackReplyPosted = make.reply_posted(ts=f"{number}.000001")
            started = time.perf_counter()
            await publisher.publish(message)
            took.append((time.perf_counter() - started) * 1000)

    await asyncio.gather(*(publish(range(first, PUBLISHES, at_once)) for first in range(at_once)))
    return took
