"""One kind of document in a collection of MongoDB; the only importer of motor."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorDatabase
from prometheus_client import Counter
from pymongo import ASCENDING
from pymongo.errors import DuplicateKeyError
from pymongo.monitoring import CommandListener

from messages.base import Document
from messages.process.telemetry import start_at_zero
from workers.mongo.address import database_name, refusing_what_the_driver_refuses
from workers.mongo.unreadable import Unreadable, parsed, without_numbers

ORDERS_KEPT: Final = 50
"""How many orders' identities a document keeps, so that none of them is carried out twice."""

REMEMBERED_FOR: Final = timedelta(seconds=1)
"""After this long a process knows what another has changed of what hardly ever changes."""

type Fields = Mapping[str, Any]
type RawCollection = AsyncIOMotorCollection[dict[str, Any]]
type Database = AsyncIOMotorDatabase[dict[str, Any]]

log = structlog.get_logger("clerk.documents")

UNREADABLE: Final = Counter("clerk_unreadable_documents_total", "Documents that can't be read", ["collection"])

_noted: Final[set[tuple[str, str]]] = set()
"""The unreadable documents that this process has named already, by collection and id."""


def connected(url: str, listeners: Sequence[CommandListener] = ()) -> Database:
    """The database that a URL names, or `clerk`; the connection is made at first use, on the loop that uses it."""
    with refusing_what_the_driver_refuses(url):
        client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
            url,
            tz_aware=True,
            serverSelectionTimeoutMS=5000,
            socketTimeoutMS=20000,
            retryWrites=False,
            event_listeners=listeners,
        )
    database: Database = client[database_name(url)]
    return database


def stored(document: Document) -> dict[str, Any]:
    """A document as stored in MongoDB: `id` as `_id`, and without None, so that sparse indexes leave it out."""
    fields: dict[str, Any] = _without_none(document.model_dump())
    if "id" in fields:
        fields["_id"] = fields.pop("id")
    return fields


def change_to(document: Document, keep: Collection[str] = ()) -> dict[str, dict[str, Any]]:
    """The change that makes a stored document equal to this one, but for the fields in `keep`.

    It comes from the model, so that a field that is None is removed whichever field it is. Fields that the model does
    not know stay: a process of a later version may have written them.
    """
    fields = {name: value for name, value in stored(document).items() if name != "_id" and name not in keep}
    absent = type(document).model_fields.keys() - fields.keys() - {"id", *keep}
    change = {"$set": fields, "$unset": dict.fromkeys(sorted(absent), "")}
    return {operator: each for operator, each in change.items() if each}


def _without_none(value: Any) -> Any:
    """Without the fields that are None, at any depth except inside lists, which no sparse index covers."""
    if isinstance(value, dict):
        return {name: _without_none(each) for name, each in value.items() if each is not None}
    return list(value) if isinstance(value, tuple) else value


async def read_whole[D: Document](kind: type[D], collection: RawCollection, fields: Fields) -> D:
    """The document that MongoDB stores as these fields; Unreadable, and noted, if this version can't read it."""
    try:
        return parsed(kind, collection.name, fields)
    except Unreadable as error:
        await note_unreadable(collection, error)
        raise


async def note_unreadable(collection: RawCollection, error: Unreadable) -> None:
    """Log and count an unreadable document, and store its name for `clerk doctor` and /ops: once in a process."""
    once = (f"{collection.database.name}.{error.collection}", str(error.id))
    if once in _noted:
        return
    fields = {"collection": error.collection, "document": error.id, "faults": error.faults}
    unreadable = collection.database["unreadable"]
    await unreadable.update_one({"_id": f"{error.collection}/{error.id}"}, {"$set": fields}, upsert=True)
    _noted.add(once)
    UNREADABLE.labels(error.collection).inc()
    log.error(
        "a document can't be read: it is left as it is",
        collection=error.collection,
        id=without_numbers(str(error.id)),
        faults=error.faults,
    )


