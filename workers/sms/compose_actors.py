"""Puts texts from modals and commands into the outbox, and those that Clerk writes by itself."""

from datetime import datetime
from functools import partial

import structlog

from messages.answering import Answering, AutoKind, AutoOrder
from messages.conversation import Contact, Conversation, conversation_id
from messages.deadlines.nudge import LOOKED_AT, is_overtaken, nudge_text
from messages.formats.numbers import possible_contacts
from messages.line import ReplyMode
from messages.notification import Whisper
from messages.opt_outs import Parties
from messages.process.publishing import correlation
from messages.sms import SendTexts, Sms, State, WriteAuto, WriteText, WriteTyped
from messages.ticket import ActOnTicket, AddNote, AgentWrote
from workers.ports import Ports
from workers.redraw import redraw
from workers.runtime import LostVersionRace, actor
from workers.sms.compose import (
    ACCEPTED_BEFORE,
    AT_ONCE,
    DECIDED_WITHIN,
    NO_TICKET_FOR_NOTE,
    NOTE_WITH_FILES,
    automatic,
    confirmation,
    document,
    parse_typed,
    refusal_id,
)
from workers.sms.known_files import known_files
from workers.sms.may_send import LINE_GONE, TOO_LATE, Hold, Verdict, at_call, at_door, is_late, objection
from workers.sms.mentioned_names import names
from workers.sms.plain_text import plain, without_prefix
from workers.sms.planned.at_night import of_the_hour, plan_for_morning
from workers.sms.planned.night import kept_for_morning
from workers.sms.planned.offer import offer_held
from workers.sms.replies import decide_reply, held
from workers.sms.sending import SEND_WITHIN, WAIT_FOR_EARLIER

log = structlog.get_logger("clerk.sms")


@actor(handles=WriteTyped)
async def write_typed(message: WriteTyped, ports: Ports) -> None:
    """Send the text that an agent typed after `/clerk send`, or answer what is wrong with it."""
    if await _was_refused(message, ports):
        return
    known = await ports.stores.contacts.by_ids(possible_contacts(message.typed))
    order = parse_typed(message, await ports.stores.lines.all(), [contact.id for contact in known])
    if isinstance(order, str):
        await _refuse(message, order, ports)
    else:
        await write(order, ports)


@actor(handles=WriteText)
async def write(message: WriteText, ports: Ports) -> None:
    """Send a text from a modal or command, once; create the conversation if there is none."""
    text = await ports.stores.texts.get(message.sms)
    if text is not None and message.at == text.received_at:
        await _tell_again(message, text, ports)
    elif text is not None:
        await _compare(message, text, ports)
    elif (text := await _compose(message, ports)) is None:
        return
    if text.planned is not None:
        await plan_for_morning(text, ports, channel=message.channel, response_url=message.response_url)
        await redraw(text.conversation, ports)
    elif text.late:
        await redraw(text.conversation, ports)
    elif text.state is not State.NOTE:
        wrote = AgentWrote(conversation=text.conversation, by=message.by, at=text.received_at, order=text.id)
        await ports.publisher.publish(wrote)
        wait = max((text.retry_at or ports.now()) - ports.now(), WAIT_FOR_EARLIER)
        await ports.publisher.publish(SendTexts(conversation=text.conversation), delay=wait)
    elif (ticket := await ports.stores.tickets.newest(text.conversation)) is not None:
        note = AddNote(text=without_prefix(text.body))
        order = ActOnTicket(ticket=ticket.id, command=note, by=message.by, at=text.received_at, order=text.id)
        await ports.publisher.publish(order)


async def _compare(message: WriteText, text: Sms, ports: Ports) -> None:
    """Tell the author of a modal that was submitted twice with different texts that the second one is not sent.

    Slack keeps a modal open when our answer was lost, so that its author can change the text.
    """
    same_files = {each.id for each in message.files} == {each.id for each in text.files} or text.state is State.NOTE
    if plain(message.text, await names(message.text, message.at, ports)) != text.body or not same_files:
        await _answer(message, ACCEPTED_BEFORE, ports)


async def _compose(message: WriteText, ports: Ports) -> Sms | None:
    """Store a text; if it can be neither sent nor kept, tell its author why and return None."""
    if await _was_refused(message, ports):
        return None
    stores, now = ports.stores, ports.now()
    parties = await stores.opt_outs.parties(message.line, message.contact)
    line, contact = parties.line, parties.contact or Contact(id=message.contact, created_at=now)
    body = plain(message.text, await names(message.text, message.at, ports))
    verdict, files = at_door(message.at, parties, now), await known_files(message.files, ports)
    decision = decide_reply(message.text, body, files, ReplyMode.THREAD, objection(verdict, parties))
    words = decision.words if line is not None else LINE_GONE
    if decision.state is State.NOTE and files:
        words = NOTE_WITH_FILES
    elif (
        decision.state is State.NOTE and await stores.tickets.newest(conversation_id(message.line, contact.id)) is None
    ):
        words = NO_TICKET_FOR_NOTE
    if words or line is None:
        await _refuse(message, words, ports)
        return None
    await stores.contacts.ensure(contact.id, now)
    conversation = await stores.conversations.ensure(line.id, contact.id, now)
    late = decision.state is State.WAITING and is_late(verdict)
    text = document(message, body, State.REFUSED if late else decision.state, correlation.get(), files)
    hold = held(line.hold, now, DECIDED_WITHIN) if text.state is State.WAITING else {}
    text = text.model_copy(update={"late": late, "words": TOO_LATE if late else "", **hold})
    text = kept_for_morning(text, verdict)
    if await stores.texts.add(text):
        await _tell(message, text, conversation, verdict, parties, ports)
        return text
    return await stores.texts.get(text.id) or text


