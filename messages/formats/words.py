"""The words by which something is found. Pure."""

import re
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
LONGEST: Final = 40


def words(text: str) -> tuple[str, ...]:
    """The different words of a text, without regard to case and punctuation; a long one is cut."""
    return tuple(dict.fromkeys(word[:LONGEST] for word in _WORD.findall(text.casefold())))
