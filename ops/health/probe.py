"""`clerk health`: looks at the signs of life of this machine's processes, and asks each gateway whether it is ready.

It runs every few seconds in every container, so it imports next to nothing.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from ops.health.sign import Sign, near, read, trouble

PATIENCE: Final = 4.0
"""Seconds in which a gateway must answer."""


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


def readiness(address: tuple[str, int]) -> str:
    """What is wrong with the gateway that listens there, "" if nothing is."""
    import http.client  # costs more than all else, and only a gateway needs it

    host, port = address
    with closing(http.client.HTTPConnection(near(host), port, timeout=PATIENCE)) as connection:
        try:
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
            text = answer.read(200).decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            return f"does not answer at port {port}: {error or type(error).__name__}"
    return "" if answer.status == 200 else f"is not ready: /readyz answers {answer.status} {text}".rstrip()


def health(
    kind: str, place: Path, now: float, *, ask: Callable[[tuple[str, int]], str] = readiness
) -> tuple[bool, str]:
    """Whether every process of this kind is well, at least one, and a line that says why or why not."""
    found = [each for each in _signs(place) if kind in each.troubles]
    if not found:
        return False, f"no {kind} of this user runs on this machine"
    faults = [fault for each in found if (fault := _fault(each, kind, now, ask))]
    processes = ", ".join(str(each.pid) for each in found)
    return not faults, "; ".join(faults) or f"process {processes} is well"


def _fault(sign: Sign, kind: str, now: float, ask: Callable[[tuple[str, int]], str]) -> str:
    if (fault := trouble(sign, kind, now, runs=runs(sign.pid))) or kind != "gateway" or sign.address is None:
        return fault
    return f"process {sign.pid} {unready}" if (unready := ask(sign.address)) else ""


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