class DocumentStore[D: Document]:
    """A collection of one kind of document.

    What belongs to one conversation is read whole: if one of its documents can't be read, Unreadable is raised, and
    that conversation waits, because to go on without it would post or send again, or out of order. What looks at many
    conversations leaves an unreadable document out, and goes on with the others.
    """

    kind: type[D]

    def __init__(self, collection: RawCollection) -> None:
        self._collection = collection
        start_at_zero(UNREADABLE, [collection.name])

    async def get(self, id: Any) -> D | None:
        """The document with this id."""
        return await self._read(await self._collection.find_one({"_id": id}))

    async def _read(self, fields: Fields | None) -> D | None:
        """The document that MongoDB stores as these fields; Unreadable, and noted, if this version can't read it."""
        return None if fields is None else await read_whole(self.kind, self._collection, fields)

    async def _insert(self, document: D, **more: Any) -> bool:
        """Store a new document; False if its id, or another unique key of it, is taken."""
        try:
            await self._collection.insert_one({**stored(document), **more})
        except DuplicateKeyError:
            return False
        return True

    async def _ensure(self, document: D, *, is_new: bool = False) -> D:
        """The stored document with this id; stores this one if there is none, as is most likely with `is_new`."""
        id = getattr(document, "id")  # noqa: B009 - every stored document has an id
        found = None if is_new else await self.get(id)
        if found is None:
            if await self._insert(document):
                return document
            found = await self.get(id)
        assert found is not None
        return found

    async def _find(self, query: Fields, order: Sequence[tuple[str, int]] = (), limit: int = 0) -> list[D]:
        """The documents that match; Unreadable if one of them can't be read."""
        read = [await self._read(fields) for fields in await self._raw(query, order, limit)]
        return [document for document in read if document is not None]

    async def _find_readable(self, query: Fields, order: Sequence[tuple[str, int]] = (), limit: int = 0) -> list[D]:
        """The documents that match and can be read; the others are noted and left out."""
        return await self._readable(await self._raw(query, order, limit))

    async def _readable(self, found: Iterable[Fields]) -> list[D]:
        readable = []
        for fields in found:
            try:
                readable.append(parsed(self.kind, self._collection.name, fields))
            except Unreadable as error:
                await note_unreadable(self._collection, error)
        return readable

    async def _raw(self, query: Fields, order: Sequence[tuple[str, int]], limit: int) -> list[dict[str, Any]]:
        cursor = self._collection.find(query, limit=limit)
        if order:
            cursor = cursor.sort(list(order))
        return [fields async for fields in cursor]

    async def by_ids(self, ids: Collection[Any]) -> list[D]:
        """The documents with these ids."""
        return await self._find_readable({"_id": {"$in": list(ids)}}) if ids else []

    async def _update(self, query: Fields, change: Fields) -> bool:
        """Apply a change to the matching document; False if there is none."""
        return bool((await self._collection.update_one(query, change)).matched_count)

    async def _update_once(self, query: Fields, order: str | None, change: Fields) -> bool:
        """Apply an agent's order to the matching document, and keep its identity there in the same write.

        False if there is no such document, or the order was carried out before.
        """
        if order is None:
            return not change or await self._update(query, change)
        kept = {"orders": {"$each": [order], "$slice": -ORDERS_KEPT}}
        return await self._update({**query, "orders": {"$ne": order}}, {**change, "$push": kept})

    async def _due(
        self, field: str, now: datetime, again_at: datetime, limit: int, lines: Collection[str] | None = None
    ) -> list[D]:
        """The documents that are due, postponed to `again_at` so that the next query finds others first."""
        return await self._take_due({field: {"$lte": now}}, field, {field: again_at}, limit, lines)

    async def _take_due(
        self, query: Fields, field: str, postponed: Fields, limit: int, lines: Collection[str] | None
    ) -> list[D]:
        """The readable documents that match, by the due time in `field`, once all that match are postponed.

        With `lines`, those of other lines are left out and stay due: nobody can do anything about them.
        """
        asked = query if lines is None else {**query, "line": {"$in": sorted(lines)}}
        found = await self._raw(asked, [(field, ASCENDING)], limit)
        if found:
            ids = [fields["_id"] for fields in found]
            await self._collection.update_many({"_id": {"$in": ids}, **query}, {"$set": dict(postponed)})
        return await self._readable(found)
