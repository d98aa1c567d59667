"""`clerk health`: looks at the signs of life of this machine's processes.

It runs every few seconds in every container, so it imports next to nothing, and asks no process anything: one that does
not answer would hold it up.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from ops.health.sign import Sign, read, trouble


def folder() -> Path:
    """Where the processes of this user show that they are well."""
    return Path(os.environ.get("TMPDIR") or "/tmp") / f"clerk-health-{os.geteuid()}"  # noqa: S108 - it is 0700, and its owner is checked


def runs(pid: int) -> bool:
    """Whether a process of this user has this id."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def health(kind: str, place: Path, now: float) -> tuple[bool, str]:
    """Whether every process of this kind is well, at least one, and a line that says why or why not."""
    found = [each for each in _signs(place) if kind in each.troubles]
    if not found:
        return False, f"no {kind} of this user runs on this machine"
    faults = [fault for each in found if (fault := trouble(each, kind, now, runs=runs(each.pid)))]
    processes = ", ".join(str(each.pid) for each in found)
    return not faults, "; ".join(faults) or f"process {processes} is well"


def _signs(place: Path) -> Iterator[Sign]:
    """The signs in a folder, if it is this user's."""
    if not place.is_dir() or place.is_symlink() or place.stat().st_uid != os.geteuid():
        return
    for file in sorted(place.iterdir()):
        if file.suffix:
            continue
        try:
            yield read(file.read_text())
        except FileNotFoundError:  # it has just ended
            continue


def say(kind: str) -> int:
    """Print whether processes of this kind are well; the exit status that says the same."""
    try:
        well, line = health(kind, folder(), time.monotonic())
    except ValueError as error:  # another version, or another program, wrote there
        well, line = False, f"{folder()}: {error}"
    print(f"{kind}: {line}")
    return 0 if well else 1
