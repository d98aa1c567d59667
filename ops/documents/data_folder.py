"""The folder of the embedded default, CLERK_DATA_DIR: what Clerk keeps there is its owner's alone."""

from pathlib import Path
from typing import Final

import structlog

from messages.process.private_files import FOLDER, make_private

log = structlog.get_logger("clerk.files")

OURS: Final = ("clerk", "journal", "sandbox")
"""How the names begin of all that Clerk keeps in the folder."""


def prepare(folder: Path) -> None:
    """Make the folder, and make private what an earlier version left open.

    A folder that holds other things as well, such as a home, keeps its mode: its owner decides who enters it.
    """
    folder.mkdir(mode=FOLDER, parents=True, exist_ok=True)
    inside = list(folder.iterdir())
    ours = [each for each in inside if each.name.startswith(OURS)]
    if len(ours) == len(inside):
        make_private(folder)
        return
    if folder.stat().st_mode & 0o077:
        log.warning("others may look into the data folder, which holds more than Clerk's files", folder=str(folder))
    for each in ours:
        make_private(each)
