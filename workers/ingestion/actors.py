"""Stores each of the contacts' texts once, and puts each conversation's texts in order.

A text is stored first. Then one worker at a time puts the conversation's texts in order: it asks the provider for what
came before a text whose gateway knew of none, and gives each text that is ready its place. A text that comes alone gets
its place from the worker that has stored it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from messages.conversation import Conversation, DebounceAsRead, SequenceTexts, conversation_id
from messages.deadlines.clocks import EndWait
from messages.deadlines.interruption import NOTICED, with_text
from messages.formats.numbers import why_no_line
from messages.formats.reactions import is_reaction, may_be_reaction
from messages.inbound import SmsReceived
from messages.line import Line
from messages.opt_outs import Keyword, OptOut, OptOutWords, Standing, keyword, notice, warning, words_of
from messages.planned import LookAtPlanned
from messages.process.publishing import correlation
from messages.sms import Direction, Sms, State
from messages.ticket import FileTexts
from workers.ingestion.earlier import earlier
from workers.ingestion.matching import is_asking, is_worth_waiting, ready, with_answers, without_predecessor
from workers.ingestion.ordering import put_in_order
from workers.markup import arrival, last_text
from workers.ports import Ports
from workers.redraw import redraw
from workers.runtime import actor

log = structlog.get_logger("clerk.ingestion")

ASK_AGAIN: Final = timedelta(seconds=1)

TRY_AGAIN: Final = timedelta(milliseconds=500)
"""When to look again at texts that another worker was putting in order."""

ATTEMPTS: Final = 3
"""How often in a row the provider is asked before a text goes on without an answer."""

QUOTABLE: Final = 50
"""How many of our last texts a reaction may quote."""

MENTIONED: Final = 50
"""Up to how many texts a message to file them names."""

FILED_WITHIN: Final = timedelta(seconds=20)
"""After this long the clock finds a text that is not under a ticket, or not considered."""


@actor(handles=SmsReceived)
async def receive(message: SmsReceived, ports: Ports) -> None:
    """Store a text once, by the provider's sid; a text to a number that is not a line is stored and reported."""
    line = await ports.stores.lines.get(message.line)
    if line is None:
        await _store_for_no_line(message, ports)
        return
    id = conversation_id(message.line, message.contact)
    text = await _store(message, line, ports, asking=message.after is None)
    if text is None and await _is_done_with(message.sid, ports):
        return
    comes_alone = text is not None and await ports.stores.texts.comes_alone(id, message.received_at, ports.now())
    if text is not None and comes_alone and await _place_alone(text, ports):
        return
    if not await put_in_order(id, ports):
        await _begin_conversation(message.line, message.contact, ports)
        await put_in_order(id, ports)


async def _begin_conversation(line: str, contact: str, ports: Ports) -> Conversation:
    """The conversation of a contact's first text."""
    await ports.stores.contacts.ensure(contact, ports.now(), is_new=True)
    return await ports.stores.conversations.ensure(line, contact, ports.now(), is_new=True)


async def _store_for_no_line(message: SmsReceived, ports: Ports) -> None:
    """Store a text to a number that is not a line, and report it.

    An opt-out concerns the lines of its pool all the same, and the line itself once it is added again.
    """
    if await ports.stores.texts.get(message.sid) is not None:
        return
    wish = _keyword(message, None).asked
    if wish in {OptOut.STOP, OptOut.START}:
        counted = Standing(wish is OptOut.STOP, message.received_at)
        for conversation in await ports.stores.opt_outs.record(message.line, message.contact, counted, message.pool):
            await redraw(conversation, ports)
            if counted.out:
                await ports.publisher.publish(EndWait(conversation=conversation, at=ports.now()))
    if await ports.stores.texts.add(_document(message, ports.now())):
        why = why_no_line(message.line) or "add the line"
        log.warning("a text came to a number that is not a line; it is stored", sms=message.sid, why=why)


def _keyword(message: SmsReceived, line: Line | None) -> Keyword:
    return keyword(message.body, message.opt_out, _words(message, line))


def _words(text: SmsReceived | Sms, line: Line | None) -> OptOutWords:
    """The words that count on a text's line; without a webhook its pool is the line's."""
    pool = line.pool if text.pool is None and line else text.pool
    return words_of(text.line, line.opt_out if line else None, in_service=bool(pool))


