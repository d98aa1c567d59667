"""Parses what an agent types after `/clerk name`. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from messages.conversation import NAME_LIMIT, NameContact
from messages.formats.numbers import NotANumber, SeveralNumbers, split, split_contact
from messages.line import Line, line_of


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
    line = line_of(lines, message.channel)
    exactly = split_contact(message.typed, known)
    try:
        number, rest = split(message.typed, line.id if line else None)
    except NotANumber as error:
        if exactly is None or isinstance(error, SeveralNumbers):
            return f"No name was saved. {error}"
        number, rest = exactly
    if exactly is not None:
        number, rest = exactly
    name = " ".join(rest.split())
    if not name:
        return "No name was saved: write the name after the number, such as /clerk name +15551234567 Ann Lee."
    if len(name) > NAME_LIMIT:
        return f"No name was saved: a name has at most {NAME_LIMIT} characters, and this has {len(name)}."
    return ContactName(number, name)
