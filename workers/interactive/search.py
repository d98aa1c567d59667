"""What an agent looks for, and which tickets that is. Pure.

Whatever is looked up only proposes tickets: `matches` says of each, as it is now, whether it is meant.
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
    """What was asked for: ticket `number`, those of a `contact`, and otherwise those to which every term fits."""

    number: int | None = None
    contact: str | None = None
    terms: tuple[str, ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to look for in what was asked."""
        return self.number is None and self.contact is None and not self.terms


def parse_query(query: str, line: str | None) -> Query:
    """What a query asks for; a phone number may be one of the line's country."""
    query = query.strip()
    number = _NUMBERED.fullmatch(query)
    contact = None
    if not query.startswith("#"):
        try:
            contact = parse(query, line)
        except NotANumber:
            contact = None
    terms = tuple(term for part in query.split() for term in _terms(part))
    return Query(int(number[1]) if number else None, contact, tuple(dict.fromkeys(terms))[:MOST_TERMS])


def status_of(term: str) -> Status | None:
    """The status that a term names."""
    return _SPELLINGS.get(term)


def matches(ticket: Ticket, name: str, query: Query) -> bool:
    """Whether a ticket, whose contact has this name, is what was asked for."""
    if query.number == ticket.id or query.contact == ticket.contact:
        return True
    if not query.terms:
        return False
    found = [*words(ticket.subject), *(word for tag in ticket.tags for word in words(tag)), *words(name)]
    return all(status_of(term) is ticket.status or any(word.startswith(term) for word in found) for term in query.terms)


def mine_first(tickets: Sequence[Ticket], user: str) -> list[Ticket]:
    """Tickets in the order in which an agent wants them: their own first, then the newest."""
    return sorted(tickets, key=lambda ticket: (user not in ticket.assignees, -ticket.id))


def _terms(part: str) -> tuple[str, ...]:
    """A word of a query as terms; On-hold is one."""
    spelling = re.sub(r"[-_]", "", part.casefold())
    return (spelling,) if spelling in _SPELLINGS else words(part)
