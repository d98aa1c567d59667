"""Files and folders that only their owner may read: they hold what contacts wrote, and their numbers."""

import os
from pathlib import Path
from typing import Final

import structlog

log = structlog.get_logger("clerk.files")

FOLDER: Final = 0o700
FILE: Final = 0o600


def touch_private(file: Path) -> None:
    """Make an empty file, or take one that is there, from everybody but its owner; what is written later stays so."""
    descriptor = os.open(file, os.O_CREAT | os.O_WRONLY, FILE)
    os.fchmod(descriptor, FILE)
    os.close(descriptor)


def make_private(path: Path) -> None:
    """Take a file, or a folder with all that is in it, from everybody but its owner; links are left as they are."""
    if path.is_symlink():
        return
    is_folder = path.is_dir()
    wanted = FOLDER if is_folder else FILE
    try:
        if path.stat().st_mode & 0o777 != wanted:
            path.chmod(wanted)
        inside = list(path.iterdir()) if is_folder else []
    except FileNotFoundError:
        return  # another process removed it
    except PermissionError as error:
        log.warning("others may read this, and Clerk can't change that", path=str(path), error=error.strerror)
        return
    for each in inside:
        make_private(each)
