"""Stores each of the contacts' texts once, and puts each conversation's texts in order.

A text is stored first. Then one worker at a time puts the conversation's texts in order: it asks the provider for what
came before a text whose gateway knew of none, and gives each text that is ready its place.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from messages.conversation import SequenceTexts, conversation_id
from messages.formats.numbers import why_no_line
from messages.inbound import SmsReceived
from messages.process.publishing import correlation
from messages.sms import Direction, Sms
from messages.ticket import FileTexts
from workers.ingestion.earlier import earlier
from workers.ingestion.keywords import OptOut, notice_for, opt_out
from workers.ingestion.matching import is_asking, is_worth_waiting, ready, without_predecessor
from workers.ingestion.ordering import put_in_order
from workers.ports import Ports
from workers.runtime import actor

log = structlog.get_logger("clerk.ingestion")

ASK_AGAIN: Final = timedelta(seconds=1)

TRY_AGAIN: Final = timedelta(milliseconds=500)
"""When to look again at texts that another worker was putting in order."""

ATTEMPTS: Final = 3
"""How often in a row the provider is asked before a text goes on without an answer."""

FILED_WITHIN: Final = timedelta(seconds=20)
"""After this long the clock finds a text that is not under a ticket."""


@actor(handles=SmsReceived)
async def receive(message: SmsReceived, ports: Ports) -> None:
    """Store a text once, by the provider's sid; a text to a number that is not a line is stored and reported."""
    if await ports.stores.lines.get(message.line) is None:
        if await ports.stores.texts.add(_document(message, ports.now())):
            why = why_no_line(message.line) or "add the line"
            log.warning("a text came to a number that is not a line; it is stored", sms=message.sid, why=why)
        return
    await ports.stores.contacts.ensure(message.contact, ports.now())
    await ports.stores.conversations.ensure(message.line, message.contact, ports.now())
    if not await _store(message, ports, asking=message.after is None) and await _is_done_with(message.sid, ports):
        return
    await put_in_order(conversation_id(message.line, message.contact), ports)


async def _store(message: SmsReceived, ports: Ports, *, asking: bool) -> bool:
    """Store a text to a line; False if it was stored before: then it changes nothing.

    A STOP counts at once. It counts again, as any keyword does, when the text gets its place: a worker may die here.
    """
    wish = opt_out(message.body, message.opt_out)
    more = {"due_at": ports.now() + FILED_WITHIN, "asking": asking, "wish": wish}
    text = _document(message, ports.now()).model_copy(update=more)
    if not await ports.stores.texts.add(text):
        return False
    if wish is OptOut.STOP:
        await _record_wish(text, wish, ports)
    return True


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
        others=message.others,
        received_at=message.received_at,
        stored_at=now,
        after=message.after,
        correlation_id=correlation.get(),
        unattached=conversation if message.media else None,
    )


async def _record_wish(text: Sms, wish: OptOut, ports: Ports) -> str:
    """Record an opt-out or opt-in as of the text's time; returns the notice for the thread."""
    contact = await ports.stores.contacts.ensure(text.contact, ports.now())
    if wish is not OptOut.HELP:
        await ports.stores.contacts.set_opted_out(contact.id, wish is OptOut.STOP, text.received_at)
    recorded_before = contact.opted_at == text.received_at
    return notice_for(wish, opted_out=contact.opted_out or recorded_before)


async def _is_done_with(sid: str, ports: Ports) -> bool:
    """Whether a repeated text is under a ticket already."""
    text = await ports.stores.texts.get(sid)
    return text is not None and text.seq is not None and text.due_at is None


@actor(handles=SequenceTexts)
async def sequence(message: SequenceTexts, ports: Ports) -> None:
    """Give every ready text its place, then have them filed; a second look serves the texts that come meanwhile."""
    stores, id, wait = ports.stores.conversations, message.conversation, None
    for _ in range(2):
        conversation = await stores.begin_ordering(id, ports.now())
        if conversation is None:
            log.warning("no texts to put in order: the conversation is gone")
            return
        texts, answered = await _next_texts(id, ports)
        placed = await _place(texts, id, ports)
        if texts or answered:
            await ports.publisher.publish(FileTexts(conversation=id))
        if not answered:
            wait = ASK_AGAIN
            break
        wait = None if placed else TRY_AGAIN
        if placed and await stores.end_ordering(id, conversation.ordering.count):
            return
    await ports.publisher.publish(message, delay=wait)


async def _next_texts(conversation: str, ports: Ports) -> tuple[list[Sms], bool]:
    """The texts that get the next places, in order; and False if others soon need another look, because the provider
    does not say what came before them.
    """
    now, texts, answered = ports.now(), ports.stores.texts, True
    unplaced = await texts.without_place(conversation)
    if (text := is_asking(unplaced)) is not None:
        answered = await _store_earlier(text, unplaced, now, ports) is not None or not is_worth_waiting(text, now)
        unplaced = await texts.without_place(conversation)
    candidates = ready(unplaced, now)
    if lost := without_predecessor(candidates, unplaced):
        found = await _store_earlier(lost[-1], (), now, ports)
        if found:
            candidates = ready(await texts.without_place(conversation), now)
        elif found is None and is_worth_waiting(lost[-1], now):
            candidates = candidates[: candidates.index(lost[0])]
    return candidates, answered


async def _store_earlier(text: Sms, asking: Sequence[Sms], now: datetime, ports: Ports) -> int | None:
    """Store the provider's unknown texts before one, which answers all that are `asking`; returns how many there were,
    None if the provider does not answer.
    """
    answer = await earlier(text, 1 if is_worth_waiting(text, now) else ATTEMPTS, ports)
    if answer is None:
        return None
    for found in answer.found:
        await _store(found, ports, asking=False)
    for each in asking:
        if each.asking:
            await ports.stores.texts.set_answered(each, answer.before.get(each.id))
    return len(answer.found)


async def _place(candidates: Sequence[Sms], conversation: str, ports: Ports) -> bool:
    """Give each text the next place; False if another worker took one."""
    newest = await ports.stores.texts.newest(conversation) if candidates else 0
    for seq, text in enumerate(candidates, newest + 1):
        words = await _record_wish(text, OptOut(text.wish), ports) if text.wish else ""
        if not await ports.stores.texts.place(text, seq, words):
            return False
    return True
