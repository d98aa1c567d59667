"""Finds whose conditions SQLite can compare as MongoDB does."""

from collections.abc import Sequence
from typing import Any, Final

from mongoeco.core.query_plan import compile_filter

from ops.documents.quick.inserts import QuickInserts
from ops.documents.quick.values import Document, Unusual, checked, inside, read

ARRAYS: Final = frozenset({"ids", "tags"})
"""The fields that hold arrays and are queried for their elements."""

_COMPARED: Final = frozenset({"$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$exists"})
_LISTED: Final = frozenset({"$in", "$nin"})
_JOINED: Final = frozenset({"$or", "$and"})


class QuickFinds(QuickInserts):
    """The engine with a way of its own to find documents."""

    def found_now(
        self, db_name: str, coll_name: str, query: Any, order: Sequence[tuple[str, int]] = (), most: int | None = None
    ) -> list[tuple[str, Document]]:
        """The documents that a query finds, each with its key in the file."""
        with self._lock:
            connection = self._require_connection()
            with self._bind_connection(connection):
                found = connection.execute(*self.selection(db_name, coll_name, query, order, most))
                return [(key, read(text)) for key, text in found]

    def selection(
        self, db_name: str, coll_name: str, query: Any, order: Sequence[tuple[str, int]] = (), most: int | None = None
    ) -> tuple[str, tuple[Any, ...]]:
        """The SQL that finds them, and its values."""
        asked = usual_query(query)
        if any(_is_unusual_field(field) or direction not in {1, -1} for field, direction in order):
            raise Unusual
        self._indexes(db_name, coll_name)
        try:
            sql, values = self._build_select_sql(
                db_name,
                coll_name,
                compile_filter(asked),
                select_clause="storage_key, document",
                sort=[*order] or None,
                limit=most,
            )
        except (NotImplementedError, TypeError) as error:  # so the engine says that SQL can't tell
            raise Unusual from error
        return sql, tuple(values)


def usual_query(query: Any) -> Document:
    """A query with its values as the engine compares them; Unusual if it has another condition than the above."""
    return {
        name: [usual_query(each) for each in checked(asked, list)] if name in _JOINED else _usual_condition(name, asked)
        for name, asked in checked(query, dict).items()
    }


def _usual_condition(field: str, asked: Any) -> Any:
    if _is_unusual_field(field):
        raise Unusual
    if type(asked) is dict:
        if not asked:
            raise Unusual
        return {operator: _usual_operand(operator, value) for operator, value in asked.items()}
    return _usual_value(asked)


def _usual_operand(operator: str, value: Any) -> Any:
    if operator in _LISTED and type(value) is list:
        return [_usual_value(each) for each in value]
    if operator not in _COMPARED:
        raise Unusual
    return _usual_value(value)


def _usual_value(value: Any) -> Any:
    if type(value) in {dict, list}:
        raise Unusual
    return inside(value)


def _is_unusual_field(field: str) -> bool:
    return field.startswith("$") or field.partition(".")[0] in ARRAYS
