"""Exports every document to one file of JSON lines, and imports them from it.

The first line says what follows, and the last one how many documents there are, so that a check finds a file that was
cut short. An import stores each document under its id, so it can be repeated after a failure. Neither holds more than a
page of documents in memory.
"""

import gzip
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Any, Final

from bson import json_util
from pymongo import ReplaceOne
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, PyMongoError

from messages.process.private_files import touch_private
from messages.release import DOCUMENTS, VERSION
from ops.counting import counted
from ops.documents.data_folder import is_full, room_needed
from ops.documents.reader import Documents, DocumentsAway, persistently

FORMAT: Final = 1
PASSING: Final = frozenset({"processes", "trail", "migrations"})
"""Collections that describe the running deployment and are of no use in another: an import migrates what it puts in."""

BATCH: Final = 200

DUPLICATE: Final = 11000
"""MongoDB's code of a document whose id, or another unique key of it, is there."""
_OPTIONS: Final = json_util.JSONOptions(json_mode=json_util.JSONMode.RELAXED, tz_aware=True, tzinfo=UTC)


UNREADABLE: Final = (ValueError, KeyError, TypeError, EOFError, OSError, zlib.error)
"""What reading a file that is no export raises."""

type Advance = Callable[[], None]
"""Called after each document."""


class NotAnExport(Exception):
    """A file is not a complete export of a known format; the text says why."""


def export_to(file: Path, documents: Documents, advance: Advance) -> dict[str, int]:
    """Write every document to a private file (compressed if its name ends in .gz); how many, by collection."""
    part = file.with_name(f"{file.name}.part")
    with _explaining_errors(), room_needed(file.parent), _gone_if_disk_full(part):
        expected = counts(documents)
        touch_private(part)
        with _opened(part, "wt") as out:
            what = {"clerk": FORMAT, "release": VERSION, "documents": DOCUMENTS, "collections": expected}
            _write(out, {**what, "exported_at": datetime.now(UTC)})
            written = Counter[str]()
            for name in expected:
                for document in documents.every(name):
                    _write(out, {"collection": name, "document": document})
                    written[name] += 1
                    advance()
            _write(out, {"end": dict(written)})
    part.rename(file)
    return dict(written)


def import_from(file: Path, documents: Documents, advance: Advance) -> dict[str, int]:
    """Store every document of a checked export under its id; how many were read, by collection."""
    with _explaining_errors(), _opened(file, "rt") as lines:
        next(lines)
        return _store(lines, documents, advance)


def counts(documents: Documents) -> dict[str, int]:
    """How many documents there are to export, by collection; empty collections are left out."""
    return documents.counts(leave_out=PASSING)


def check(file: Path) -> dict[str, int]:
    """How many documents a complete export has, by collection; NotAnExport for any other file."""
    read = Counter[str]()
    try:
        with _opened(file, "rt") as lines:
            header = _read(next(lines, "{}"))
            if header.get("clerk") != FORMAT:
                raise NotAnExport(f"{file}: not an export of Clerk, or one of an unknown version")
            if header.get("documents", 0) > DOCUMENTS:
                release = header.get("release")
                raise NotAnExport(f"{file}: was written by Clerk {release}, a newer version: import it with that one")
            for line in lines:
                found = _read(line)
                if "end" in found:
                    if found["end"] != dict(read):
                        raise NotAnExport(f"{file}: contains {dict(read)}, but its last line says {found['end']}")
                    if next(lines, None) is not None:  # only where a compressed file ends, its checksum is compared
                        raise NotAnExport(f"{file}: goes on after its last line")
                    return dict(read)
                found["document"]["_id"]  # an import stores each under it
                read[str(found["collection"])] += 1
    except UNREADABLE as error:
        raise NotAnExport(f"{file}: can't be read as an export: {_why_unreadable(error)}") from None
    raise NotAnExport(f"{file}: was cut short: it ends after {counted(read.total(), 'document')}")


def _why_unreadable(error: Exception) -> str:
    """Why a file can't be read, in words: those of Python's libraries speak of codecs and tokens."""
    if isinstance(error, EOFError):
        return "it was cut short"
    if isinstance(error, gzip.BadGzipFile):
        return "its name ends in .gz, but it is not compressed, or damaged"
    if isinstance(error, zlib.error):
        return "it is damaged"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    if isinstance(error, UnicodeDecodeError):
        return "it is not text (the name of a compressed one must end in .gz)"
    return "it has a line that no export has"


def _store(lines: Iterator[str], documents: Documents, advance: Advance) -> dict[str, int]:
    read, waiting = Counter[str](), dict[str, list[dict[str, Any]]]()
    for line in lines:
        found = _read(line)
        if "end" in found:
            break
        name, document = str(found["collection"]), found["document"]
        if name in PASSING:  # an earlier version exported more
            continue
        batch = waiting.setdefault(name, [])
        batch.append(document)
        read[name] += 1
        advance()
        if len(batch) == BATCH:
            persistently(partial(_put, documents.database[name], waiting.pop(name)))
    for name, batch in waiting.items():
        persistently(partial(_put, documents.database[name], batch))
    return dict(read)


def _put(collection: Collection[dict[str, Any]], batch: list[dict[str, Any]]) -> None:
    """Store documents under their ids: most are new, and an insert costs less than to look for what to replace."""
    try:
        collection.insert_many(batch, ordered=False)
    except BulkWriteError as error:
        if any(each["code"] != DUPLICATE for each in error.details["writeErrors"]):
            raise
        there = [batch[each["index"]] for each in error.details["writeErrors"]]
        collection.bulk_write([ReplaceOne({"_id": each["_id"]}, each, upsert=True) for each in there], ordered=False)


@contextmanager
def _gone_if_disk_full(part: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if is_full(error, part.parent):
            part.unlink(missing_ok=True)
        raise


@contextmanager
def _explaining_errors() -> Iterator[None]:
    try:
        yield
    except PyMongoError as error:
        raise DocumentsAway(f"MongoDB: {str(error).split(', Timeout')[0]}. Run the same command again.") from None


def _opened(file: Path, mode: str) -> IO[str]:
    if file.name.removesuffix(".part").endswith(".gz"):
        return gzip.open(file, mode, encoding="utf-8")  # type: ignore[return-value]  # text mode gives text
    return file.open(mode, encoding="utf-8")


def _write(out: IO[str], what: dict[str, Any]) -> None:
    out.write(json_util.dumps(what, json_options=_OPTIONS, separators=(",", ":"), ensure_ascii=False) + "\n")


def _read(line: str) -> dict[str, Any]:
    found = json_util.loads(line, json_options=_OPTIONS)
    if not isinstance(found, dict):
        raise TypeError("a line is not a JSON object")
    return found
