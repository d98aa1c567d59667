"""Documents in memory that answer as a MongoDB server does, which a server checks.

When an operation of some kind first has an outcome of some kind, the server does the same with the same documents, at
the end of the test: its answer and its documents afterwards must be equal. An operation's kind is its collection, its
name, and the fields, operators and types of values in what is asked.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import partial
from itertools import groupby
from typing import Any, Final, cast

from bson.codec_options import CodecOptions
from pymongo import MongoClient, UpdateOne
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, DuplicateKeyError
from pymongo.results import BulkWriteResult

from tests.simulation.documents.client import CollectionClient, FoundDocuments, MemoryDatabase
from tests.simulation.documents.queries import Stored, value_at
from tests.simulation.documents.server import MemoryCollection, MemoryServer
from workers.mongo.collection import Database
from workers.mongo.stores import INDEXES

MOST_COPIED: Final = 60
"""The server checks no operation among more documents: others of its kind come among fewer."""

MOST_YIELDS: Final = 3
"""So often other tasks may go on while a command is under way, as they do while a server answers."""

type Operation = Callable[[Any], Any]
"""What is done to a collection of the server."""


def kind(asked: Any) -> Any:
    """What a query, change or document is made of, without its values."""
    if isinstance(asked, UpdateOne):
        return kind(asked._filter), kind(asked._doc), asked._upsert
    if isinstance(asked, Mapping):
        return tuple(sorted((str(name), repr(kind(each))) for name, each in asked.items()))
    if isinstance(asked, list | tuple):
        return tuple(sorted({repr(kind(each)) for each in asked}))
    return type(asked).__name__


def told(answer: Any) -> Any:
    """What an answer says, in a form that can be compared."""
    if isinstance(answer, BulkWriteResult):
        return answer.upserted_ids
    if hasattr(answer, "matched_count"):
        return answer.matched_count, answer.upserted_id
    for name in ("deleted_count", "inserted_ids", "inserted_id"):
        if hasattr(answer, name):
            return getattr(answer, name)
    return answer


class Checks:
    """The server that checks, and what it has checked for the tests of this process."""

    def __init__(self, url: str) -> None:
        client: MongoClient[Stored] = MongoClient(url)
        self.url = url
        self._client = client
        self._database = client.get_database("checked", codec_options=CodecOptions(tz_aware=True))
        self._collections: dict[str, Collection[Stored]] = {}
        self._checked: set[Any] = set()
        self._waiting: list[Callable[[], None]] = []

    def close(self) -> None:
        """Leave nothing on the server."""
        self._client.drop_database("checked")
        self._client.close()

    @property
    def count(self) -> int:
        """How many kinds were checked."""
        return len(self._checked)

    def are_new(self, *what: Any) -> bool:
        """Whether nothing of this kind was checked before; it counts as checked from now on."""
        count = self.count
        self._checked.add(what)
        return self.count > count

    def postpone(self, check: Callable[[], None]) -> None:
        """Check something once the test is over: what it does has its time, also on a busy machine."""
        self._waiting.append(check)

    def catch_up(self) -> None:
        """Check what was postponed."""
        waiting, self._waiting = self._waiting, []
        for check in waiting:
            check()

    def check(
        self, name: str, before: Mapping[Any, Stored], operation: Operation, answer: Any, after: Mapping[Any, Stored]
    ) -> None:
        """The server answers the same, for the same documents, and has the same ones afterwards."""
        collection = self._collection(name)
        collection.delete_many({})
        if before:
            collection.insert_many([*before.values()])
        try:
            found = told(operation(collection))
        except (DuplicateKeyError, BulkWriteError) as error:
            found = type(error)
        assert found == answer, f"the server answers {found!r}, not {answer!r}"
        stored = {each["_id"]: each for each in collection.find({})}
        for id in stored.keys() | after.keys():
            on_server, ours = stored.get(id, {}), after.get(id, {})
            unequal = {each for each in on_server.keys() | ours.keys() if on_server.get(each) != ours.get(each)}
            unlike = {each: (on_server.get(each), ours.get(each)) for each in unequal}
            assert on_server == ours, f"in {name}, the server and we store otherwise: {unlike}"

    def _collection(self, name: str) -> Collection[Stored]:
        if name not in self._collections:
            self._collections[name] = self._database[name]
            if name in INDEXES:
                self._collections[name].create_indexes(INDEXES[name])
        return self._collections[name]


class _Call:
    """One operation on a collection in memory, while other tasks go on."""

    def __init__(self, checks: Checks, memory: MemoryCollection, dice: random.Random, name: str, asked: Any) -> None:
        self._checks, self._memory, self._dice = checks, memory, dice
        self._name, self._asked = name, asked
        self._before: dict[Any, Stored] | None = None
        self._after: dict[Any, Stored] = {}

    async def through(self, what: str, operation: Callable[[], Any]) -> Any:
        """Do it at once, some time after it was asked for."""
        for _ in range(self._dice.randint(1, MOST_YIELDS)):
            await asyncio.sleep(0)
        documents = self._memory.documents
        is_small = len(documents) <= MOST_COPIED
        self._before = dict(documents) if is_small else None
        try:
            return operation()
        finally:
            self._after = dict(documents) if is_small else {}
            await asyncio.sleep(0)

    def was(self, answer: Any, operation: Operation) -> None:
        """Have the server check the answer, if the operation or its outcome is of a new kind."""
        if self._before is None:
            return
        answer = told(answer)
        outcome = kind(answer) if isinstance(answer, tuple | type) else type(answer).__name__, bool(answer)
        if self._checks.are_new(self._memory.name, self._name, kind(self._asked), outcome):
            answer = deepcopy(answer)
            self._checks.postpone(partial(self._check, self._before, operation, answer))

    def _check(self, before: Mapping[Any, Stored], operation: Operation, answer: Any) -> None:
        try:
            self._checks.check(self._memory.name, before, operation, answer, self._after)
        except AssertionError as error:
            error.add_note(f"{self._memory.name}.{self._name}{self._asked}")
            raise


class _Found(FoundDocuments):
    """A cursor whose answer the server checks."""

    def __init__(self, memory: MemoryCollection, call: _Call, *asked: Any) -> None:
        super().__init__(memory, call.through, *asked)
        self._call = call

    async def to_list(self, length: int | None = None) -> list[Stored]:
        """The documents, at most `length` of them."""
        found = await super().to_list()

        def on_server(collection: Collection[Stored]) -> list[list[Stored] | int]:
            cursor = collection.find(self._query, self._projection, limit=self._limit)
            return self._told([*(cursor.sort(self._order) if self._order else cursor)])

        self._call.was(self._told(found), on_server)
        return found if length is None else found[:length]

    def _told(self, found: list[Stored]) -> list[list[Stored] | int]:
        """The documents by their places in the order; at a last place that a limit may have cut, how many."""
        places: list[list[Stored] | int] = [
            sorted(equals, key=lambda each: repr(each["_id"]))
            for _, equals in groupby(found, lambda each: [value_at(each, path) for path, _ in self._order])
        ]
        if self._limit and len(found) >= self._limit:
            places[-1] = len(cast("list[Stored]", places[-1]))
        return places


class _CheckedCollection:
    """A collection in memory with the methods of Motor's that the stores use."""

    def __init__(self, database: "_CheckedDatabase", memory: MemoryCollection, checks: Checks) -> None:
        self.database, self.name = database, memory.name
        self._memory, self._checks = memory, checks

    def _begun(self, name: str, *asked: Any) -> _Call:
        return _Call(self._checks, self._memory, self.database.dice, name, asked)

    def find(
        self, query: Mapping[str, Any] | None = None, projection: Mapping[str, Any] | None = None, *, limit: int = 0
    ) -> FoundDocuments:
        """The documents that a query finds."""
        begun = self._begun("find", query, projection, bool(limit))
        return _Found(self._memory, begun, query or {}, projection, limit)

    def __getattr__(self, name: str) -> Any:
        """Another operation."""

        async def call(*given: Any, **more: Any) -> Any:
            begun = self._begun(name, *given, more)
            client = CollectionClient(self.database, self._memory, begun.through)

            def on_server(collection: Any) -> Any:
                return getattr(collection, name)(*given, **more)

            try:
                answer = await getattr(client, name)(*given, **more)
            except (DuplicateKeyError, BulkWriteError) as error:
                begun.was(type(error), on_server)
                raise
            begun.was(answer, on_server)
            return answer

        return call


class _CheckedDatabase(MemoryDatabase):
    """A database in memory whose answers a server checks."""

    def __init__(self, checks: Checks) -> None:
        super().__init__(MemoryServer())
        self._checks = checks
        self.dice = random.Random(0)

    def __getitem__(self, name: str) -> Any:
        return _CheckedCollection(self, self._server.collection(name), self._checks)


def in_memory(checks: Checks) -> Database:
    """A new database in memory whose answers a server checks."""
    return cast("Database", _CheckedDatabase(checks))
