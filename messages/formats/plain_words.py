"""What people write, as lines of characters that can be shown. Pure.

Line ends of every kind are one line end. Control characters, which nothing can show, become the replacement character.
Signs that turn the order of characters around are kept in right-to-left text, but end with their line: they can't
reach into the words around a text. Overrides, which make a word look like another, are left out
(https://www.unicode.org/reports/tr9/).
"""

import re
from typing import Final

_LINE_END: Final = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_TRIAL: Final = "Sent from your Twilio trial account - "
_OVERRIDE: Final = re.compile("[\u202d\u202e]")
_DIRECTIONS: Final = re.compile("[\u202a\u202b\u202c\u2066-\u2069]")
_POP, _POP_ISOLATE = "\u202c", "\u2069"
_ENDS: Final = {**dict.fromkeys("\u202a\u202b", _POP), **dict.fromkeys("\u2066\u2067\u2068", _POP_ISOLATE)}


def with_line_ends(text: str) -> str:
    """Text whose line ends are all the same."""
    return _LINE_END.sub("\n", text)


def visible(text: str) -> str:
    """Text in lines, without what can't be shown or reaches beyond it."""
    shown = _CONTROL.sub("�", with_line_ends(text))
    if _OVERRIDE.search(shown):
        shown = _without_overrides(shown)
    return "\n".join(map(_closed, shown.split("\n"))) if _DIRECTIONS.search(shown) else shown


def _without_overrides(text: str) -> str:
    """Text without overrides and their ends."""
    kept: list[str] = []
    open_signs: list[str] = []
    for character in text:
        if character == "\n":
            open_signs.clear()
        if character in "\u202a\u202b\u202d\u202e":
            open_signs.append(character)
        ended = open_signs.pop() if character == _POP and open_signs else character
        if not (_OVERRIDE.match(character) or (character == _POP and _OVERRIDE.match(ended))):
            kept.append(character)
    return "".join(kept)


def _closed(line: str) -> str:
    """A line in which every sign that turns the order around has its end, and every end its sign."""
    kept: list[str] = []
    ends: list[str] = []
    for character in line:
        if character in _ENDS:
            ends.append(_ENDS[character])
        elif character in {_POP, _POP_ISOLATE}:
            if not ends or ends[-1] != character:
                continue
            ends.pop()
        kept.append(character)
    return "".join([*kept, *reversed(ends)])


def without_trial_prefix(body: str) -> str:
    """The words of a text, without those that the provider puts before them on a trial account.

    https://help.twilio.com/articles/223136107
    """
    return body.removeprefix(_TRIAL)
