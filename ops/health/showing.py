"""Shows every second that this process is well: in a file, which `clerk health` reads, and to systemd."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog

from ops.health.probe import folder, runs
from ops.health.sign import ENDING, STUCK_AFTER, Sign, is_of_before, read
from ops.health.systemd import notify

log = structlog.get_logger("clerk.health")

INTERVAL: Final = 1.0
"""Seconds between two signs."""


class Signs:
    """The signs of life of this process; `unready` says why its gateway can't publish, "" if it can."""

    def __init__(
        self,
        *,
        unready: Callable[[], str] = str,
        place: Path | None = None,
        tell: Callable[[str], None] = notify,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._unready, self._tell, self._clock = unready, tell, clock
        self._file = (place or folder()) / str(os.getpid())
        self._told: set[str] = set()
        self._status = ""
        self._failed = False

    def show(self, troubles: Mapping[str, str]) -> None:
        """Say what is wrong with each kind of this process: "" if nothing is."""
        sign = Sign(os.getpid(), self._clock(), troubles, self._unready())
        self._attempt(lambda: self._write(sign))
        self._tell_status(_in_words(troubles, sign.unready))
        if sign.is_well:
            self._tell_once("READY=1")
            self._attempt(lambda: self._tell("WATCHDOG=1"))
        elif ENDING in troubles.values():
            self._tell_once("STOPPING=1")

    def close(self) -> None:
        """Say that this process ends, and leave no file."""
        self._tell_once("STOPPING=1")
        self._attempt(lambda: self._file.unlink(missing_ok=True))

    def _tell_status(self, words: str) -> None:
        """Have `systemctl status` show what is wrong, and no longer what was."""
        if words != self._status:
            self._status = words
            self._attempt(lambda: self._tell(f"STATUS={words}"))

    def _tell_once(self, state: str) -> None:
        if state not in self._told:
            self._told.add(state)
            self._attempt(lambda: self._tell(state))

    def _write(self, sign: Sign) -> None:
        if not self._told:
            self._prepare()
        draft = self._file.with_suffix(".new")
        draft.write_text(sign.written())
        draft.replace(self._file)  # a reader finds the old one or the new one whole

    def _prepare(self) -> None:
        """Make the folder, and delete what killed processes left there."""
        self._file.parent.mkdir(mode=0o700, exist_ok=True)
        for each in self._file.parent.iterdir():
            if not self._is_of_a_process(each):
                each.unlink(missing_ok=True)
        self._told.add("")

    def _is_of_a_process(self, file: Path) -> bool:
        """Whether a process that still runs wrote this file; if nobody can tell, it counts as one."""
        if not (file.stem.isdecimal() and runs(int(file.stem))):
            return False
        try:
            return not is_of_before(read(file.read_text()), self._clock())
        except (OSError, ValueError):
            return True

    def _attempt(self, step: Callable[[], object]) -> None:
        """Take a step without which the process works all the same; log its first failure."""
        try:
            step()
        except OSError as error:
            if not self._failed:
                log.warning("this process can't show that it is well", error=repr(error))
            self._failed = True


def _in_words(troubles: Mapping[str, str], unready: str) -> str:
    """What is wrong with a process, in one line."""
    wrong = [f"{kind} {trouble}" for kind, trouble in troubles.items() if trouble]
    return "; ".join([*wrong, f"gateway {unready}"] if unready and not wrong else wrong)


@contextmanager
def shown(signs: Signs, look: Callable[[], Mapping[str, str]]) -> Iterator[None]:
    """Show what `look` finds every second, from the running event loop, until the end of the block."""
    loop = asyncio.get_running_loop()
    next_beat: asyncio.TimerHandle

    def beat() -> None:
        nonlocal next_beat
        next_beat = loop.call_later(INTERVAL, beat)
        signs.show(look())

    beat()
    try:
        yield
    finally:
        next_beat.cancel()
        signs.close()


class Echo:
    """Whether another thread's event loop still does what it is asked."""

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Callable[[], float] = time.monotonic) -> None:
        self._loop, self._clock, self._answered_at = loop, clock, clock()

    def trouble(self) -> str:
        """What is wrong with it, "" if nothing is; asks it for its next answer."""
        self._loop.call_soon_threadsafe(self._answer)
        silent = self._clock() - self._answered_at
        return f"has handled no message for {silent:.0f} seconds" if silent >= STUCK_AFTER else ""

    def _answer(self) -> None:
        self._answered_at = self._clock()
