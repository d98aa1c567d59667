"""A client's side: the methods of Motor that the stores use."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Self, cast

from pymongo import IndexModel, ReturnDocument, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError
from pymongo.results import BulkWriteResult, DeleteResult, InsertManyResult, InsertOneResult, UpdateResult

from tests.simulation.documents.queries import Stored
from tests.simulation.documents.server import MemoryCollection, MemoryServer
from tests.simulation.documents.updates import in_order, projected

type Through = Callable[[str, Callable[[], Any]], Awaitable[Any]]
"""How a client reaches the server: it carries out one operation, named for traces."""


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
        found = in_order([*self._collection.found(self._query)], self._order)[: self._limit or None]
        return [projected(each, self._projection) for each in found]

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
            return next(iter(in_order(list(found), sort)) if sort else found, None)

        found: Stored | None = await self._call("find_one", read)
        return None if found is None else projected(found, projection)

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

    async def bulk_write(self, changes: Sequence[UpdateOne]) -> BulkWriteResult:
        """Change one document for each change; BulkWriteError where a unique key of one is taken."""

        def update() -> list[Mapping[str, Any]]:
            upserted: list[Mapping[str, Any]] = []
            for index, each in enumerate(changes):
                change, upsert = cast(Mapping[str, Any], each._doc), bool(each._upsert)
                try:
                    before, after = self._collection.update(each._filter, change, upsert=upsert)
                except DuplicateKeyError as error:
                    refused = {"index": index, "code": 11000, "errmsg": str(error)}
                    raise BulkWriteError({"writeErrors": [refused], "writeConcernErrors": []}) from error
                if before is None and after is not None:
                    upserted.append({"index": index, "_id": after["_id"]})
            return upserted

        upserted = await self._call("bulk_write", update)
        return BulkWriteResult({"nUpserted": len(upserted), "upserted": upserted}, acknowledged=True)

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
