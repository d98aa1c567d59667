"""Parses what an agent types after `/clerk name`. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from messages.conversation import NAME_LIMIT, NameContact
from messages.formats.numbers import NotANumber, split
from messages.line import Line, line_of


@dataclass(frozen=True)
class ContactName:
    """A contact's number and new name."""

    number: str
    name: str

    def __str__(self) -> str:
        return f"{self.number} is now called {self.name}."


def parse_name(message: NameContact, lines: Sequence[Line]) -> ContactName | str:
    """The number and the name, or the answer that says what is wrong."""
    line = line_of(lines, message.channel)
    try:
        number, rest = split(message.typed, line.id if line else None)
    except NotANumber as error:
        return f"No name was saved. {error}"
    name = " ".join(rest.split())
    if not name:
        return "No name was saved: write the name after the number, such as /clerk name +15551234567 Ann Lee."
    if len(name) > NAME_LIMIT:
        return f"No name was saved: a name has at most {NAME_LIMIT} characters, and this has {len(name)}."
    return ContactName(number, name)
