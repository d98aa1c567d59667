"""`clerk export` and `clerk import`: every document in one file of JSON lines, to move or keep it.

The first line says what follows, the last one how many documents there were, so that a file that was cut short is
noticed. Importing stores each document under its id: it can be repeated, and goes on where it broke off.
"""

import asyncio
import gzip
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

from bson import json_util
from cyclopts import App
from pymongo import ReplaceOne
from pymongo.errors import PyMongoError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from messages.process.settings import Settings
from ops.commands.lines import Invalid
from ops.documents import seed
from ops.documents.reader import Documents, DocumentsAway
from ops.environment import with_mongo

FORMAT: Final = 1
PASSING: Final = frozenset({"processes", "trail"})
"""Collections that tell of the running deployment, and are of no use in another."""

BATCH: Final = 200
_OPTIONS: Final = json_util.JSONOptions(json_mode=json_util.JSONMode.RELAXED, tz_aware=True, tzinfo=UTC)


def add_commands(app: App) -> None:
    """Add `export` and `import` to the command line."""
    app.command(export)
    app.command(import_, name="import")


def export(file: Path, /) -> None:
    """Write every document to FILE (JSON lines; compressed if it ends in .gz). Stop workers and clock before."""
    if file.exists():
        raise Invalid(f"{file} exists already; choose another name, or remove it")
    part = file.with_name(f"{file.name}.part")
    with with_mongo(Settings.load()) as settings, _documents(settings) as documents, _telling():
        counts = _counts(documents)
        with _opened(part, "wt") as out, _progress("exported", sum(counts.values())) as advance:
            _write(out, {"clerk": FORMAT, "exported_at": datetime.now(UTC), "collections": counts})
            written = Counter[str]()
            for name in counts:
                for document in documents.database[name].find({}):
                    _write(out, {"collection": name, "document": document})
                    written[name] += 1
                    advance()
            _write(out, {"end": dict(written)})
    part.rename(file)
    _say(dict(written), f"exported to {file}")


def import_(file: Path, /) -> None:
    """Store every document of FILE, made by `clerk export`, in the MongoDB of CLERK_MONGO_URL, and count them there."""
    if not file.exists():
        raise Invalid(f"{file}: there is no such file")
    settings = Settings.load()
    _check(file)
    with with_mongo(settings) as stored, _documents(stored) as documents, _telling():
        asyncio.run(seed.prepare(stored.model_copy(update={"lines": {}})))
        before = _counts(documents)
        with _opened(file, "rt") as lines:
            header = _read(next(lines))
            with _progress("imported", sum(header["collections"].values())) as advance:
                read = _store(lines, documents, advance)
        after = _counts(documents)
    wrong = {
        name: (after.get(name, 0), count)
        for name, count in read.items()
        if not count <= after.get(name, 0) <= count + before.get(name, 0)
    }
    _say(read, "imported")
    if wrong:
        for name, (there, expected) in wrong.items():
            print(f"{name}: {there} documents are there, {expected} were imported.", file=sys.stderr)
        sys.exit(1)


def _store(lines: Iterator[str], documents: Documents, advance: "Advance") -> dict[str, int]:
    read, waiting = Counter[str](), dict[str, list[ReplaceOne[dict[str, Any]]]]()
    for line in lines:
        found = _read(line)
        if "end" in found:
            break
        name, document = str(found["collection"]), found["document"]
        batch = waiting.setdefault(name, [])
        batch.append(ReplaceOne({"_id": document["_id"]}, document, upsert=True))
        read[name] += 1
        advance()
        if len(batch) == BATCH:
            documents.database[name].bulk_write(waiting.pop(name), ordered=False)
    for name, batch in waiting.items():
        documents.database[name].bulk_write(batch, ordered=False)
    return dict(read)


def _check(file: Path) -> None:
    """Invalid unless a file is a whole export of a format that is known."""
    read = Counter[str]()
    try:
        with _opened(file, "rt") as lines:
            header = _read(next(lines, "{}"))
            if header.get("clerk") != FORMAT:
                raise Invalid(f"{file}: no export of Clerk's, or of a version that this one does not know")
            for line in lines:
                found = _read(line)
                if "end" in found:
                    if found["end"] != dict(read):
                        raise Invalid(f"{file}: holds {dict(read)}, but says it holds {found['end']}")
                    return
                read[str(found["collection"])] += 1
    except (ValueError, KeyError, TypeError, EOFError, OSError) as error:
        raise Invalid(f"{file}: can't be read as an export: {error}") from None
    raise Invalid(f"{file}: ends after {read.total()} documents, before its end: it was cut short")


class Advance:
    """Counts one more document on the progress bar."""

    def __init__(self, progress: Progress, verb: str, total: int) -> None:
        self._progress, self._task = progress, progress.add_task(verb, total=total)

    def __call__(self) -> None:
        """One more."""
        self._progress.advance(self._task)


@contextmanager
def _progress(verb: str, total: int) -> Iterator[Advance]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield Advance(progress, verb, total)


@contextmanager
def _documents(settings: Settings) -> Iterator[Documents]:
    assert settings.mongo_url is not None
    with Documents(settings.mongo_url.get_secret_value()) as documents:
        yield documents


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except PyMongoError as error:
        raise DocumentsAway(f"MongoDB: {str(error).split(', Timeout')[0]}. The same command can be repeated.") from None


def _counts(documents: Documents) -> dict[str, int]:
    names = sorted(set(documents.database.list_collection_names()) - PASSING)
    counts = {name: documents.database[name].count_documents({}) for name in names}
    return {name: count for name, count in counts.items() if count}


def _opened(file: Path, mode: str) -> IO[str]:
    if file.name.removesuffix(".part").endswith(".gz"):
        return gzip.open(file, mode, encoding="utf-8")  # type: ignore[return-value]  # text mode gives text
    return file.open(mode, encoding="utf-8")


def _write(out: IO[str], what: dict[str, Any]) -> None:
    out.write(json_util.dumps(what, json_options=_OPTIONS, separators=(",", ":"), ensure_ascii=False) + "\n")


def _read(line: str) -> dict[str, Any]:
    found = json_util.loads(line, json_options=_OPTIONS)
    if not isinstance(found, dict):
        raise TypeError("a line is no JSON object")
    return found


def _say(counts: dict[str, int], what: str) -> None:
    print(f"{sum(counts.values())} documents {what}: {', '.join(f'{count} {name}' for name, count in counts.items())}")
