"""Decides the order of a conversation's texts, and which of them can get their places in it now. Pure.

The time of arrival decides, and what a gateway saw before a text (`after`) comes before it: two texts may come in the
same millisecond, and of a text only a repetition may be taken.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from messages.sms import Sms

SKEW: Final = timedelta(milliseconds=100)
"""How far the clocks of two gateways may differ: texts that come further apart keep their order."""

WAIT_FOR_PREDECESSOR: Final = timedelta(seconds=45)
"""How long a stored text waits for the one before it, if that is lost or late. A backlog delays both, and does not
count; but when a worker dies, the text that it handled goes to the end of the queue."""

ASK_FOR: Final = timedelta(seconds=30)
"""How long a stored text waits while the provider does not say what came before it."""

HOLD: Final = timedelta(minutes=3)
"""How long a stored text waits while the text before it is missing and the provider can't be asked for it."""


def ready(unplaced: Sequence[Sms], now: datetime) -> list[Sms]:
    """The texts that can get the next places, in order: all before the first one that has to wait.

    `unplaced` are a conversation's texts without a place. The caller has set `after` to None where that text has a
    place; any other `after` that is not among them has not arrived.
    """
    here = {text.id for text in unplaced}

    def may_go(text: Sms) -> bool:
        if text.asking and _waited(text, now) < ASK_FOR:
            return False
        return text.after is None or text.after in here or _waited(text, now) >= WAIT_FOR_PREDECESSOR

    return list(takewhile(may_go, in_order(unplaced)))


def without_predecessor(candidates: Sequence[Sms], unplaced: Sequence[Sms]) -> list[Sms]:
    """The ready texts whose predecessor is missing: it has no place, and is not among those without one."""
    here = {text.id for text in unplaced}
    return [text for text in candidates if text.after is not None and text.after not in here]


def with_answers(texts: Sequence[Sms], asked: Collection[str]) -> list[Sms]:
    """The texts once the provider has said of these that it knows of no others before them."""
    return [text.model_copy(update={"asking": False}) if text.id in asked else text for text in texts]


def is_asking(unplaced: Sequence[Sms]) -> Sms | None:
    """The youngest text of which nobody has asked yet what came before it: the answer serves the older ones, too."""
    return next((text for text in reversed(in_order(unplaced)) if text.asking), None)


def is_worth_waiting(text: Sms, now: datetime) -> bool:
    """Whether a text waits on when the provider does not say what came before it."""
    return _waited(text, now) < (ASK_FOR if text.asking else HOLD)


def in_order(texts: Sequence[Sms]) -> list[Sms]:
    """The texts by arrival, each behind the one that its gateway saw before it.

    A text that a gateway saw before another one came no later than that one, though only its repetition was taken.
    """
    here = {text.id: text for text in texts}
    before = _links(here)
    arrived: dict[str, datetime] = {}
    for text in sorted(texts, key=lambda text: (text.received_at, text.id)):
        id: str | None = text.id
        while id is not None and id not in arrived:
            arrived[id] = text.received_at
            id = before.get(id)
    behind: dict[str, int] = {}
    for start in here:
        chain = [start]
        while chain[-1] in before and chain[-1] not in behind:
            chain.append(before[chain[-1]])
        for id in reversed(chain):
            behind.setdefault(id, behind[before[id]] + 1 if id in before else 0)
    return sorted(texts, key=lambda text: (arrived[text.id], behind[text.id], text.id))


def times_of_arrival(listed: Sequence[tuple[str, datetime]], known: Mapping[str, datetime]) -> dict[str, datetime]:
    """When the texts of the provider's list, given with its times, arrived: those that are known as recorded.

    The provider's times are whole seconds (RFC 2822: https://www.twilio.com/docs/messaging/api/message-resource), so
    an unknown text has at least the time of the one before it.
    """
    times: dict[str, datetime] = {}
    last: datetime | None = None
    for id, listed_at in listed:
        last = known.get(id) or (listed_at if last is None else max(listed_at, last))
        times[id] = last
    return times


def _waited(text: Sms, now: datetime) -> timedelta:
    return now - (text.stored_at or text.received_at)


def _links(here: Mapping[str, Sms]) -> dict[str, str]:
    """The text before each text, without circles: two gateways that saw the same texts in different orders make one."""
    before = {text.id: text.after for text in here.values() if text.after in here and text.after is not None}
    checked: set[str] = set()
    for start in here:
        path: dict[str, None] = {}
        id: str | None = start
        while id is not None and id not in checked and id not in path:
            path[id] = None
            id = before.get(id)
        if id in path:
            circle = list(path)
            for each in circle[circle.index(id) :]:
                del before[each]
        checked.update(path)
    return before
