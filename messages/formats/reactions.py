"""Recognises reactions that phones send as texts, by the text of ours that they quote. Pure.

An iPhone sends “Liked “On our way””, an Android phone “👍 to “On our way””, in the phone's own language. What quotes
our words is a reaction; what only looks like one, such as “Liked it a lot”, is an ordinary text.
"""

import re
from collections.abc import Iterable
from typing import Final

from messages.formats.plain_words import with_line_ends

LONGEST_VERB: Final = 60
MOST_WORDS: Final = 6
SHORTEST_CUT: Final = 8
"""A quote that is cut short must have this many characters of our text, not to be taken for another."""

_INVISIBLE: Final = re.compile("[\u00ad\u200a-\u200f\u2060\ufeff]")
_VERB: Final = rf"[^“”„«»「」\"]{{0,{LONGEST_VERB}}}"
_QUOTED: Final = re.compile(
    rf"(?P<before>{_VERB}?)\s*[“”„«「\"]\s*(?P<quote>.+?)\s*[”“»」\"]\s*(?P<after>{_VERB})", re.DOTALL
)
_CUT_SHORT: Final = re.compile(r"\s*(?:…|\.\.\.)$")
_PICTURE: Final = re.compile(
    r"(?:Liked|Loved|Disliked|Laughed at|Emphasi[sz]ed|Questioned|Reacted \S+ to"
    r"|Removed (?:an? (?:like|heart|dislike|laugh|exclamation|question mark|reaction)|\S+) from)"
    r" (?:an image|a photo|a picture|an? video|a movie|an attachment|a GIF|an audio message|a contact card|a file)\.?",
    re.IGNORECASE,
)


def is_reaction(body: str, ours: Iterable[str], *, sent_files: bool = False) -> bool:
    """Whether a contact's text is a reaction to one of our texts (`ours`), or to a file if we sent any."""
    text = _plain(body)
    if _PICTURE.fullmatch(text):
        return sent_files
    found = _QUOTED.fullmatch(text)
    if found is None or not (found["before"] or found["after"]):
        return False
    if not _may_be_verb(found["before"]) or not _may_be_verb(found["after"]):
        return False
    return any(_quotes(found["quote"], _plain(each)) for each in ours)


def _may_be_verb(words: str) -> bool:
    """Whether words around a quote may be a phone's: few, and without a question or an end of a sentence."""
    return len(words.split()) <= MOST_WORDS and not re.search(r"[?!.:;,\d]", words)


def _quotes(quote: str, ours: str) -> bool:
    """Whether a quote is one of our texts, whole or cut short."""
    cut = _CUT_SHORT.sub("", quote)
    if quote == ours:
        return bool(quote)
    return cut != quote and len(cut) >= SHORTEST_CUT and ours.startswith(cut)


def _plain(text: str) -> str:
    """Text on one line, without what can't be seen."""
    return " ".join(_INVISIBLE.sub("", with_line_ends(text)).split())
