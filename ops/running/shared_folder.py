"""A folder that `clerk worker` shares with its processes. It is deleted once the last of them has ended.

A killed supervisor can't delete its folder, so the next one to start does: it deletes each folder that nobody has
locked.
"""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

PREFIX: Final = "clerk-worker-"
LOCK: Final = "lock"


class SharedFolder:
    """A new folder, within the temporary one. It stays while this process runs, or any that inherited its `lock`."""

    def __init__(self, within: Path | None = None) -> None:
        temporary = within or Path(tempfile.gettempdir())
        _delete_unused(temporary)
        new = Path(tempfile.mkdtemp(prefix="clerk-new-", dir=temporary))
        self._lock = (new / LOCK).open("wb")
        fcntl.flock(self._lock, fcntl.LOCK_SH)
        # Others see it only now that it is locked: they would delete one that is not.
        self.path = new.rename(new.with_name(new.name.replace("clerk-new-", PREFIX)))

    @property
    def lock(self) -> int:
        """The file descriptor by which a process keeps the folder."""
        return self._lock.fileno()

    def close(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.path)
        self._lock.close()


def _delete_unused(temporary: Path) -> None:
    """Delete the folders that no process has locked."""
    for folder in temporary.glob(f"{PREFIX}*"):
        try:
            if folder.stat().st_uid != os.geteuid():
                continue
            with (folder / LOCK).open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
        except (BlockingIOError, FileNotFoundError):  # in use, or another process has just deleted it
            continue
