"""Files texts under tickets, and carries out the agents' orders."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from messages.conversation import Arrival, NameContact, PlaceContact, conversation_id
from messages.deadlines.alert import ConsiderAlerts
from messages.deadlines.snooze import EndSnooze
from messages.formats.numbers import possible_contacts
from messages.line import Line
from messages.notification import AgentActed, ConsiderNotifying, Whisper
from messages.opt_outs import Standing
from messages.ticket import (
    ActOnTicket,
    AgentWrote,
    AnswerAgain,
    AnswerFailed,
    Block,
    Edit,
    Entry,
    FileTexts,
    LastText,
    OptIn,
    Reply,
    Status,
    StopAnswering,
    Take,
    TakeBack,
    Ticket,
    Unblock,
)
from workers.markup import last_text
from workers.ports import Ports
from workers.redraw import redraw
from workers.runtime import LostVersionRace, actor
from workers.tickets.auto_actors import answer_again, answer_texts, is_taken_for_machine, tell_stopped
from workers.tickets.block_actors import follow_block
from workers.tickets.clocks.rules import Answered, Event
from workers.tickets.clocks.saving import SETTLE_WITHIN, begin, save
from workers.tickets.lifecycle import (
    Decision,
    decide,
    entry_of,
    may_reopen,
    receive,
    repeated_refusals,
    successor_status,
)
from workers.tickets.naming import ContactName, ContactZone, parse_name, parse_zone
from workers.tickets.snooze_facts import are_thanks, confirm_snooze, snooze_facts
from workers.tickets.waiting import first_came, waiting_after, waits_from, waits_on

log = structlog.get_logger("clerk.tickets")

LINE_REMOVED: Final = (
    "Nothing was changed: {line} is no longer one of Clerk's lines, so ticket #{ticket} can't be worked in Slack. "
    "An admin can add the line again (clerk lines add)."
)

CONSIDERED_AGAIN: Final = 50
"""How many texts are no longer due when the newest was considered: a worker may have died before it said so."""


_OF_CONVERSATION: Final = (Reply, TakeBack, AnswerFailed, Block, Unblock)
"""The orders that are about the conversation: if their ticket is Closed, they go to its newest one."""

REPLY_AMONG: Final = 100
"""Among how many versions before those that a ticket holds the reply is looked for that is taken back."""


@actor(handles=FileTexts)
async def file_texts(message: FileTexts, ports: Ports) -> None:
    """Put the conversation's ordered texts under its open ticket, or under a new one."""
    id, stores, saved = message.conversation, ports.stores, None
    conversation = None
    for _ in range(10):
        ticket = await stores.tickets.newest(id)
        is_known = ticket is not None or message.read is not None
        conversation = None if is_known else await stores.conversations.get(id)
        of = ticket or conversation or message.read
        line = await stores.lines.get(of.line) if of else None
        if of is None or line is None:
            log.warning("nothing to file texts under: the conversation or its line is gone")
            return
        newest = message.newest or await _newest(id, ports)
        last = newest.seq if newest else 0
        filed = ticket.last_text if ticket else 0
        if newest is None or filed >= last:
            break
        if (saved := await _file(message, id.removeprefix(f"{line.id}:"), line, ticket, newest, ports)) is not None:
            break
    else:
        raise LostVersionRace
    if line.auto_replies.kinds and (current := saved or ticket) is not None:
        await answer_texts(message, line, current, ports, conversation)
    if saved is not None:
        episode = saved.episode
        filed_more = ConsiderNotifying(
            conversation=id,
            episode=episode,
            arrivals=message.arrivals,
            waits_on=waits_on(ticket, saved),
            read=message.read,
            waits_from=waits_from(ticket, saved),
        )
        await ports.publisher.publish(filed_more)
    elif ticket is not None:
        await _consider_again(ticket, last, ports)


async def _consider_again(ticket: Ticket, last: int, ports: Ports) -> None:
    """Have texts considered that are under a ticket, up to the `last`, unless they were; then they are due no more."""
    conversation = await ports.stores.conversations.get(ticket.conversation)
    if ticket.due_at is not None or conversation is None or conversation.debounce.considered < last:
        await ports.publisher.publish(ConsiderNotifying(conversation=ticket.conversation))
    else:
        await ports.stores.texts.set_considered(ticket.conversation, last - CONSIDERED_AGAIN, last)


async def _newest(conversation: str, ports: Ports) -> LastText | None:
    """The conversation's newest text that has its place."""
    newest = await ports.stores.texts.newest(conversation)
    return last_text(newest) if newest else None


