"""Placeholders in a text that Clerk sends later or by itself: what is one, and what is filled in for it. Pure.

Braces around mere words, or around nothing, are meant as a placeholder: one that is not known is refused, since the
contact would read it. All other braces are text and stay as they are written, such as { alone or {"total": 3}.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

SHOWN: Final = 40
_MEANT: Final = re.compile(r"(?<!\{)\{++ *+(?:[^\W\d][\w .-]*+)?\}++")
_NAMED: Final = re.compile(r"\{(\w+)\}")


def trouble(words: str, known: Collection[str]) -> str:
    """Which placeholder in some words is none of those that are known; blank if each is."""
    for found in _MEANT.findall(words):
        if found[1:-1] not in known:
            shown = found if len(found) <= SHOWN else f"{found[:SHOWN]}…"
            return f"{shown} is nothing that Clerk can fill in there: it knows {listed(known)}"
    return ""


def named(words: str, known: Collection[str]) -> list[str]:
    """The known placeholders in some words, each once."""
    return [each for each in dict.fromkeys(_NAMED.findall(words)) if each in known]


def filled(words: str, values: Mapping[str, str]) -> str:
    """Words with their placeholders filled in; what is filled in is filled in no further."""
    return _NAMED.sub(lambda found: values.get(found[1], found[0]), words)


def empty(words: str, values: Mapping[str, str]) -> list[str]:
    """The placeholders in some words for which there is nothing to fill in."""
    return [each for each in named(words, values) if not values[each].strip()]


def listed(names: Iterable[str]) -> str:
    """Placeholders as a sentence names them: "{name}, {line} and {agent}"."""
    *others, last = (f"{{{each}}}" for each in names)
    return f"{', '.join(others)} and {last}" if others else last
