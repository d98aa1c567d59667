"""Parses an agent's search, and decides which tickets match. Pure.

The indexes give candidates only: `matches` decides whether a ticket, as it is now, matches.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from messages.formats.numbers import NotANumber, parse
from messages.formats.words import words
from messages.ticket import Status, Ticket

MOST_TERMS: Final = 6
_NUMBERED: Final = re.compile(r"#?\s*([1-9][0-9]{0,8})", re.ASCII)
_SPELLINGS: Final = {status.label.replace("-", "").lower(): status for status in Status}


@dataclass(frozen=True)
class Query:
    """A search: ticket `number`, the tickets of a `contact`, or else those that match every term.

    `sender` is the search as typed: a card may show it as the contact, whatever it looks like.
    """

    number: int | None = None
    contact: str | None = None
    terms: tuple[str, ...] = ()
    sender: str | None = None

    @property
    def contacts(self) -> list[str]:
        """The contacts that the search may mean."""
        return list(dict.fromkeys(each for each in (self.contact, self.sender) if each is not None))

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
        int(number[1]) if number else None, contact, tuple(dict.fromkeys(terms))[:MOST_TERMS], query if terms else None
    )


def status_of(term: str) -> Status | None:
    """The status that a term names."""
    return _SPELLINGS.get(term)


def matches(ticket: Ticket, name: str, query: Query) -> bool:
    """Whether a ticket, whose contact has this name, matches a query."""
    if query.number == ticket.id or ticket.contact in query.contacts:
        return True
    if not query.terms:
        return False
    found = [*words(ticket.subject), *(word for tag in ticket.tags for word in words(tag)), *words(name)]
    return all(status_of(term) is ticket.status or any(word.startswith(term) for word in found) for term in query.terms)


def mine_first(tickets: Sequence[Ticket], user: str) -> list[Ticket]:
    """Tickets in an agent's order: their own first, then the newest."""
    return sorted(tickets, key=lambda ticket: (user not in ticket.assignees, -ticket.id))


def _terms(part: str) -> tuple[str, ...]:
    """The terms in a word of a query; On-hold is one term."""
    spelling = re.sub(r"[-_]", "", part.casefold())
    return (spelling,) if spelling in _SPELLINGS else words(part)