async def _file(
    message: FileTexts, contact: str, line: Line, ticket: Ticket | None, newest: LastText, ports: Ports
) -> Ticket | None:
    """The ticket, or its successor, extended to the `newest` text; None if another worker was faster.

    The texts are due until they are considered, so the ticket need not be. A process of before would not look whether
    they are, but it can't read a message with `read`, if it gets that after this worker's death.
    """
    now, conversation, is_due = ports.now(), message.conversation, message.read is None
    if ticket is not None:
        first, asleep = ticket.last_text + 1, ticket.asleep
        silent = _may_be_silent(ticket, message) and await ports.stores.texts.are_silent(
            conversation, first, newest.seq
        )
        wakes = asleep is not None and asleep.wake_on_text and not silent
        thanks = wakes and await are_thanks(conversation, first, newest.seq, ports)
        arrivals = await _arrivals(message, first, newest, ports)
        wait = waiting_after(ticket, arrivals, first, newest, now)
        received = receive(ticket, newest.seq, now, line.solved_for, silent=silent, only_thanks=thanks, wait=wait)
        if received is not None:
            extended = received.model_copy(update={"newest": newest})
            is_due = is_due or extended.history != ticket.history
            return extended if await save(ticket, extended, line, ports, arrivals=arrivals, is_due=is_due) else None
    new = _new_ticket(await ports.stores.tickets.next_number(), conversation, line.id, contact, now)
    first = ticket.last_text + 1 if ticket else 1
    covered = {"follows": ticket.id if ticket else None, "first_text": first, "last_text": newest.seq}
    arrivals = await _arrivals(message, first, newest, ports)
    wait = waiting_after(None, arrivals, first, newest, now)
    more = {**wait, "newest": newest, "written_at": ticket.written_at if ticket else None}
    more |= {"blocked": ticket is not None and ticket.blocked} | ({} if is_due else {"due_at": None})
    return await begin(new.model_copy(update={**covered, **more}), line, ports, arrivals)


async def _arrivals(message: FileTexts, first: int, newest: LastText, ports: Ports) -> Sequence[Arrival]:
    """The texts from the place `first` to the newest, as the message names them: they are read if need be."""
    if first_came(message.arrivals, first, newest.seq) is not None:
        return message.arrivals
    return await ports.stores.texts.arrivals(message.conversation, first, newest.seq)


def _may_be_silent(ticket: Ticket, message: FileTexts) -> bool:
    """Whether it matters that the texts may all be reactions, or of a blocked contact; the texts themselves say it."""
    muted = ticket.blocked or not message.arrivals or any(each.muted for each in message.arrivals)
    return muted or may_reopen(ticket) or ticket.asleep is not None


def _new_ticket(number: int, conversation: str, line: str, contact: str, now: datetime) -> Ticket:
    return Ticket(
        id=number,
        conversation=conversation,
        line=line,
        contact=contact,
        first_text=1,
        last_text=0,
        created_at=now,
        updated_at=now,
        due_at=now + SETTLE_WITHIN,
    )


@actor(handles=ActOnTicket)
async def act(message: ActOnTicket, ports: Ports) -> None:
    """Carry out an order about a ticket; after a refusal, tell the agent why and redraw the cards."""
    at = message.at
    for _ in range(10):
        ticket = await ports.stores.tickets.get(message.ticket)
        if ticket is None:
            log.warning("an order about a ticket that does not exist", ticket=message.ticket)
            return
        tickets = [ticket]
        if isinstance(message.command, _OF_CONVERSATION) and ticket.is_closed:
            ticket = await ports.stores.tickets.newest(ticket.conversation) or ticket
            tickets.append(ticket)
        if (known := await _entry_of(message, tickets, ports)) is not None:
            at, decision = known.at, Decision(ticket, repeated_refusals(known, message.command))
            break
        if (status := successor_status(ticket, message.command)) is not None:
            await _begin_successor(ticket, status, message, ports)
            continue
        line = await ports.stores.lines.get(ticket.line)
        if line is None and message.by is not None:
            await _tell_line_removed(message, ticket, message.by, ports)
            return
        solved_for = line.solved_for if line else ports.settings.solved_for
        earlier = await _entries_since(message, ticket, ports)
        out = isinstance(message.command, OptIn) and (await _is_out(ticket, ports))
        stopped = isinstance(message.command, AnswerAgain) and (
            await is_taken_for_machine(message.command, ticket.conversation, ports)
        )
        snooze = await snooze_facts(message, line, ports)
        decision = decide(
            ticket,
            message.command,
            message.by,
            message.at,
            solved_for,
            message.order,
            earlier,
            opted_out=out,
            stopped=stopped,
            snooze=snooze,
        )
        if await save(ticket, decision.ticket, line, ports, events=_events(message)):
            break
    else:
        raise LostVersionRace
    if isinstance(message.command, _OF_CONVERSATION):
        await _keep(message, decision.ticket, ports)
    if isinstance(message.command, OptIn) and not decision.refusals:
        await _opt_in(message.command, at, ticket, ports)
    if isinstance(message.command, AnswerAgain) and not decision.refusals:
        await answer_again(message.command, ticket.conversation, ports)
    if isinstance(message.command, Block | Unblock):
        await follow_block(message, decision.ticket, ports, done_now=not decision.refusals)
    if isinstance(message.command, StopAnswering):
        await tell_stopped(message.command, ticket.conversation, ports)
    if not decision.refusals:
        await confirm_snooze(message, decision.ticket, ports)
    if message.by is not None and (known is not None or _is_found_otherwise(ticket, decision.ticket)):
        await ports.stores.tickets.update_search_terms(decision.ticket)
    if isinstance(message.command, Edit):
        await ports.stores.tickets.remember_tags(decision.ticket.tags, at)
    if decision.refusals and message.by is not None:
        await _refuse(message, decision.ticket, decision.refusals, ports)
    conversation, episode = ticket.conversation, None if decision.ticket.is_closed else decision.ticket.episode
    if message.by is None or (isinstance(message.command, Reply) and message.command.planned):
        # nobody looks at the conversation when a planned text leaves: what the contact wrote is still announced
        await ports.publisher.publish(ConsiderNotifying(conversation=conversation, episode=episode))
        if isinstance(message.command, EndSnooze):
            await ports.publisher.publish(ConsiderAlerts(ticket=ticket.id))
        if message.by is not None:
            await redraw(conversation, ports)
        return
    replied = isinstance(message.command, Reply)
    took = isinstance(message.command, Take)
    acted = AgentActed(
        ticket=ticket.id,
        by=message.by,
        at=at,
        replied=replied,
        took=took,
        conversation=conversation,
        episode=episode,
        response_url=message.response_url if took else None,
        read=message.read,
    )
    await ports.publisher.publish(acted)


