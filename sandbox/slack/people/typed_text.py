"""How Slack stores what a person types: as escaped text with links, and as rich text. Pure.

https://docs.slack.dev/messaging/formatting-message-text#escaping
"""

import re
from collections.abc import Iterator
from typing import Final

from sandbox.json_object import Json

_TOKENS: Final = re.compile(
    r"<(?P<token>@[UW][A-Z0-9]+|#[CG][A-Z0-9]+(?:\|[^<>]*)?|![a-z][^<>]*|(?:https?|mailto|tel):[^<>|\s]+(?:\|[^<>]*)?)>"
    r"|(?P<url>https?://[^\s<>|]*[^\s<>|.,;:!?)\"'])"
    r"|(?P<mail>(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
)


def escaped(typed: str) -> str:
    """The `text` of the message: `&`, `<` and `>` escaped, mentions and links in angle brackets."""
    parts: list[str] = []
    for plain, match in _pieces(typed):
        parts.append(_escape(plain))
        if match is not None:
            if match["token"]:
                parts.append(f"<{_escape_link(match['token'])}>")
            elif match["url"]:
                parts.append(f"<{_escape_link(match['url'])}>")
            else:
                parts.append(f"<mailto:{match['mail']}|{match['mail']}>")
    return "".join(parts)


def rich_text(typed: str) -> list[Json]:
    """The `blocks` of the message, without escapes."""
    elements: list[Json] = []
    for plain, match in _pieces(typed):
        if plain:
            elements.append({"type": "text", "text": plain})
        if match is not None:
            elements.append(_element(match))
    section = {"type": "rich_text_section", "elements": elements}
    return [{"type": "rich_text", "elements": [section]}] if elements else []


def _pieces(typed: str) -> Iterator[tuple[str, re.Match[str] | None]]:
    """Yield each stretch of plain text with the token that follows it."""
    at = 0
    for match in _TOKENS.finditer(typed):
        yield typed[at : match.start()], match
        at = match.end()
    yield typed[at:], None


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _escape_link(text: str) -> str:
    """Escape the `&` of a link, but not twice."""
    return re.sub(r"&(?!amp;|lt;|gt;)", "&amp;", text)


def _element(match: re.Match[str]) -> Json:
    token = match["token"] or ""
    target, _, label = token.partition("|")
    if target.startswith("@"):
        return {"type": "user", "user_id": target[1:]}
    if target.startswith("#"):
        return {"type": "channel", "channel_id": target[1:]}
    if target.startswith("!"):
        return {"type": "broadcast", "range": target[1:]}
    if match["mail"]:
        return {"type": "link", "url": f"mailto:{match['mail']}", "text": match["mail"]}
    return {"type": "link", "url": target or match["url"], **({"text": label} if label else {})}
