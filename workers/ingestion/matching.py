"""Which texts may take their place in the order now. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from messages.sms import Sms

WAIT_FOR_PREDECESSOR: Final = timedelta(seconds=45)
"""How long a text, once it is off the queue, waits for the one that the gateway saw before it, should that one be lost
or late. A backlog does not count: the one before stood in it too. But a worker that dies over it puts it far behind."""


def ready(unplaced: Sequence[Sms], now: datetime) -> list[Sms]:
    """The texts, in order, whose predecessor has a place or gets one before them, or is missing and was waited for.

    `unplaced` are a conversation's texts without a place, by time of arrival, each `after` of which that is not
    among them either has a place already or is not here yet: the caller has set it to None in the first case.
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
    """Those of the texts that are ready which would go without their predecessor."""
    here = {text.id for text in candidates}
    return [text for text in candidates if text.after is not None and text.after not in here]


def _follows_itself(text: Sms, waiting: Mapping[str, Sms]) -> bool:
    """Whether the texts before a text lead back to it, as when two gateways saw the same texts in different orders."""
    before = waiting.get(text.after or "")
    for _ in waiting:
        if before is None or before.id == text.id:
            return before is not None
        before = waiting.get(before.after or "")
    return False
