"""Which texts may take their place in the order now. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from messages.sms import Sms

PATIENCE: Final = timedelta(seconds=10)
"""How long a text waits for the one that the gateway saw before it, should that one be lost or late."""


def ready(unplaced: Sequence[Sms], now: datetime) -> list[Sms]:
    """The texts, in order, whose predecessor has a place, or will have one before them, or has been waited for.

    `unplaced` are a conversation's texts without a place, by time of arrival, each `after` of which that is not
    among them either has a place already or is not here yet: the caller has set it to None in the first case.
    """
    waiting = {text.id: text for text in unplaced}
    placed: dict[str, Sms] = {}
    progress = True
    while progress:
        progress = False
        for text in list(waiting.values()):
            known = text.after is None or text.after in placed
            if known or text.received_at + PATIENCE <= now:
                placed[text.id] = waiting.pop(text.id)
                progress = True
                break
    return list(placed.values())
