"""Finds tickets for the agents, by index, so that the cost does not grow with the number of tickets."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final

from messages.line import Line, line_of
from messages.ticket import LastText, Status, Ticket
from workers.interactive.lists import SNOOZED, FoundTickets, ListPage, OpenTickets, Row
from workers.interactive.search import (
    Query,
    in_turn,
    matches,
    mine_first,
    parse_query,
    status_named,
    status_of,
)
from workers.markup import last_text
from workers.ports import Ports, Sight

MOST_CANDIDATES: Final = 300
"""The most tickets looked at for a term, the newest ones."""

COUNTED: Final = 1000
"""How far the tickets of a status are counted."""

OPEN: Final[tuple[Status, ...]] = tuple(status for status in Status if status is not Status.CLOSED)


async def visible_lines(user: str, channel: str | None, ports: Ports) -> tuple[list[Line], bool]:
    """The lines whose channel a user can see: that in which they ask, and those that Slack says.

    The second is whether some may be missing, because Slack does not say of all.
    """
    lines = await ports.stores.lines.all()
    asked = {line.channel for line in lines} - {channel}
    seen = await ports.slack.sees(user, asked) if asked else Sight()
    return [line for line in lines if line.channel == channel or line.channel in seen.channels], seen.unsure


async def may_see(ticket: Ticket, line: Line, user: str, channel: str | None, ports: Ports) -> bool | None:
    """Whether a user may see a ticket: they are named on it, or see its line's channel or one that it notifies.

    None if Slack does not say. `channel` is where they are: nobody needs to ask Slack whether they see that.
    """
    if user in {*ticket.notify, *ticket.assignees}:
        return True
    places = {line.channel, *(each for each in ticket.notify if each[:1] not in {"U", "W"})}
    if channel in places:
        return True
    seen = await ports.slack.sees(user, places)
    return None if seen.unsure and not seen.channels else bool(seen.channels)


async def search_tickets(page: ListPage, user: str, most: int, ports: Ports) -> FoundTickets:
    """A page of at most `most` tickets that match a query and that a user can see, in the order of their turns."""
    lines, unsure = await visible_lines(user, page.channel, ports)
    line, visible = line_of(lines, page.channel), {line.id for line in lines}
    status = status_named(page.query)
    if status is not None:
        some = await ports.stores.tickets.in_status(status, most, page.number * most, visible)
        count = await ports.stores.tickets.count_in_status(status, COUNTED, visible)
        rows = await rows_of(some, ports)
        return FoundTickets(rows, count, at_least=count >= COUNTED, unsure=unsure)
    if page.query.strip().casefold() == SNOOZED.casefold():
        some = await ports.stores.tickets.snoozed(visible, most, page.number * most)
        count = await ports.stores.tickets.count_snoozed(COUNTED, visible)
        rows = await rows_of(some, ports)
        return FoundTickets(rows, count, at_least=count >= COUNTED, unsure=unsure)
    asked = parse_query(page.query, line.id if line else None)
    tickets = [each for each in await _candidates(asked, visible, ports) if each.line in visible]
    rows = await _rows(in_turn(tickets), ports)
    found = [row for row in rows if matches(row.ticket, row.name, asked)]
    first = page.number * most
    shown = await _with_texts(found[first : first + most], ports)
    return FoundTickets(shown, len(found), at_least=len(tickets) >= MOST_CANDIDATES, unsure=unsure)


async def open_tickets(user: str, channel: str, most: int, ports: Ports) -> OpenTickets:
    """The open tickets that a user can see, their own first, up to one more than `most` of each status."""
    lines, unsure = await visible_lines(user, channel, ports)
    visible = {line.id for line in lines}
    stores = ports.stores.tickets
    own, found, snoozed = await asyncio.gather(
        stores.by_search_term("assignee", user, MOST_CANDIDATES),
        asyncio.gather(*(stores.in_status(status, most + 1, lines=visible) for status in OPEN)),
        stores.snoozed(visible, most + 1),
    )
    others = [list(some) for some in found]
    mine = [ticket for ticket in own if user in ticket.assignees and ticket.line in visible]
    found_all = [*mine, *(each for some in others for each in some)]
    tickets = {ticket.id: ticket for ticket in found_all if ticket.asleep is None}  # what is snoozed sorts last
    shown = [
        ticket
        for status in OPEN
        for ticket in mine_first([each for each in tickets.values() if each.status is status], user)[: most + 1]
    ]
    rows, counts, put_off = await asyncio.gather(
        _rows([*shown, *snoozed], ports),
        asyncio.gather(*(_count(status, some, most, visible, ports) for status, some in zip(OPEN, found, strict=True))),
        stores.count_snoozed(COUNTED, visible) if len(snoozed) > most else _known(len(snoozed)),
    )
    rows = await _with_texts(rows, ports)
    awake, asleep = rows[: len(shown)], rows[len(shown) :]
    by_status: dict[Status, list[Row]] = {
        status: [row for row in awake if row.ticket.status is status] for status in OPEN
    }
    return OpenTickets(by_status, dict(zip(OPEN, counts, strict=True)), unsure, asleep, put_off)


async def _count(status: Status, found: Sequence[Ticket], most: int, lines: Collection[str], ports: Ports) -> int:
    """How many tickets of a status are not snoozed: those that were found, unless there may be more."""
    awake = sum(each.asleep is None for each in found)
    return awake if awake <= most else await ports.stores.tickets.count_in_status(status, COUNTED, lines, awake=True)


async def _known(count: int) -> int:
    return count


async def _candidates(asked: Query, lines: Collection[str], ports: Ports) -> Iterable[Ticket]:
    """Tickets that may match the query."""
    stores, some = ports.stores.tickets, []
    if asked.number is not None and (ticket := await stores.get(asked.number)) is not None:
        some.append(ticket)
    if asked.contacts:
        some += await stores.of_contacts(asked.contacts, MOST_CANDIDATES)
    if asked.digits:
        contacts = await ports.stores.contacts.with_digits(asked.digits, MOST_CANDIDATES)
        some += await stores.of_contacts(contacts, MOST_CANDIDATES) if contacts else ()
    is_named_by_number = asked.number is not None or asked.contact is not None
    if (some and is_named_by_number) or not asked.terms:
        return {ticket.id: ticket for ticket in some}.values()
    by_term = await asyncio.gather(*(_of_term(term, lines, ports) for term in asked.terms))
    return {ticket.id: ticket for ticket in [*some, *min(by_term, key=len)]}.values()


async def _of_term(term: str, lines: Collection[str], ports: Ports) -> list[Ticket]:
    stores = ports.stores
    status = status_of(term)
    contacts = await stores.contacts.named(term, MOST_CANDIDATES)
    some = [
        *await stores.tickets.by_search_term("word", term, MOST_CANDIDATES, whole=False),
        *(await stores.tickets.of_contacts(contacts, MOST_CANDIDATES) if contacts else ()),
        *(await stores.tickets.in_status(status, MOST_CANDIDATES, lines=lines) if status else ()),
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


async def rows_of(tickets: Sequence[Ticket], ports: Ports) -> list[Row]:
    """Tickets as lists show them, in the same order."""
    return await _with_texts(await _rows(tickets, ports), ports)


async def _with_texts(rows: Sequence[Row], ports: Ports) -> list[Row]:
    """The rows, each with the last text of its contact, also where a process of an earlier version filed it."""
    found = await asyncio.gather(*(_last_text(row.ticket, ports) for row in rows))
    return [replace(row, newest=text) for row, text in zip(rows, found, strict=True)]


async def _last_text(ticket: Ticket, ports: Ports) -> LastText | None:
    if ticket.newest is not None and ticket.newest.seq == ticket.last_text:
        return ticket.newest
    text = await ports.stores.texts.at_place(ticket.conversation, ticket.last_text) if ticket.last_text else None
    return None if text is None else last_text(text)
