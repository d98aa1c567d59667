"""Inserts into the embedded database that cost a tenth of the engine's own: a command's documents in one transaction.

The engine checks and copies each value of a document a dozen times, keeps a journal of changes that nobody reads, and
ends a transaction after each document. Here only documents that JSON can hold, and that are new, are put in; whatever
else an insert has, the engine does as before, and says what is wrong with it.
"""

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from mongoeco.core.bson_scalars import normalize_utc_bson_datetime
from mongoeco.core.json_compat import json_dumps_compact
from mongoeco.engines._sqlite_write_scope import sqlite_write_scope
from mongoeco.engines.sqlite import SQLiteEngine
from mongoeco.errors import DuplicateKeyError
from mongoeco.wire import AsyncMongoEcoProxyServer
from mongoeco.wire.executor import WireCommandExecutor
from mongoeco.wire.requests import WireRequestContext

OPTIONS: Final = frozenset({"insert", "documents", "ordered", "$db", "lsid", "txnNumber", "writeConcern"})
"""What an insert may say and be put in here; to change what a document must be like, or a transaction, is not here."""

_AS_THEY_ARE: Final = frozenset({str, bool, float, type(None)})
_INT32: Final = 2**31


class Unusual(Exception):
    """A document is not put in here: the engine is to look at it."""


class QuickInserts(SQLiteEngine):
    """The engine with a way of its own for new documents."""

    def put_new(self, db_name: str, coll_name: str, documents: list[dict[str, Any]]) -> bool:
        """Put in all of these documents at once, or none of them: False if one is not new, or not usual."""
        try:
            with self._lock:
                connection = self._require_connection()
                with (
                    self._bind_connection(connection),
                    sqlite_write_scope(
                        connection,
                        begin_write=lambda on: self._begin_write(on, None),
                        commit_write=lambda on: self._commit_write(on, None),
                        rollback_write=lambda on: self._rollback_write(on, None),
                    ),
                ):
                    self._put(connection, db_name, coll_name, documents)
        except (Unusual, DuplicateKeyError, sqlite3.IntegrityError):  # SQLite finds whole numbers that are there
            return False
        return True

    def _put(
        self, connection: sqlite3.Connection, db_name: str, coll_name: str, documents: list[dict[str, Any]]
    ) -> None:
        """Put in documents within a transaction; Unusual or DuplicateKeyError for one that can't be."""
        if self._collection_options_or_empty_sync(connection, db_name, coll_name) or self._load_search_index_rows(
            db_name, coll_name
        ):
            raise Unusual
        self._ensure_collection_row(connection, db_name, coll_name)
        collection = self._lookup_collection_id(connection, db_name, coll_name, create=True)
        indexes = self._load_indexes(db_name, coll_name)
        if collection is None or any(each.get("expire_after_seconds") is not None for each in indexes):
            raise Unusual
        self._ensure_multikey_physical_indexes_sync(connection, indexes)
        self._ensure_scalar_physical_indexes_sync(connection, indexes)
        for each in documents:
            document, key = _inside(each), self._storage_key(each["_id"])
            self._validate_document_against_unique_indexes(db_name, coll_name, document)
            connection.execute(
                "INSERT INTO documents (db_name, coll_name, storage_key, document) VALUES (?, ?, ?, ?)",
                (db_name, coll_name, key, json_dumps_compact(_written(document))),
            )
            for table, rows in (
                ("multikey_entries", self._build_multikey_rows_for_document(key, document, indexes)),
                ("scalar_index_entries", self._build_scalar_rows_for_document(key, document, indexes)),
            ):
                connection.executemany(
                    f"INSERT OR IGNORE INTO {table} (collection_id, index_name, storage_key, element_type, type_score,"  # noqa: S608
                    " element_key) VALUES (?, ?, ?, ?, ?, ?)",
                    [(collection, name, key, *rest) for name, *rest in rows],
                )
        self._invalidate_collection_features_cache(db_name, coll_name)


class _Executor(WireCommandExecutor):
    """Carries out commands; inserts in the way above where it goes."""

    def __init__(self, engine: QuickInserts, *parts: Any, **more: Any) -> None:
        super().__init__(*parts, **more)
        self._engine = engine

    async def execute_prepared(self, context: WireRequestContext) -> dict[str, Any]:
        if context.command_name == "insert" and context.raw_body.keys() <= OPTIONS:
            body = context.command_document
            documents, concern = body.get("documents"), body.get("writeConcern", {})
            if (
                isinstance(documents, list)
                and all(map(_is_usual, documents))
                and concern in ({}, {"w": 1}, {"w": "majority"})
                and self._engine.put_new(context.db_name, str(body["insert"]), documents)
            ):
                return {"n": len(documents), "ok": 1.0}
        found: dict[str, Any] = await super().execute_prepared(context)
        return found


class Server(AsyncMongoEcoProxyServer):
    """The engine's server, with inserts in the way above."""

    def __init__(self, engine: QuickInserts, **more: Any) -> None:
        super().__init__(engine=engine, **more)
        self._executor = _Executor(
            engine, self._client, self._cursor_store, self._session_store, surface=self._surface, auth=self._auth
        )


def _is_usual(document: Any) -> bool:
    return isinstance(document, Mapping) and type(document.get("_id")) in {str, int}


def _inside(value: Any) -> Any:
    """A value as the engine has it in memory: times without a zone, to the millisecond; Unusual for other types."""
    kind = type(value)
    if kind in _AS_THEY_ARE or (kind is int and -_INT32 <= value < _INT32):
        return value
    if kind is dict:
        if any(type(name) is not str or name.startswith("$") for name in value):
            raise Unusual
        return {name: _inside(each) for name, each in value.items()}
    if kind is list:
        return [_inside(each) for each in value]
    if kind is datetime:
        return normalize_utc_bson_datetime(value)
    raise Unusual


def _written(value: Any) -> Any:
    """A value from inside as the engine writes it into its file."""
    kind = type(value)
    if kind is dict:
        return {name: _written(each) for name, each in value.items()}
    if kind is list:
        return [_written(each) for each in value]
    if kind is datetime:
        return {"$mongoeco": {"type": "datetime", "value": value.isoformat()}}
    return value
