"""The folder of the embedded default, CLERK_DATA_DIR: what Clerk keeps there is its owner's alone."""

import errno
import fcntl
import json
import os
import secrets
import shutil
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import structlog

from messages.process.private_files import FOLDER, make_private, touch_private
from messages.process.variables import Misconfigured
from ops.health.probe import runs

log = structlog.get_logger("clerk.files")

OURS: Final = ("clerk", "journal", "sandbox")
"""How the names begin of all that Clerk keeps in the folder."""

DATABASES: Final = ("clerk.sqlite", "journal.sqlite")
LOCK: Final = "clerk.lock"
"""Locked by the `clerk run` that uses the folder; it says where that one can be reached."""

TOKEN: Final = "clerk.token"  # noqa: S105 - the name of a file
"""The console's token, while CLERK_OPS_TOKEN is not set."""

_SQLITE: Final = b"SQLite format 3\x00"
"""https://www.sqlite.org/fileformat.html#magic_header_string"""


class FolderInUse(Exception):
    """Another `clerk run` uses the folder; the message says which and what to do."""


class DiskFull(Exception):
    """A disk is full; the message says which and what to do."""


_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


ONE_STEP: Final = 64 * 1024
"""Bytes by which SQLite lets a file grow: the memory that its connections share fails with less, as an error of I/O."""


def is_full(error: BaseException, folder: Path) -> bool:
    """Whether a write in the folder failed because its disk is full, or what this user may have of it."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without what is special about it
    failed = code in {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN} and shutil.disk_usage(folder).free < ONE_STEP
    return failed or code == sqlite3.SQLITE_FULL


@contextmanager
def room_needed(folder: Path) -> Iterator[None]:
    """DiskFull if the block fails for want of room in the folder: no setting is wrong, and later there may be some."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        if not is_full(error, folder):
            raise
        raise DiskFull(f"the disk of {folder} is full. Make room there, then try again: nothing is lost.") from None


def prepare(folder: Path) -> None:
    """Make the folder, and make private what an earlier version left open; Misconfigured if Clerk can't use it.

    A folder that holds other things as well, such as a home, keeps its mode: its owner decides who enters it.
    """
    try:
        folder.mkdir(mode=FOLDER, parents=True, exist_ok=True)
        inside = list(folder.iterdir())
    except (FileExistsError, NotADirectoryError):
        raise Misconfigured(
            f"CLERK_DATA_DIR: {folder} is not a folder: name another one, or remove that file"
        ) from None
    except OSError as error:
        raise Misconfigured(
            f"CLERK_DATA_DIR: {folder} can't be made or read ({error.strerror}): name a folder that this user owns"
        ) from None
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise Misconfigured(f"CLERK_DATA_DIR: this user can't write to {folder}: change its owner, or name another")
    _refuse_what_is_no_database(folder)
    ours = [each for each in inside if each.name.startswith(OURS)]
    if len(ours) == len(inside):
        make_private(folder)
        return
    if folder.stat().st_mode & 0o077:
        log.warning("others may look into the data folder, which holds more than Clerk's files", folder=str(folder))
    for each in ours:
        make_private(each)


def _refuse_what_is_no_database(folder: Path) -> None:
    for file in (folder / name for name in DATABASES):
        try:
            with file.open("rb") as database:
                begins = database.read(len(_SQLITE))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise Misconfigured(
                f"CLERK_DATA_DIR: {file} can't be read ({error.strerror}): make this user its owner, or remove it"
            ) from None
        if begins and begins != _SQLITE:
            raise Misconfigured(
                f"CLERK_DATA_DIR: {file} is not a database of Clerk's: name another folder, or move that file away"
            )


@contextmanager
def claimed(folder: Path, url: str) -> Iterator[Callable[[str], None]]:
    """The folder for this `clerk run` alone, which is reached at `url`; FolderInUse if another one has it.

    The function that it gives notes for the commands where this `clerk run` serves the documents of the folder.
    """
    prepare(folder)
    with room_needed(folder):
        touch_private(folder / LOCK)
    with (folder / LOCK).open("r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _told(folder).get("pid")
            who = f"the `clerk run` with process id {holder}" if holder else "another `clerk run`"
            raise FolderInUse(
                f"CLERK_DATA_DIR: {who} uses the folder {folder}. Stop it, or name another folder for this one."
            ) from None

        def note(**more: str) -> None:
            told = json.dumps({"pid": os.getpid(), "url": url, **more}).encode()
            with room_needed(folder):
                lock.truncate(0)
                os.pwrite(lock.fileno(), told, 0)

        note()
        try:
            yield lambda documents: note(documents=documents)
        finally:
            lock.truncate(0)


def url_of_run(folder: Path) -> str | None:
    """Where the `clerk run` that uses the folder is reached; None if none has said so."""
    found = _told(folder).get("url")
    return found if isinstance(found, str) else None


def documents_of_run(folder: Path) -> str | None:
    """Where the `clerk run` that uses the folder serves its documents; None if none does that this machine reaches."""
    url = _told(folder).get("documents")
    if not isinstance(url, str) or not is_used(folder):
        return None
    at = urlsplit(url)
    with suppress(OSError), socket.create_connection((at.hostname or "", at.port or 0), timeout=1):
        return url
    return None  # it was killed, or runs in another container


def is_used(folder: Path) -> bool:
    """Whether a `clerk run` that has not ended uses the folder."""
    holder = _told(folder).get("pid")
    return isinstance(holder, int) and runs(holder)


def kept_token(folder: Path) -> str | None:
    """The console's token in the folder; None if there is none that this user may read."""
    try:
        return (folder / TOKEN).read_text().strip() or None
    except OSError:
        return None


def token(folder: Path) -> tuple[str, bool]:
    """The console's token in the folder, which is made if there is none yet; and whether it was made now."""
    found = kept_token(folder)
    if found is not None:
        return found, False
    made = secrets.token_urlsafe(24)
    with room_needed(folder):
        touch_private(folder / TOKEN)
        (folder / TOKEN).write_text(f"{made}\n")
    return made, True


def _told(folder: Path) -> dict[str, object]:
    try:
        found = json.loads((folder / LOCK).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
