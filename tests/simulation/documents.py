"""Collections of documents in memory, with the part of MongoDB's language that the stores use.

Each operation on a document is atomic. Values are stored as BSON would store them. An operator that is not here raises
NotImplementedError: nothing is ignored. A stored document is never changed in place, so that a reader needs no copy.
"""

import itertools
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cmp_to_key
from typing import Any, Final, Self, cast

import bson
from bson.codec_options import CodecOptions
from pymongo import IndexModel, ReturnDocument, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError
from pymongo.results import DeleteResult, InsertManyResult, InsertOneResult, UpdateResult

type Stored = dict[str, Any]
type Through = Callable[[str, Callable[[], Any]], Awaitable[Any]]
"""How a client reaches the server: it carries out one operation, named for traces."""

_OPTIONS: Final[CodecOptions[Stored]] = CodecOptions(tz_aware=True, tzinfo=UTC)
_ABSENT: Final = object()
_SCALARS: Final = {str, int, bool, float, type(None)}


def as_stored(value: Any) -> Any:
    """A value as MongoDB gives it back."""
    if type(value) in _SCALARS:
        return value
    return bson.decode(bson.encode({"v": value}), _OPTIONS)["v"]


def _asked(value: Any) -> Any:
    """A query as the server reads it: BSON holds whole milliseconds."""
    if isinstance(value, datetime):
        return value.replace(microsecond=value.microsecond // 1000 * 1000)
    if isinstance(value, dict):
        return {name: _asked(each) for name, each in value.items()}
    return [_asked(each) for each in value] if isinstance(value, list) else value


def value_at(document: Any, path: str) -> Any:
    """The value at a path; a mark of its own if there is none."""
    if "." not in path:
        return document.get(path, _ABSENT) if isinstance(document, dict) else _ABSENT
    for name in path.split("."):
        if not isinstance(document, dict) or name not in document:
            return _ABSENT
        document = document[name]
    return document


def _comparable(one: Any, other: Any) -> bool:
    """Whether MongoDB compares two values: those of one type."""
    numbers = isinstance(one, int | float) and isinstance(other, int | float)
    return numbers or type(one) is type(other)


def _equal(found: Any, wanted: Any) -> bool:
    if wanted is None:
        return found is None or found is _ABSENT
    if isinstance(found, list) and not isinstance(wanted, list):
        return wanted in found
    return bool(found == wanted)


_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "$lt": lambda found, wanted: found < wanted,
    "$lte": lambda found, wanted: found <= wanted,
    "$gt": lambda found, wanted: found > wanted,
    "$gte": lambda found, wanted: found >= wanted,
}


def _holds(operator: str, found: Any, wanted: Any) -> bool:
    match operator:
        case "$lt" | "$lte" | "$gt" | "$gte":
            return _comparable(found, wanted) and _COMPARISONS[operator](found, wanted)
        case "$in":
            return any(_equal(found, each) for each in wanted)
        case "$nin":
            return not any(_equal(found, each) for each in wanted)
        case "$eq":
            return _equal(found, wanted)
        case "$ne":
            return not _equal(found, wanted)
        case "$exists":
            return (found is not _ABSENT) == bool(wanted)
        case "$regex":
            return isinstance(found, str) and re.search(wanted, found) is not None
        case "$elemMatch":
            elements = found if isinstance(found, list) else []
            return any(all(_holds(name, each, value) for name, value in wanted.items()) for each in elements)
        case "$not":
            return not all(_holds(each, found, value) for each, value in wanted.items())
        case _:
            raise NotImplementedError(f"the query operator {operator}")


