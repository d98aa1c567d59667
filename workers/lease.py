"""The lease under which one worker at a time works on a conversation, in Slack or on its outbox.

The document says until when the lease lasts; others may take it then. The holder renews it while it works, and knows
its end by its own monotonic clock, which no stall of MongoDB, pause of the process or jump of the time of day moves. It
begins no call that can't be repeated and could outlast that end. So whoever takes the lease over finds no call of the
former holder in progress.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from math import inf
from typing import Final

import structlog
from pymongo.errors import PyMongoError

from workers.claim import CALL_TIMEOUT
from workers.ports import Ports

log = structlog.get_logger("clerk.lease")

LEASE: Final = 2 * CALL_TIMEOUT
"""How long a conversation waits after its worker died; a live worker renews its lease."""

RENEW_EVERY: Final = timedelta(seconds=4)
RENEW_AFTER_ERROR: Final = timedelta(seconds=1)

CLOCKS_APART: Final = timedelta(seconds=2)
"""How far apart the clocks of two machines may be; `clerk doctor` warns about more."""


class LeaseLost(Exception):
    """The lease may be another worker's by now, or will be before the next call could end: stop here."""


class Lease[T]:
    """A lease that one worker takes, renews, and may lose.

    `take` asks MongoDB for the lease now and until a time, and returns nothing (or False) if another has it; `renew`
    extends it until a time, and says whether it is still ours.
    """

    def __init__(
        self,
        take: Callable[[datetime, datetime], Awaitable[T]],
        renew: Callable[[datetime], Awaitable[bool]],
        ports: Ports,
    ) -> None:
        self._take, self._renew, self._ports = take, renew, ports
        self._ends = -inf

    async def take(self) -> T:
        """Take the lease; what `take` returned."""
        asked, now = self._ports.monotonic(), self._ports.now()
        taken = await self._take(now, now + LEASE)
        if taken:
            self._ends = asked + (LEASE - CLOCKS_APART).total_seconds()
        return taken

    async def renew(self) -> bool:
        """Renew the lease; False if it is another's by now."""
        asked, until = self._ports.monotonic(), self._ports.now() + LEASE
        if not await self._renew(until):
            self._ends = -inf
            return False
        self._ends = asked + (LEASE - CLOCKS_APART).total_seconds()
        return True

    def lasts(self, duration: timedelta = timedelta()) -> bool:
        """Whether the lease is certainly ours for so much longer."""
        return self._ports.monotonic() + duration.total_seconds() <= self._ends

    def require(self, duration: timedelta = timedelta()) -> None:
        """Raise LeaseLost unless the lease is certainly ours for so much longer."""
        if not self.lasts(duration):
            raise LeaseLost

    @asynccontextmanager
    async def renewing(self, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> AsyncIterator[None]:
        """Renew the lease during a block, whatever fails; a holder that dies stops renewing it."""
        task = asyncio.create_task(self._keep(pause))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _keep(self, pause: Callable[[float], Awaitable[None]]) -> None:
        wait = RENEW_EVERY
        while True:
            await pause(wait.total_seconds())
            wait = RENEW_EVERY
            try:
                async with asyncio.timeout(RENEW_EVERY.total_seconds()):
                    if not await self.renew():
                        log.warning("another worker has the lease")
                        return
            except (PyMongoError, OSError, TimeoutError) as error:
                log.warning("a lease could not be renewed", error=type(error).__name__)
                wait = RENEW_AFTER_ERROR
