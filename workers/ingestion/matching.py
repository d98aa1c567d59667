"""Decides which texts can get their place in the order now. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from messages.sms import Sms

WAIT_FOR_PREDECESSOR: Final = timedelta(seconds=45)
"""How long a stored text waits for the one before it, if that is lost or late. A backlog delays both, and does not
count; but when a worker dies, the text that it handled goes to the end of the queue."""


def ready(unplaced: Sequence[Sms], now: datetime) -> list[Sms]:
    """The texts, in order, whose predecessor has a place or gets one now, or is missing after the wait.

    `unplaced` are a conversation's texts without a place, by arrival. The caller has set `after` to None where that
    text has a place; any other `after` that is not among them has not arrived.
    """
    waiting = {text.id: text for text in unplaced}
    placed: dict[str, Sms] = {}

    def may_go(text: Sms) -> bool:
        if text.after is None or text.after in placed:
            return True
        waited = (text.stored_at or text.received_at) + WAIT_FOR_PREDECESSOR <= now
        return waited and (text.after not in waiting or _follows_itself(text, waiting))

    while (text := next(filter(may_go, waiting.values()), None)) is not None:
        placed[text.id] = waiting.pop(text.id)
    return list(placed.values())


def without_predecessor(candidates: Sequence[Sms]) -> list[Sms]:
    """The ready texts whose predecessor is missing."""
    here = {text.id for text in candidates}
    return [text for text in candidates if text.after is not None and text.after not in here]


def _follows_itself(text: Sms, waiting: Mapping[str, Sms]) -> bool:
    """Whether a text's predecessors lead back to it, as when two gateways saw the same texts in different orders."""
    before = waiting.get(text.after or "")
    for _ in waiting:
        if before is None or before.id == text.id:
            return before is not None
        before = waiting.get(before.after or "")
    return False