def matches(document: Stored, query: Mapping[str, Any]) -> bool:
    """Whether a query finds a document."""
    for name, wanted in query.items():
        if name == "$or":
            found = any(matches(document, each) for each in wanted)
        elif name == "$and":
            found = all(matches(document, each) for each in wanted)
        elif name == "$nor":
            found = not any(matches(document, each) for each in wanted)
        elif name.startswith("$"):
            raise NotImplementedError(f"the query operator {name}")
        elif isinstance(wanted, Mapping) and wanted and all(each.startswith("$") for each in wanted):
            value = value_at(document, name)
            found = all(_holds(operator, value, each) for operator, each in wanted.items())
        else:
            found = _equal(value_at(document, name), wanted)
        if not found:
            return False
    return True


def _with(document: Stored, path: str, change: Callable[[Any], Any]) -> Stored:
    """A copy of a document with another value at a path; _ABSENT removes it."""
    name, _, rest = path.partition(".")
    if rest:
        inner = document.get(name, _ABSENT)
        value = _with(inner if isinstance(inner, dict) else {}, rest, change)
        if not value and inner is _ABSENT:
            return document
    else:
        value = change(document.get(name, _ABSENT))
    if value is _ABSENT:
        return {each: kept for each, kept in document.items() if each != name}
    return {**document, name: value}


def _pushed(found: Any, given: Any) -> list[Any]:
    items, rest = [given], {}
    if isinstance(given, dict) and "$each" in given:
        rest = {name: value for name, value in given.items() if name != "$each"}
        items = given["$each"]
    if rest.keys() - {"$slice"}:
        raise NotImplementedError(f"$push with {sorted(rest)}")
    whole = [*(found if found is not _ABSENT else ()), *items]
    limit = rest.get("$slice")
    if limit is None:
        return whole
    return whole[limit:] if limit < 0 else whole[:limit]


def _added_to_set(found: Any, given: Any) -> list[Any]:
    known = list(found) if found is not _ABSENT else []
    items = given["$each"] if isinstance(given, dict) and "$each" in given else [given]
    for each in items:
        if each not in known:
            known.append(each)
    return known


def _pulled(found: Any, given: Any) -> Any:
    if found is _ABSENT:
        return found
    if isinstance(given, dict) and given and all(name.startswith("$") for name in given):
        return [each for each in found if not all(_holds(name, each, value) for name, value in given.items())]
    return [each for each in found if each != given]


_CHANGES: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "$set": lambda found, given: given,
    "$unset": lambda found, given: _ABSENT,
    "$inc": lambda found, given: given if found is _ABSENT else found + given,
    "$min": lambda found, given: given if found is _ABSENT or given < found else found,
    "$max": lambda found, given: given if found is _ABSENT or given > found else found,
    "$push": _pushed,
    "$addToSet": _added_to_set,
    "$pull": _pulled,
}


def changed(document: Stored, change: Mapping[str, Any], *, inserted: bool = False) -> Stored:
    """A document after an update."""
    touched: set[str] = set()
    for operator, fields in change.items():
        if operator == "$setOnInsert" and not inserted:
            continue
        apply = _CHANGES.get("$set" if operator == "$setOnInsert" else operator)
        if apply is None:
            raise NotImplementedError(f"the update operator {operator}")
        for path, given in fields.items():
            if any(path == each or path.startswith(f"{each}.") or each.startswith(f"{path}.") for each in touched):
                raise ValueError(f"MongoDB refuses an update that changes {path} twice")
            touched.add(path)
            value = as_stored(given)
            document = _with(document, path, lambda found, apply=apply, value=value: apply(found, value))  # type: ignore[misc]
    return document


def _in_order(one: Any, other: Any) -> int:
    """MongoDB's order of two values: what is absent comes first."""
    absent = (one is not _ABSENT and one is not None) - (other is not _ABSENT and other is not None)
    if absent or one is _ABSENT or one is None:
        return absent
    return int(one > other) - int(one < other)


def _sorted(documents: list[Stored], order: Sequence[tuple[str, int]]) -> list[Stored]:
    for path, direction in reversed(order):
        key = cmp_to_key(_in_order)
        documents.sort(key=lambda each, path=path, key=key: key(value_at(each, path)), reverse=direction < 0)  # type: ignore[misc]
    return documents


