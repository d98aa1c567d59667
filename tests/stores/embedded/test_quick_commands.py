"""What is carried out quickly has the answer, and leaves the documents, that the engine's own way has."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bson
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pymongo import AsyncMongoClient, IndexModel, MongoClient, UpdateOne
from pymongo.errors import BulkWriteError, OperationFailure, PyMongoError

from ops.documents.embedded_mongo import EmbeddedMongo, _Engine
from ops.documents.quick.server import MOST_AT_ONCE, Commands, Server
from ops.documents.quick.values import Unusual
from ops.environment import FILE
from tests import make

pytestmark = pytest.mark.server

AT = make.NOW.replace(tzinfo=None)
FIELDS = ("name", "line", "count", "at", "inner.name", "inner.at", "inner.deep.count")

names = st.sampled_from(["", "a", "b", "B", "ä"])
moments = st.integers(-2, 2).map(lambda minutes: AT + timedelta(minutes=minutes, milliseconds=abs(minutes) * 7))
scalars = st.one_of(names, st.integers(-2, 2), moments, st.none(), st.booleans(), st.sampled_from([0.0, 1.0, 1.5]))
inner = st.fixed_dictionaries(
    {},
    optional={"name": names, "at": moments, "deep": st.fixed_dictionaries({}, optional={"count": st.integers(0, 3)})},
)
documents = st.fixed_dictionaries(
    {"tags": st.lists(names, max_size=2)},
    optional={
        "name": names,
        "line": names,
        "count": st.integers(-2, 2),
        "at": st.one_of(moments, st.none()),
        "inner": inner,
    },
)
by_type = {"name": names, "line": names, "count": st.integers(-2, 2), "at": moments}


def values_of(field: str) -> st.SearchStrategy[Any]:
    """What a field may be compared with: each queried field has one type."""
    return by_type[field.rpartition(".")[2]]


def conditions(field: str) -> st.SearchStrategy[Any]:
    value = values_of(field)
    compared = st.sampled_from(["$gt", "$gte", "$lt", "$lte", "$ne", "$eq"])
    return st.one_of(
        value,
        st.none(),
        st.dictionaries(compared, value, min_size=1, max_size=2),
        st.builds(lambda wanted: {"$exists": wanted}, st.booleans()),
        st.builds(lambda values: {"$in": values}, st.lists(value, max_size=3)),
        st.builds(lambda values: {"$nin": values}, st.lists(value, min_size=1, max_size=3)),
    )


simple = st.one_of(
    *(st.fixed_dictionaries({field: conditions(field)}) for field in FIELDS),
    st.fixed_dictionaries({"_id": st.integers(0, 5)}),
    st.fixed_dictionaries({"_id": st.fixed_dictionaries({"$in": st.lists(st.integers(0, 5), max_size=3)})}),
)
queries = st.one_of(
    st.just({}),
    simple,
    st.builds(lambda one, other: {**one, **other}, simple, simple),
    st.builds(lambda either, also: {"$or": either, **also}, st.lists(simple, min_size=1, max_size=3), simple),
)
given_values = st.one_of(scalars, inner, st.lists(names, max_size=2))
changes = st.dictionaries(
    st.sampled_from(["$set", "$unset", "$inc", "$min", "$max", "$setOnInsert"]),
    st.dictionaries(st.sampled_from([*FIELDS, "tags", "new", "new.deep"]), given_values, min_size=1, max_size=2),
    min_size=1,
    max_size=3,
)


@dataclass(frozen=True)
class Both:
    """One file, in which the collections `quick` and `engine` have the same documents."""

    commands: Commands
    client: AsyncMongoClient[dict[str, Any]]
    file: Path

    async def begin(self, documents: list[dict[str, Any]]) -> None:
        """Forget what is in them, and store these."""
        for name in ("quick", "engine"):
            collection = self.client["clerk"][name]
            await collection.delete_many({})
            if documents:
                await collection.insert_many([{"_id": id, **each} for id, each in enumerate(documents)])

    def quickly(self, body: dict[str, Any]) -> dict[str, Any]:
        """The answer of a command about `quick`; Unusual if it is for the engine."""
        asked = {**body, next(iter(body)): "quick", "$db": "clerk"}
        return dict(bson.decode(bson.encode(self.commands.carried_out(bson.decode(bson.encode(asked))))))

    async def by_the_engine(self, body: dict[str, Any]) -> dict[str, Any]:
        """The answer of the same command about `engine`: with a comment, it is unusual."""
        asked = {**body, next(iter(body)): "engine", "comment": "by the engine"}
        return dict(await self.client["clerk"].command(asked))

    async def stored(self, name: str) -> list[dict[str, Any]]:
        """What the engine reads of a collection."""
        return [each async for each in self.client["clerk"][name].find({}, sort=[("_id", 1)], comment="by the engine")]

    def entries(self, name: str) -> list[Any]:
        """The entries of a collection's indexes over arrays."""
        with closing(sqlite3.connect(self.file)) as connection:
            return connection.execute(
                "SELECT index_name, storage_key, element_type, type_score, element_key FROM multikey_entries"
                " JOIN collections USING (collection_id) WHERE coll_name = ? ORDER BY 1, 2, 3, 4, 5",
                (name,),
            ).fetchall()


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[Both]:
    engine = _Engine(str(tmp_path / FILE), durable=False)
    server = Server(engine, host="127.0.0.1", port=0)
    await server.start()
    async with AsyncMongoClient[dict[str, Any]](server.address.uri) as client:
        for name in ("quick", "engine"):
            indexes = [IndexModel("at"), IndexModel("tags"), IndexModel([("name", 1), ("line", 1)], unique=True)]
            partial = IndexModel("inner.name", unique=True, partialFilterExpression={"inner.name": {"$gt": ""}})
            await client["clerk"][name].create_indexes([*indexes, partial])
        yield Both(Commands(engine), client, tmp_path / FILE)
    assert not engine._require_connection().in_transaction, "the next writes would wait for its end"
    await server.close()


