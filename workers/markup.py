"""Text escaped for Slack. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from messages.answering import words_digest
from messages.conversation import Arrival
from messages.formats.media_types import described
from messages.formats.plain_words import visible
from messages.sms import SlackFile, Sms
from messages.team.agent import TimeAway
from messages.ticket import LastText

LAST_WORDS: Final = 200
"""How much of a contact's last text its ticket keeps for lists."""

_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_SPECIAL: Final = re.compile(r"[&<>]")
_STYLING: Final = str.maketrans("*_~`\n", "∗ˍ∼ˋ ")
_EMOJI: Final = re.compile(r":(?=[^\s:]+:)")
_USER: Final = re.compile(r"[UW][A-Z0-9]+")
_CHANNEL: Final = re.compile(r"[CGD][A-Z0-9]+")


def escape(text: str) -> str:
    """Text with Slack's three control characters as entities, so that mentions, channels and links stay plain text.

    What can't be shown is made visible (`messages/formats/plain_words.py`).
    https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return _SPECIAL.sub(lambda match: _ENTITIES[match[0]], visible(text))


def unstyled(text: str) -> str:
    """Text as one line, not yet escaped, in which mrkdwn finds no style and no emoji code."""
    return _EMOJI.sub("∶", visible(text).translate(_STYLING))


def clip_escaped(text: str, limit: int) -> str:
    """The text escaped, shortened with an ellipsis to `limit` characters if it is longer."""
    whole = escape(text)
    return whole if len(whole) <= limit else split(text, limit - 1)[0] + "…"


def split(text: str, limit: int) -> list[str]:
    """The text escaped, in pieces of at most `limit` characters; no entity is cut. Empty text gives no piece."""
    pieces: list[str] = []
    piece: list[str] = []
    length = 0
    for character in visible(text):
        written = _ENTITIES.get(character, character)
        if length + len(written) > limit:
            pieces.append("".join(piece))
            piece, length = [], 0
        piece.append(written)
        length += len(written)
    return [*pieces, "".join(piece)] if piece else pieces


def mention(id: str) -> str:
    """A user or channel as a mention; anything else as plain text."""
    if _USER.fullmatch(id):
        return f"<@{id}>"
    if _CHANNEL.fullmatch(id):
        return f"<#{id}>"
    return escape(id)


def away_words(user: str, away: TimeAway) -> str:
    """A sentence that says until when somebody is away, and why."""
    if away.deactivated:
        return f"The account of {mention(user)} is deactivated."
    until = f" until {local_time(away.until)}" if away.until is not None else ""
    note = f" ({escape(unstyled(away.note))})" if away.note else ""
    return f"{mention(user)} is away{until}{note}."


def named(id: str, away: Mapping[str, TimeAway]) -> str:
    """A user or channel as a mention, and until when they are away."""
    if (found := away.get(id)) is None:
        return mention(id)
    if found.deactivated:
        return f"{mention(id)} (deactivated)"
    until = f" until {local_time(found.until)}" if found.until is not None else ""
    return f"{mention(id)} (away{until})"


def sender(text: Sms) -> str:
    """Who sent an outbound text: its author as a mention, or Clerk, which sends some by itself."""
    return mention(text.author or "") if text.is_of_team else "Clerk"


def words_and_files(body: str, files: Sequence[SlackFile]) -> str:
    """What a text to a contact says, and the names of the files that go with it."""
    names = ", ".join(each.name or "a file" for each in files)
    return "\n".join(filter(str.strip, [body, f"[{names}]" if names else ""])) or body


def listed(parts: Iterable[str], limit: int, separator: str = " ", none: str = "–") -> str:
    """As many parts in a row as fit in `limit` characters, and the number of the others."""
    parts = list(parts)
    for count in range(len(parts), 0, -1):
        rest = f" and {len(parts) - count} more" if count < len(parts) else ""
        row = separator.join(parts[:count]) + rest
        if len(row) <= limit:
            return row
    return f"{len(parts)} of them" if parts else none


def words_of(text: Sms) -> str:
    """What a text says, where no picture can be shown."""
    if text.body.strip():
        return visible(text.body)
    return f"({described([each.content_type for each in text.media]) or 'no text'})"


def last_text(text: Sms) -> LastText:
    """A contact's text as lists of tickets show it."""
    return LastText(seq=text.seq or 0, words=words_of(text)[:LAST_WORDS], at=text.received_at)


def arrival(text: Sms) -> Arrival:
    """A contact's text as those see it who decide what follows from it."""
    is_keyword = text.wish is not None or text.unheeded is not None
    digest = words_digest(text.body)
    return Arrival(
        seq=text.seq or 0,
        at=text.received_at,
        reaction=text.reaction,
        keyword=is_keyword,
        digest=digest,
        found_at=text.found_at,
        muted=text.muted,
        wish=text.wish,
        out=text.out,
    )


def came(text: Sms) -> str:
    """When a contact's text came, and, if that was late, when Clerk found it."""
    at = local_time(text.received_at)
    return at if text.found_at is None else f"came {at}, found {local_time(text.found_at)}"


def local_age(at: datetime) -> str:
    """How long ago a time is for whoever reads it, whenever they do; the time itself where a client can't say."""
    return f"<!date^{int(at.timestamp())}^{{ago}}|{at:%Y-%m-%d %H:%M} UTC>"


def local_time(at: datetime) -> str:
    """A time that each reader sees in their own zone.

    https://docs.slack.dev/messaging/formatting-message-text#date-formatting
    """
    return moment(at, "{date_short_pretty} {time}")


def moment(at: datetime, tokens: str) -> str:
    """A time as Slack's tokens say it, in each reader's own zone."""
    return f"<!date^{int(at.timestamp())}^{tokens}|{at:%Y-%m-%d %H:%M} UTC>"
