"""Whether the gateway can publish: strangers learn yes or no, the log and the console learn the reason."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, Protocol

import structlog

from messages.base import QueueMessage

log = structlog.get_logger("clerk.gateway")


class GatewayPublisher(Protocol):
    """A publisher that can check whether it works."""

    async def publish(self, message: QueueMessage, *, delay: timedelta | None = None) -> None:
        """Return once the message is safe in its queue; Unpublished if that is uncertain."""
        ...

    async def probe(self) -> str | None:
        """None if messages can be published now, else what is wrong."""
        ...


EVERY: Final = 5.0
"""Seconds between two questions to the broker that nobody else asked."""


class Readiness:
    """What is wrong with publishing; however many ask at once, the broker is asked once."""

    def __init__(self, publisher: GatewayPublisher) -> None:
        self._publisher = publisher
        self._asking: asyncio.Future[str | None] | None = None
        self.trouble: str | None = None
        """What was wrong when last seen; any thread may read it."""
        self._is_known = False

    async def ask(self) -> bool:
        """Whether messages can be published now."""
        if self._asking is None:
            self._asking = asyncio.ensure_future(self._publisher.probe())
            self._asking.add_done_callback(self._answered)
        return await asyncio.shield(self._asking) is None

    async def watch(self, wait: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Ask every few seconds, until it is cancelled: what `unready` says is not older than that."""
        while True:
            try:
                await self.ask()
            except Exception as error:  # noqa: BLE001 - whatever happened, without this task nobody would ask again
                self.note(f"asking the broker failed: {type(error).__name__}")
            await wait(EVERY)

    def unready(self) -> str:
        """Why messages can't be published, as last seen; "" if they can."""
        if not self._is_known:
            return "has not reached the broker yet"
        return "" if self.trouble is None else f"can't publish: {self.trouble}"

    def note(self, trouble: str | None) -> None:
        """Note what is wrong now; None if nothing is."""
        self._is_known = True
        if trouble == self.trouble:
            return
        self.trouble = trouble
        if trouble is None:
            log.info("messages can be published again")
        else:
            log.error("messages can't be published", reason=trouble)

    def _answered(self, asking: asyncio.Future[str | None]) -> None:
        self._asking = None
        if not asking.cancelled() and asking.exception() is None:
            self.note(asking.result())
