"""The name and avatar under which a contact's words are in a thread. Pure.

Slack shows a message under another name than the app's if the app has the scope `chat:write.customize`
(https://docs.slack.dev/reference/methods/chat.postMessage#authorship). Slack marks it as an app's message all the same.
"""

import re
from dataclasses import dataclass
from typing import Final

from messages.conversation import Contact
from messages.formats.plain_words import visible

SCOPE: Final = "chat:write.customize"

LIMIT: Final = 80
"""Slack shortens a longer name, and warns (`username_too_long`); its documentation names no limit."""

AVATAR: Final = ":bust_in_silhouette:"
NO_NUMBER: Final = "texts without a number"
NAMELESS: Final = "A sender without a name"

_LIVELY: Final = str.maketrans("<>&@#|*_~`", "‹›＆＠＃∣∗ˍ∼ˋ")
"""What begins a mention, a channel, a link or a style, and what looks like it."""

_EMOJI: Final = re.compile(r":(?=[^\s:]+:)")

_INVISIBLE: Final = re.compile(
    "[\u00ad\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0]"
)
_NUMBER: Final = re.compile(r"\+?[0-9]+", re.ASCII)


@dataclass(frozen=True)
class Byline:
    """A name, and an emoji as avatar."""

    name: str
    emoji: str = AVATAR


def byline(contact: Contact) -> Byline:
    """The contact's name and number, so that no name that someone chose passes for a colleague, Slack or Clerk.

    A sender that is no number is named as such: it chose that name itself.
    """
    name, id = _dead(contact.name), _dead(contact.id)
    number = id if _NUMBER.fullmatch(id) else ""
    if number:
        return Byline(f"{_clipped(name, LIMIT - len(number) - 3)} · {number}" if name else number)
    return Byline(f"{_clipped(name or id or NAMELESS, LIMIT - len(NO_NUMBER) - 3)} · {NO_NUMBER}")


def _dead(words: str) -> str:
    """Words as one line in which Slack finds nothing to render, without what can't be seen."""
    shown = _EMOJI.sub("∶", _INVISIBLE.sub("", visible(words)).translate(_LIVELY))
    return " ".join(shown.split())


def _clipped(words: str, limit: int) -> str:
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"
