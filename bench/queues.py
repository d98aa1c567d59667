"""Publishes messages straight to the queues, as the gateway does."""

import asyncio
import itertools
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from bench.load import CONTACTS, LINE
from messages.base import QueueMessage
from messages.inbound import SmsReceived
from messages.process.publishing import AmqpPublisher

AT_ONCE: Final = 200
_sids = itertools.count(1)


def texts(count: int) -> list[SmsReceived]:
    """New texts, of many contacts in turn."""
    numbers = itertools.islice(_sids, count)
    return [
        SmsReceived(
            sid=f"SM{number:032x}",
            line=LINE,
            contact=f"+{15550400000 + number % CONTACTS}",
            body=f"And another question, number {number}: when do you open on Sundays?",
            received_at=datetime.now(UTC),
        )
        for number in numbers
    ]


def publish(amqp_url: str, messages: Iterable[QueueMessage], *, delay: timedelta | None = None) -> None:
    """Put messages on their queues and return when RabbitMQ has confirmed all of them."""

    async def run() -> None:
        publisher = AmqpPublisher(amqp_url)
        for batch in itertools.batched(messages, AT_ONCE, strict=False):
            await asyncio.gather(*(publisher.publish(message, delay=delay) for message in batch))
        await publisher.close()

    asyncio.run(run())
