"""What the work of a team costs in commands to MongoDB: exact counts, the same on a busy machine."""

import asyncio
from typing import Final

from bench.results import Target, heading, met, row
from tests.actors.costs import WORK, cost
from tests.servers import database, mongodb

GOALS: Final = {
    "a text of a new contact": 24,
    "a text in a conversation, announced": 15,
    "a text in a conversation, not announced": 15,
    "one of 100 texts of 5 contacts": 8,
    "a change of status with 3 cards": 18,
    "a reply": 40,
}


def run() -> bool:
    """Count and print; whether the targets are met."""
    with mongodb() as mongo:
        heading("commands: what MongoDB gets for each")
        found = {
            name: asyncio.run(cost(work, database(mongo.url, f"bench_commands_{number}")))
            for number, (name, work) in enumerate(WORK.items())
        }
    for name, commands in found.items():
        row(name, f"{commands:.1f}")
    return met([Target(name, found[name], at_most=goal, unit=" commands") for name, goal in GOALS.items()])
