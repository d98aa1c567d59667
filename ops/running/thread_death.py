"""Ends the process when a thread dies that it can't do without: what started it starts it anew."""

import os
import sys
import threading
import traceback
from typing import Final

import structlog
from dramatiq.asyncio import EventLoopThread
from dramatiq.worker import ConsumerThread, WorkerThread

log = structlog.get_logger("clerk.threads")

NEEDED: Final = (EventLoopThread, ConsumerThread, WorkerThread)
"""The threads of Dramatiq: without one of them, messages stay where they are, and nothing says so."""

NEEDED_BY_NAME: Final = frozenset({"embedded-mongo", "journal"})


def end_with_needed_threads() -> None:
    """From now on, log every thread that dies of an exception, and end the process with 1 if it needs that thread."""
    threading.excepthook = _on_death


def _on_death(died: threading.ExceptHookArgs) -> None:
    thread, error = died.thread, died.exc_value
    needed = isinstance(thread, NEEDED) or (thread is not None and thread.name in NEEDED_BY_NAME)
    frames = traceback.extract_tb(died.exc_traceback)
    log.error(
        "a thread died, the process ends" if needed else "a thread died",
        thread=None if thread is None else thread.name,
        kind=type(thread).__name__,
        error=type(error).__name__,
        where=f"{frames[-1].filename}:{frames[-1].lineno}" if frames else None,
    )
    if needed:
        sys.stderr.flush()
        os._exit(1)
