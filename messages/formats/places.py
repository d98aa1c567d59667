"""Where a contact is, as far as their number tells, and in which zone a planned time is meant. Pure.

The prefix of a number names the zones of its area; some area codes of North America span two
(https://github.com/daviddrysdale/python-phonenumbers, tzdata).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number
from phonenumbers.tzdata import TIMEZONE_DATA

from messages.calendar import offset, zone_exists, zone_words

AREA_CODE: Final = 3
NORTH_AMERICA: Final = 1


@lru_cache(maxsize=1024)
def zones_of(contact: str) -> tuple[str, ...]:
    """The zones in which a contact may be, the most likely first; none if their number does not say."""
    try:
        number = phonenumbers.parse(contact, None)
    except phonenumbers.NumberParseException:
        return ()
    likely = tuple(each for each in time_zones_for_number(number) if each != UNKNOWN_TIMEZONE)
    if number.country_code != NORTH_AMERICA or not likely:
        return tuple(each for each in likely if zone_exists(each))
    area = f"{NORTH_AMERICA}{phonenumbers.national_significant_number(number)[:AREA_CODE]}"
    others = (zone for prefix, zones in TIMEZONE_DATA.items() if prefix.startswith(area) for zone in zones)
    return tuple(each for each in dict.fromkeys((*likely, *others)) if zone_exists(each))


PRINCIPAL: Final = frozenset({"Europe/London"})
"""Of several zones in which clocks show one time, the one that people name."""


def certain_zone(contact: str, at: datetime) -> str | None:
    """The contact's zone if clocks show one time wherever they may be then; None if that is not certain."""
    zones = zones_of(contact)
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


def meant_in(chosen: str | None, contact: str, agent: str | None, line: str | None, now: datetime) -> MeantIn:
    """In which zone a time is meant: the chosen one, else the contact's if it is certain, the agent's, the line's."""
    offered = (
        (chosen, ZoneOf.CHOSEN),
        (certain_zone(contact, now), ZoneOf.CONTACT),
        (agent, ZoneOf.AGENT),
        (line, ZoneOf.LINE),
    )
    for zone, of in offered:
        if zone and zone_exists(zone):
            return MeantIn(zone, of)
    return MeantIn("UTC", ZoneOf.NOBODY)
