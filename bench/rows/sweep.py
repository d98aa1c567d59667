"""Whether a sweep of the clock costs more where more is planned and put off, and more clocks run, than is due."""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Final

from bench.table import TableRow
from ops.documents.embedded_mongo import EmbeddedMongo
from tests.actors.costs import NEXT_DAY, TIMED_LINE, add_what_is_not_due
from tests.fakes import FakeWorkers
from tests.mongo_commands import CommandCount, stores_heard_by
from workers import clock

FIRST: Final = 1_000_000
MANY: Final = 100_000
DUE: Final = 10
SOONER: Final = 10_000
"""So many seconds before the others those fall due of which something is due in a sweep."""

ROUNDS: Final = 25
AGAIN_AFTER: Final = 31
"""After so many seconds what is due is woken again."""


COPIES: Final = """
    WITH RECURSIVE numbers(n) AS (SELECT :first + 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :first + :count - 1)
"""
DOCUMENTS: Final = (
    COPIES
    + """
    INSERT INTO documents (db_name, coll_name, storage_key, document)
    SELECT db_name, coll_name, replace(storage_key, :first, n), replace(document, :first, n)
    FROM documents, numbers WHERE storage_key LIKE :pattern
"""
)
ENTRIES: Final = (
    COPIES
    + """
    INSERT INTO scalar_index_entries (collection_id, index_name, storage_key, element_type, type_score, element_key)
    SELECT collection_id, index_name, replace(storage_key, :first, n), element_type, type_score,
        replace(element_key, :first, n)
    FROM scalar_index_entries, numbers WHERE storage_key LIKE :pattern
"""
)
"""How the embedded server stores a document and its places in indexes (mongoeco 4.11), each with its own number."""


def rows() -> Iterator[TableRow]:
    """Count and time sweeps with few of each kind, then with many; with nothing due, and with some due."""
    with tempfile.TemporaryDirectory(prefix="clerk-bench-") as folder:
        small, large = asyncio.run(_measured(Path(folder) / "clerk.sqlite"))
    for due in (0, DUE):
        (little, quick), (much, slow) = small[due], large[due]
        what = f"a sweep with {due} due at {MANY:,} planned texts, clocks, snoozes, alerts / at {DUE} of each"
        grown = max((after + 1) / (before + 1) for before, after in zip(little, much, strict=True))
        yield TableRow(f"{what}: commands, documents", grown, at_most=1.0)
        yield TableRow(f"{what}: time", slow / quick, at_most=1.5)
        yield TableRow(f"a sweep with {due} due at {MANY:,} of each: commands", much[0])
        yield TableRow(f"a sweep with {due} due at {MANY:,} of each: time", slow * 1000, unit="ms")


async def _measured(file: Path) -> list[dict[int, tuple[tuple[int, int], float]]]:
    """Commands and documents of a sweep, and its duration in seconds, by what is due: with few things, then many."""
    count, found = CommandCount(), []
    for is_full in (False, True):
        if is_full:
            _multiply(file)
        with EmbeddedMongo(file, durable=False) as mongo:
            async with stores_heard_by(count, mongo.url) as stores:
                workers = FakeWorkers(stores)
                if not is_full:
                    await stores.lines.add(TIMED_LINE)
                    await add_what_is_not_due(workers, stores._database, FIRST - SOONER, DUE)
                    await add_what_is_not_due(workers, stores._database, FIRST, 1)
                measured = {}
                for due in (0, DUE):
                    workers.clock.time += NEXT_DAY + timedelta(seconds=FIRST - SOONER) if due else timedelta()
                    counted, took = (0, 0), list[float]()
                    for _ in range(ROUNDS):
                        workers.clock.forward(AGAIN_AFTER)
                        count.take()
                        began = time.perf_counter()
                        await clock.sweep(workers.ports)
                        took.append(time.perf_counter() - began)
                        counted = count.take()
                    measured[due] = counted, median(took)
                found.append(measured)
    return found


def _multiply(file: Path) -> None:
    """Copy the documents of one number in the server's own file: through the server, so many take half an hour."""
    with sqlite3.connect(file) as database:
        for statement in (DOCUMENTS, ENTRIES):
            database.execute(statement, {"first": FIRST, "count": MANY, "pattern": f"%{FIRST}%"})
        database.commit()
        counted = database.execute("SELECT count(*) FROM documents WHERE coll_name = 'planned'").fetchone()
    assert counted == (MANY + DUE,)
    database.close()
