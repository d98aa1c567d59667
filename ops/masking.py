"""Hides what a contact wrote and most of each phone number; ids, states and times stay readable. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ops.queues.letters import Letter

_NUMBER: Final = re.compile(r"(\+[1-9])([0-9]{3,12})([0-9]{2})(?![0-9])")

SHOWN: Final = frozenset(
    {
        *("actor", "after", "announcement", "assignees", "at", "attempted_at", "by", "cap", "channel", "close_at"),
        *("contact", "content_type", "conversation", "correlation_id", "created_at", "direction", "due_at"),
        *("error_code", "event_id", "failed", "id", "kind", "line", "mimetype", "mode", "notify", "opt_out"),
        *("origin", "pool", "post", "priority", "received_at", "sid", "sms", "state", "status", "target", "thread_ts"),
        *("ts", "updated_at", "user", "window"),
    }
)
"""The fields whose strings are shown; any other may hold what someone wrote, or a secret link."""


def masked_number(text: str) -> str:
    """A text with the middle of each phone number hidden: enough to tell two apart, too little to call one."""
    return _NUMBER.sub(lambda found: f"{found[1]}{'•' * len(found[2])}{found[3]}", text)


def masked(value: Any, name: str = "") -> Any:
    """A JSON value with every string hidden that is not known to be an id, a state or a time."""
    if isinstance(value, Mapping):
        return {key: masked(each, str(key)) for key, each in value.items()}
    if isinstance(value, str):
        return masked_number(value) if name in SHOWN else f"••• ({len(value)} characters)" if value else ""
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [masked(each, name) for each in value]
    return value


def masked_letter(letter: Letter) -> Letter:
    """A message with everything hidden that a contact wrote."""
    return letter.model_copy(
        update={
            "payload": masked(letter.payload),
            "traceback": None,
            "unread": None if letter.unread is None else f"••• ({len(letter.unread)} bytes)",
            "reason": None if letter.reason is None else masked_number(letter.reason),
        }
    )
