"""Takes in the contacts' texts: stores each once, and gives each conversation's texts their order."""

import structlog

from messages.conversation import SequenceTexts, conversation_id
from messages.inbound import SmsReceived
from messages.publishing import correlation
from messages.sms import Direction, Sms
from messages.ticket import FileTexts
from workers.ingestion.matching import PATIENCE, ready
from workers.ports import Ports
from workers.runtime import actor

log = structlog.get_logger("clerk.ingestion")


@actor(handles=SmsReceived)
async def receive(message: SmsReceived, ports: Ports) -> None:
    """Store a text once, by the provider's sid; a text to a number that is no line is kept and reported."""
    conversation = conversation_id(message.line, message.contact)
    known = await ports.stores.lines.get(message.line) is not None
    text = Sms(
        id=message.sid,
        conversation=conversation,
        line=message.line,
        contact=message.contact,
        direction=Direction.INBOUND,
        body=message.body,
        media=message.media,
        received_at=message.received_at,
        after=message.after,
        due_at=message.received_at + PATIENCE if known else None,
        correlation_id=correlation.get(),
    )
    new = await ports.stores.texts.add(text)
    if not known:
        if new:
            log.warning("a text came to a number that is no line; it is kept: add the line", sms=message.sid)
        return
    await ports.stores.contacts.ensure(message.contact, ports.now())
    await ports.stores.conversations.ensure(message.line, message.contact, ports.now())
    await sequence(SequenceTexts(conversation=conversation), ports)


@actor(handles=SequenceTexts)
async def sequence(message: SequenceTexts, ports: Ports) -> None:
    """Give every text that is ready its place, then have them filed; two that do so at once agree on the places."""
    texts = ports.stores.texts
    while candidates := ready(await texts.unplaced_after_placed(message.conversation), ports.now()):
        seq = await texts.newest(message.conversation)
        for candidate in candidates:
            seq += 1
            if not await texts.place(candidate, seq):
                break
    await ports.publisher.publish(FileTexts(conversation=message.conversation))
