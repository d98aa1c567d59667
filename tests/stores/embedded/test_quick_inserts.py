"""What is put into the embedded database at once is what the engine would have put in one by one."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from bson import json_util
from pymongo import IndexModel, InsertOne, MongoClient, ReplaceOne
from pymongo.errors import BulkWriteError, DuplicateKeyError, WriteError

from ops.documents.embedded_mongo import EmbeddedMongo
from ops.environment import FILE
from tests.documents.multitude import LEFT
from workers.mongo import INDEXES

pytestmark = pytest.mark.server

TABLES = {
    "documents": "coll_name, storage_key, document",
    "multikey_entries": "collection_id, index_name, storage_key, element_type, type_score, element_key",
}


def left() -> dict[str, list[dict[str, Any]]]:
    """The documents of an earlier version, by collection."""
    found: dict[str, list[dict[str, Any]]] = {}
    for line in LEFT.read_text().splitlines():
        read = json_util.loads(line, json_options=json_util.JSONOptions(tz_aware=True))
        found.setdefault(read["collection"], []).append(read["document"])
    return found


def file_of(folder: Path, *, at_once: bool) -> dict[str, list[Any]]:
    """What the file holds in its tables once these documents have been stored."""
    with EmbeddedMongo(folder / FILE) as mongo, MongoClient[dict[str, Any]](mongo.url) as client:
        for name, documents in left().items():
            collection = client.get_default_database()[name]
            if name in INDEXES:
                collection.create_indexes([*INDEXES[name], IndexModel("tags")])
            if at_once:
                collection.insert_many(documents)
            else:  # the engine inserts what an update does not find
                for each in documents:
                    collection.replace_one({"_id": each["_id"]}, each, upsert=True)
    with closing(sqlite3.connect(folder / FILE)) as connection:
        return {table: sorted(connection.execute(f"SELECT {what} FROM {table}")) for table, what in TABLES.items()}


def test_the_file_is_the_same_whichever_way_documents_came_into_it(tmp_path: Path) -> None:
    quick, engine = file_of(tmp_path / "quick", at_once=True), file_of(tmp_path / "engine", at_once=False)
    assert quick == engine
    assert all(quick.values())


@pytest.fixture
def texts(tmp_path: Path) -> Any:
    """A collection with a unique key over two fields."""
    with EmbeddedMongo(tmp_path / FILE) as mongo, MongoClient[dict[str, Any]](mongo.url, tz_aware=True) as client:
        found = client.get_default_database()["sms"]
        found.create_indexes(INDEXES["sms"])
        yield found


def text(number: int, **fields: Any) -> dict[str, Any]:
    return {"_id": f"SM{number}", "conversation": "c", "place": f"{number}", **fields}


def ids(texts: Any) -> list[str]:
    return sorted(each["_id"] for each in texts.find())


def test_one_that_is_there_is_refused_and_the_others_are_stored_as_ever(texts: Any) -> None:
    texts.insert_one(text(2))
    with pytest.raises(BulkWriteError) as unordered:
        texts.insert_many([text(1), text(2), text(3), text(4, place="1")], ordered=False)
    assert [(each["index"], each["code"]) for each in unordered.value.details["writeErrors"]] == [
        (1, 11000),
        (3, 11000),
    ]
    assert ids(texts) == ["SM1", "SM2", "SM3"]
    with pytest.raises(BulkWriteError):
        texts.insert_many([text(5), text(2), text(6)])
    assert ids(texts) == ["SM1", "SM2", "SM3", "SM5"]
    with pytest.raises(DuplicateKeyError):
        texts.insert_one(text(7, place="1"))
    with pytest.raises(BulkWriteError):
        texts.insert_many([text(8), text(8, place="9")], ordered=False)
    texts.insert_one({**text(9), "_id": 9})
    with pytest.raises(DuplicateKeyError):
        texts.insert_one({**text(10), "_id": 9})
    assert texts.delete_one({"_id": 9}).deleted_count == 1
    assert ids(texts) == ["SM1", "SM2", "SM3", "SM5", "SM8"]


def test_what_json_can_not_hold_is_stored_by_the_engine(texts: Any) -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    at = datetime(2026, 3, 2, 9, 30, 0, 123456, zone)
    many = [
        text(1, at=at, big=2**40, small=-(2**31), none=None, nested={"list": [{"at": at}, [1.5, True]]}),
        text(2, data=b"bytes"),
        text(3, body="\ud83d\ude00 \x00 ünïcode".encode("utf-16", "surrogatepass").decode("utf-16")),
        text(4, odd={"$mongoeco": {"type": "datetime", "value": "2026-01-01"}}),
        {**text(5), "_id": 2**33},
    ]
    for each in many:
        try:
            texts.insert_one(dict(each))
        except WriteError:
            continue
    milliseconds = at.replace(microsecond=123000).astimezone(UTC)
    found = {str(each["_id"]): each for each in texts.find()}
    assert found["SM1"] == {**many[0], "at": milliseconds, "nested": {"list": [{"at": milliseconds}, [1.5, True]]}}
    assert found["SM2"]["data"] == b"bytes"
    assert found["SM3"] == many[2]
    assert found.get("SM4", many[3]) == many[3]
    assert found[str(2**33)]["_id"] == 2**33


def test_what_was_inserted_is_changed_found_and_deleted_like_any_other(texts: Any) -> None:
    texts.insert_many([text(number, due_at=datetime(2026, 1, 1, tzinfo=UTC)) for number in range(1, 4)])
    texts.bulk_write([ReplaceOne({"_id": "SM1"}, text(1, place="10")), InsertOne(text(4, place="1"))])
    assert texts.delete_one({"_id": "SM2"}).deleted_count == 1
    assert [each["_id"] for each in texts.find({"due_at": {"$lte": datetime(2026, 2, 1, tzinfo=UTC)}})] == ["SM3"]
    assert texts.find_one({"conversation": "c", "place": "1"}) == text(4, place="1")
    texts.insert_one(text(2))
    assert ids(texts) == ["SM1", "SM2", "SM3", "SM4"]
