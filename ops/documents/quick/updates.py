"""Updates by `$set`, `$unset`, `$inc`, `$min`, `$max` and `$currentDate` of fields that are not within arrays."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from ops.documents.quick.finds import QuickFinds
from ops.documents.quick.values import Document, Unusual, checked, inside, written

type Step = tuple[list[str], Callable[[Any], Any]]
"""The path of a field, and what becomes of its value."""

_NONE: Final[Any] = object()
"""A field that is not there."""


@dataclass(frozen=True)
class Statement:
    """An update of one document that a query finds, or of all."""

    query: Any
    update: Any
    many: bool = False
    upsert: bool = False


@dataclass(frozen=True)
class DocumentChange:
    """A document as it was and as it is now: the very same one if nothing changed."""

    before: Document
    after: Document

    @property
    def is_modified(self) -> bool:
        """Whether anything changed."""
        return self.after is not self.before


class QuickUpdates(QuickFinds):
    """The engine with a way of its own to change documents."""

    def changed_now(self, db_name: str, coll_name: str, statements: Iterable[Statement]) -> list[list[DocumentChange]]:
        """What each statement in turn has found and changed, in one transaction.

        Unusual, and nothing is changed, if one is unusual, or is to insert a document because it finds none.
        """
        with self._writing() as connection:
            collection, indexes = self._writable(connection, db_name, coll_name)
            changes = []
            for each in statements:
                steps = [*_steps(each.update)]
                found = self.found_now(db_name, coll_name, each.query, most=None if each.many else 1)
                if each.upsert and not found:
                    raise Unusual
                changes.append([DocumentChange(before, _changed(before, steps)) for _, before in found])
                for (key, before), change in zip(found, changes[-1], strict=True):
                    if not change.is_modified:
                        continue
                    self._validate_document_against_unique_indexes(
                        db_name, coll_name, change.after, exclude_storage_key=key
                    )
                    connection.execute(
                        "UPDATE documents SET document = ? WHERE db_name = ? AND coll_name = ? AND storage_key = ?",
                        (written(change.after), db_name, coll_name, key),
                    )
                    were, are = (self._entries(key, document, indexes) for document in (before, change.after))
                    self._delete_entries(connection, collection, key, were - are)
                    self._put_entries(connection, collection, key, are - were)
            if any(change.is_modified for some in changes for change in some):
                self._invalidate_collection_features_cache(db_name, coll_name)
        return changes


def _changed(document: Document, steps: Iterable[Step]) -> Document:
    """A document after an update; the very same one if nothing changes."""
    for path, become in steps:
        document = _put(document, path, become)
    return document


def _steps(update: Any) -> Iterator[Step]:
    """What an update does, one field after the other."""
    paths: list[list[str]] = []
    for operator, fields in checked(update, dict).items():
        if operator not in _OPERATORS:
            raise Unusual
        for field, given in checked(fields, dict).items():
            path = field.split(".")
            if path[0] == "_id" or not all(path) or any(part.startswith("$") for part in path):
                raise Unusual
            if any(path[: len(other)] == other or other[: len(path)] == path for other in paths):
                raise Unusual  # MongoDB refuses to change a field twice
            paths.append(path)
            if operator != "$setOnInsert":
                yield path, _OPERATORS[operator](given if operator == "$unset" else inside(given))


def _put(document: Document, path: list[str], become: Callable[[Any], Any]) -> Document:
    """A document with one field changed; the very same one if it does not change."""
    name, *rest = path
    before = document.get(name, _NONE)
    if rest:
        after: Any = _put({} if before is _NONE else checked(before, dict), rest, become)
        if before is _NONE and not after:
            return document
    else:
        after = become(before)
    if after is before:
        return document
    if after is _NONE:
        return {each: value for each, value in document.items() if each != name}
    return {**document, name: after}


def _set(value: Any) -> Callable[[Any], Any]:
    """The value, or the one before if that is the same: `repr` tells 1 from True and 1.0, however deep."""
    return lambda before: before if before is not _NONE and repr(before) == repr(value) else value


def _unset(_: Any) -> Callable[[Any], Any]:
    return lambda before: _NONE


def _increased(by: Any) -> Callable[[Any], Any]:
    checked(by, int)

    def become(before: Any) -> Any:
        if before is _NONE:
            return by
        return inside(checked(before, int) + by) if by else before

    return become


def _current_date(given: Any) -> Callable[[Any], Any]:
    checked(given, bool)
    now = inside(datetime.now(UTC))
    return lambda before: now


def _outermost(is_further: Callable[[Any, Any], bool]) -> Callable[[Any], Callable[[Any], Any]]:
    def operator(value: Any) -> Callable[[Any], Any]:
        def become(before: Any) -> Any:
            if before is _NONE:
                return value
            if type(before) is not type(value) or type(value) not in {str, int, datetime}:
                raise Unusual
            return value if is_further(value, before) else before

        return become

    return operator


_OPERATORS: Final[Mapping[str, Callable[[Any], Callable[[Any], Any]]]] = {
    "$set": _set,
    "$setOnInsert": _set,
    "$unset": _unset,
    "$inc": _increased,
    "$min": _outermost(lambda new, old: new < old),
    "$max": _outermost(lambda new, old: new > old),
    "$currentDate": _current_date,
}