async def _tell_again(message: WriteText, text: Sms, ports: Ports) -> None:
    """Tell an agent what became of their text if a worker has died before it did."""
    if text.planned is not None or await ports.stores.events.find(_told_id(text)) is not None:
        return
    parties = await ports.stores.opt_outs.parties(text.line, text.contact)
    if parties.conversation is not None:
        verdict = at_door(message.at, parties, ports.now())
        await _tell(message, text, parties.conversation, verdict, parties, ports)


def _told_id(text: Sms) -> str:
    """The id under which it is recorded that an agent was told what became of a text."""
    return f"answered/{text.id}"


async def _tell(
    message: WriteText, text: Sms, conversation: Conversation, verdict: Verdict, parties: Parties, ports: Ports
) -> None:
    """Tell an agent what became of their text, and offer them those that are held; then record that they were told.

    What is planned for the contact's morning is told where it is planned.
    """
    if text.state is State.WAITING:
        await offer_held(conversation, message.by, ports, channel=message.channel, response_url=message.response_url)
    if text.planned is not None or parties.line is None:
        return
    hour = await of_the_hour(text, verdict, parties, ports)
    contact = parties.contact or Contact(id=text.contact, created_at=ports.now())
    words = [confirmation(text, contact, parties.line), hour.words, AT_ONCE if message.awake else ""]
    told = await _answer(message, " ".join(filter(None, words)), ports)
    await ports.stores.events.add(_told_id(text), told)
    if hour.once:
        await ports.stores.events.add(hour.once, told)


async def _refuse(message: WriteText | WriteTyped, words: str, ports: Ports) -> None:
    """Tell an agent why a text is not sent, and record it: a repeat of the order does not send it later either."""
    told = Whisper(text=words, user=message.by)
    await ports.stores.events.add(refusal_id(message), told)
    await _answer(message, words, ports)


async def _was_refused(message: WriteText | WriteTyped, ports: Ports) -> bool:
    """Whether this order was refused before; if so, the agent is told again: the first answer may be lost."""
    told = await ports.stores.events.find(refusal_id(message))
    if told is None:
        return False
    await _answer(message, str(told["text"]), ports)
    return True


async def _answer(message: WriteText | WriteTyped, words: str, ports: Ports) -> Whisper:
    told = Whisper(text=words, user=message.by, response_url=message.response_url, channel=message.channel)
    await ports.publisher.publish(told)
    return told


@actor(handles=WriteAuto)
async def write_auto(message: WriteAuto, ports: Ports) -> None:
    """Put the automatic text that was decided into the outbox, once: its id is the same however often that is."""
    conversation = await ports.stores.conversations.get(message.conversation)
    order = conversation.answering.order if conversation else None
    if conversation is None or order is None:
        log.info("no automatic text is to be written")
        return
    id, now = order.id, ports.now()
    if order.kind is AutoKind.NUDGE and not await _is_wanted(order, conversation.id, ports):
        log.info("the contact is not asked again: something has happened since that was decided", sms=id)
        change = partial(Answering.without_order, id=id, look_at=now + SEND_WITHIN)
        if not await ports.stores.conversations.change_answering(conversation.id, change):
            raise LostVersionRace
        return
    text = automatic(order, conversation, now, correlation.get())
    parties = await ports.stores.opt_outs.parties(text.line, text.contact)
    match at_call(text, parties, now):
        case Hold(until=datetime() as until):
            change = partial(Answering.put_off, id=id, until=until, look_at=now + SEND_WITHIN)
        case _:
            await ports.stores.texts.add(text)
            await ports.publisher.publish(SendTexts(conversation=conversation.id), delay=WAIT_FOR_EARLIER)
            change = partial(Answering.without_order, id=id, look_at=now + SEND_WITHIN)
    if not await ports.stores.conversations.change_answering(conversation.id, change):
        raise LostVersionRace


async def _is_wanted(order: AutoOrder, conversation: str, ports: Ports) -> bool:
    """Whether the contact is still to be asked again: nothing has happened to the ticket, and no text came between."""
    ticket = await ports.stores.tickets.newest(conversation)
    nudge = ticket.nudge if ticket else None
    if ticket is None or nudge is None or nudge_text(ticket.id, nudge) != order.id:
        return False
    inbound = await ports.stores.texts.inbound_since(conversation, nudge.since)
    return not is_overtaken(ticket.id, nudge, inbound, await ports.stores.texts.newest_sent(conversation, LOOKED_AT))
