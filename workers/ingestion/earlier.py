"""Finds the unknown texts that came before a text, so that it does not overtake them.

The gateway names the text before it. A gateway that has just started knows none, although a worker that died may have
had it, or no gateway received its webhook: then the worker reads the provider's list. It does so, too, when the named
text does not come, because a retry may have put it far behind in the queue.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from messages.inbound import SmsReceived
from messages.sms import Sms
from workers.failures import Refused, TextingError, TextingThrottled
from workers.ports import ListedText, Ports

log = structlog.get_logger("clerk.ingestion")

LOOK_BACK: Final = timedelta(minutes=10)
"""The clock finds unknown texts from before that (`workers/missed.py`)."""
ANSWER_WITHIN: Final = timedelta(seconds=2)
HOLD_AFTER_ARRIVAL: Final = timedelta(seconds=30)
"""How long after its webhook a text waits while the provider does not answer."""
ATTEMPTS: Final = 3
"""How often in a row the provider is asked about a text that was in the queue for longer, and so does not wait."""


async def with_earlier(message: SmsReceived, ports: Ports) -> Sequence[SmsReceived] | None:
    """The unknown texts that came before a text, in order, and the text; None: ask again soon."""
    if message.after is not None or await ports.stores.texts.get(message.sid) is not None:
        return [message]
    hold = ports.now() - message.received_at < HOLD_AFTER_ARRIVAL
    earlier = await _earlier(message, 1 if hold else ATTEMPTS, ports)
    if earlier is None:
        return None if hold else [message]
    after = earlier[-1].sid if earlier else None
    return [*await _unknown(message.line, earlier, ports), message.model_copy(update={"after": after})]


async def missing_before(text: Sms, attempts: int, ports: Ports) -> Sequence[SmsReceived] | None:
    """The unknown texts that came before a text, in order; None if the provider does not answer."""
    asked = SmsReceived(sid=text.id, line=text.line, contact=text.contact, body=text.body, received_at=text.received_at)
    earlier = await _earlier(asked, attempts, ports)
    return None if earlier is None else await _unknown(text.line, earlier, ports)


async def _earlier(message: SmsReceived, attempts: int, ports: Ports) -> Sequence[ListedText] | None:
    """The contact's texts that came up to LOOK_BACK before one, in order; None if the provider does not answer."""
    inbox = await ports.stores.inboxes.get(message.line)
    if inbox is None:  # the line is too new for earlier texts
        return []
    since = max(inbox.began_at, message.received_at - LOOK_BACK)
    try:
        listed = await _listed(message, since, attempts, ports)
    except Refused:
        return []
    if listed is None:
        return None
    sids = [text.sid for text in listed]
    last = sids.index(message.sid) if message.sid in sids else len(sids)
    return [text for text in listed[:last] if since <= text.at <= message.received_at]


async def _unknown(line: str, listed: Sequence[ListedText], ports: Ports) -> list[SmsReceived]:
    """The listed texts that are not stored, each with the one before it."""
    known = await ports.stores.texts.known([text.sid for text in listed]) if listed else set()
    befores = [None, *(text.sid for text in listed)]
    found = [
        text.received(line, before) for text, before in zip(listed, befores, strict=False) if text.sid not in known
    ]
    for text in found:
        log.info("found an unknown text", sms=text.sid)
    return found


async def _listed(message: SmsReceived, since: datetime, attempts: int, ports: Ports) -> Sequence[ListedText] | None:
    """The contact's texts at the provider since then; None if it does not answer now, Refused if it never will."""
    for _ in range(attempts):
        try:
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                return await ports.texting.received(line=message.line, since=since, contact=message.contact)
        except (TextingError, TimeoutError) as error:
            log.warning("the provider does not list the earlier texts", error=str(error) or type(error).__name__)
            if isinstance(error, Refused):
                raise
            if isinstance(error, TextingThrottled):
                break
    return None
