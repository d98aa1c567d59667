"""Values of documents as the wire, this process and the file have them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson
from mongoeco.core.bson_scalars import normalize_utc_bson_datetime
from mongoeco.core.json_compat import json_dumps_compact

type Document = dict[str, Any]

_AS_THEY_ARE: Final = frozenset({str, bool, float, type(None)})
_INT32: Final = 2**31
_MARK: Final = "$mongoeco"


class Unusual(Exception):
    """The engine is to carry this out."""


def checked[T](value: Any, kind: type[T]) -> T:
    """A value of this type; Unusual for any other."""
    if type(value) is not kind:
        raise Unusual
    return value


def inside(value: Any) -> Any:
    """A value from the wire as the engine has it in memory: times without a zone, to the millisecond."""
    kind = type(value)
    if kind in _AS_THEY_ARE or (kind is int and -_INT32 <= value < _INT32):
        return value
    if kind is dict:
        if any(type(name) is not str or name.startswith("$") for name in value):
            raise Unusual
        return {name: inside(each) for name, each in value.items()}
    if kind is list:
        return [inside(each) for each in value]
    if kind is datetime:
        return normalize_utc_bson_datetime(value)
    raise Unusual


def written(document: Mapping[str, Any]) -> str:
    """A document as the engine writes it into its file."""
    return str(json_dumps_compact(_marked(document)))


def read(text: str) -> Document:
    """A document from the file, as the engine has it in memory."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:  # not a number, and its kind
        raise Unusual from error
    return dict(_unmarked(document) if _MARK in text else document)


def _marked(value: Any) -> Any:
    kind = type(value)
    if kind is dict:
        return {name: _marked(each) for name, each in value.items()}
    if kind is list:
        return [_marked(each) for each in value]
    if kind is datetime:
        return {_MARK: {"type": "datetime", "value": value.isoformat()}}
    return value


def _unmarked(value: Any) -> Any:
    kind = type(value)
    if kind is dict:
        if _MARK in value:
            marked = value[_MARK]
            if len(value) != 1 or type(marked) is not dict or marked.get("type") != "datetime":
                raise Unusual
            return datetime.fromisoformat(marked["value"])
        return {name: _unmarked(each) for name, each in value.items()}
    if kind is list:
        return [_unmarked(each) for each in value]
    return value
