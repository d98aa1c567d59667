"""Takes in the contacts' texts that no webhook brought: the gateway or the broker was away when they came.

Any number of clocks may ask: one at a time looks at a line. A text that is still in the queue where its webhook put it
is taken in twice, which does no harm: it is stored by the provider's sid. But it is taken in no more than that, lest
workers that are behind fall behind further.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from prometheus_client import Counter

from messages.inbound import SmsReceived
from messages.line import Inbox
from messages.process.publishing import correlation
from workers.ports import ListedText, Ports, TextingError, TextingThrottled

log = structlog.get_logger("clerk.missed")

MISSED: Final = Counter("clerk_missed_texts_total", "Texts that the provider had and no webhook brought")

OVERLAP: Final = timedelta(minutes=2)
"""What was looked at before is looked at again: the provider lists a text a little after its time."""


async def take_in_missed(ports: Ports) -> int:
    """Compare the lines whose time it is with the provider's list, and take in what is missing; how many that was."""
    every, found = ports.settings.reconcile_every, 0
    for line in await ports.stores.lines.all():
        now = ports.now()
        inbox = await ports.stores.inboxes.take(line.id, now, now + every)
        if inbox is not None:
            # The younger ones are on their way: a webhook is repeated for 15 seconds, then it waits in a queue.
            since = max(inbox.seen_at - OVERLAP, inbox.began_at)
            found += await _compare(inbox, since, now - every / 2, ports)
    return found


async def _compare(inbox: Inbox, since: datetime, until: datetime, ports: Ports) -> int:
    line = inbox.id
    try:
        listed = await ports.texting.received(line=line, since=since)
    except TextingError as error:
        log.warning("the provider's texts can't be listed", error=str(error))
        if isinstance(error, TextingThrottled):
            await ports.stores.inboxes.put_off(line, ports.now() + error.retry_after)
        return 0
    missed = await _missed(line, [text for text in listed if since <= text.at <= until], ports)
    new = [text for text in missed if text.sid not in inbox.taken]
    for text in new:
        correlation.set(uuid.uuid4().hex)
        log.warning("a text that no webhook brought", sms=text.sid, correlation_id=correlation.get())
        await ports.publisher.publish(text)
        MISSED.inc()
    correlation.set(None)
    await ports.stores.inboxes.set_seen(line, until, [text.sid for text in missed])
    return len(new)


async def _missed(line: str, listed: Sequence[ListedText], ports: Ports) -> Sequence[SmsReceived]:
    """The texts that are not known, each after the contact's text before it."""
    known = await ports.stores.texts.known([text.sid for text in listed]) if listed else set()
    before: dict[str, str] = {}
    missed = []
    for text in listed:
        if text.sid not in known:
            missed.append(text.received(line, before.get(text.contact)))
        before[text.contact] = text.sid
    return missed
