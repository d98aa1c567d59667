"""Keeps the stand-ins' state in a folder: `state.json`, and one file for each uploaded file or picture."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Final

import structlog
from pydantic import ValidationError

from messages.process.private_files import FOLDER, make_private, touch_private
from sandbox.standins import StandIns
from sandbox.state import snapshot

log = structlog.get_logger("clerk.sandbox")

MIN_SECONDS_APART: Final = 0.25
"""Minimum seconds between two writes."""

MAX_SHARE: Final = 0.05
"""The share of time that snapshots may take: the larger they are, the rarer they become."""


class StateFolder:
    """Writes the stand-ins' state to a folder soon after each change."""

    def __init__(self, standins: StandIns, folder: Path) -> None:
        self._standins = standins
        self._folder = folder
        self._state = folder / "state.json"
        self._bytes = folder / "bytes"
        self._written = b""
        self._there: set[str] = set()

    def restore(self) -> None:
        """Restore the state from the folder. An unreadable folder is moved aside, and the stand-ins start empty."""
        try:
            if not self._state.exists():
                return
            make_private(self._folder)
            found = snapshot.read(self._state.read_bytes())
            contents = {each.name: each.read_bytes() for each in self._bytes.iterdir() if not each.suffix}
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            self._set_aside(f"{first['msg']} at {'.'.join(map(str, first['loc'])) or 'the beginning'}")
        except OSError as error:
            self._set_aside(repr(error))
        else:
            snapshot.put_back(found, contents, self._standins)
            self._there = set(contents)

    async def follow(self) -> None:
        """Write after each change until cancelled."""
        async with aclosing(self._standins.record.changes()) as changes:
            async for _ in changes:
                took = await self.save()
                await asyncio.sleep(max(MIN_SECONDS_APART, took / MAX_SHARE))

    async def save(self) -> float:
        """Write what changed; return the seconds for which the snapshot blocked the event loop."""
        started = time.perf_counter()
        state, contents = snapshot.take(self._standins)
        took = time.perf_counter() - started
        if state != self._written:
            try:
                await asyncio.to_thread(self._write, state, contents)
                self._written = state
            except OSError as error:
                log.error("could not write the sandbox's state", folder=str(self._folder), error=repr(error))
        return took

    def _write(self, state: bytes, contents: Mapping[str, bytes]) -> None:
        """Write bytes before the state that names them, and delete them after the state that no longer does."""
        for folder in (self._folder, self._bytes):
            folder.mkdir(mode=FOLDER, parents=True, exist_ok=True)
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
            reason += f"; could not move it: {error!r}"
        log.warning("the sandbox starts empty: its saved state is unreadable", reason=reason, moved_to=str(aside))


def _replace(file: Path, content: bytes) -> None:
    """Replace a file in one step: a crash leaves the old file or the new one."""
    new = file.with_name(f"{file.name}.new")
    touch_private(new)
    new.write_bytes(content)
    new.replace(file)