def _projected(document: Stored, wanted: Mapping[str, Any] | None) -> Stored:
    """A document of its own for a reader: whole, or with its id and the fields that a projection names."""
    if not wanted:
        return dict(document)
    if not all(each is True or each == 1 for name, each in wanted.items() if name != "_id"):
        raise NotImplementedError(f"the projection {wanted}")
    found: Stored = {}
    for path in ("_id", *wanted):
        value = value_at(document, path)
        if value is not _ABSENT and (path != "_id" or wanted.get("_id", True)):
            found = _with(found, path, lambda _, value=value: value)  # type: ignore[misc]
    return found


class MemoryCollection:
    """The documents of one collection, on the server."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.documents: dict[Any, Stored] = {}
        self._unique: dict[str, tuple[str, ...]] = {}
        self._taken: dict[str, dict[tuple[Any, ...], Any]] = {}

    def create_index(self, index: IndexModel) -> None:
        """Keep what a unique index keeps; other indexes change no answer."""
        described = index.document
        if described.get("unique") and described["name"] not in self._unique:
            if described.get("sparse") or "partialFilterExpression" in described:
                raise NotImplementedError("a unique index that leaves documents out")
            self._unique[described["name"]] = tuple(described["key"])
            self._taken[described["name"]] = {
                self._key(described["name"], each): each["_id"] for each in self.documents.values()
            }

    def found(self, query: Mapping[str, Any]) -> Iterator[Stored]:
        """The documents that a query finds, in the order of their making."""
        query = _asked(query)
        id = query.get("_id", _ABSENT)
        if id is not _ABSENT and not isinstance(id, Mapping):
            document = self.documents.get(id)
            candidates = [document] if document is not None else []
        else:
            candidates = list(self.documents.values())
        return (each for each in candidates if matches(each, query))

    def insert(self, document: Mapping[str, Any]) -> None:
        """Store a new document."""
        stored: Stored = bson.decode(bson.encode(document), _OPTIONS)
        if stored["_id"] in self.documents:
            raise DuplicateKeyError(f"the id {stored['_id']!r} is taken")
        self._put(stored, None)

    def update(self, query: Mapping[str, Any], change: Mapping[str, Any], *, upsert: bool) -> tuple[Stored | None, Any]:
        """Change the first document that a query finds; the document before, if any, and after."""
        before = next(self.found(query), None)
        if before is None:
            if not upsert:
                return None, None
            equal = {name: value for name, value in query.items() if not isinstance(value, Mapping) and name[0] != "$"}
            begun: Stored = {}
            for path, value in equal.items():
                begun = _with(begun, path, lambda _, value=value: as_stored(value))  # type: ignore[misc]
            after = changed(begun, change, inserted=True)
            if after["_id"] in self.documents:
                raise DuplicateKeyError(f"the id {after['_id']!r} is taken")
        else:
            after = changed(before, change)
        self._put(after, before)
        return before, after

    def replace(self, query: Mapping[str, Any], document: Mapping[str, Any], *, upsert: bool) -> Stored | None:
        """Replace the first document that a query finds; the document before, if any."""
        before = next(self.found(query), None)
        if before is not None or upsert:
            self._put(bson.decode(bson.encode(document), _OPTIONS), before)
        return before

    def delete(self, document: Stored) -> None:
        """Remove a document."""
        del self.documents[document["_id"]]
        for name, taken in self._taken.items():
            del taken[self._key(name, document)]

    def _key(self, index: str, document: Stored) -> tuple[Any, ...]:
        values = (value_at(document, path) for path in self._unique[index])
        return tuple(None if value is _ABSENT else value for value in values)

    def _put(self, document: Stored, before: Stored | None) -> None:
        for name, taken in self._taken.items():
            if taken.get(self._key(name, document), document["_id"]) != document["_id"]:
                raise DuplicateKeyError(f"the index {name} of {self.name} has this key")
        for name, taken in self._taken.items():
            if before is not None:
                taken.pop(self._key(name, before), None)
            taken[self._key(name, document)] = document["_id"]
        self.documents[document["_id"]] = document


_NUMBERS: Final = itertools.count(1)


class MemoryServer:
    """All collections."""

    def __init__(self) -> None:
        self.collections: dict[str, MemoryCollection] = {}
        self.name = f"memory{next(_NUMBERS)}"

    def collection(self, name: str) -> MemoryCollection:
        """A collection, which is there as soon as somebody asks for it."""
        return self.collections.setdefault(name, MemoryCollection(name))


async def _at_once(what: str, operation: Callable[[], Any]) -> Any:
    return operation()


class MemoryDatabase:
    """One client's view of the documents, with the methods of Motor's database that the stores use."""

    def __init__(self, server: MemoryServer, through: Through = _at_once) -> None:
        self._server, self._through = server, through
        self._collections: dict[str, CollectionClient] = {}
        self.client = self
        self.name = server.name

    def __getitem__(self, name: str) -> "CollectionClient":
        if name not in self._collections:
            self._collections[name] = CollectionClient(self, self._server.collection(name), self._through)
        return self._collections[name]

    async def command(self, name: str) -> None:
        """Ask the server for a sign of life."""
        await self._through(name, lambda: None)

    def close(self) -> None:
        """There are no connections."""


class FoundDocuments:
    """A cursor: the query is made when it is read."""

    def __init__(
        self,
        collection: MemoryCollection,
        through: Through,
        query: Mapping[str, Any],
        projection: Mapping[str, Any] | None,
        limit: int,
    ) -> None:
        self._collection, self._through, self._query, self._limit = collection, through, query, limit
        self._projection = projection
        self._order: list[tuple[str, int]] = []
        self._found: Iterator[Stored] | None = None

    def sort(self, key: str | list[tuple[str, int]], direction: int = 1) -> Self:
        """Have the documents in an order."""
        self._order = [(key, direction)] if isinstance(key, str) else list(key)
        return self

    def limit(self, limit: int) -> Self:
        """Have at most so many documents."""
        self._limit = limit
        return self

    async def to_list(self, length: int | None = None) -> list[Stored]:
        """The documents, at most `length` of them."""
        found: list[Stored] = await self._through(f"find {self._collection.name}", self._read)
        return found if length is None else found[:length]

    def _read(self) -> list[Stored]:
        found = _sorted([*self._collection.found(self._query)], self._order)[: self._limit or None]
        return [_projected(each, self._projection) for each in found]

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Stored:
        if self._found is None:
            self._found = iter(await self.to_list())
        for each in self._found:
            return each
        raise StopAsyncIteration


class CollectionClient:
    """One client's view of a collection, with the methods of Motor's collection that the stores use."""

    def __init__(self, database: MemoryDatabase, collection: MemoryCollection, through: Through) -> None:
        self._database, self._collection, self._through = database, collection, through
        self.name = collection.name

    @property
    def database(self) -> MemoryDatabase:
        """The client's view of the database."""
        return self._database

    def find(
        self, query: Mapping[str, Any] | None = None, projection: Mapping[str, Any] | None = None, *, limit: int = 0
    ) -> FoundDocuments:
        """The documents that a query finds."""
        return FoundDocuments(self._collection, self._through, query or {}, projection, limit)

    async def find_one(
        self,
        query: Mapping[str, Any],
        projection: Mapping[str, Any] | None = None,
        *,
        sort: Sequence[tuple[str, int]] = (),
    ) -> Stored | None:
        """One document that a query finds, the first in an order."""

        def read() -> Stored | None:
            found = self._collection.found(query)
            return next(iter(_sorted(list(found), sort)) if sort else found, None)

        found: Stored | None = await self._call("find_one", read)
        return None if found is None else _projected(found, projection)

    async def find_one_and_update(
        self,
        query: Mapping[str, Any],
        change: Mapping[str, Any],
        *,
        upsert: bool = False,
        return_document: bool = ReturnDocument.BEFORE,
    ) -> Stored | None:
        """Change a document, and return it as it was before or is after."""
        result = await self._call("find_one_and_update", lambda: self._collection.update(query, change, upsert=upsert))
        found = result[1] if return_document is ReturnDocument.AFTER else result[0]
        return None if found is None else dict(found)

    async def insert_one(self, document: Mapping[str, Any]) -> InsertOneResult:
        """Store a new document; DuplicateKeyError if a unique key of it is taken."""
        await self._call("insert_one", lambda: self._collection.insert(document))
        return InsertOneResult(document["_id"], True)

    async def insert_many(self, documents: Sequence[Mapping[str, Any]], *, ordered: bool = True) -> InsertManyResult:
        """Store new documents; BulkWriteError if a unique key of one is taken."""

        def insert() -> None:
            errors = []
            for index, each in enumerate(documents):
                try:
                    self._collection.insert(each)
                except DuplicateKeyError as error:
                    errors.append({"index": index, "code": 11000, "errmsg": str(error)})
                    if ordered:
                        break
            if errors:
                raise BulkWriteError({"writeErrors": errors, "writeConcernErrors": []})

        await self._call("insert_many", insert)
        return InsertManyResult([each["_id"] for each in documents], True)

    async def update_one(
        self, query: Mapping[str, Any], change: Mapping[str, Any], *, upsert: bool = False
    ) -> UpdateResult:
        """Change one document."""
        before, after = await self._call("update_one", lambda: self._collection.update(query, change, upsert=upsert))
        upserted = after["_id"] if before is None and after is not None else None
        return UpdateResult(
            {"n": int(after is not None), "nModified": int(after is not None), "upserted": upserted}, True
        )

    async def bulk_write(self, changes: Sequence[UpdateOne]) -> None:
        """Change one document for each change."""

        def update() -> None:
            for each in changes:
                self._collection.update(each._filter, cast(Mapping[str, Any], each._doc), upsert=False)

        await self._call("bulk_write", update)

    async def update_many(self, query: Mapping[str, Any], change: Mapping[str, Any]) -> UpdateResult:
        """Change every document that a query finds."""

        def update() -> int:
            found = list(self._collection.found(query))
            for each in found:
                self._collection.update({"_id": each["_id"]}, change, upsert=False)
            return len(found)

        count = await self._call("update_many", update)
        return UpdateResult({"n": count, "nModified": count}, True)

    async def replace_one(
        self, query: Mapping[str, Any], document: Mapping[str, Any], *, upsert: bool = False
    ) -> UpdateResult:
        """Replace one document."""
        before = await self._call("replace_one", lambda: self._collection.replace(query, document, upsert=upsert))
        return UpdateResult({"n": int(before is not None), "nModified": int(before is not None)}, True)

    async def delete_one(self, query: Mapping[str, Any]) -> DeleteResult:
        """Remove one document."""
        return await self._delete("delete_one", query, 1)

    async def delete_many(self, query: Mapping[str, Any]) -> DeleteResult:
        """Remove every document that a query finds."""
        return await self._delete("delete_many", query, None)

    async def count_documents(self, query: Mapping[str, Any], *, limit: int | None = None) -> int:
        """How many documents a query finds."""
        count: int = await self._call("count", lambda: sum(1 for _ in self._collection.found(query)))
        return count if limit is None else min(count, limit)

    async def create_indexes(self, indexes: Sequence[IndexModel]) -> None:
        """Create indexes."""
        for index in indexes:
            self._collection.create_index(index)

    async def _delete(self, what: str, query: Mapping[str, Any], most: int | None) -> DeleteResult:
        def delete() -> int:
            found = list(self._collection.found(query))[:most]
            for each in found:
                self._collection.delete(each)
            return len(found)

        return DeleteResult({"n": await self._call(what, delete)}, True)

    async def _call(self, what: str, operation: Callable[[], Any]) -> Any:
        return await self._through(f"{what} {self._collection.name}", operation)
