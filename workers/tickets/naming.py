"""Parses what an agent types after `/clerk name` and `/clerk zone`. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from messages.conversation import NAME_LIMIT, NameContact, PlaceContact
from messages.formats.numbers import NotANumber, SeveralNumbers, split, split_contact
from messages.line import Line, line_of
from messages.quiet import zone_named


@dataclass(frozen=True)
class ContactName:
    """A contact's number and new name."""

    number: str
    name: str

    def __str__(self) -> str:
        return f"{self.number} is now called {self.name}."


def parse_name(message: NameContact, lines: Sequence[Line], known: Collection[str]) -> ContactName | str:
    """The contact and the name, or the answer that says what is wrong.

    `known` are contacts that the typed words may begin with as a card shows them: not each is a phone number.
    """
    found = split_typed(message.typed, message.channel, lines, known)
    if isinstance(found, str):
        return f"No name was saved. {found}"
    number, rest = found
    name = " ".join(rest.split())
    if not name:
        return "No name was saved: write the name after the number, such as /clerk name +15551234567 Ann Lee."
    if len(name) > NAME_LIMIT:
        return f"No name was saved: a name has at most {NAME_LIMIT} characters, and this has {len(name)}."
    return ContactName(number, name)


@dataclass(frozen=True)
class ContactZone:
    """A contact's number and the zone in which they are; blank: by their number."""

    number: str
    zone: str

    def __str__(self) -> str:
        if not self.zone:
            return f"Clerk goes by the number of {self.number} again to know where they are."
        return f"{self.number} is in {self.zone}: quiet hours go by the time there."


BY_NUMBER: Final = "number"
"""What an agent types in place of a zone so that the contact's number says where they are."""

ZONE_USAGE: Final = (
    "write a time zone after the number, such as /clerk zone +15551234567 Europe/Berlin, or the word number to go by "
    "the contact's number."
)


def parse_zone(message: PlaceContact, lines: Sequence[Line], known: Collection[str]) -> ContactZone | str:
    """The contact and the zone, or the answer that says what is wrong; `known` as for a name."""
    found = split_typed(message.typed, message.channel, lines, known)
    if isinstance(found, str):
        return f"No time zone was saved. {found}"
    number, rest = found
    typed = rest.strip()
    if typed.casefold() == BY_NUMBER:
        return ContactZone(number, "")
    if not typed:
        return f"No time zone was saved: {ZONE_USAGE}"
    zone = zone_named(typed)
    if not zone:
        return f"No time zone was saved: there is none called {typed[:NAME_LIMIT]}. Instead, {ZONE_USAGE}"
    return ContactZone(number, zone)


def split_typed(typed: str, channel: str, lines: Sequence[Line], known: Collection[str]) -> tuple[str, str] | str:
    """The contact that typed words begin with, and the rest; or what is wrong with the number."""
    line = line_of(lines, channel)
    place = line.id if line else None
    try:
        exactly = split_contact(typed, known, place)
        number, rest = split(typed, place)
    except SeveralNumbers as error:
        return str(error)
    except NotANumber as error:
        if exactly is None:
            return str(error)
    return exactly if exactly is not None else (number, rest)