thorough = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
orders = st.dictionaries(st.sampled_from([*FIELDS, "_id"]), st.sampled_from([1, -1]), max_size=2)


@thorough
@given(st.lists(documents, max_size=5), queries, orders, st.integers(0, 3))
async def test_a_find_finds_what_the_engine_finds(
    both: Both, stored: list[dict[str, Any]], query: dict[str, Any], order: dict[str, int], limit: int
) -> None:
    try:
        await both.begin(stored)
    except OperationFailure:
        assume(False)
    sort = order if "_id" in order else {**order, "_id": 1}  # what is equal may come in any order
    body = {"find": "", "filter": query, "sort": sort, **({"limit": limit} if limit else {})}
    found = both.quickly(body)["cursor"]
    assert found["firstBatch"] == (await both.by_the_engine(body))["cursor"]["firstBatch"]
    assert found["id"] == 0


@thorough
@given(st.lists(documents, max_size=5), queries, changes, st.booleans())
async def test_an_update_leaves_what_the_engine_leaves(
    both: Both, stored: list[dict[str, Any]], query: dict[str, Any], change: dict[str, Any], many: bool
) -> None:
    try:
        await both.begin(stored)
    except OperationFailure:
        assume(False)
    before = await both.stored("quick")
    body = {"update": "", "updates": [{"q": query, "u": change, "multi": many}]}
    try:
        told = both.quickly(body)
    except Unusual:
        assert await both.stored("quick") == before
        return
    assert told == await both.by_the_engine(body)
    assert await both.stored("quick") == await both.stored("engine")
    assert both.entries("quick") == both.entries("engine")


async def test_statements_of_one_command_follow_each_other_and_all_or_none_are_carried_out(both: Both) -> None:
    await both.begin([{"name": "a", "line": "1", "count": 1}, {"name": "b", "line": "1", "count": 1}])
    twice = {
        "updates": [{"q": {"count": 1}, "u": {"$inc": {"count": 1}}}, {"q": {"count": 2}, "u": {"$set": {"at": AT}}}]
    }
    assert both.quickly({"update": "", **twice}) == {"n": 2, "nModified": 2, "ok": 1.0}
    after = await both.stored("quick")
    assert [(each["count"], each.get("at")) for each in after] == [(2, AT), (1, None)]
    refused = {
        "updates": [{"q": {"_id": 0}, "u": {"$set": {"count": 9}}}, {"q": {"_id": 0}, "u": {"$set": {"name": "b"}}}]
    }
    with pytest.raises(Unusual):
        both.quickly({"update": "", **refused})
    assert await both.stored("quick") == after


async def test_what_a_unique_index_refuses_is_told_by_the_engine(both: Both) -> None:
    await both.begin([{"name": "a", "line": "1"}, {"name": "b", "line": "1"}])
    collection = both.client["clerk"]["quick"]
    with pytest.raises(BulkWriteError) as refused:
        await collection.bulk_write(
            [UpdateOne({"_id": 0}, {"$set": {"count": 9}}), UpdateOne({"_id": 0}, {"$set": {"name": "b"}})]
        )
    assert [(each["index"], each["code"]) for each in refused.value.details["writeErrors"]] == [(1, 11000)]
    assert [each.get("count") for each in await both.stored("quick")] == [9, None]


