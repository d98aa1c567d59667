"""In which zone a time for a contact is meant: theirs, if that is certain, the agent's, the line's. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from messages.calendar import offset, zone_exists, zone_words
from messages.conversation import Contact
from messages.quiet import zones_of

PRINCIPAL: Final = frozenset({"Europe/London"})
"""Of several zones in which clocks show one time, the one that people name."""


def certain_zone(contact: Contact, at: datetime) -> str | None:
    """The contact's zone if clocks show one time wherever they may be then; None if that is not certain."""
    zones = (contact.zone,) if contact.zone else tuple(each for each in zones_of(contact.id) if zone_exists(each))
    if len({offset(at, zone) for zone in zones}) != 1:
        return None
    return next((each for each in zones if each in PRINCIPAL), zones[0])


class ZoneOf(StrEnum):
    """Whose zone a time is meant in."""

    CONTACT = "contact"
    AGENT = "agent"
    LINE = "line"
    CHOSEN = "chosen"
    NOBODY = "nobody"


@dataclass(frozen=True)
class MeantIn:
    """A zone, and whose it is."""

    zone: str
    of: ZoneOf

    @property
    def words(self) -> str:
        """What people call the zone."""
        return zone_words(self.zone)


def meant_in(chosen: str | None, contact: Contact, agent: str | None, line: str | None, now: datetime) -> MeantIn:
    """In which zone a time is meant: the chosen one, else the contact's if it is certain, the agent's, the line's."""
    theirs = certain_zone(contact, now)
    offered = (
        (chosen, ZoneOf.CONTACT if chosen == theirs else ZoneOf.CHOSEN),
        (theirs, ZoneOf.CONTACT),
        (agent, ZoneOf.AGENT),
        (line, ZoneOf.LINE),
    )
    for zone, of in offered:
        if zone and zone_exists(zone):
            return MeantIn(zone, of)
    return MeantIn("UTC", ZoneOf.NOBODY)
