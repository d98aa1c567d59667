"""How a text is divided into segments, which are what a provider charges for. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION: Final = frozenset("\f^{}\\[~]|€")
"""The alphabet of 3GPP TS 23.038, 6.2.1; a character of the extension table takes two places."""


class Encoding(StrEnum):
    """A text's encoding: one character that GSM-7 lacks makes all of it UCS-2."""

    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


_ROOM: Final = {Encoding.GSM_7: (160, 153), Encoding.UCS_2: (70, 67)}
"""The places in a text of one segment, and in each segment of a longer one.

https://www.twilio.com/docs/glossary/what-sms-character-limit
"""


@dataclass(frozen=True)
class Segments:
    """The segments of a text: their `count`, and its length in `characters` as LIMIT counts it, an emoji as two."""

    count: int
    encoding: Encoding
    characters: int


def segments(text: str) -> Segments:
    """How a text is divided into segments; an empty text has none."""
    wide = [2 if ord(each) > 0xFFFF else 1 for each in text]
    gsm = _BASIC.union(_EXTENSION).issuperset(text)
    encoding = Encoding.GSM_7 if gsm else Encoding.UCS_2
    places = [2 if each in _EXTENSION else 1 for each in text] if gsm else wide
    alone, together = _ROOM[encoding]
    count = min(len(text), 1) if sum(places) <= alone else _filled(places, together)
    return Segments(count, encoding, sum(wide))


def _filled(places: Iterable[int], room: int) -> int:
    """How many segments are needed if no character is split."""
    count, left = 0, 0
    for each in places:
        if each > left:
            count, left = count + 1, room
        left -= each
    return count
