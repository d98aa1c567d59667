"""Takes in the contacts' texts: stores each once, and gives each conversation's texts their order."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog

from messages.conversation import SequenceTexts, conversation_id
from messages.inbound import SmsReceived
from messages.publishing import correlation
from messages.sms import Direction, Sms
from messages.ticket import FileTexts
from workers.ingestion.earlier import after_earlier
from workers.ingestion.keywords import OptOut, opt_out, said
from workers.ingestion.matching import ready
from workers.ports import Ports
from workers.runtime import actor

log = structlog.get_logger("clerk.ingestion")

ASK_AGAIN: Final = timedelta(seconds=1)

STANDS_WITHIN: Final = timedelta(seconds=20)
"""After this long the clock looks after a text that does not stand under its ticket yet."""


@actor(handles=SmsReceived)
async def receive(message: SmsReceived, ports: Ports) -> None:
    """Store a text once, by the provider's sid; a text to a number that is no line is kept and reported."""
    conversation = conversation_id(message.line, message.contact)
    known = await ports.stores.lines.get(message.line) is not None
    placed = await after_earlier(message, ports) if known else message
    if placed is None:
        await ports.publisher.publish(message, delay=ASK_AGAIN)
        return
    asked = opt_out(message.body, message.opt_out) if known else None
    words = await _wish(message, asked, ports) if asked else ""
    text = Sms(
        id=message.sid,
        conversation=conversation,
        line=message.line,
        contact=message.contact,
        direction=Direction.INBOUND,
        body=message.body,
        media=message.media,
        received_at=message.received_at,
        stored_at=ports.now(),
        after=placed.after,
        due_at=ports.now() + STANDS_WITHIN if known else None,
        correlation_id=correlation.get(),
        words=words,
        unshown=conversation if words else None,
        unattached=conversation if message.media else None,
    )
    new = await ports.stores.texts.add(text)
    if not known:
        if new:
            log.warning("a text came to a number that is no line; it is kept: add the line", sms=message.sid)
        return
    if not new and await _is_done_with(message.sid, ports):
        return
    await ports.stores.contacts.ensure(message.contact, ports.now())
    await ports.stores.conversations.ensure(message.line, message.contact, ports.now())
    await sequence(SequenceTexts(conversation=conversation), ports)


async def _wish(message: SmsReceived, asked: OptOut, ports: Ports) -> str:
    """Record whether a contact wants texts; what the thread is told about it."""
    contact = await ports.stores.contacts.ensure(message.contact, ports.now())
    if asked is not OptOut.HELP:
        await ports.stores.contacts.set_opted_out(contact.id, asked is OptOut.STOP, message.received_at)
    return said(asked, opted_out=contact.opted_out)


async def _is_done_with(sid: str, ports: Ports) -> bool:
    """Whether a text that came again stands under its ticket."""
    text = await ports.stores.texts.get(sid)
    return text is not None and text.seq is not None and text.due_at is None


@actor(handles=SequenceTexts)
async def sequence(message: SequenceTexts, ports: Ports) -> None:
    """Give every text that is ready its place, then have them filed; two that do so at once agree on the places."""
    texts = ports.stores.texts
    while candidates := ready(await texts.unplaced_after_placed(message.conversation), ports.now()):
        if await _all_placed(candidates, await texts.newest(message.conversation), ports):
            break
    await ports.publisher.publish(FileTexts(conversation=message.conversation))


async def _all_placed(candidates: Sequence[Sms], newest: int, ports: Ports) -> bool:
    """Whether each text got the next place; False if somebody else gives out places too."""
    for seq, candidate in enumerate(candidates, newest + 1):
        if not await ports.stores.texts.place(candidate, seq):
            return False
    return True
