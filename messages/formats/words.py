"""The words that search finds things by. Pure."""

import re
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
LONGEST: Final = 40


def words(text: str) -> tuple[str, ...]:
    """The distinct words of a text, case-folded and without punctuation; a word is cut after LONGEST characters."""
    return tuple(dict.fromkeys(word[:LONGEST] for word in _WORD.findall(text.casefold())))
