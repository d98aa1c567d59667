"""Work that a thread repeats for as long as its process runs, whatever goes wrong with it in between."""

import threading
from collections.abc import Callable
from datetime import timedelta

import structlog
from pymongo.errors import PyMongoError

log = structlog.get_logger("clerk.threads")


def repeat(step: Callable[[], None], what: str, every: timedelta, stopping: threading.Event) -> None:
    """Call `step` now and then at an interval until `stopping` is set; log each failure that is not the last one again.

    `what` completes the sentence "this process can't ...".
    """
    before = ""
    while True:
        before = attempt(step, what, before)
        if stopping.wait(every.total_seconds()):
            return


def attempt(step: Callable[[], None], what: str, before: str = "") -> str:
    """Call `step`; returns the kind of error, "" if there was none, and logs it unless it is the one of before."""
    try:
        step()
    except Exception as error:  # noqa: BLE001 - a thread that ends for one error does nothing any more, unseen
        kind = type(error).__name__
        if kind != before:
            level = log.warning if isinstance(error, PyMongoError) else log.error
            level(f"this process can't {what}", error=kind)
        return kind
    return ""