async def test_a_full_disk_is_told_and_the_connection_goes_on(both: Both) -> None:
    await both.begin([{"name": "a"}])
    connection = both.commands._engine._require_connection()
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    collection = both.client["clerk"]["quick"]
    with pytest.raises(PyMongoError, match="full"):
        await collection.update_one({"_id": 0}, {"$set": {"name": "a" * 10**6}})
    with pytest.raises(PyMongoError, match="full"):
        await collection.insert_one({"_id": 1, "name": "a" * 10**6})
    assert await both.stored("quick") == [{"_id": 0, "name": "a"}]
    connection.execute(f"PRAGMA max_page_count = {10 * pages}")
    assert (await collection.update_one({"_id": 0}, {"$set": {"name": "b"}})).modified_count == 1


@pytest.mark.parametrize(
    "body",
    [
        {"find": "quick", "filter": {"$or": []}},
        {"find": "quick", "filter": {"$and": []}},
        {"find": "quick", "filter": {"a..b": 1}},
        {"find": ""},
        {"insert": "", "documents": [{"_id": 1}]},
        {"update": "quick", "updates": [{"q": {"$or": []}, "u": {"$set": {"count": 1}}}]},
        {"findAndModify": "quick", "query": {"$and": []}, "update": {"$set": {"count": 1}}},
    ],
    ids=str,
)
async def test_what_the_engine_refuses_does_not_close_the_connection(both: Both, body: dict[str, Any]) -> None:
    """The answer is the same as in the engine's own way, an error or none."""
    answers = []
    for more in ({}, {"comment": "by the engine"}):
        try:
            answers.append(str((await both.client["clerk"].command({**body, **more})).get("ok")))
        except OperationFailure as error:
            answers.append(str(error.details and error.details.get("errmsg")))
    assert answers[0] == answers[1]


async def test_a_document_is_found_and_changed_in_one_command(both: Both) -> None:
    await both.begin([{"name": "a"}])
    change = {"findAndModify": "", "query": {"name": "a"}, "update": {"$set": {"count": 1}}}
    assert both.quickly(change) == await both.by_the_engine(change)
    assert both.quickly(change | {"new": True}) == await both.by_the_engine(change | {"new": True})
    nobody = change | {"query": {"name": "b"}}
    assert both.quickly(nobody)["value"] is None
    assert both.quickly(nobody)["lastErrorObject"] == (await both.by_the_engine(nobody))["lastErrorObject"]
    with pytest.raises(Unusual):
        both.quickly(nobody | {"upsert": True})


async def test_the_server_sets_the_time_itself(both: Both) -> None:
    await both.begin([{"name": "a"}])
    both.quickly({"update": "", "updates": [{"q": {}, "u": {"$currentDate": {"at": True}}}]})
    ((stored, before),) = [(each["at"], datetime.now(UTC).replace(tzinfo=None)) for each in await both.stored("quick")]
    assert timedelta() <= before - stored < timedelta(minutes=10)


async def test_more_documents_than_one_batch_are_all_found(both: Both) -> None:
    await both.begin([{"name": f"{number}"} for number in range(2 * MOST_AT_ONCE + 3)])
    with pytest.raises(Unusual):
        both.quickly({"find": ""})
    assert len([each async for each in both.client["clerk"]["quick"].find()]) == 2 * MOST_AT_ONCE + 3


