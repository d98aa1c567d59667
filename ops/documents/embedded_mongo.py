"""The embedded default: MongoDB's wire protocol over a SQLite file, in a thread of this process."""

import asyncio
import sqlite3
import threading
from dataclasses import replace
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from mongoeco.core.query_plan import EqualsCondition, InCondition
from mongoeco.engines.sqlite_query import index_expressions_sql, json_path_for_field

from messages.process.private_files import touch_private
from messages.process.variables import Misconfigured
from ops.documents import data_folder
from ops.documents.quick.finds import ARRAYS
from ops.documents.quick.server import Server
from ops.documents.quick.updates import QuickUpdates

MOST_AGGREGATED: Final = 50_000
"""An aggregation that reads more documents fails: Clerk makes none over a whole collection."""


class _Engine(QuickUpdates):
    """The engine without its searches through a whole collection at every write and query.

    The engine searches for a document with a value that SQL can't compare as MongoDB does: an array, a DBRef, bytes,
    a decimal, mixed types in a queried field, or an id that equals another of another type. Clerk's documents have no
    such value: each queried field has one type, ids are strings or whole numbers, and ARRAYS names the arrays.
    """

    def __init__(self, path: str, *, durable: bool, most_aggregated: int = MOST_AGGREGATED) -> None:
        super().__init__(path, executor_workers=1, aggregation_materialization_limit=most_aggregated)
        self._durable = durable

    def _create_sqlite_connection(self) -> sqlite3.Connection:
        """A connection whose commits are on the disk when they return; the engine's are only written to the system.

        https://www.sqlite.org/pragma.html#pragma_synchronous
        """
        connection: sqlite3.Connection = super()._create_sqlite_connection()
        if self._durable:
            connection.execute("PRAGMA synchronous=FULL")
        return connection

    capabilities = replace(QuickUpdates.capabilities, change_delivery="none")
    """Nobody watches changes, and to deliver one takes a thread and more time than most writes."""

    async def _run_blocking(self, func: Any, /, *args: Any, **how: Any) -> Any:
        """Call it here: this thread has nothing else to do, and to hand work to another takes longer than most."""
        return func(*args, **how)

    def _can_use_dedicated_reader(self, _: Any) -> bool:
        """No: one thread does everything, and to open a connection for each query takes as long as most queries."""
        return False

    def _validate_document_against_unique_indexes(
        self, db_name: str, coll_name: str, document: Any, **how: Any
    ) -> None:
        if type(document.get("_id")) is int:
            how["skip_id_check"] = True  # the check searches for 7.0 as well as 7; SQLite finds either without it
        super()._validate_document_against_unique_indexes(
            db_name, coll_name, document, **(how | {"scan_payload_id": False})
        )

    def _physical_scalar_index_name(self, *_: Any) -> None:
        """None: the entries that the engine keeps of each indexed field, beside SQLite's indexes, are not kept.

        They are one table with an index for each of MongoDB's, all of them over the same columns: an update that
        changed five entries wrote to it four hundred times. The index of `_create_index_sync` finds as much.
        """

    @staticmethod
    def _supports_scalar_index(_: Any) -> bool:
        return False

    def _backfill_scalar_indexes_sync(self, conn: sqlite3.Connection) -> None:
        """Delete the entries that a file of before has; that version would make them anew, as it does for any file."""
        named = "SELECT name FROM sqlite_master WHERE tbl_name = 'scalar_index_entries' AND name GLOB 'scidx_*'"
        for (name,) in conn.execute(named).fetchall():
            conn.execute(f"DROP INDEX {self._quote_identifier(name)}")
        conn.execute("UPDATE indexes SET scalar_physical_name = NULL WHERE scalar_physical_name IS NOT NULL")
        conn.execute("DELETE FROM scalar_index_entries")
        conn.execute("DROP TABLE IF EXISTS clerk")

    def _holds_none(self, *_: Any) -> bool:
        return False

    def _unique_index_conflict_via_scalar_entries(
        self, conn: sqlite3.Connection, collection_id: int | None, index: Any, document: Any, **how: Any
    ) -> bool | None:
        """Whether another document has this one's key; None if only a search through all of them can tell.

        The engine uses its index where the key is one field, and searches all documents where it is more. It has an
        index over several fields as well: over each field's type (empty for a string) and value.
        """
        key = [document.get(field) for field in index["fields"]]
        if collection_id is None or not all(isinstance(part, str) for part in key):
            return None
        collection = "SELECT db_name, coll_name FROM collections WHERE collection_id = ?"
        names = conn.execute(collection, (collection_id,)).fetchone()
        same = " AND ".join(f"{each} = ?" for field in index["fields"] for each in index_expressions_sql(field))
        others = f"SELECT storage_key FROM documents WHERE db_name = ? AND coll_name = ? AND {same}"  # noqa: S608
        holders = conn.execute(others, (*names, *chain.from_iterable(("", part) for part in key)))
        return any(storage_key != how["exclude_storage_key"] for (storage_key,) in holders)

    def _create_index_sync(self, db_name: str, coll_name: str, keys: Any, *rest: Any) -> Any:
        """Make an index, and those that SQLite can use: the engine's queries use other expressions than its indexes.

        One over the first field of the key and one over the id suffice: either leaves few documents to search.
        """
        before = {each["name"] for each in self._load_indexes(db_name, coll_name)}
        made: str = super()._create_index_sync(db_name, coll_name, keys, *rest)
        first, connection = next(iter(dict(keys))), self._require_connection()
        for field in ("_id", first):
            value = f"json_extract(document, '{json_path_for_field(field)}')"
            connection.execute(
                f'CREATE INDEX IF NOT EXISTS "clerk {field}" ON documents (db_name, coll_name, {value})'
                f" WHERE {value} IS NOT NULL"
            )
        self._leave_out_documents_without(first, self._physical_index_name(db_name, coll_name, made))
        indexes = self._load_indexes(db_name, coll_name)
        if made not in before and any(each.get("expire_after_seconds") is not None for each in indexes):
            with self._writing() as writing:  # the engine notes when each expires with the entries that are not kept
                for key, document in [*self._load_documents(db_name, coll_name)]:
                    self._replace_ttl_entries_for_document(writing, db_name, coll_name, key, document, indexes)
        return made

    def _leave_out_documents_without(self, field: str, index: str) -> None:
        """Make the engine's index one over the documents that have its first field.

        All collections are one table, and the engine's index holds all documents: every update writes to each index.
        SQLite uses the smaller index wherever the field is compared (https://www.sqlite.org/partialindex.html). The
        engine demands an index only for a query with a hint, and Clerk's have none.
        """
        connection = self._require_connection()
        made = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (index,)).fetchone()
        if made is None or " WHERE " in made[0]:  # the index over the ids is none of SQLite's
            return
        connection.execute("SAVEPOINT smaller_index")  # a crash, or a full disk, leaves the one that was there
        try:
            connection.execute(f"DROP INDEX {self._quote_identifier(index)}")
            connection.execute(f"{made[0]} WHERE {index_expressions_sql(field)[1]} IS NOT NULL")
        except sqlite3.Error:
            connection.execute("ROLLBACK TO smaller_index")
            raise
        finally:
            connection.execute("RELEASE smaller_index")

    def _find_multikey_index(self, db_name: str, coll_name: str, field: str) -> Any:
        """The index over the elements of arrays. Every field has one, and a query that may use it uses no other."""
        return super()._find_multikey_index(db_name, coll_name, field) if field in ARRAYS else None

    def _translate_query_plan_with_multikey(self, db_name: str, coll_name: str, plan: Any) -> tuple[str, list[Any]]:
        """A query in SQL; one for given strings or numbers uses the expressions of the index above."""
        if isinstance(plan, InCondition | EqualsCondition) and plan.field not in ARRAYS:
            values = plan.values if isinstance(plan, InCondition) else (plan.value,)
            path = json_path_for_field(plan.field)
            for kind, types in ((str, "'text'"), (int, "'integer', 'real'")):
                if all(type(value) is kind for value in values):
                    some = ", ".join("?" * len(values))
                    typed = f"json_type(document, '{path}') IN ({types})"
                    return f"({typed} AND json_extract(document, '{path}') IN ({some}))", [*values]
        translated: tuple[str, list[Any]] = super()._translate_query_plan_with_multikey(db_name, coll_name, plan)
        return translated

    def _field_is_top_level_array_in_collection(self, _: str, __: str, field: str) -> bool:
        return field in ARRAYS

    def _field_has_uniform_scalar_sort_type_in_collection(self, *_: Any) -> str | None:
        return None

    _sort_requires_python = _holds_none
    _field_contains_real_numeric_in_collection = _holds_none
    _field_contains_tagged_value_type_in_collection = _holds_none
    _field_has_comparison_type_mismatch_in_collection = _holds_none
    _field_has_scalar_or_array_element_type_mismatch_in_collection = _holds_none
    _field_traverses_array_in_collection = _holds_none
    _field_traverses_dbref_in_collection = _holds_none