def _is_found_otherwise(before: Ticket, after: Ticket) -> bool:
    """Whether a change concerns the search terms of a ticket."""
    return any(getattr(before, name) != getattr(after, name) for name in ("subject", "tags", "assignees"))


def _events(message: ActOnTicket) -> Sequence[Event]:
    """What an order means to the ticket's clocks, beyond the change that it makes."""
    match message.command:
        case AnswerFailed(reply=reply, written_at=written_at, tries=tries):
            return (Answered(reply, written_at, tries, failed=True),)
        case _:
            return ()


async def _is_out(ticket: Ticket, ports: Ports) -> bool:
    return (await ports.stores.opt_outs.of(ticket.line, ticket.contact)).out


async def _opt_in(command: OptIn, at: datetime, ticket: Ticket, ports: Ports) -> None:
    """Record that a contact told an agent that they want texts again; a repeat undoes no later opt-out."""
    lifted = Standing(out=False, since=max(at, command.since + timedelta(milliseconds=1)))
    for conversation in await ports.stores.opt_outs.record(ticket.line, ticket.contact, lifted):
        await redraw(conversation, ports)


async def _entry_of(message: ActOnTicket, tickets: Sequence[Ticket], ports: Ports) -> Entry | None:
    """The entry of an order that was carried out before; None if it is new.

    What is about the conversation may have been carried out on any of its tickets, another order on its own only.
    """
    history = (entry for ticket in tickets for entry in ticket.history)
    found = entry_of(history, message.command, message.by, message.at, message.order)
    has_others = isinstance(message.command, _OF_CONVERSATION) and any(not _is_first(ticket) for ticket in tickets)
    elsewhere = has_others or any(ticket.earlier_entries for ticket in tickets)
    if found is not None or message.order is None or not elsewhere:
        return found
    return await ports.stores.past.of_order(message.order)


def _is_first(ticket: Ticket) -> bool:
    """Whether a conversation had no ticket before this one."""
    return ticket.follows is None and ticket.first_text <= 1


async def _keep(message: ActOnTicket, ticket: Ticket, ports: Ports) -> None:
    """Let an order that the ticket holds be found on whichever ticket it is looked for."""
    about = message.command.reply if isinstance(message.command, TakeBack | AnswerFailed) else None
    orders = {message.order, about} - {None}
    for entry in ticket.history:
        if entry.order in orders:
            await ports.stores.past.keep(ticket.id, entry)


async def _entries_since(message: ActOnTicket, ticket: Ticket, ports: Ports) -> Sequence[Entry]:
    """The entries since the version that a submitted modal showed, as far as the ticket itself no longer holds them.

    For a reply that is taken back, or has failed: the last ones, if the ticket does not hold its entry.
    """
    match message.command:
        case Edit(version=version):
            return await ports.stores.past.entries_since(ticket, version)
        case TakeBack(reply=reply) | AnswerFailed(reply=reply):
            if not ticket.earlier_entries or any(each.order == reply for each in ticket.history):
                return ()
            return await ports.stores.past.entries_since(ticket, ticket.history[0].version - REPLY_AMONG)
        case _:
            return ()


