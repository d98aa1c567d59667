"""Blocks and unblocks contacts: the order is in the ticket's history, and the conversation follows it."""

import structlog

from messages.conversation import BlockContact, conversation_id
from messages.formats.numbers import possible_contacts
from messages.notification import Whisper
from messages.planned import LookAtPlanned
from messages.ticket import ActOnTicket, Block, Ticket, Unblock
from workers.ports import Ports
from workers.redraw import redraw
from workers.runtime import actor
from workers.tickets.blocking import NO_CONVERSATION, BlockOrder, blocking_of, done, parse_block

log = structlog.get_logger("clerk.tickets")


@actor(handles=BlockContact)
async def block_contact(message: BlockContact, ports: Ports) -> None:
    """Give the order that an agent typed to the contact's ticket, or answer what is wrong with it."""
    lines = await ports.stores.lines.all()
    known = await ports.stores.contacts.by_ids(possible_contacts(message.typed))
    found = parse_block(message, lines, {contact.id for contact in known})
    words = found if isinstance(found, str) else ""
    if isinstance(found, BlockOrder):
        ticket = await ports.stores.tickets.newest(conversation_id(found.line.id, found.number))
        if ticket is not None:
            order = ActOnTicket(
                ticket=ticket.id,
                command=found.command,
                by=message.by,
                at=message.at,
                response_url=message.response_url,
                order=message.order,
            )
            await ports.publisher.publish(order)
            return
        words = NO_CONVERSATION.format(number=found.number, line=found.line.label)
    told = Whisper(text=words, user=message.by, response_url=message.response_url, channel=message.channel)
    await ports.publisher.publish(told)


async def follow_block(message: ActOnTicket, ticket: Ticket, ports: Ports, *, done_now: bool) -> None:
    """Let the conversation follow what the ticket says of a block; with `done_now`, tell the agent who ordered it.

    The planned texts of a blocked contact end.
    """
    assert isinstance(message.command, Block | Unblock)
    if (blocking := blocking_of(ticket)) is None:
        return
    await ports.stores.conversations.set_blocking(ticket.conversation, blocking)
    await redraw(ticket.conversation, ports)
    if blocking.on:
        await ports.publisher.publish(LookAtPlanned(conversation=ticket.conversation))
    if done_now and message.by is not None and message.response_url is not None:
        words = done(message.command)
        await ports.publisher.publish(Whisper(text=words, user=message.by, response_url=message.response_url))
