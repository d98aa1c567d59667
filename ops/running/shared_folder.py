"""A folder that a `clerk worker` shares with its processes, and that goes when the last of them has ended.

A killed one can't take its folder away, so the next to start does: the folders whose lock nobody holds.
"""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

PREFIX: Final = "clerk-worker-"
LOCK: Final = "lock"


class Scratch:
    """A new folder, which is not taken away while this process runs, or one that inherited its `lock`."""

    def __init__(self) -> None:
        _sweep()
        new = Path(tempfile.mkdtemp(prefix="clerk-new-"))
        self._held = (new / LOCK).open("wb")
        fcntl.flock(self._held, fcntl.LOCK_SH)
        # Only now may others see it: without its lock it would be taken for left behind.
        self.path = new.rename(new.with_name(new.name.replace("clerk-new-", PREFIX)))

    @property
    def lock(self) -> int:
        """The file descriptor that a process must inherit to keep the folder while it runs."""
        return self._held.fileno()

    def close(self) -> None:
        """Take the folder away."""
        shutil.rmtree(self.path)
        self._held.close()


def _sweep() -> None:
    """Take away the folders of those who are gone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            if folder.stat().st_uid != os.geteuid():
                continue
            with (folder / LOCK).open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
        except (BlockingIOError, FileNotFoundError):  # in use; or somebody else has just taken it away
            continue
