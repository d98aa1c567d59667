"""Stores each of the contacts' texts once, and puts each conversation's texts in order."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from messages.conversation import SequenceTexts, conversation_id
from messages.inbound import SmsReceived
from messages.process.publishing import correlation
from messages.sms import Direction, Sms
from messages.ticket import FileTexts
from workers.ingestion.earlier import ATTEMPTS, missing_before, with_earlier
from workers.ingestion.keywords import OptOut, notice_for, opt_out
from workers.ingestion.matching import ready, without_predecessor
from workers.ports import Ports
from workers.runtime import actor

log = structlog.get_logger("clerk.ingestion")

ASK_AGAIN: Final = timedelta(seconds=1)

FILED_WITHIN: Final = timedelta(seconds=20)
"""After this long the clock finds a text that is not under a ticket."""

HOLD: Final = timedelta(minutes=3)
"""How long a stored text waits for the one before it while the provider does not answer."""


@actor(handles=SmsReceived)
async def receive(message: SmsReceived, ports: Ports) -> None:
    """Store a text once, by the provider's sid; a text to a number that is not a line is stored and reported."""
    if await ports.stores.lines.get(message.line) is None:
        if await ports.stores.texts.add(_document(message, ports.now())):
            log.warning("a text came to a number that is not a line; it is stored: add the line", sms=message.sid)
        return
    texts = await with_earlier(message, ports)
    if texts is None:
        await ports.publisher.publish(message, delay=ASK_AGAIN)
        return
    new = [await _store(text, ports) for text in texts]
    if not new[-1] and await _is_done_with(message.sid, ports):
        return
    await ports.stores.contacts.ensure(message.contact, ports.now())
    await ports.stores.conversations.ensure(message.line, message.contact, ports.now())
    await sequence(SequenceTexts(conversation=conversation_id(message.line, message.contact)), ports)


async def _store(message: SmsReceived, ports: Ports) -> bool:
    """Store a text to a line and its keyword, if any; False if the text was stored before."""
    asked = opt_out(message.body, message.opt_out)
    words = await _record_opt_out(message, asked, ports) if asked else ""
    text = _document(message, ports.now())
    more = {"due_at": ports.now() + FILED_WITHIN, "words": words, "unshown": text.conversation if words else None}
    return await ports.stores.texts.add(text.model_copy(update=more))


def _document(message: SmsReceived, now: datetime) -> Sms:
    """A text as a document."""
    conversation = conversation_id(message.line, message.contact)
    return Sms(
        id=message.sid,
        conversation=conversation,
        line=message.line,
        contact=message.contact,
        direction=Direction.INBOUND,
        body=message.body,
        media=message.media,
        received_at=message.received_at,
        stored_at=now,
        after=message.after,
        correlation_id=correlation.get(),
        unattached=conversation if message.media else None,
    )


async def _record_opt_out(message: SmsReceived, asked: OptOut, ports: Ports) -> str:
    """Record an opt-out or opt-in; returns the notice for the thread."""
    contact = await ports.stores.contacts.ensure(message.contact, ports.now())
    if asked is not OptOut.HELP:
        await ports.stores.contacts.set_opted_out(contact.id, asked is OptOut.STOP, message.received_at)
    return notice_for(asked, opted_out=contact.opted_out)


async def _is_done_with(sid: str, ports: Ports) -> bool:
    """Whether a repeated text is under a ticket already."""
    text = await ports.stores.texts.get(sid)
    return text is not None and text.seq is not None and text.due_at is None


@actor(handles=SequenceTexts)
async def sequence(message: SequenceTexts, ports: Ports) -> None:
    """Give every ready text its place, then have them filed; concurrent workers agree on the places."""
    texts = ports.stores.texts
    while candidates := ready(await texts.without_place(message.conversation), ports.now()):
        if lost := without_predecessor(candidates):
            missing = await _missing_before(lost[-1], ports)
            for text in missing or ():
                await _store(text, ports)
            if missing:
                continue
            if missing is None:
                candidates = candidates[: candidates.index(lost[0])]
        if await _all_placed(candidates, await texts.newest(message.conversation), ports):
            break
    await ports.publisher.publish(FileTexts(conversation=message.conversation))


async def _missing_before(text: Sms, ports: Ports) -> Sequence[SmsReceived] | None:
    """The provider's texts before one whose predecessor is missing; None: it must wait."""
    hold = ports.now() - (text.stored_at or text.received_at) < HOLD
    missing = await missing_before(text, 1 if hold else ATTEMPTS, ports)
    return missing if missing is not None or hold else []


async def _all_placed(candidates: Sequence[Sms], newest: int, ports: Ports) -> bool:
    """Whether each text got the next place; False if another worker took one."""
    for seq, candidate in enumerate(candidates, newest + 1):
        if not await ports.stores.texts.place(candidate, seq):
            return False
    return True
