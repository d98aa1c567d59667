"""Ends a process together with the one that started it."""

import ctypes
import os
import signal
import sys
from typing import Final

PR_SET_PDEATHSIG: Final = 1
"""https://man7.org/linux/man-pages/man2/pr_set_pdeathsig.2const.html"""


def end_with_parent(by: signal.Signals, parent: int | None) -> None:
    """Ask Linux to send this process a signal when its parent dies: the thread that started it, to be exact.

    `parent` is the process id of the parent. Linux sends nothing for a parent that is dead already: then this process
    ends at once. Other systems than Linux only have this second part.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, by)
    if os.getppid() != parent:
        signal.raise_signal(signal.SIGKILL)  # at SystemExit Dramatiq would wait for the parent