class EmbeddedMongo:
    """A MongoDB wire server at `url`, on a free port of the loopback interface, for the length of a `with` block.

    What it has acknowledged outlives a loss of power. Without `durable` that holds only once the block has ended.
    """

    def __init__(self, file: Path, *, durable: bool = True, most_aggregated: int = MOST_AGGREGATED) -> None:
        self._file, self._durable, self._most_aggregated = file, durable, most_aggregated
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="embedded-mongo", daemon=True)
        self.url = ""

    def __enter__(self) -> Self:
        data_folder.prepare(self._file.parent)
        with data_folder.room_needed(self._file.parent):
            touch_private(self._file)  # SQLite gives its other files the same mode
        self._loop = asyncio.new_event_loop()
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            with data_folder.room_needed(self._file.parent):
                self._fail(self._failure)
        return self

    def _fail(self, failure: BaseException) -> None:
        if isinstance(failure, sqlite3.Error) and not data_folder.is_full(failure, self._file.parent):
            raise Misconfigured(f"CLERK_DATA_DIR: {self._file} can't be opened: {failure}") from failure
        raise failure

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=10)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as error:
            if self._ready.is_set():
                raise
            self._failure = error  # __enter__ raises it
        finally:
            self._ready.set()
            self._loop.close()

    async def _serve(self) -> None:
        engine = _Engine(str(self._file), durable=self._durable, most_aggregated=self._most_aggregated)
        server = Server(engine, host="127.0.0.1", port=0)
        await server.start()
        try:
            host_and_port = server.address.uri.removeprefix("mongodb://").split("/")[0]
            self.url = f"mongodb://{host_and_port}/clerk?directConnection=true"
            self._ready.set()
            await self._stop.wait()
        finally:
            await server.close()
