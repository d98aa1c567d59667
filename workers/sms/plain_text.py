"""Converts a Slack message to the text of an SMS: markup, and internal notes. Pure.

Slack's markup (https://docs.slack.dev/messaging/formatting-message-text) writes `&`, `<` and `>` as entities, so a `<`
always begins a link or a mention.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from messages.formats.plain_words import with_line_ends
from messages.sms import LIMIT
from workers.sms.emoji_names import character

# -- markup -----------------------------------------------------------------------------------------------------------

_ANGLE: Final = r"""
    <@(?P<user>[A-Z0-9]+)(?:\|(?P<username>[^<>]*))?>
  | <\#(?P<channel>[A-Z0-9]+)(?:\|(?P<title>[^<>]*))?>
  | <!(?P<special>[^<>|]+)(?:\|(?P<fallback>[^<>]*))?>
  | <(?P<url>[A-Za-z][A-Za-z0-9+.-]*:[^<>|]*)(?:\|(?P<label>[^<>]*))?>
"""
_ANGLES: Final = re.compile(_ANGLE, re.VERBOSE)
_ATOMS: Final = re.compile(
    rf"""
    ```(?P<block>.+?)```
  | (?<![\w`])`(?P<code>[^`\n]+)`(?![\w`])
  | {_ANGLE}
  | (?P<bare>https?://[^\s<>]*[^\s<>*_~`])
  | (?P<apart>(?<![^\W_]))?
    :(?P<emoji>[a-z0-9_+'-]+):(?::skin-tone-(?P<tone>[2-6])(?:-[2-6])?:)?
    (?(apart)|(?![^\W_]))
""",
    re.VERBOSE | re.DOTALL,
)
"""The parts that are not plain text. A short name inside a word (`10:30:45`) is plain text."""

_SPANS: Final = tuple(
    re.compile(
        rf"(?<![^\W_])(?<!{mark}){mark}(?![\s{mark}])([^\n]{{0,{LIMIT}}}?)(?<![\s{mark}]){mark}(?![^\W_])(?!{mark})"
    )
    for mark in (r"\*", "_", "~")
)
"""Bold, italic, struck, as Slack renders them: `2*3*4` and `snake_case` stay unchanged."""

_ENTITY: Final = re.compile("&(amp|lt|gt);")
_ENTITIES: Final = {"amp": "&", "lt": "<", "gt": ">"}
_SCHEME: Final = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)
_ATOM: Final = "\0"
_TYPED: Final = {ord(_ATOM): None, ord("\N{NO-BREAK SPACE}"): " "}
"""Slack's editor inserts no-break spaces that nobody typed, and that would make a text UCS-2."""

_BROADCASTS: Final = frozenset({"here", "channel", "everyone"})


@dataclass(frozen=True)
class Mentions:
    """The ids in a message whose names `plain` needs."""

    users: frozenset[str]
    channels: frozenset[str]


def find_mentions(markup: str) -> Mentions:
    """The users, and the channels without a title, that a message mentions."""
    found = list(_ANGLES.finditer(markup))
    return Mentions(
        users=frozenset(each["user"] for each in found if each["user"]),
        channels=frozenset(each["channel"] for each in found if each["channel"] and not each["title"]),
    )


def plain(markup: str, names: Mapping[str, str]) -> str:
    """A message as a person would type it on a phone; `names` are those of the users and channels by id."""
    return _typed(with_line_ends(markup).translate(_TYPED), names).strip()


def _typed(markup: str, names: Mapping[str, str]) -> str:
    atoms: list[str] = []

    def take(match: re.Match[str]) -> str:
        atoms.append(_atom(match, names))
        return _ATOM

    text = _ATOMS.sub(take, markup)
    for span in _SPANS:
        text = span.sub(r"\1", text)
    parts = _unescaped(text).split(_ATOM)
    return parts[0] + "".join(atom + part for atom, part in zip(atoms, parts[1:], strict=True))


def _atom(match: re.Match[str], names: Mapping[str, str]) -> str:
    if code := match["block"] or match["code"]:
        return _code(code.strip("\n"), names)
    if match["bare"]:
        return _unescaped(match["bare"])
    if match["emoji"]:
        tone = match["tone"]
        return character(match["emoji"], int(tone) if tone else None) or match[0]
    return _angle(match, names)


def _code(text: str, names: Mapping[str, str]) -> str:
    """Code, in which only links and mentions are markup."""
    pieces, at = [], 0
    for match in _ANGLES.finditer(text):
        pieces += [_unescaped(text[at : match.start()]), _angle(match, names)]
        at = match.end()
    return "".join(pieces) + _unescaped(text[at:])


def _angle(match: re.Match[str], names: Mapping[str, str]) -> str:
    if user := match["user"]:
        return names.get(user) or _unescaped(match["username"] or "someone")
    if channel := match["channel"]:
        return "#" + _unescaped(match["title"] or names.get(channel) or "channel").removeprefix("#")
    if special := match["special"]:
        word = special.partition("^")[0]
        if word in _BROADCASTS or not match["fallback"]:
            return {"subteam": "@team", "date": ""}.get(word, f"@{word}")
        return _unescaped(match["fallback"])
    return _link(match["url"], match["label"] or "", names)


def _link(url: str, label: str, names: Mapping[str, str]) -> str:
    address, words = _unescaped(url), _unescaped(label)
    shown = re.sub("^(?:mailto|tel):", "", address, flags=re.IGNORECASE)
    if not words.strip():
        return shown
    if _same(address, words):
        return words
    return f"{_typed(label, names)} ({shown})"


def _same(address: str, words: str) -> bool:
    """Whether a link's label is only its address, with or without the scheme; a phone number in any spelling."""
    if address.lower().startswith("tel:"):
        return re.sub("[^0-9+]", "", address) == re.sub("[^0-9+]", "", words)
    return _SCHEME.sub("", address, count=1).rstrip("/") == _SCHEME.sub("", words, count=1).rstrip("/")


def _unescaped(text: str) -> str:
    return _ENTITY.sub(lambda match: _ENTITIES[match[1]], text)


# -- internal notes ---------------------------------------------------------------------------------------------------

_UNSEEN: Final = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    r"\u3164\ufe00-\ufe0f\ufeff\uffa0"
)
_FILLERS: Final = r"\u115f\u1160\u3164\uffa0"
"""Invisible characters that Unicode classes as letters."""

_GAP: Final = f"[{_UNSEEN}]*"
_SLASH: Final = "/／⁄∕⧸"
_WORD: Final = _GAP.join(("[nｎ]", "[oｏ]", "[tｔ]", "[eｅ]"))
_NOTE: Final = re.compile(
    rf"(?:[^\w{_SLASH}]|[_{_FILLERS}])*"
    rf"(?:[{_SLASH}]{_GAP}[{_SLASH}]|{_WORD}[\s*_~`'\"{_UNSEEN}]*[:：︓﹕∶꞉])",
    re.IGNORECASE,
)
_AHEAD: Final = re.compile(r"<[@!#][^<>]*>|:[a-z0-9_+'-]+:")
"""What may come before a note: a mention, or an emoji of the workspace."""

_LEADING: Final = re.compile(rf"(?:{_AHEAD.pattern}|&(?:amp|lt|gt);|[^\w{_SLASH}<]|[_{_FILLERS}])*")
"""All that comes before the first word, slashes or link. In `note:5:30` the colons are no emoji's."""


def is_note(text: str) -> bool:
    """Whether a message, in Slack's markup or plain, is an internal note: it begins with `//` or `note:`.

    The match is generous, because a note must never be sent: it ignores case, blanks, invisible characters, and quotes,
    bullets, emoji, mentions and markup before it, and accepts full-width spellings.
    """
    leading = _LEADING.match(text)
    rest = text[leading.end() if leading else 0 :]
    readings = (text, plain(text, {}), rest, plain(rest, {}), plain(_AHEAD.sub(" ", text), {}))
    return any(_NOTE.match(each) for each in readings)


def without_prefix(note: str) -> str:
    """A note, given as plain text, without its prefix."""
    match = _NOTE.match(note)
    return note[match.end() if match else 0 :].strip()
