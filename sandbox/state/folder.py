"""Keeps the stand-ins' state in a folder: `state.json`, and the bytes of files and pictures, each in its own file."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Final

import structlog
from pydantic import ValidationError

from sandbox.standins import StandIns
from sandbox.state import snapshot

log = structlog.get_logger("clerk.sandbox")

MIN_SECONDS_APART: Final = 0.25
"""Seconds between two writes at least."""

MAX_SHARE: Final = 0.05
"""How much of the time may go into taking snapshots: the larger they are, the rarer."""


class StateFolder:
    """The stand-ins' state in a folder, soon after each change."""

    def __init__(self, standins: StandIns, folder: Path) -> None:
        self._standins = standins
        self._folder = folder
        self._state = folder / "state.json"
        self._bytes = folder / "bytes"
        self._written = b""
        self._there: set[str] = set()

    def restore(self) -> None:
        """Give the stand-ins what the folder has; what can't be read is set aside, and they begin anew."""
        try:
            if not self._state.exists():
                return
            found = snapshot.read(self._state.read_bytes())
            contents = {each.name: each.read_bytes() for each in self._bytes.iterdir() if not each.suffix}
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            self._set_aside(f"{first['msg']} at {'.'.join(map(str, first['loc'])) or 'its beginning'}")
        except OSError as error:
            self._set_aside(repr(error))
        else:
            snapshot.put_back(found, contents, self._standins)
            self._there = set(contents)

    async def follow(self) -> None:
        """Write after every change, until cancelled."""
        async with aclosing(self._standins.record.changes()) as changes:
            async for _ in changes:
                took = await self.save()
                await asyncio.sleep(max(MIN_SECONDS_APART, took / MAX_SHARE))

    async def save(self) -> float:
        """Write what is different from what is there; the seconds that the event loop was held up."""
        started = time.perf_counter()
        state, contents = snapshot.take(self._standins)
        took = time.perf_counter() - started
        if state != self._written:
            try:
                await asyncio.to_thread(self._write, state, contents)
                self._written = state
            except OSError as error:
                log.error("sandbox state not written", folder=str(self._folder), error=repr(error))
        return took

    def _write(self, state: bytes, contents: Mapping[str, bytes]) -> None:
        """Bytes before the state that names them, and away only after it names them no more."""
        self._bytes.mkdir(parents=True, exist_ok=True)
        for id in contents.keys() - self._there:
            _replace(self._bytes / id, contents[id])
            self._there.add(id)
        _replace(self._state, state)
        for id in self._there - contents.keys():
            (self._bytes / id).unlink(missing_ok=True)
            self._there.discard(id)

    def _set_aside(self, reason: str) -> None:
        aside = self._folder.with_name(f"{self._folder.name}-unreadable-{int(time.time())}")
        try:
            self._folder.rename(aside)
        except OSError as error:
            reason += f", and it can't be moved: {error!r}"
        log.warning("the sandbox begins anew: its kept state can't be read", reason=reason, moved_to=str(aside))


def _replace(file: Path, content: bytes) -> None:
    """Write a file so that there is the old one or the new one, whatever happens."""
    new = file.with_name(f"{file.name}.new")
    new.write_bytes(content)
    new.replace(file)
