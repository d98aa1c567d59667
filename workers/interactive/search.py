"""Parses an agent's search, and decides which tickets match. Pure.

The indexes give candidates only: `matches` decides whether a ticket, as it is now, matches.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from messages.deadlines.turn import place
from messages.formats.numbers import NotANumber, parse
from messages.formats.words import words
from messages.ticket import Status, Ticket

MOST_TERMS: Final = 6
FEWEST_DIGITS: Final = 3
_PART: Final = re.compile(r"\+?[\d\s()./-]+")
_TRUNK: Final = re.compile(r"\(\s*0\s*\)(?=.*\d)")
"""The zero that is dialled at home alone, as in +49 (0)171."""
_NUMBERED: Final = re.compile(r"#?\s*([1-9][0-9]{0,8})", re.ASCII)
_SPELLINGS: Final = {status.label.replace("-", "").lower(): status for status in Status}


@dataclass(frozen=True)
class Query:
    """A search: ticket `number`, the tickets of a `contact`, or else those that match every term.

    `sender` is the search as typed: a card may show it as the contact, whatever it looks like. `digits` are some of a
    number's in a row, with and without what is dialled first, at home (0) or abroad (00, 011).
    """

    number: int | None = None
    contact: str | None = None
    terms: tuple[str, ...] = ()
    sender: str | None = None
    digits: tuple[str, ...] = ()

    @property
    def contacts(self) -> list[str]:
        """The contacts that the search may mean: a sender that is no number also with other capitals than typed."""
        said = self.sender
        senders = () if said is None else (said, said.upper(), said.title())
        return list(dict.fromkeys(each for each in (self.contact, *senders) if each is not None))

    @property
    def is_nothing(self) -> bool:
        """Whether the search is empty."""
        return self.number is None and not self.contacts and not self.terms


def parse_query(query: str, line: str | None) -> Query:
    """A typed search, parsed; a phone number without a country code belongs to the line's country."""
    query = query.strip()
    number = _NUMBERED.fullmatch(query)
    contact = None
    if not query.startswith("#"):
        try:
            contact = parse(query, line)
        except NotANumber:
            contact = None
    terms = tuple(term for part in query.split() for term in _terms(part))
    return Query(
        int(number[1]) if number else None,
        contact,
        tuple(dict.fromkeys(terms))[:MOST_TERMS],
        query if terms else None,
        part_of_number(query),
    )


def part_of_number(query: str) -> tuple[str, ...]:
    """The digits of a search that may be part of a phone number, with and without what is dialled first; else none."""
    if not _PART.fullmatch(query):
        return ()
    digits = "".join(str(int(each)) for each in _TRUNK.sub("", query) if each.isdecimal())
    spellings = dict.fromkeys((digits, digits.removeprefix("0"), digits.removeprefix("00"), digits.removeprefix("011")))
    return tuple(each for each in spellings if len(each) >= FEWEST_DIGITS)


def status_of(term: str) -> Status | None:
    """The status that a term names."""
    return _SPELLINGS.get(term)


def status_named(query: str) -> Status | None:
    """The status that a whole query names."""
    return status_of(re.sub(r"[-_\s]", "", query.casefold()))


def matches(ticket: Ticket, name: str, query: Query) -> bool:
    """Whether a ticket, whose contact has this name, matches a query."""
    if query.number == ticket.id or ticket.contact in query.contacts:
        return True
    if any(digits in ticket.contact for digits in query.digits):
        return True
    if not query.terms:
        return False
    found = [*words(ticket.subject), *(word for tag in ticket.tags for word in words(tag)), *words(name)]
    return all(status_of(term) is ticket.status or any(word.startswith(term) for word in found) for term in query.terms)


def in_turn(tickets: Iterable[Ticket]) -> list[Ticket]:
    """Tickets in the order of their turns (`messages/deadlines/turn.py`)."""
    return sorted(tickets, key=_place)


def mine_first(tickets: Iterable[Ticket], user: str) -> list[Ticket]:
    """Tickets in an agent's order: their own first, and each part in the order of their turns."""
    return sorted(tickets, key=lambda ticket: (user not in ticket.assignees, _place(ticket)))


def _place(ticket: Ticket) -> str:
    return place(ticket.id, ticket.clocks, ticket.waits_since, asleep=ticket.asleep is not None)


def _terms(part: str) -> tuple[str, ...]:
    """The terms in a word of a query; On-hold is one term."""
    spelling = re.sub(r"[-_]", "", part.casefold())
    return (spelling,) if spelling in _SPELLINGS else words(part)
