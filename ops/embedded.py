"""The embedded default: MongoDB's wire protocol over a SQLite file, in a thread of this process."""

import asyncio
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mongoeco.engines.sqlite import SQLiteEngine
from mongoeco.wire import AsyncMongoEcoProxyServer


class _Engine(SQLiteEngine):
    """The engine, without its looks through a whole collection at every write and query.

    They ask whether some document anywhere holds what SQL can't compare as MongoDB would: an array, a DBRef, bytes,
    a decimal, or mixed types in a field that is queried, or an id equal to another but not the same. Clerk's
    documents never do: each field that is queried has one type, and ids are strings or whole numbers.
    """

    def _validate_document_against_unique_indexes(self, *document: Any, **how: Any) -> None:
        super()._validate_document_against_unique_indexes(*document, **(how | {"scan_payload_id": False}))

    def _holds_none(self, *_: Any) -> bool:
        return False

    _field_contains_real_numeric_in_collection = _holds_none
    _field_contains_tagged_value_type_in_collection = _holds_none
    _field_has_comparison_type_mismatch_in_collection = _holds_none
    _field_has_scalar_or_array_element_type_mismatch_in_collection = _holds_none
    _field_is_top_level_array_in_collection = _holds_none
    _field_traverses_array_in_collection = _holds_none
    _field_traverses_dbref_in_collection = _holds_none


class EmbeddedMongo:
    """A MongoDB wire server on a free port of the loopback interface; `url` is where, for the length of a block."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="embedded-mongo", daemon=True)
        self.url = ""

    def __enter__(self) -> Self:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=10)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits in __enter__
            self._failure = error
        finally:
            self._ready.set()
            self._loop.close()

    async def _serve(self) -> None:
        engine = _Engine(str(self._file), executor_workers=1)
        server = AsyncMongoEcoProxyServer(engine=engine, host="127.0.0.1", port=0)
        await server.start()
        try:
            host_and_port = server.address.uri.removeprefix("mongodb://").split("/")[0]
            self.url = f"mongodb://{host_and_port}/clerk?directConnection=true"
            self._ready.set()
            await self._stop.wait()
        finally:
            await server.close()
