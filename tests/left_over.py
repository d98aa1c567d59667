"""`python tests/left_over.py NAME=VALUE` waits until its input ends, then kills what has this in its environment.

A test run starts it: whatever becomes of the run, no server of it stays.
"""

import contextlib
import os
import signal
import sys
from pathlib import Path


def main() -> None:
    """Wait, then kill until nothing is left to kill."""
    wanted = sys.argv[1].encode()
    sys.stdin.read()
    while found := [pid for pid in _processes() if wanted in _environment(pid)]:
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _processes() -> list[int]:
    return [int(each.name) for each in Path("/proc").glob("[0-9]*") if int(each.name) != os.getpid()]


def _environment(pid: int) -> list[bytes]:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return []


if __name__ == "__main__":
    main()
