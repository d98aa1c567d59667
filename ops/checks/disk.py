"""The disk of the embedded default's data folder: whether there is room for what comes."""

import shutil
from pathlib import Path
from typing import Final

from ops.checks.finding import Finding, advice, bad, good

MB: Final = 1_000_000
FULL_BELOW: Final = 2 * MB
"""Bytes: with less, SQLite may not be able to write."""

WARN_BELOW: Final = 200 * MB
"""Bytes: a few ten thousand texts, or a copy of the database for an index that a new version adds."""


def check(folder: Path) -> Finding:
    """Whether the disk of the folder, which is there, has room."""
    return of_room(folder, shutil.disk_usage(folder).free)


def of_room(folder: Path, free: int) -> Finding:
    """Whether so many free bytes are enough. Pure."""
    where = f"{free / MB:,.0f} MB are free on the disk of {folder}"
    if free < FULL_BELOW:
        todo = "Make room there. Until then webhooks are answered 503; Clerk goes on by itself."
        return bad("disk", f"the disk of {folder} is full", todo)
    if free < WARN_BELOW:
        return advice("disk", where, "Make room there: on a full disk, Clerk takes no texts.")
    return good("disk", where)
