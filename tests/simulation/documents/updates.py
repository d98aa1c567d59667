"""What an update, an order and a projection make of documents: the operators that the stores use."""

from collections.abc import Callable, Mapping, Sequence
from functools import cmp_to_key
from typing import Any, Final

from tests.simulation.documents.queries import ABSENT, Stored, as_stored, holds, value_at


def with_value(document: Stored, path: str, change: Callable[[Any], Any]) -> Stored:
    """A copy of a document with another value at a path; ABSENT removes it."""
    name, _, rest = path.partition(".")
    if rest:
        inner = document.get(name, ABSENT)
        value = with_value(inner if isinstance(inner, dict) else {}, rest, change)
        if not value and inner is ABSENT:
            return document
    else:
        value = change(document.get(name, ABSENT))
    if value is ABSENT:
        return {each: kept for each, kept in document.items() if each != name}
    return {**document, name: value}


def _pushed(found: Any, given: Any) -> list[Any]:
    items, rest = [given], {}
    if isinstance(given, dict) and "$each" in given:
        rest = {name: value for name, value in given.items() if name != "$each"}
        items = given["$each"]
    if rest.keys() - {"$slice"}:
        raise NotImplementedError(f"$push with {sorted(rest)}")
    whole = [*(found if found is not ABSENT else ()), *items]
    limit = rest.get("$slice")
    if limit is None:
        return whole
    return whole[limit:] if limit < 0 else whole[:limit]


def _added_to_set(found: Any, given: Any) -> list[Any]:
    known = list(found) if found is not ABSENT else []
    items = given["$each"] if isinstance(given, dict) and "$each" in given else [given]
    for each in items:
        if each not in known:
            known.append(each)
    return known


def _pulled(found: Any, given: Any) -> Any:
    if found is ABSENT:
        return found
    if isinstance(given, dict) and given and all(name.startswith("$") for name in given):
        return [each for each in found if not all(holds(name, each, value) for name, value in given.items())]
    return [each for each in found if each != given]


_CHANGES: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "$set": lambda found, given: given,
    "$unset": lambda found, given: ABSENT,
    "$inc": lambda found, given: given if found is ABSENT else found + given,
    "$min": lambda found, given: given if found is ABSENT or given < found else found,
    "$max": lambda found, given: given if found is ABSENT or given > found else found,
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
            document = with_value(document, path, lambda found, apply=apply, value=value: apply(found, value))  # type: ignore[misc]
    return document


def _compared(one: Any, other: Any) -> int:
    """MongoDB's order of two values: what is absent comes first."""
    absent = (one is not ABSENT and one is not None) - (other is not ABSENT and other is not None)
    if absent or one is ABSENT or one is None:
        return absent
    return int(one > other) - int(one < other)


def in_order(documents: list[Stored], order: Sequence[tuple[str, int]]) -> list[Stored]:
    for path, direction in reversed(order):
        key = cmp_to_key(_compared)
        documents.sort(key=lambda each, path=path, key=key: key(value_at(each, path)), reverse=direction < 0)  # type: ignore[misc]
    return documents


def projected(document: Stored, wanted: Mapping[str, Any] | None) -> Stored:
    """A document of its own for a reader: whole, or with its id and the fields that a projection names."""
    if not wanted:
        return dict(document)
    if not all(each is True or each == 1 for name, each in wanted.items() if name != "_id"):
        raise NotImplementedError(f"the projection {wanted}")
    found: Stored = {}
    for path in ("_id", *wanted):
        value = value_at(document, path)
        if value is not ABSENT and (path != "_id" or wanted.get("_id", True)):
            found = with_value(found, path, lambda _, value=value: value)  # type: ignore[misc]
    return found
