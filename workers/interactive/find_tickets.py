"""Finds tickets for the agents, by index, so that the cost does not grow with the number of tickets."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from messages.line import line_of
from messages.ticket import Status, Ticket
from workers.interactive.lists import Row
from workers.interactive.search import Query, matches, mine_first, parse_query, status_of
from workers.ports import Ports

MOST_CANDIDATES: Final = 300
"""The most tickets looked at for a term, the newest ones."""

OPEN: Final = tuple(status for status in Status if status is not Status.CLOSED)


async def search_tickets(query: str, channel: str | None, most: int, ports: Ports) -> list[Row]:
    """The newest tickets that match a query, up to one more than `most`."""
    line = line_of(await ports.stores.lines.all(), channel)
    asked = parse_query(query, line.id if line else None)
    tickets = sorted(await _candidates(asked, ports), key=lambda ticket: -ticket.id)
    rows = await _rows(tickets, ports)
    return [row for row in rows if matches(row.ticket, row.name, asked)][: most + 1]


async def open_tickets(user: str, most: int, ports: Ports) -> dict[Status, list[Row]]:
    """The open tickets by status, an agent's own first, up to one more than `most` of each."""
    own, *others = await asyncio.gather(
        ports.stores.tickets.by_search_term("assignee", user, MOST_CANDIDATES),
        *(ports.stores.tickets.in_status(status, most + 1) for status in OPEN),
    )
    mine = [ticket for ticket in own if user in ticket.assignees]
    tickets = {ticket.id: ticket for ticket in [*mine, *(each for some in others for each in some)]}
    shown = [
        ticket
        for status in OPEN
        for ticket in mine_first([each for each in tickets.values() if each.status is status], user)[: most + 1]
    ]
    rows = await _rows(shown, ports)
    return {status: [row for row in rows if row.ticket.status is status] for status in OPEN}


async def _candidates(asked: Query, ports: Ports) -> Iterable[Ticket]:
    """Tickets that may match the query."""
    stores, some = ports.stores.tickets, []
    if asked.number is not None and (ticket := await stores.get(asked.number)) is not None:
        some.append(ticket)
    if asked.contacts:
        some += await stores.of_contacts(asked.contacts, MOST_CANDIDATES)
    is_named_by_number = asked.number is not None or asked.contact is not None
    if (some and is_named_by_number) or not asked.terms:
        return {ticket.id: ticket for ticket in some}.values()
    by_term = await asyncio.gather(*(_of_term(term, ports) for term in asked.terms))
    return {ticket.id: ticket for ticket in [*some, *min(by_term, key=len)]}.values()


async def _of_term(term: str, ports: Ports) -> list[Ticket]:
    stores = ports.stores
    status = status_of(term)
    contacts = await stores.contacts.named(term, MOST_CANDIDATES)
    some = [
        *await stores.tickets.by_search_term("word", term, MOST_CANDIDATES, whole=False),
        *(await stores.tickets.of_contacts(contacts, MOST_CANDIDATES) if contacts else ()),
        *(await stores.tickets.in_status(status, MOST_CANDIDATES) if status else ()),
    ]
    return list({ticket.id: ticket for ticket in some}.values())


async def _rows(tickets: Sequence[Ticket], ports: Ports) -> list[Row]:
    """The tickets in the same order, with their contacts' names and thread links."""
    contacts, conversations = await asyncio.gather(
        ports.stores.contacts.by_ids({ticket.contact for ticket in tickets}),
        ports.stores.conversations.by_ids({ticket.conversation for ticket in tickets}),
    )
    names = {contact.id: contact.name for contact in contacts}
    links = {each.id: each.thread.permalink for each in conversations if each.thread}
    return [Row(ticket, names.get(ticket.contact, ""), links.get(ticket.conversation)) for ticket in tickets]