async def _store(message: SmsReceived, line: Line | None, ports: Ports, *, asking: bool) -> Sms | None:
    """Store a text to a line; returns it, None if it was stored before: then it changes nothing.

    A STOP counts at once. It counts again, as any keyword does, when the text gets its place: a worker may die here.
    """
    found = _keyword(message, line)
    more = {"due_at": ports.now() + FILED_WITHIN, "asking": asking, "wish": found.asked, "unheeded": found.unheeded}
    text = _document(message, ports.now()).model_copy(update=more)
    await _note_lateness(text, ports)
    if not await ports.stores.texts.add(text):
        return None
    if message.pool is not None and line is not None and line.pool != message.pool:
        await ports.stores.lines.set_pool(message.line, message.pool, message.received_at)
    if found.asked is OptOut.STOP:
        if await ports.stores.conversations.get(text.conversation) is None:
            await _begin_conversation(text.line, text.contact, ports)
        await _record_wish(text, ports)
    return text


async def _note_lateness(text: Sms, ports: Ports) -> None:
    """Record that Clerk was away, if a text is taken in long after it came; before it is stored, so that it is sure."""
    now = text.stored_at or text.received_at
    if now - text.received_at >= NOTICED:
        await ports.stores.inboxes.change_interruption(
            text.line, lambda inbox: with_text(inbox.interruption, text.received_at, now)
        )


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
        pool=message.pool,
        received_at=message.received_at,
        stored_at=now,
        after=message.after,
        correlation_id=correlation.get(),
        unattached=conversation if message.media else None,
    )


async def _record_wish(text: Sms, ports: Ports) -> str:
    """Record an opt-out or opt-in as of the text's time; returns the notice for the thread, if there is one."""
    if text.wish is None and text.unheeded is None:
        return ""
    line, stores = await ports.stores.lines.get(text.line), ports.stores
    before = await stores.opt_outs.of(text.line, text.contact)
    words = _words(text, line)
    if text.wish is None:
        return warning(OptOut(text.unheeded or ""), words, opted_out=before.out)
    wish = OptOut(text.wish)
    if wish is not OptOut.HELP:
        if text.pool is not None and line is not None and line.pool != text.pool:
            await stores.lines.set_pool(text.line, text.pool, text.received_at)
        counted = Standing(wish is OptOut.STOP, text.received_at)
        for conversation in await stores.opt_outs.record(text.line, text.contact, counted, text.pool):
            if conversation != text.conversation:  # its own pass follows anyway
                await redraw(conversation, ports)
                await ports.publisher.publish(LookAtPlanned(conversation=conversation))
                if counted.out:
                    await ports.publisher.publish(EndWait(conversation=conversation, at=ports.now()))
    was_out = before.out or before.since == text.received_at
    return notice(wish, words, opted_out=was_out, in_pool=bool(text.pool))


async def _is_done_with(sid: str, ports: Ports) -> bool:
    """Whether a repeated text is under a ticket already."""
    text = await ports.stores.texts.get(sid)
    return text is not None and text.seq is not None and text.due_at is None


async def _place_alone(text: Sms, ports: Ports) -> bool:
    """Give a text that was just stored its place, if no other text waits for one; False if it is to be put in order.

    The others are asked for after this one was stored. Nobody is told that a worker is at it: if another one is, too,
    each place is given out once.
    """
    stores, id = ports.stores, text.conversation
    known = await stores.conversations.get(id)
    conversation = known or await _begin_conversation(text.line, text.contact, ports)
    if conversation.ordering.asked_at is not None:
        return False
    newest: Sms | None = None
    unplaced = [text]
    if known is not None or not text.asking:  # otherwise they are read once the provider has been asked
        newest, unplaced = await stores.texts.if_alone(text, conversation.debounce.considered)
    texts, answered = await _next_texts(id, newest, unplaced, ports)
    if not answered:
        return await put_in_order(id, ports, ASK_AGAIN)
    if [each.id for each in texts] != [text.id] or not (placed := await _place(texts, newest, conversation, ports)):
        return False
    await _have_filed(conversation, placed, ports)
    return True


@actor(handles=SequenceTexts)
async def sequence(message: SequenceTexts, ports: Ports) -> None:
    """Give every ready text its place, then have them filed; a second look serves the texts that come meanwhile."""
    stores, id, wait = ports.stores, message.conversation, None
    for _ in range(2):
        conversation = await stores.conversations.get(id) or await _begin_from_texts(id, ports)
        if conversation is None:
            log.warning("no texts to put in order: the conversation is gone")
            return
        if conversation.ordering.asked_at is None:
            await stores.conversations.begin_ordering(id, ports.now())
        newest, unplaced = await stores.texts.to_put_in_order(id, conversation.debounce.considered)
        texts, answered = await _next_texts(id, newest, unplaced, ports)
        placed = await _place(texts, newest, conversation, ports)
        if texts or answered:
            await _have_filed(conversation, placed, ports)
        if not answered:
            wait = ASK_AGAIN
            break
        is_whole = len(placed) == len(texts)
        wait = None if is_whole else TRY_AGAIN
        if is_whole and await stores.conversations.end_ordering(id, conversation.ordering.count):
            return
    await ports.publisher.publish(message, delay=wait)


