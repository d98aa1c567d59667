"""The server's side: collections with their unique indexes."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import bson
from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError

from tests.simulation.documents.queries import ABSENT, OPTIONS, Stored, as_stored, asked, matches, value_at
from tests.simulation.documents.updates import changed, with_value


class MemoryCollection:
    """The documents of one collection, on the server."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.documents: dict[Any, Stored] = {}
        self._unique: dict[str, tuple[str, ...]] = {}
        self._taken: dict[str, dict[tuple[Any, ...], Any]] = {}
        self._watchers: list[Callable[[Stored, Stored | None], None]] = []

    def watch(self, look: Callable[[Stored, Stored | None], None]) -> None:
        """Have something look at each document as it is stored, and as it was before."""
        self._watchers.append(look)

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
        query = asked(query)
        id = query.get("_id", ABSENT)
        if id is not ABSENT and not isinstance(id, Mapping):
            document = self.documents.get(id)
            candidates = [document] if document is not None else []
        else:
            candidates = list(self.documents.values())
        return (each for each in candidates if matches(each, query))

    def insert(self, document: Mapping[str, Any]) -> None:
        """Store a new document."""
        stored: Stored = bson.decode(bson.encode(document), OPTIONS)
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
                begun = with_value(begun, path, lambda _, value=value: as_stored(value))  # type: ignore[misc]
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
            self._put(bson.decode(bson.encode(document), OPTIONS), before)
        return before

    def delete(self, document: Stored) -> None:
        """Remove a document."""
        del self.documents[document["_id"]]
        for name, taken in self._taken.items():
            del taken[self._key(name, document)]

    def _key(self, index: str, document: Stored) -> tuple[Any, ...]:
        values = (value_at(document, path) for path in self._unique[index])
        return tuple(None if value is ABSENT else value for value in values)

    def _put(self, document: Stored, before: Stored | None) -> None:
        for name, taken in self._taken.items():
            if taken.get(self._key(name, document), document["_id"]) != document["_id"]:
                raise DuplicateKeyError(f"the index {name} of {self.name} has this key")
        for name, taken in self._taken.items():
            if before is not None:
                taken.pop(self._key(name, before), None)
            taken[self._key(name, document)] = document["_id"]
        self.documents[document["_id"]] = document
        for look in self._watchers:
            look(document, before)


_NUMBERS: Final = itertools.count(1)


class MemoryServer:
    """All collections."""

    def __init__(self) -> None:
        self.collections: dict[str, MemoryCollection] = {}
        self.name = f"memory{next(_NUMBERS)}"

    def collection(self, name: str) -> MemoryCollection:
        """A collection, which is there as soon as somebody asks for it."""
        return self.collections.setdefault(name, MemoryCollection(name))
