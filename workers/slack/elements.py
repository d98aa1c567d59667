"""What our messages in Slack are made of: text objects, a contact's words, the fallback text. Pure.

A contact's words are in plain_text objects, escaped and without emoji codes, so that Slack renders nothing in them.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from slack_sdk.models.blocks import Block, ContextBlock, MarkdownTextObject, PlainTextObject, SectionBlock

from messages.conversation import Contact
from messages.formats.byline import Byline
from messages.formats.media_types import counted, plain_type
from messages.formats.plain_words import visible
from messages.sms import Media, Sms
from workers.markup import clip_escaped, escape, listed, split, unstyled

FALLBACK: Final = 3900
"""chat.update refuses a text of more than 4,000 characters (https://docs.slack.dev/reference/methods/chat.update)."""


SECTION: Final = 3000
SECTIONS: Final = 3
"""Sections of one text: enough for the longest one, 1,600 characters each written as an entity."""


@dataclass(frozen=True)
class Rendered:
    """A message: its blocks, the text that notifications and old clients show, and whose words it is, if not Clerk's.

    Only what never changes may have a byline: an update loses it.
    """

    text: str
    blocks: tuple[Mapping[str, Any], ...]
    byline: Byline | None = None

    @property
    def digest(self) -> str:
        """A hash that is the same for the same message only."""
        whole = json.dumps([self.text, self.blocks], sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()[:32]


def rendered(text: str, blocks: Sequence[Block | Mapping[str, Any]]) -> Rendered:
    """A message of these blocks, some of which may be as they are sent already; `text` is its fallback."""
    return Rendered(text, tuple(block.to_dict() if isinstance(block, Block) else block for block in blocks))


def plain(escaped: str) -> PlainTextObject:
    """Words in which nothing is rendered, escaped already."""
    return PlainTextObject(text=escaped, emoji=False)


def mrkdwn(escaped: str) -> MarkdownTextObject:
    """Words in Slack's markup, escaped where they are not ours; no address or name becomes a link by itself."""
    return MarkdownTextObject(text=escaped, verbatim=True)


def value_of(**carried: int | str) -> str:
    """The value of a button or option: what it orders."""
    return json.dumps(carried)


def contact_label(contact: Contact) -> str:
    """The contact's name and number, not yet escaped; the number alone while there is no name."""
    name, id = visible(contact.name), visible(contact.id)
    return f"{name} · {id}" if name.strip() else id


def unstyled_words(text: str) -> str:
    """An agent's words inside mrkdwn: escaped, and without styling."""
    return escape(unstyled(text))


def text_sections(text: Sms | None) -> list[Block]:
    """What a contact wrote, as plain text, and what came with it."""
    if text is None:
        return []
    blocks: list[Block] = []
    if text.body.strip():
        pieces = split(text.body, SECTION)
        blocks += [SectionBlock(text=plain(piece)) for piece in pieces[:SECTIONS]]
        if len(pieces) > SECTIONS:
            blocks.append(ContextBlock(elements=[plain("This text is too long for Slack, so its end is not shown.")]))
    elif not text.media:
        blocks.append(ContextBlock(elements=[plain("(no text)")]))
    if text.others:
        others = listed(text.others, 500, ", ")
        words = f"A group message, also to {others}. Replies go to this contact alone."
        blocks.append(ContextBlock(elements=[plain(clip_escaped(words, SECTION))]))
    if text.media:
        blocks.append(ContextBlock(elements=[plain(clip_escaped(f"📎 {_attached(text.media)}", SECTION))]))
    return blocks


def _attached(media: Sequence[Media]) -> str:
    types = [each.content_type for each in media]
    kinds = listed(filter(None, map(plain_type, types)), 200, ", ", none="")
    return f"{counted(types)} ({kinds})" if kinds else counted(types)
