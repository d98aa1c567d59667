"""The documents of earlier versions become those of this one: once, in order, and beside old processes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from messages.release import DOCUMENTS
from ops.checks.documents import of_version
from ops.checks.finding import Verdict
from ops.commands.processes.clock import finish_migrations
from ops.documents.embedded_mongo import EmbeddedMongo
from ops.documents.reader import Documents
from ops.running.presence import Presence
from ops.traces.log_trail import make_indexes
from tests import make
from tests.servers import wait_until
from workers.mongo import Stores
from workers.mongo.collection import Database
from workers.mongo.migrations import MIGRATIONS, REPORTED_WITHIN, Migration, migrate, migrate_again


def noting(ran: list[int], numbers: range) -> list[Migration]:
    """Steps that note that they ran."""

    def step(number: int) -> Migration:
        async def run(_: Database) -> None:
            ran.append(number)

        return Migration(number, f"step {number}", run)

    return [step(number) for number in numbers]


def now() -> datetime:
    return make.NOW


@pytest.fixture
def database(stores: Stores) -> Database:
    return stores._database


async def test_each_step_runs_once_in_order_and_later_ones_when_they_come(database: Database) -> None:
    ran: list[int] = []
    await database["migrations"].delete_many({"_id": {"$gt": 1}})
    for last in (2, 2, 4, 4):
        assert await migrate(database, noting(ran, range(1, last + 1)), now)
    assert ran == [2, 3, 4], "the first is done: the stores were prepared"
    assert await migrate_again(database)
    assert [each["_id"] async for each in database["migrations"].find({})] == [each.number for each in MIGRATIONS]


async def test_a_step_is_repeated_until_no_process_of_before_runs(database: Database) -> None:
    ran: list[int] = []
    steps = noting(ran, range(1, 4))
    await database["migrations"].delete_many({"_id": {"$gt": 1}})
    reported = {"_id": "worker/old", "seen_at": make.NOW, "documents": 1}
    await database["processes"].insert_one(reported)
    for _ in range(2):
        assert not await migrate(database, steps, now)
    assert ran == [2, 2], "and the next step waits for it"
    assert await migrate(database, steps, lambda: make.NOW + REPORTED_WITHIN + timedelta(seconds=1))
    assert ran == [2, 2, 2, 3]


async def test_a_step_that_processes_of_before_would_not_understand_waits_for_their_end(database: Database) -> None:
    ran: list[int] = []
    [step] = noting(ran, range(2, 3))
    await database["migrations"].delete_many({"_id": {"$gt": 1}})
    await database["processes"].insert_one({"_id": "worker/old", "seen_at": make.NOW, "documents": 1})
    alone = [Migration(step.number, step.what, step.run, alone=True)]
    assert not await migrate(database, alone, now)
    assert ran == []
    assert await migrate(database, alone, lambda: make.NOW + REPORTED_WITHIN + timedelta(seconds=1))
    assert ran == [2]


async def test_a_step_that_failed_runs_again_and_the_next_one_only_after_it(database: Database) -> None:
    ran: list[int] = []

    async def fails(_: Database) -> None:
        ran.append(2)
        if ran.count(2) == 1:
            raise AutoReconnect("away")

    await database["migrations"].delete_many({"_id": {"$gt": 1}})
    steps = [Migration(2, "fails once", fails), *noting(ran, range(3, 4))]
    with pytest.raises(AutoReconnect):
        await migrate(database, steps, now)
    assert await migrate(database, steps, now)
    assert ran == [2, 2, 3]


async def test_an_older_process_finds_newer_documents_and_goes_on(database: Database) -> None:
    await database["migrations"].insert_one({"_id": DOCUMENTS + 1, "what": "of a version to come"})
    assert await migrate(database)


def test_what_is_long_gone_is_deleted_by_the_server_itself(tmp_path: Path) -> None:
    old = datetime.now(UTC) - timedelta(days=99)
    with EmbeddedMongo(tmp_path / "clerk.sqlite") as mongo, Documents(mongo.url) as documents:
        trail, processes = documents.database["trail"], documents.database["processes"]
        trail.insert_one({"_id": "over", "at": old, "expires_at": old})
        trail.insert_one({"_id": "of before", "at": old})
        processes.insert_one({"_id": "worker/gone", "seen_at": old})
        make_indexes(documents)
        presence = Presence(mongo.url, "worker")
        presence.start()
        wait_until(lambda: processes.find_one({"_id": "worker/gone"}) is None, "the process is forgotten")
        wait_until(lambda: [each["_id"] for each in trail.find({})] == ["of before"], "the log lines are forgotten")
        presence.close()
        assert trail.index_information()["expires"]["expireAfterSeconds"] == 0
        assert processes.index_information()["gone"]["expireAfterSeconds"] == 300


async def test_log_lines_of_before_expire_a_week_later(stores: Stores, database: Database) -> None:
    await database["trail"].insert_one({"_id": "of before", "at": make.NOW})
    await stores.migrate(again=True)
    line = await database["trail"].find_one({"_id": "of before"})
    assert line is not None
    assert line["expires_at"] > datetime.now(UTC)


async def test_a_clock_finishes_what_older_processes_held_up() -> None:
    answers: list[Any] = [False, AutoReconnect("away"), True]
    waits: list[float] = []

    async def again() -> bool:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return bool(answer)

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    await finish_migrations(again, wait)
    assert (answers, len(waits)) == ([], 2)


def test_steps_are_numbered_without_gaps() -> None:
    assert [each.number for each in MIGRATIONS] == list(range(1, DOCUMENTS + 1))


async def test_doctor_says_which_version_the_documents_have(stores: Stores, mongo_url: str) -> None:
    with Documents(mongo_url) as documents:
        assert [each.state for each in of_version(documents.version_of_documents())] == [Verdict.GOOD]
        await stores._database["migrations"].insert_one({"_id": DOCUMENTS + 1})
        [newer] = of_version(documents.version_of_documents())
        await stores._database["migrations"].delete_many({})
        [older] = of_version(documents.version_of_documents())
    assert (newer.state, older.state) == (Verdict.ADVICE, Verdict.ADVICE)
    assert "newer version" in newer.found
    assert "earlier version" in older.found
