"""What a query finds: the operators of MongoDB's query language that the stores use."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import bson
from bson.codec_options import CodecOptions

type Stored = dict[str, Any]

OPTIONS: Final[CodecOptions[Stored]] = CodecOptions(tz_aware=True, tzinfo=UTC)
ABSENT: Final = object()
_SCALARS: Final = {str, int, bool, float, type(None)}


def as_stored(value: Any) -> Any:
    """A value as MongoDB gives it back."""
    if type(value) in _SCALARS:
        return value
    return bson.decode(bson.encode({"v": value}), OPTIONS)["v"]


def asked(value: Any) -> Any:
    """A query as the server reads it: BSON holds whole milliseconds."""
    if isinstance(value, datetime):
        return value.replace(microsecond=value.microsecond // 1000 * 1000)
    if isinstance(value, dict):
        return {name: asked(each) for name, each in value.items()}
    return [asked(each) for each in value] if isinstance(value, list) else value


def value_at(document: Any, path: str) -> Any:
    """The value at a path; a mark of its own if there is none."""
    if "." not in path:
        return document.get(path, ABSENT) if isinstance(document, dict) else ABSENT
    for name in path.split("."):
        if not isinstance(document, dict) or name not in document:
            return ABSENT
        document = document[name]
    return document


def _comparable(one: Any, other: Any) -> bool:
    """Whether MongoDB compares two values: those of one type."""
    numbers = isinstance(one, int | float) and isinstance(other, int | float)
    return numbers or type(one) is type(other)


def _equal(found: Any, wanted: Any) -> bool:
    if wanted is None:
        return found is None or found is ABSENT
    if isinstance(found, list) and not isinstance(wanted, list):
        return wanted in found
    return bool(found == wanted)


_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "$lt": lambda found, wanted: found < wanted,
    "$lte": lambda found, wanted: found <= wanted,
    "$gt": lambda found, wanted: found > wanted,
    "$gte": lambda found, wanted: found >= wanted,
}


def holds(operator: str, found: Any, wanted: Any) -> bool:
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
            return (found is not ABSENT) == bool(wanted)
        case "$regex":
            return isinstance(found, str) and re.search(wanted, found) is not None
        case "$elemMatch":
            elements = found if isinstance(found, list) else []
            return any(all(holds(name, each, value) for name, value in wanted.items()) for each in elements)
        case "$not":
            return not all(holds(each, found, value) for each, value in wanted.items())
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
            found = all(holds(operator, value, each) for operator, each in wanted.items())
        else:
            found = _equal(value_at(document, name), wanted)
        if not found:
            return False
    return True
