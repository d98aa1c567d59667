"""A sweep of the clock examines the documents that are due, and not those that will be."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import bson
from pymongo import MongoClient
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from ops.documents.embedded_mongo import EmbeddedMongo, _Engine
from tests import make
from tests.actors.costs import TIMED_LINE, add_what_is_not_due
from tests.fakes import FakeWorkers
from tests.mongo_commands import stores_heard_by
from tests.stores.helpers import plan_of
from workers import clock

EXISTING: Final = 60
DUE: Final = 10
FIRST: Final = 1_000_000
GROWING: Final = frozenset({"planned", "tickets", "alerts", "conversations", "sms"})
"""The collections of which there is one for each contact, text or alert."""


class Searches(CommandListener):
    """Every search in a collection that grows: what is looked for, in which order, and how many at most."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []

    def started(self, event: CommandStartedEvent) -> None:
        """Take note of a search."""
        if event.command_name == "find" and event.command["find"] in GROWING:
            kept = ("find", "filter", "sort", "limit")
            search = {part: event.command[part] for part in kept if part in event.command}
            self.found.append(bson.decode(bson.encode(search)))  # as the server has it

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Not recorded."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Not recorded."""


def examined(search: dict[str, Any], documents: Any) -> int:
    """How many documents a search by an index examines: those that it gives, all of them where they are sorted.

    The index is over the first field. One that is not sorted ends when it has as many as it wants.
    """
    first = next(iter(search["filter"]))
    given: int = documents[search["find"]].count_documents({first: search["filter"][first]})
    return min(given, search["limit"]) if search.get("limit") and not search.get("sort") else given


async def test_a_sweep_examines_no_more_documents_than_are_due(tmp_path: Path) -> None:
    searches = Searches()
    with EmbeddedMongo(tmp_path / "clerk.sqlite", durable=False) as mongo:
        async with stores_heard_by(searches, mongo.url) as stores:
            await stores.prepare()
            await stores.lines.add(TIMED_LINE)
            workers, most, asked = FakeWorkers(stores), list[tuple[int, str]](), dict[str, dict[str, Any]]()
            await add_what_is_not_due(workers, stores._database, FIRST, EXISTING)
            with MongoClient[dict[str, Any]](mongo.url) as client:
                for due in (0, DUE):
                    workers.clock.time = make.NOW + timedelta(days=1, seconds=FIRST + due - 1)
                    searches.found.clear()
                    woken = await clock.sweep(workers.ports)
                    assert (woken > 0) == (due > 0)
                    most += [(examined(each, client["clerk"]) - due, str(each)) for each in searches.found]
                    asked |= {str(each): each for each in searches.found}
    engine = _Engine(str(tmp_path / "clerk.sqlite"), durable=False)
    await engine.connect()
    plans = {text: await plan_of(engine, search) for text, search in asked.items()}
    await engine.disconnect()
    assert len(plans) > 15
    # Each row of the collection is in an index; one that finds what is due compares more than the collection.
    by_index = re.compile(r"USING (COVERING )?INDEX .* AND coll_name=\? AND <expr>")
    assert {text: plan for text, plan in plans.items() if not by_index.search(plan)} == {}
    assert {search for more, search in most if more > 1} == set()
