"""The log trail: every log line with a correlation id, kept for some days so that a trace can show it.

Log lines hold ids, outcomes and durations and never what a contact wrote, so neither does the trail. About once a
second each process writes its new lines from a thread, as one compressed document, so that no message waits for it.
"""

import multiprocessing.util
import os
import socket
import threading
import zlib
from collections import deque
from collections.abc import Collection, Iterator, MutableMapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final, Protocol
from uuid import uuid4

import orjson
import structlog
from pymongo import ASCENDING

from messages.base import Document, Moment
from ops.documents.reader import Documents
from ops.repeating import attempt, repeat

EVERY: Final = timedelta(seconds=1)
MOST_WAITING: Final = 50_000
"""Lines that a process keeps while MongoDB is away; it drops the oldest first."""

MOST_PACKED: Final = 1_000
"""Lines in one document."""

MOST_REMEMBERED: Final = 20_000
"""Lines that a process keeps in memory where it shares no MongoDB with others."""

MOST_READ: Final = 500
"""Documents that are read to find the lines of some ids."""


class LogLine(Document):
    """A log line: when and where it was logged, its event, and its other fields."""

    at: Moment
    event: str
    process: str
    correlation_id: str
    fields: dict[str, Any] = {}


class Trail(Protocol):
    """Finds log lines by their correlation id."""

    def find(self, ids: Collection[str]) -> list[LogLine]:
        """The lines that carry one of these correlation ids, in time order."""
        ...


class MemoryTrail:
    """A trail in the memory of this process, for a `clerk run` that is the only process."""

    def __init__(self, process: str) -> None:
        self._process = process
        self._lines: deque[dict[str, Any]] = deque(maxlen=MOST_REMEMBERED)

    def note(self, fields: dict[str, Any]) -> None:
        """Keep a log line."""
        self._lines.append(fields)

    def find(self, ids: Collection[str]) -> list[LogLine]:
        """The lines that carry one of these correlation ids, in time order."""
        wanted = frozenset(ids)
        return [_log_line(each, self._process) for each in list(self._lines) if each["correlation_id"] in wanted]


class MongoTrail:
    """A trail that a thread writes to MongoDB; `close` writes the remaining lines."""

    def __init__(self, url: str, process: str, keep: timedelta) -> None:
        self._documents, self._process, self._keep = Documents(url), process, keep
        self._waiting: deque[dict[str, Any]] = deque(maxlen=MOST_WAITING)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="trail", daemon=True)
        self._indexed = False

    def start(self) -> None:
        """Start to write."""
        self._thread.start()
        multiprocessing.util.Finalize(None, self.close, exitpriority=10)

    def close(self) -> None:
        """Write the remaining lines, and stop."""
        self._stopping.set()
        self._thread.join(timeout=5)

    def note(self, fields: dict[str, Any]) -> None:
        """Keep a log line; it is written within about a second."""
        self._waiting.append(fields)

    def find(self, ids: Collection[str]) -> list[LogLine]:
        """The lines that carry one of these correlation ids, in time order."""
        return find(self._documents, ids)

    def _run(self) -> None:
        repeat(self._prepare_and_write, "write its log trail", EVERY, self._stopping)
        attempt(self._write, "write the end of its log trail")
        self._documents.close()

    def _prepare_and_write(self) -> None:
        if not self._indexed:
            make_indexes(self._documents)
            self._indexed = True
        self._write()

    def _write(self) -> None:
        while lines := list(islice(self._waiting, MOST_PACKED)):
            ids = sorted({str(each["correlation_id"]) for each in lines})
            packed, now = zlib.compress(orjson.dumps(lines, default=str)), datetime.now(UTC)
            fields = {"at": now, "expires_at": now + self._keep, "process": self._process, "ids": ids, "lines": packed}
            self._documents.database["trail"].insert_one({"_id": uuid4().hex, **fields})
            for _ in lines:
                self._waiting.popleft()


def make_indexes(documents: Documents) -> None:
    """Make the indexes of the trail; MongoDB deletes each document at its `expires_at`."""
    trail = documents.database["trail"]
    trail.create_index([("ids", ASCENDING)], name="ids")
    trail.create_index([("expires_at", ASCENDING)], name="expires", expireAfterSeconds=0)


class TrailReader:
    """Reads the trails that other processes have written to MongoDB."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def find(self, ids: Collection[str]) -> list[LogLine]:
        """The lines that carry one of these correlation ids, in time order."""
        return find(self._documents, ids)


def find(documents: Documents, ids: Collection[str]) -> list[LogLine]:
    """The lines in MongoDB that carry one of these correlation ids, in time order."""
    wanted = sorted(set(ids))
    found = documents.raw("trail", {"ids": {"$in": wanted}}, MOST_READ) if wanted else []
    return sorted(
        (line for each in found for line in _unpacked(each) if line.correlation_id in wanted), key=lambda line: line.at
    )


def _unpacked(document: dict[str, Any]) -> Iterator[LogLine]:
    for fields in orjson.loads(zlib.decompress(document["lines"])):
        yield _log_line(fields, str(document["process"]))


def _log_line(fields: dict[str, Any], process: str) -> LogLine:
    own = {"event", "timestamp", "correlation_id", "level"}
    return LogLine(
        at=datetime.fromisoformat(fields["timestamp"]),
        event=str(fields["event"]),
        process=process,
        correlation_id=str(fields["correlation_id"]),
        fields={name: value for name, value in fields.items() if name not in own and value is not None},
    )


def process_name(kind: str) -> str:
    """The name of this process in traces and lists: `worker web-1/4711`."""
    return f"{kind} {socket.gethostname()}/{os.getpid()}"


def record_log(trail: MemoryTrail | MongoTrail) -> None:
    """Add every log line with a correlation id to a trail from now on; call it once logging is configured."""

    def note(_: Any, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if fields.get("correlation_id") is not None:
            trail.note(dict(fields))
        return fields

    processors = structlog.get_config()["processors"]
    stamped = next(
        place for place, each in enumerate(processors, 1) if isinstance(each, structlog.processors.TimeStamper)
    )
    processors.insert(stamped, note)  # in place: loggers that are in use hold this list


def start_mongo_trail(url: str, kind: str, keep: timedelta) -> MongoTrail:
    """Start a trail in MongoDB that records this process's log from now on."""
    trail = MongoTrail(url, process_name(kind), keep)
    trail.start()
    record_log(trail)
    return trail
