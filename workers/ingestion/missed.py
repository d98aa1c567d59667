"""Takes in the contacts' texts that no webhook brought, because the gateway or the broker was down when they came.

Any number of clocks may do this: one at a time compares a line. A text that is still in the queue is taken in a second
time, which is harmless, because it is stored under the provider's sid. It is not taken in more often than that, so that
workers that are behind do not fall further behind.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from prometheus_client import Counter

from messages.deadlines.interruption import Interruption, with_gap
from messages.inbound import SmsReceived
from messages.line import Inbox
from messages.process.publishing import correlation
from workers.failures import TextingError, TextingThrottled
from workers.observe import reason
from workers.ports import ListedText, Ports
from workers.retries import is_outage

log = structlog.get_logger("clerk.missed")

MISSED: Final = Counter("clerk_missed_texts_total", "Texts that the provider had and no webhook brought")

OVERLAP: Final = timedelta(minutes=2)
"""Each comparison overlaps the last one: the provider lists a text a little after its time. How far the last one came
is a time of the provider's, not of ours: a clock that is wrong skips nothing."""


async def take_in_missed(ports: Ports) -> int:
    """Compare the lines that are due with the provider's list, and take in the missing texts; returns how many."""
    every, found = ports.settings.reconcile_every, 0
    for line in await ports.stores.lines.all():
        now = ports.now()
        try:
            await _note_gap(line.id, now, ports)
            inbox = await ports.stores.inboxes.take(line.id, now, now + every)
            if inbox is not None:
                # Younger texts may still come: Twilio repeats a webhook for 15 seconds, and then it waits in a queue.
                since = max(inbox.seen_at - OVERLAP, inbox.began_at)
                found += await _compare(inbox, since, now - every / 2, ports)
        except Exception as error:
            if is_outage(error):
                raise
            log.error("the texts of a line can't be compared", error=reason(error))
    return found


async def _note_gap(line: str, now: datetime, ports: Ports) -> None:
    """Record that no clock has looked after a line for long, before one does."""

    def noted(inbox: Inbox) -> Interruption | None:
        return with_gap(inbox.interruption, inbox.looked_at or inbox.look_at, inbox.look_at, now)

    await ports.stores.inboxes.change_interruption(line, noted)


async def _compare(inbox: Inbox, since: datetime, until: datetime, ports: Ports) -> int:
    line = inbox.id
    try:
        listed = await ports.texting.received(line=line, since=since)
    except TextingError as error:
        log.warning("the provider does not list its texts", error=str(error))
        if isinstance(error, TextingThrottled) and error.retry_after is not None:
            await ports.stores.inboxes.put_off(line, ports.now() + error.retry_after)
        return 0
    missed = await _not_stored(line, [text for text in listed if since <= text.at <= until], ports)
    new = [text for text in missed if text.sid not in inbox.taken]
    for text in new:
        correlation.set(uuid.uuid4().hex)
        log.warning("a text that no webhook brought", sms=text.sid, correlation_id=correlation.get())
        await ports.publisher.publish(text)
        MISSED.inc()
    correlation.set(None)
    seen_at = max((text.at for text in listed if text.at <= until), default=inbox.seen_at)
    await ports.stores.inboxes.set_seen(line, seen_at, [text.sid for text in missed])
    return len(new)


async def _not_stored(line: str, listed: Sequence[ListedText], ports: Ports) -> Sequence[SmsReceived]:
    """The texts that are not stored, each with the contact's text before it."""
    known = await ports.stores.texts.known([text.sid for text in listed]) if listed else set()
    before: dict[str, str] = {}
    missed = []
    for text in listed:
        if text.sid not in known:
            missed.append(text.received(line, before.get(text.contact)))
        before[text.contact] = text.sid
    return missed
