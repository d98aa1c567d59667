"""Publishes messages for the work that is due in the documents, and finds texts that no webhook brought.

Any number of clocks may run: they only publish messages that are harmless to repeat.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

import structlog
from prometheus_client import Counter
from pymongo.errors import PyMongoError

from messages.conversation import SequenceTexts
from messages.notification import ConsiderNotifying
from messages.process.publishing import Unpublished
from messages.sms import Direction, SendTexts
from messages.ticket import ActOnTicket, Expire
from workers import missed
from workers.observe import DUE_LAG
from workers.ports import Ports
from workers.redraw import request_render

log = structlog.get_logger("clerk.clock")

WOKEN: Final = Counter("clerk_clock_wakes_total", "Due work that the clock found", ["what"])

WAKE_AGAIN_AFTER: Final = timedelta(seconds=30)
"""How long after its message due work gets another one."""


async def sweep(ports: Ports) -> int:
    """Publish a message for everything that is due; returns how much was due."""
    now, stores, publish = ports.now(), ports.stores, ports.publisher.publish
    woken = 0

    def count(what: str, due_at: datetime | None) -> None:
        nonlocal woken
        woken += 1
        WOKEN.labels(what).inc()
        DUE_LAG.labels(what).observe((now - (due_at or now)).total_seconds())

    texts = await stores.texts.due(now, now + WAKE_AGAIN_AFTER)
    inbound = {text.conversation: text for text in texts if text.direction is Direction.INBOUND}
    for text in inbound.values():
        await publish(SequenceTexts(conversation=text.conversation))
        count("texts", text.due_at)
    outbound = {text.conversation: text for text in texts if text.direction is Direction.OUTBOUND}
    for text in outbound.values():
        await publish(SendTexts(conversation=text.conversation))
        count("outbox", text.due_at)
    for ticket in {
        ticket.conversation: ticket for ticket in await stores.tickets.due(now, now + WAKE_AGAIN_AFTER)
    }.values():
        await publish(ConsiderNotifying(conversation=ticket.conversation))
        count("tickets", ticket.due_at)
    for ticket in await stores.tickets.closing(now):
        await publish(ActOnTicket(ticket=ticket.id, command=Expire(), by=None, at=now))
        count("closing", ticket.close_at)
    for due in await stores.conversations.announcements_due(now, now + WAKE_AGAIN_AFTER):
        await publish(ConsiderNotifying(conversation=due.id))
        count("announcements", due.debounce.due_at)
    for due in await stores.conversations.redraws_due(now, now + WAKE_AGAIN_AFTER):
        await request_render(due.id, ports)
        count("redraws", due.redraw.due_at)
    return woken


async def run(ports: Ports, every: timedelta, wait: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
    """Look for due work and missed texts at an interval, for ever; an outage of RabbitMQ or MongoDB only costs time."""

    async def repeat(task: Callable[[Ports], Awaitable[int]], what: str) -> None:
        while True:
            try:
                found = await task(ports)
            except (PyMongoError, Unpublished) as error:
                log.warning(f"the clock could not look for {what}", error=type(error).__name__)
            else:
                if found:
                    log.info(f"the clock found {what}", count=found)
            await wait(every.total_seconds())

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(repeat(sweep, "due work"))
        tasks.create_task(repeat(missed.take_in_missed, "texts that no webhook brought"))
