"""Which processes of Clerk run: each writes a document every few seconds, with its metrics."""

import multiprocessing.util
import os
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from prometheus_client import CollectorRegistry
from pymongo import ASCENDING

from messages.release import DOCUMENTS, MESSAGES, VERSION
from ops.documents.processes import GONE
from ops.documents.reader import Documents
from ops.metrics.samples import Samples, collect_samples, dump_samples
from ops.repeating import attempt, repeat

EVERY: Final = timedelta(seconds=5)


class Presence:
    """Writes this process's document from a thread of its own, and deletes it when the process ends."""

    def __init__(
        self, url: str, kind: str, queues: tuple[str, ...] = (), samples: Callable[[], Samples] = dict
    ) -> None:
        self._documents, self._samples = Documents(url), samples
        self._host, self._pid = socket.gethostname(), os.getpid()
        self._id = f"{kind}/{self._host}/{self._pid}"
        self._fields = {
            "kind": kind,
            "host": self._host,
            "pid": self._pid,
            "started_at": datetime.now(UTC),
            "queues": list(queues),
            "release": VERSION,
            "messages": MESSAGES,
            "documents": DOCUMENTS,
        }
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="presence", daemon=True)

    def start(self) -> None:
        """Write now, and then every few seconds."""
        self._thread.start()
        multiprocessing.util.Finalize(None, self.close, exitpriority=10)

    def close(self) -> None:
        """Stop, and delete the document."""
        self._stopping.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        attempt(self._let_expire, "let MongoDB forget processes that are long gone")
        repeat(self._write, "tell MongoDB that it runs", EVERY, self._stopping)
        attempt(self._delete, "tell MongoDB that it ends")
        self._documents.close()

    def _let_expire(self) -> None:
        seconds = int(10 * GONE / timedelta(seconds=1))
        processes = self._documents.database["processes"]
        processes.create_index([("seen_at", ASCENDING)], name="gone", expireAfterSeconds=seconds)

    def _delete(self) -> None:
        self._documents.database["processes"].delete_one({"_id": self._id})

    def _write(self) -> None:
        fields = {**self._fields, "told_at": datetime.now(UTC), "metrics": dump_samples(self._samples())}
        processes = self._documents.database["processes"]
        processes.update_one({"_id": self._id}, {"$set": fields, "$currentDate": {"seen_at": True}}, upsert=True)


def of_registry(registry: CollectorRegistry) -> Callable[[], Samples]:
    """A function that returns a registry's samples."""
    return lambda: collect_samples(registry.collect())
