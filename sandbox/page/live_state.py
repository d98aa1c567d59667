"""The stand-ins' state as the page shows it, and the changes since the page last got it."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from dataclasses import asdict
from typing import Any, Final

from sandbox.config import BOT
from sandbox.json_object import Json
from sandbox.page import times
from sandbox.page.internals import Internals
from sandbox.standins import StandIns

MESSAGES: Final = 400
"""How many of a channel's newest messages the page gets."""

TEXTS: Final = 400
ENTRIES: Final = 250
POLL_SECONDS: Final = 0.5
"""Seconds between two looks at the internals, which announce no change."""

MIN_SECONDS_APART: Final = 0.05
"""Minimum seconds between two deltas, so that a burst is one delta."""


class LiveState:
    """The state of both stand-ins; open streams end once `stopping` returns true."""

    def __init__(self, standins: StandIns, internals: Internals | None, stopping: Callable[[], bool]) -> None:
        self._standins = standins
        self._internals = internals
        self._stopping = stopping
        self._began = secrets.token_hex(4)

    @property
    def tag(self) -> str:
        """The entity tag of the present state: another one after each change (RFC 9110, section 8.8.3)."""
        return f'"{self._began}-{self._standins.record.count}"'

    def state(self) -> Json:
        """The whole state, for tests and scripts."""
        workspace = self._standins.workspace
        return {
            "lines": [*self._standins.config.lines],
            "people": [
                {"id": each.id, "name": each.name} for each in workspace.people.values() if not each.deactivated
            ],
            "channels": [
                {**each.public_view(), "messages": [*each.messages.values()]} for each in workspace.channels.values()
            ],
            "ephemerals": workspace.ephemerals,
            "views": [*workspace.views.values()],
            "homes": workspace.homes.views,
            "texts": [*self._standins.twilio.texts.values()],
            "violations": self._standins.record.of("violation"),
            "faults": [each.model_dump() for each in self._standins.faults.waiting],
        }

    async def deltas(self) -> AsyncGenerator[Json]:
        """Yield objects by key: first all, then those that are new or changed (`set`) and the keys that are `gone`."""
        sent: dict[str, str] = {}
        async for changed in self._wake_ups():
            now = {key: json.dumps(value) for key, value in self._objects()} if changed else dict(sent)
            if self._internals is not None:
                now["machinery"] = json.dumps(asdict(await self._internals.snapshot()))
            now["clock"] = json.dumps(times.shown(self._standins.clock.now(), self._standins.clock.ahead))
            new = {key: json.loads(value) for key, value in now.items() if sent.get(key) != value}
            gone = [key for key in sent if key not in now]
            if new or gone:
                yield {"set": new, "gone": gone}
            sent = now

    async def _wake_ups(self) -> AsyncIterator[bool]:
        """Yield True when the stand-ins changed, False to look at the internals only; end with the server."""
        changes = self._standins.record.changes()
        change = asyncio.ensure_future(anext(changes))
        try:
            while not self._stopping():
                await asyncio.wait((change,), timeout=POLL_SECONDS)
                changed = change.done()
                if changed:
                    change = asyncio.ensure_future(anext(changes))
                yield changed
                await asyncio.sleep(MIN_SECONDS_APART)
        finally:
            change.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await change
            await changes.aclose()

    def _objects(self) -> Iterator[tuple[str, Any]]:
        workspace, twilio = self._standins.workspace, self._standins.twilio
        yield "world", {"lines": dict(self._standins.config.lines), "bot": BOT, "machinery": bool(self._internals)}
        for person in workspace.people.values():
            yield f"person/{person.id}", {**asdict(person), "shown": person.shown}
        for channel in workspace.channels.values():
            yield f"channel/{channel.id}", {**channel.public_view(), "members": sorted(channel.members)}
            for message in [*channel.messages.values()][-MESSAGES:]:
                yield f"message/{channel.id}/{message['ts']}", message
        for ephemeral in workspace.ephemerals:
            yield f"ephemeral/{ephemeral['ts']}", ephemeral
        for id, view in workspace.views.items():
            yield f"view/{id}", view
        for user, view in workspace.homes.views.items():
            yield f"home/{user}", view
        for text in [*twilio.texts.values()][-TEXTS:]:
            yield f"text/{text['sid']}", text
        yield "contacts", self._standins.address_book
        yield "opted_out", sorted(twilio.blocks.pairs(self._standins.config.lines))
        yield "faults", [each.model_dump() for each in self._standins.faults.waiting]
        yield "handling", {number: each.model_dump() for number, each in twilio.carrier.handling.items()}
        yield "slack", {"twice": self._standins.people.webhooks.twice, "away": self._standins.people.webhooks.away}
        for entry in [*self._standins.record.entries][-ENTRIES:]:
            yield f"entry/{entry['number']}", entry
