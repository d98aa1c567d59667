"""Gateways, without their HTTP side, that are connected to a real RabbitMQ."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from gateway.arrivals.exchange import ArrivalsExchange
from gateway.arrivals.shared import SharedArrivals
from messages.process.publishing import AmqpPublisher
from tests.make import LINE

NUMBERS: Final = itertools.count(1)
PATIENTLY: Final = 120


@dataclass(frozen=True)
class ConnectedGateway:
    """What a gateway remembers of the texts, and its connection to RabbitMQ."""

    arrivals: SharedArrivals
    publisher: AmqpPublisher

    def takes(self, contact: str) -> tuple[str, str | None]:
        """A text of a contact comes: its sid, and that of the one before it."""
        sid = f"SM{next(NUMBERS)}"
        return sid, self.arrivals.arrived(LINE, contact, sid)

    async def can_publish(self) -> bool:
        """Whether RabbitMQ confirms."""
        return await self.publisher.probe() is None


@asynccontextmanager
async def gateway(url: str) -> AsyncIterator[ConnectedGateway]:
    """A gateway that can publish."""
    arrivals = SharedArrivals()
    publisher = AmqpPublisher(url, on_connection=ArrivalsExchange(arrivals).open)
    one = ConnectedGateway(arrivals, publisher)
    await until(one.can_publish)
    yield one
    await publisher.close()


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    """Return once something is so."""
    async with asyncio.timeout(PATIENTLY):
        while not await look():  # noqa: ASYNC110 - it polls the broker
            await asyncio.sleep(0.02)


async def hear_each_other(one: ConnectedGateway, other: ConnectedGateway) -> bool:
    """Whether each hears of a text that the other takes now."""
    contact = f"+1555{next(NUMBERS):07d}"
    first, _ = one.takes(contact)
    await asyncio.sleep(0.05)
    second, before = other.takes(contact)
    await asyncio.sleep(0.05)
    return before == first and one.takes(contact)[1] == second
