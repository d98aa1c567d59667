"""Inserts: a command's documents in one transaction. The engine ends one after each document."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from mongoeco.engines._sqlite_write_scope import sqlite_write_scope
from mongoeco.engines.sqlite import SQLiteEngine
from mongoeco.errors import DuplicateKeyError

from ops.documents.quick.values import Document, Unusual, checked, inside, written

type Entry = tuple[str, str, int, str]
"""An index's name, and type, rank and value of an element of an array in its field."""


class QuickInserts(SQLiteEngine):
    """The engine with a way of its own for new documents."""

    def put_new(self, db_name: str, coll_name: str, documents: Iterable[Any]) -> None:
        """Put in all of these documents at once, or none of them: Unusual if one is not new, or not usual."""
        new = [inside(checked(each, dict)) for each in documents]
        if any(type(each.get("_id")) not in {str, int} for each in new):
            raise Unusual
        with self._writing() as connection:
            collection, indexes = self._writable(connection, db_name, coll_name)
            for document in new:
                key = self._storage_key(document["_id"])
                self._validate_document_against_unique_indexes(db_name, coll_name, document)
                connection.execute(
                    "INSERT INTO documents (db_name, coll_name, storage_key, document) VALUES (?, ?, ?, ?)",
                    (db_name, coll_name, key, written(document)),
                )
                self._put_entries(connection, collection, key, self._entries(key, document, indexes))
            self._invalidate_collection_features_cache(db_name, coll_name)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction; Unusual, and nothing is written, if SQLite or a unique index refuses something."""
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
                    yield connection
        except (DuplicateKeyError, sqlite3.IntegrityError) as error:  # SQLite finds whole numbers that are there
            raise Unusual from error

    def _writable(self, connection: sqlite3.Connection, db_name: str, coll_name: str) -> tuple[int, Any]:
        """The id and the indexes of a collection, which is made if there is none."""
        if self._collection_options_or_empty_sync(connection, db_name, coll_name) or self._load_search_index_rows(
            db_name, coll_name
        ):
            raise Unusual
        self._ensure_collection_row(connection, db_name, coll_name)
        collection = self._lookup_collection_id(connection, db_name, coll_name, create=True)
        if collection is None:
            raise Unusual
        indexes = self._indexes(db_name, coll_name)
        self._ensure_multikey_physical_indexes_sync(connection, indexes)
        return collection, indexes

    def _indexes(self, db_name: str, coll_name: str) -> Any:
        """The indexes of a collection; of one whose documents expire the engine first deletes those that have."""
        indexes = self._load_indexes(db_name, coll_name)
        if any(each.get("expire_after_seconds") is not None for each in indexes):
            raise Unusual
        return indexes

    def _entries(self, key: str, document: Document, indexes: Any) -> set[Entry]:
        return set(self._build_multikey_rows_for_document(key, document, indexes))

    def _put_entries(self, connection: sqlite3.Connection, collection: int, key: str, entries: Iterable[Entry]) -> None:
        connection.executemany(
            "INSERT OR IGNORE INTO multikey_entries (collection_id, index_name, storage_key, element_type, type_score,"
            " element_key) VALUES (?, ?, ?, ?, ?, ?)",
            [(collection, name, key, *rest) for name, *rest in entries],
        )

    def _delete_entries(
        self, connection: sqlite3.Connection, collection: int, key: str, entries: Iterable[Entry]
    ) -> None:
        connection.executemany(
            "DELETE FROM multikey_entries WHERE collection_id = ? AND index_name = ? AND storage_key = ?"
            " AND element_type = ? AND type_score = ? AND element_key = ?",
            [(collection, name, key, *rest) for name, *rest in entries],
        )
