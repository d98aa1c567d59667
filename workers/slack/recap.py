"""What a thread that begins anew shows first: why, a link to the one before, and the last texts. Pure."""

from collections.abc import Sequence
from typing import Any, Final

from messages.conversation import Contact, Conversation, Thread
from messages.sms import Direction, Sms, State
from workers.markup import clip_escaped, escape, local_time, mention, sender, unstyled
from workers.slack import gone
from workers.slack.elements import Rendered

TEXTS: Final = 5
"""How many of the last texts are shown."""

WORDS: Final = 600
"""How much of a text is shown."""

_SENT: Final = frozenset({State.QUEUED, State.SENT, State.DELIVERED})


def recap_id(conversation: Conversation, thread: Thread) -> str:
    """The id of the post that begins a conversation's later thread."""
    return f"{conversation.id}/recap/{thread.number}"


def last_texts(inbound: Sequence[Sms], outbound: Sequence[Sms]) -> Sequence[Sms]:
    """The last texts that the contact sent or got, in order."""
    exchanged = [*inbound, *(text for text in outbound if text.state in _SENT)]
    return sorted(exchanged, key=lambda text: (text.received_at, text.id))[-TEXTS:]


def recap(contact: Contact, former: Thread | None, texts: Sequence[Sms]) -> Rendered:
    """The first post of a thread that begins anew."""
    heading = f"{_heading(former)}\nThe last texts:" if texts else _heading(former)
    blocks = [_context(heading)]
    for text in texts:
        who = escape(unstyled(contact.label)) if text.direction is Direction.INBOUND else sender(text)
        blocks += [_context(f"{who} · {local_time(text.received_at)}"), _section(_words(text))]
    return Rendered("\n".join([heading, *map(_words, texts)]), tuple(blocks))


def _heading(former: Thread | None) -> str:
    if former is None:
        return ":thread: This conversation continues here."
    link = f" <{former.permalink}|The former thread>" if former.permalink else ""
    return (
        f":thread: This conversation had its thread in {mention(former.channel)}. It continues here, because "
        f"{gone.reason(former)}.{link}"
    )


def _words(text: Sms) -> str:
    if text.body.strip():
        return clip_escaped(text.body, WORDS)
    return "(files)" if text.media or text.files else "(no text)"


def _context(mrkdwn: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": mrkdwn, "verbatim": True}]}


def _section(words: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "plain_text", "text": words, "emoji": False}}
