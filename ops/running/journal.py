"""The journal of `clerk run`: what it acknowledged and has not handled, in a file of its own, for the next start.

Without RabbitMQ the queues are in memory. A message that nothing else would find again is written here before its
webhook is answered, and removed when its actor is done with it. One thread writes; it commits together what was asked
of it meanwhile.
"""

import asyncio
import os
import queue
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, override

import dramatiq
import structlog
from dramatiq.broker import MessageProxy
from dramatiq.brokers.stub import StubBroker
from dramatiq.common import current_millis
from dramatiq.errors import DecodeError, QueueNotFound
from dramatiq.message import Message
from dramatiq.middleware import Middleware

from messages.process.publishing import CONFIRM_WITHIN, Unpublished
from messages.process.settings import Misconfigured
from ops.documents.data_folder import is_full, room_needed

log = structlog.get_logger("clerk.journal")

FILE: Final = "journal.sqlite"

REMOVALS_WAIT: Final = 0.2
"""Seconds in which removals wait for something to be committed with: one that is lost repeats a message, no more."""

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS messages (
    place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, due_at INTEGER, body BLOB NOT NULL
)
"""


@dataclass(frozen=True)
class _Keep:
    """A message to write, and who waits until it is written; without a body nothing is written but the commit."""

    id: str
    body: bytes | None
    due_at: int | None
    done: asyncio.Future[None]


@dataclass(frozen=True)
class _Forget:
    id: str


type _Asked = Sequence[_Keep | _Forget] | None


class Journal:
    """The messages in one SQLite file, which no other process may open meanwhile."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / FILE
        with room_needed(folder):
            os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        file.chmod(0o600)  # the files beside it get the same mode from SQLite
        self._file = file
        self._asked: queue.SimpleQueue[_Asked] = queue.SimpleQueue()
        self._turn = threading.Lock()
        self._asked_in_turn: list[_Keep | _Forget] = []
        self._kept: set[str] = set()
        self._probes, self._failing = 0, False
        with room_needed(folder):
            self._connection = self._opened()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False, timeout=1)
        try:
            # A commit is on the disk when it returns (https://www.sqlite.org/pragma.html#pragma_synchronous).
            for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL"):
                connection.execute(f"PRAGMA {pragma}").fetchall()
            connection.execute(_TABLE)
        except sqlite3.DatabaseError as error:
            connection.close()
            if is_full(error, self._file.parent):
                raise
            raise Misconfigured(f"CLERK_DATA_DIR: another `clerk run` uses {self._file}, or: {error}") from None
        return connection

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def close(self) -> None:
        """Write what is left to write, and close the file."""
        self._asked.put(None)
        self._thread.join(timeout=10)

    async def keep(self, id: str, body: bytes, due_at: int | None) -> None:
        """Return once a message is on the disk; Unpublished if that is uncertain."""
        self._kept.add(id)
        try:
            await self._written(id, body, due_at)
        except Unpublished:
            self._kept.discard(id)
            raise

    async def probe(self) -> str | None:
        """None if the file can be written now, else what is wrong."""
        try:
            await self._written("probe", None, None)
        except Unpublished as error:
            return str(error)
        return None

    async def _written(self, id: str, body: bytes | None, due_at: int | None) -> None:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        with self._turn:
            if not self._asked_in_turn:
                loop.call_soon(self._end_turn)
            self._asked_in_turn.append(_Keep(id, body, due_at, done))
        try:
            async with asyncio.timeout(CONFIRM_WITHIN.total_seconds()):
                await done
        except TimeoutError:
            raise Unpublished(f"{FILE} can't be written: the disk does not answer") from None

    def _end_turn(self) -> None:
        """Wake the thread once for all that came in one turn of the event loop: that costs more than to write."""
        with self._turn:
            asked, self._asked_in_turn = self._asked_in_turn, []
        self._asked.put(asked)

    def forget(self, id: str) -> None:
        """Remove a message soon."""
        if id in self._kept:
            self._kept.discard(id)
            self._asked.put([_Forget(id)])

    def publish_again(self, broker: StubBroker) -> int:
        """Put what an earlier process left on its queues, in order; returns how much. Call it before `start`."""
        rows = self._connection.execute("SELECT id, due_at, body FROM messages ORDER BY place").fetchall()
        for id, due_at, body in rows:
            self._kept.add(id)
            delay = None if due_at is None else max(0, due_at - current_millis())
            try:
                broker.enqueue(Message.decode(body), delay=delay)
            except (DecodeError, QueueNotFound) as error:
                log.error("a message of an earlier run is left: nothing here takes it", id=id, error=repr(error))
        if rows:
            log.warning("messages of an earlier run are published again", count=len(rows))
        return len(rows)

    def _run(self) -> None:
        with closing(self._connection):
            unwritten: list[str] = []
            while True:
                batch, more = self._next(REMOVALS_WAIT if unwritten else None)
                unwritten += [each.id for each in batch if isinstance(each, _Forget)]
                kept = [each for each in batch if isinstance(each, _Keep)]
                if (kept or not batch or not more) and self._commit(kept, unwritten):
                    unwritten = []
                if not more:
                    return

    def _next(self, wait: float | None) -> tuple[Sequence[_Keep | _Forget], bool]:
        """Everything that was asked, at least one thing unless `wait` seconds pass; and whether more may come."""
        batch: list[_Keep | _Forget] = []
        try:
            asked = self._asked.get(timeout=wait)
            while asked is not None:
                batch += asked
                asked = self._asked.get_nowait()
        except queue.Empty:
            return batch, True
        return batch, False

    def _commit(self, kept: Sequence[_Keep], forgotten: Sequence[str]) -> bool:
        """Write and remove in one transaction, and tell those who wait; False if that failed."""
        rows = [(each.id, each.due_at, each.body) for each in kept if each.body is not None]
        trouble = None
        try:
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                self._connection.executemany("REPLACE INTO messages (id, due_at, body) VALUES (?, ?, ?)", rows)
                self._connection.executemany("DELETE FROM messages WHERE id = ?", ((id,) for id in forgotten))
                if any(each.body is None for each in kept):
                    self._probes = (self._probes + 1) % 1_000_000
                    self._connection.execute(f"PRAGMA user_version = {self._probes}")
        except sqlite3.Error as error:
            folder, why = self._file.parent, str(error)
            if is_full(error, folder):
                why = f"the disk of {folder} is full: make room there"
            trouble = f"{FILE} can't be written: {why}"
            if not self._failing:
                log.error("the journal can't be written: until it can, webhooks are answered 503", error=why)
        else:
            if self._failing and kept:
                log.warning("the journal can be written again")
        self._failing = trouble is not None or (self._failing and not kept)
        for each in kept:
            if not (loop := each.done.get_loop()).is_closed():
                loop.call_soon_threadsafe(_settle, each.done, trouble)
        return trouble is None


def _settle(done: asyncio.Future[None], trouble: str | None) -> None:
    if done.done():
        return
    if trouble is None:
        done.set_result(None)
    else:
        done.set_exception(Unpublished(trouble))


def is_in_use(folder: Path) -> bool:
    """Whether a `clerk run` uses the journal in this folder now."""
    file = folder / FILE
    if not file.exists():
        return False
    with closing(sqlite3.connect(file, isolation_level=None, timeout=0)) as connection:
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
        except sqlite3.OperationalError:  # it is locked for its user alone
            return True
    return False


class Journaled(Middleware):
    """Removes a message from the journal once its actor is done with it; one that failed or is dead stays."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    @override
    def after_process_message(
        self, broker: dramatiq.Broker, message: MessageProxy, *, result: Any = None, exception: Any = None
    ) -> None:
        if exception is None:
            self._journal.forget(message.message_id)

    @override
    def after_ack(self, broker: dramatiq.Broker, message: MessageProxy) -> None:
        """A dead letter is acknowledged only when a person drops it."""
        if message.failed:
            self._journal.forget(message.message_id)
