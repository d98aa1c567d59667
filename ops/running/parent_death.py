"""Ends a process along with the one that started it."""

import ctypes
import os
import signal
import sys
from typing import Final

PR_SET_PDEATHSIG: Final = 1
"""https://man7.org/linux/man-pages/man2/pr_set_pdeathsig.2const.html"""


def end_with_parent(by: signal.Signals, parent: int | None) -> None:
    """Have Linux send this process a signal when its parent dies (the thread that forked it); nothing elsewhere.

    `parent` is its process id; if that is gone already, of which Linux would tell nothing, this process ends at once.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, by)
    if os.getppid() != parent:
        signal.raise_signal(signal.SIGKILL)  # not SystemExit, on which Dramatiq tells the parent, and waits for it
