"""The `dramatiq` command, ended when its supervisor dies: kill -9 of `clerk worker` leaves nobody behind."""

import ctypes
import os
import signal
import sys
from typing import Final

from dramatiq.cli import main

PR_SET_PDEATHSIG: Final = 1
"""https://man7.org/linux/man-pages/man2/pr_set_pdeathsig.2const.html"""

SUPERVISOR: Final = "CLERK_SUPERVISOR"
"""The supervisor's process id."""


def follow(supervisor: int) -> None:
    """Have Linux send this process SIGTERM when its supervisor dies; elsewhere nothing does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != supervisor:
            sys.exit("the supervisor is gone")


if __name__ == "__main__":
    follow(int(os.environ[SUPERVISOR]))
    sys.exit(main())  # type: ignore[no-untyped-call]
