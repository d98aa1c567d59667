"""Finds the texts that came before one and are not known yet, so that it does not overtake them.

The gateway says which text it saw before. One that has just started saw none: the text before may be in the hands of a
worker that died, or its webhook may have met no gateway. Then the provider's list is asked.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from messages.inbound import SmsReceived
from workers.ports import ListedText, Ports, Refused, TextingError, TextingThrottled

log = structlog.get_logger("clerk.ingestion")

LOOK_BACK: Final = timedelta(minutes=10)
"""What came earlier and is not known is found by the clock (`workers/missed.py`)."""
ANSWER_WITHIN: Final = timedelta(seconds=2)
ASK_FOR: Final = timedelta(seconds=30)
"""How long after its webhook a text is held back while the provider can't be asked."""
LOOKS: Final = 3
"""How often the provider is asked at once about a text that was in the queue for longer, and so is not held back."""


async def after_earlier(message: SmsReceived, ports: Ports) -> SmsReceived | None:
    """The text, after the one before it, which is taken in too if it was not known; None: ask again soon."""
    if message.after is not None or await ports.stores.texts.get(message.sid) is not None:
        return message
    inbox = await ports.stores.inboxes.get(message.line)
    if inbox is None:  # the line is so new that nothing can have come before
        return message
    since = max(inbox.began_at, message.received_at - LOOK_BACK)
    hold = ports.now() - message.received_at < ASK_FOR
    try:
        listed = await _listed(message, since, 1 if hold else LOOKS, ports)
    except Refused:
        return message
    if listed is None:
        return None if hold else message
    sids = [text.sid for text in listed]
    last = sids.index(message.sid) if message.sid in sids else len(sids)
    earlier = [text for text in listed[:last] if since <= text.at <= message.received_at]
    known = await ports.stores.texts.known([text.sid for text in earlier]) if earlier else set()
    before: str | None = None
    for text in earlier:
        if text.sid not in known:
            log.info("a text that is not known yet", sms=text.sid)
            await ports.publisher.publish(text.received(message.line, before))
        before = text.sid
    return message.model_copy(update={"after": before})


async def _listed(message: SmsReceived, since: datetime, looks: int, ports: Ports) -> Sequence[ListedText] | None:
    """The contact's texts that the provider has since then; None if it gives no answer, Refused if it never will."""
    for _ in range(looks):
        try:
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                return await ports.texting.received(line=message.line, since=since, contact=message.contact)
        except (TextingError, TimeoutError) as error:
            log.warning("the texts before one can't be listed", error=str(error) or type(error).__name__)
            if isinstance(error, Refused):
                raise
            if isinstance(error, TextingThrottled):
                break
    return None