async def _begin_from_texts(conversation: str, ports: Ports) -> Conversation | None:
    """The conversation of texts whose worker died before it began one."""
    unplaced = await ports.stores.texts.without_place(conversation)
    return await _begin_conversation(unplaced[0].line, unplaced[0].contact, ports) if unplaced else None


async def _next_texts(
    conversation: str, newest: Sms | None, unplaced: list[Sms], ports: Ports
) -> tuple[list[Sms], bool]:
    """The texts that get the places after `newest`, in order; and False if others soon need another look, because the
    provider does not say what came before them.
    """
    now, texts, answered = ports.now(), ports.stores.texts, True
    asked: set[str] = set()
    if (text := is_asking(unplaced)) is not None:
        found = await _store_earlier(text, unplaced, now, ports)
        answered = found is not None or not is_worth_waiting(text, now)
        asked = {each.id for each in unplaced if found == 0 and each.asking}
        unplaced = with_answers(await texts.without_place(conversation, newest), asked)
    candidates = ready(unplaced, now)
    if lost := without_predecessor(candidates, unplaced):
        found = await _store_earlier(lost[-1], (), now, ports)
        if found:
            candidates = ready(with_answers(await texts.without_place(conversation, newest), asked), now)
        elif found is None and is_worth_waiting(lost[-1], now):
            candidates = candidates[: candidates.index(lost[0])]
    going = {each.id for each in candidates}
    for each in unplaced:
        if each.id in asked - going:
            await texts.set_answered(each)
    return candidates, answered


async def _store_earlier(text: Sms, asking: Sequence[Sms], now: datetime, ports: Ports) -> int | None:
    """Store the provider's unknown texts before one; returns how many there were, None if the provider does not answer.

    It answers all that are `asking`. That there were none is stored with their places.
    """
    answer = await earlier(text, 1 if is_worth_waiting(text, now) else ATTEMPTS, ports)
    if answer is None or not answer.found:
        return None if answer is None else 0
    line = await ports.stores.lines.get(text.line)
    for found in answer.found:
        await _store(found, line, ports, asking=False)
    for each in asking:
        if each.asking:
            await ports.stores.texts.set_answered(each, answer.before.get(each.id))
    return len(answer.found)


async def _have_filed(conversation: Conversation, placed: Sequence[Sms], ports: Ports) -> None:
    """Have a conversation's texts filed, of which these have just got their places; a planned text may be over now."""
    await ports.publisher.publish(_filing(conversation, placed))
    if placed and conversation.planned:
        await ports.publisher.publish(LookAtPlanned(conversation=conversation.id))


def _filing(conversation: Conversation, placed: Sequence[Sms]) -> FileTexts:
    """The message that has texts filed: it says which, unless they are too many for a message."""
    if not placed or len(placed) > MENTIONED:
        return FileTexts(conversation=conversation.id)
    read = DebounceAsRead(line=conversation.line, debounce=conversation.debounce)
    arrivals = tuple(map(arrival, placed))
    return FileTexts(conversation=conversation.id, arrivals=arrivals, newest=last_text(placed[-1]), read=read)


async def _place(
    candidates: Sequence[Sms], newest: Sms | None, conversation: Conversation, ports: Ports
) -> Sequence[Sms]:
    """The texts with the places after `newest`; fewer if another worker took one.

    They are `muted` if the team has blocked the contact, and `out` if the contact has opted out: what they are is
    decided once, whoever asks later.
    """
    last, placed = newest.seq or 0 if newest else 0, []
    out = bool(candidates) and await ports.stores.opt_outs.is_out(conversation)
    for seq, text in enumerate(candidates, last + 1):
        words, reaction = await _record_wish(text, ports), await _is_reaction(text, ports)
        out = text.wish == OptOut.STOP or (out and text.wish != OptOut.START)
        update = {"words": words, "reaction": reaction, "muted": conversation.is_blocked, "out": out}
        found = text.model_copy(update=update)
        if not await ports.stores.texts.place(found, seq):
            break
        placed.append(found.model_copy(update={"seq": seq}))
    return placed


async def _is_reaction(text: Sms, ports: Ports) -> bool:
    """Whether a phone sent a text as a reaction to one of our last texts."""
    if text.media or not may_be_reaction(text.body):
        return False
    sent = await ports.stores.texts.newest_sent(text.conversation, QUOTABLE)
    sent = [each for each in sent if each.state is not None and State.SENDING.rank <= each.rank < State.REFUSED.rank]
    return is_reaction(text.body, [each.body for each in sent], sent_files=any(each.files for each in sent))