@pytest.mark.parametrize(
    "body",
    [
        {"find": "", "filter": {"tags": "a"}},
        {"find": "", "filter": {"name": {"$regex": "a"}}},
        {"find": "", "filter": {"inner": {"name": "a"}}},
        {"find": "", "filter": {"$nor": [{"name": "a"}]}},
        {"find": "", "sort": {"tags": 1}},
        {"find": "", "skip": 1},
        {"find": "", "limit": -1},
        {"find": "", "projection": {"name": 0}},
        {"find": "", "projection": {"inner.name": 1}},
        {"find": "", "filter": {"count": 2**40}},
        {"update": "", "updates": [{"q": {}, "u": {"name": "a"}}]},
        {"update": "", "updates": [{"q": {}, "u": [{"$set": {"name": "a"}}]}]},
        {"update": "", "updates": [{"q": {}, "u": {"$push": {"tags": "a"}}}]},
        {"update": "", "updates": [{"q": {}, "u": {"$set": {"_id": 7}}}]},
        {"update": "", "updates": [{"q": {}, "u": {"$set": {"tags.0": "a"}}}]},
        {"update": "", "updates": [{"q": {}, "u": {"$set": {"a": 1, "a.b": 2}}}]},
        {"update": "", "updates": [{"q": {"name": "z"}, "u": {"$set": {"count": 1}}, "upsert": True}]},
        {"update": "", "updates": [{"q": {}, "u": {"$set": {"count": 1}}, "arrayFilters": []}]},
        {"update": "", "updates": [{"q": {}, "u": {"$set": {"count": 1}}}], "writeConcern": {"w": 0}},
        {"insert": "", "documents": [{"_id": bson.ObjectId("0123456789abcdef01234567")}]},
        {"insert": ""},
        {"update": ""},
        {"delete": "", "deletes": [{"q": {}, "limit": 0}]},
        {"aggregate": "", "pipeline": []},
    ],
    ids=str,
)
async def test_what_is_unusual_is_left_to_the_engine(both: Both, body: dict[str, Any]) -> None:
    await both.begin([{"name": "a", "tags": ["b"]}])
    with pytest.raises(Unusual):
        both.quickly(body)


async def test_what_is_acknowledged_is_in_the_file_whatever_came_before(both: Both) -> None:
    """A transaction that somebody left open once held every later write back."""
    await both.begin([{"name": "a", "expires_at": AT + timedelta(days=10**4)}])
    collection = both.client["clerk"]["quick"]
    before: list[Callable[[], Awaitable[object]]] = [
        lambda: collection.create_index("expires_at", expireAfterSeconds=10**9),
        lambda: collection.create_index("line"),
        lambda: collection.find_one({"name": "a"}),
        lambda: collection.update_one({"name": "nobody"}, {"$set": {"count": 1}}),
        lambda: collection.update_one({"name": "new"}, {"$set": {"count": 1}}, upsert=True),
        lambda: collection.delete_one({"name": "new"}),
        lambda: collection.drop_index("line_1"),
        lambda: both.client["clerk"]["other"].drop(),
    ]
    for number, command in enumerate(before, 10):
        await command()
        await collection.insert_one({"_id": number, "name": f"{number}"})
        with closing(sqlite3.connect(both.file)) as other:
            assert other.execute(f"SELECT count(*) FROM documents WHERE document LIKE '%\"{number}\"%'").fetchone() == (
                1,
            )


@given(st.binary(max_size=60))
def test_a_message_that_can_not_be_read_is_left_to_the_engine(payload: bytes) -> None:
    with pytest.raises(Unusual):
        Commands(_Engine(":memory:", durable=False)).answer(b"\0" * 5 + payload)


async def test_a_file_of_before_loses_its_entries_and_finds_the_same(tmp_path: Path) -> None:
    """Each update once wrote to an index for every index that Clerk has, all of them over one table of entries."""
    file = tmp_path / FILE
    with EmbeddedMongo(file) as mongo, MongoClient[dict[str, Any]](mongo.url) as client:
        client["clerk"]["tags"].create_index("used_at")
        client["clerk"]["tags"].insert_one({"_id": "lamp", "used_at": AT})
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE clerk (what TEXT PRIMARY KEY, value TEXT NOT NULL)")
        connection.execute("INSERT INTO clerk VALUES ('index entries made by', '4.11.0')")
        connection.execute("UPDATE indexes SET scalar_physical_name = 'scidx_of_before'")
        connection.execute(
            "CREATE INDEX scidx_of_before ON scalar_index_entries"
            " (collection_id, index_name, type_score, element_key, storage_key)"
        )
        connection.execute("INSERT INTO scalar_index_entries VALUES (1, 'used_at_1', 'of before', 'datetime', 9, 'x')")
        connection.commit()
    with EmbeddedMongo(file) as mongo, MongoClient[dict[str, Any]](mongo.url) as client:
        tags = client["clerk"]["tags"]
        for comment in (None, "by the engine"):
            assert [each["_id"] for each in tags.find({"used_at": AT}, comment=comment)] == ["lamp"]
            assert [each["_id"] for each in tags.find({"used_at": {"$lte": AT}}, comment=comment)] == ["lamp"]
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM scalar_index_entries").fetchone() == (0,)
        named = "SELECT count(*) FROM sqlite_master WHERE name IN ('clerk', 'scidx_of_before')"
        assert connection.execute(named).fetchone() == (0,)
