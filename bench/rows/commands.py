"""What the work of a team costs in commands to MongoDB: exact counts, the same on a busy machine."""

import asyncio
from collections.abc import Iterator
from typing import Final

from bench.table import TableRow
from tests.actors.costs import WORK, cost
from tests.servers import database, mongodb

GOALS: Final = {
    "a text of a new contact": 24,
    "a text in a conversation, announced": 15,
    "a text in a conversation, not announced": 15,
    "one of 100 texts of 5 contacts": 8,
    "a change of status with 3 cards": 18,
    "a reply": 31,
}


def rows() -> Iterator[TableRow]:
    """Count."""
    with mongodb() as mongo:
        for number, (name, work) in enumerate(WORK.items()):
            commands = asyncio.run(cost(work, database(mongo.url, f"bench_commands_{number}")))
            yield TableRow(name, commands, at_most=GOALS.get(name))
