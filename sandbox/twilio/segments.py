"""The number of segments that a text takes (https://www.twilio.com/docs/glossary/what-sms-character-limit). Pure."""

from typing import Final

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("^{}\\[~]|€\f")


def segments(body: str) -> int:
    """The number of segments of a text: at least one."""
    if set(body) <= _BASIC | _EXTENDED:
        length = len(body) + sum(each in _EXTENDED for each in body)
        one, each = 160, 153
    else:
        length = len(body.encode("utf-16-le")) // 2
        one, each = 70, 67
    return 1 if length <= one else -(-length // each)