@actor(handles=AgentWrote)
async def record_text(message: AgentWrote, ports: Ports) -> None:
    """Move the ticket of a conversation in which an agent wrote, or begin the first one."""
    conversation = await ports.stores.conversations.get(message.conversation)
    if conversation is None:
        log.warning("an agent's text in a conversation that does not exist")
        return
    for _ in range(10):
        if (ticket := await ports.stores.tickets.newest(conversation.id)) is not None:
            break
        number = await ports.stores.tickets.next_number()
        first = _new_ticket(number, conversation.id, conversation.line, conversation.contact, ports.now())
        begun = decide(first, Reply(), message.by, message.at, ports.settings.solved_for, message.order).ticket
        await begin(begun, await ports.stores.lines.get(begun.line), ports)
    else:
        raise LostVersionRace
    reply = Reply(planned=message.planned)
    order = ActOnTicket(ticket=ticket.id, command=reply, by=message.by, at=message.at, order=message.order)
    await act(order, ports)


@actor(handles=NameContact)
async def name_contact(message: NameContact, ports: Ports) -> None:
    """Give a contact the name that an agent typed, or answer what is wrong with it; redraw the cards."""
    lines = await ports.stores.lines.all()
    known = await ports.stores.contacts.by_ids(possible_contacts(message.typed))
    found = parse_name(message, lines, {contact.id for contact in known})
    if isinstance(found, ContactName):
        await ports.stores.contacts.ensure(found.number, ports.now())
        await ports.stores.contacts.set_name(found.number, found.name, message.at, message.order)
        for conversation in (conversation_id(line.id, found.number) for line in lines):
            await redraw(conversation, ports)
    words = str(found)
    told = Whisper(text=words, user=message.by, response_url=message.response_url, channel=message.channel)
    await ports.publisher.publish(told)


@actor(handles=PlaceContact)
async def place_contact(message: PlaceContact, ports: Ports) -> None:
    """Record the time zone that an agent typed for a contact, or answer what is wrong with it."""
    lines = await ports.stores.lines.all()
    known = await ports.stores.contacts.by_ids(possible_contacts(message.typed))
    found = parse_zone(message, lines, {contact.id for contact in known})
    if isinstance(found, ContactZone):
        await ports.stores.contacts.ensure(found.number, ports.now())
        await ports.stores.contacts.set_zone(found.number, found.zone, message.at, message.order)
    words = str(found)
    told = Whisper(text=words, user=message.by, response_url=message.response_url, channel=message.channel)
    await ports.publisher.publish(told)


async def _begin_successor(ticket: Ticket, status: Status, message: ActOnTicket, ports: Ports) -> None:
    """Begin the ticket that follows a closed one, unless another worker was faster."""
    number = await ports.stores.tickets.next_number()
    new = _new_ticket(number, ticket.conversation, ticket.line, ticket.contact, ports.now())
    covered = {"follows": ticket.id, "first_text": ticket.last_text + 1, "last_text": ticket.last_text}
    by = () if message.by is None else (message.by,)
    more = {"status": status, "assignees": by, "written_at": ticket.written_at, "blocked": ticket.blocked}
    await begin(new.model_copy(update={**covered, **more}), await ports.stores.lines.get(ticket.line), ports)


async def _tell_line_removed(message: ActOnTicket, ticket: Ticket, by: str, ports: Ports) -> None:
    """Tell the agent that nothing was changed: Slack shows no change of a ticket whose line was removed."""
    words = LINE_REMOVED.format(line=ticket.line, ticket=ticket.id)
    conversation = await ports.stores.conversations.get(ticket.conversation)
    thread = conversation.thread if conversation else None
    channel, ts = (thread.channel, thread.ts) if thread else (None, None)
    told = Whisper(text=words, user=by, response_url=message.response_url, channel=channel, thread_ts=ts)
    await ports.publisher.publish(told)


async def _refuse(message: ActOnTicket, ticket: Ticket, refusals: tuple[str, ...], ports: Ports) -> None:
    """Tell the agent what is no longer possible, and redraw the card that offered it."""
    assert message.by is not None
    await ports.stores.posts.forget_renderings(ticket.conversation)
    await ports.stores.tickets.require_again(ticket, "slack", ports.now() + SETTLE_WITHIN)
    conversation = await ports.stores.conversations.get(ticket.conversation)
    thread = conversation.thread if conversation else None
    await ports.publisher.publish(
        Whisper(
            text="\n".join(refusals),
            user=message.by,
            response_url=message.response_url,
            channel=thread.channel if thread else None,
            thread_ts=thread.ts if thread else None,
        )
    )
