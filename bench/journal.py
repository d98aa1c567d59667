"""What the journal of `clerk run` costs: a publish with and without it, one at a time and many at once."""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.results import Target, heading, met, percentile, row
from messages.inbound import SlackReplyPosted
from messages.queues import QUEUES
from ops.running.journal import Journal
from tests import make
from workers.broker import InMemoryPublisher, in_memory

MOST: Final = 2.0
"""Milliseconds that the journal may add to a webhook."""

AT_ONCE: Final = (1, 8, 64)
PUBLISHES: Final = 2000


def run() -> bool:
    """Measure and print; whether the targets are met."""
    heading("journal: what `clerk run` pays to lose no webhook in a crash, in milliseconds a publish")
    targets = []
    for at_once in AT_ONCE:
        bare = percentile(asyncio.run(_publishes(None, at_once)), 0.5)
        with tempfile.TemporaryDirectory(dir=".") as folder:
            journal = Journal(Path(folder))
            journal.start()
            took = asyncio.run(_publishes(journal, at_once))
            journal.close()
        p50, p99 = percentile(took, 0.5), percentile(took, 0.99)
        row(f"{at_once} at once", f"bare {bare:.3f}", f"p50 {p50:.3f}", f"p99 {p99:.3f}")
        added = p50 / at_once - bare
        targets.append(Target(f"added to each webhook, {at_once} at once", added, at_most=MOST, unit=" ms"))
    return met(targets)


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
