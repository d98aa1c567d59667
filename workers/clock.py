"""Wakes what is due in the documents, whatever became of the messages that should have done so.

Any number of clocks may run: each only publishes messages whose repetition is harmless.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import structlog
from prometheus_client import Counter
from pymongo.errors import PyMongoError

from messages.conversation import SequenceTexts
from messages.notification import ConsiderNotifying, RenderConversation
from messages.publishing import Unpublished
from messages.sms import Direction, SendTexts
from messages.ticket import ActOnTicket, Expire
from workers.ports import Ports

log = structlog.get_logger("clerk.clock")

WOKEN: Final = Counter("clerk_clock_wakes_total", "Due work that the clock found", ["what"])

AGAIN: Final = timedelta(seconds=30)
"""How long what was woken has before it is woken again."""


async def sweep(ports: Ports) -> int:
    """Wake everything that is due; how many things that were."""
    now, stores, publish = ports.now(), ports.stores, ports.publisher.publish
    woken = 0
    texts = await stores.texts.due(now, now + AGAIN)
    for conversation in {text.conversation for text in texts if text.direction is Direction.INBOUND}:
        await publish(SequenceTexts(conversation=conversation))
        woken += _count("texts")
    for conversation in {text.conversation for text in texts if text.direction is Direction.OUTBOUND}:
        await publish(SendTexts(conversation=conversation))
        woken += _count("outbox")
    for conversation in {ticket.conversation for ticket in await stores.tickets.due(now, now + AGAIN)}:
        await publish(ConsiderNotifying(conversation=conversation))
        woken += _count("tickets")
    for ticket in await stores.tickets.closing(now):
        await publish(ActOnTicket(ticket=ticket.id, command=Expire(), by=None, at=now))
        woken += _count("closing")
    for due in await stores.conversations.announcements_due(now):
        await publish(ConsiderNotifying(conversation=due.id))
        woken += _count("announcements")
    for due in await stores.conversations.redraws_due(now, now + AGAIN):
        await publish(RenderConversation(conversation=due.id))
        woken += _count("redraws")
    return woken


def _count(what: str) -> int:
    WOKEN.labels(what).inc()
    return 1


async def run(ports: Ports, every: timedelta, wait: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
    """Sweep for ever, `every` so often; an outage of the broker or of MongoDB only costs time."""
    while True:
        try:
            woken = await sweep(ports)
        except (PyMongoError, Unpublished) as error:
            log.warning("the clock could not look for due work", error=type(error).__name__)
        else:
            if woken:
                log.info("woke due work", count=woken)
        await wait(every.total_seconds())
