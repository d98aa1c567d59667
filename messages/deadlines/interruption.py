"""A time in which Clerk took in none of a line's texts, so that its channel is then told once what came. Pure.

It is found in two ways: the clock sees that nobody has looked after the line for long, and a worker takes in a text
long after it came. However many clocks and workers find it, and in whichever order, it is one interruption.
"""

from datetime import datetime, timedelta
from typing import Final

from messages.base import Document, Moment, QueueMessage
from messages.conversation import Arrival
from messages.sms import LATE

NOTICED: Final = timedelta(minutes=10)
"""What is shorter is told to nobody: the texts themselves say that they were found late."""

SETTLES: Final = timedelta(minutes=1)
"""When nothing late has come for so long, all is taken in, and the channel is told."""

AT_MOST: Final = timedelta(minutes=10)
"""How long the channel waits at most while more comes in."""

STALE: Final = timedelta(days=1)
"""What was found so long ago is no news."""


class Interruption(Document):
    """A line's `number`-th: from `since` (when Clerk was last seen, or the first text came) until Clerk was back.

    It was found at `found_at`. At `tell_at` its channel is to be told; None once it was, at `told_at`. A save compares
    `version`.
    """

    number: int
    since: Moment
    until: Moment
    found_at: Moment
    tell_at: Moment | None = None
    told_at: Moment | None = None
    version: int = 1


class TellInterruption(QueueMessage):
    """Tell a line's channel what came while Clerk was away."""

    actor = "slack.tell_interruption"
    line: str
    number: int


def interruption_id(line: str, number: int) -> str:
    """The id of the post that says what came while Clerk was away."""
    return f"away/{line}/{number}"


def with_text(known: Interruption | None, came_at: datetime, now: datetime) -> Interruption | None:
    """The interruption once a text is taken in that came at a time; the known one, the same object, if that is right.

    What came before the channel was told belongs to what it was told.
    """
    if now - came_at < NOTICED or (known is not None and known.told_at is not None and came_at < known.told_at):
        return known
    return _noted(known, came_at, now)


def with_gap(known: Interruption | None, looked_at: datetime, due_at: datetime, now: datetime) -> Interruption | None:
    """The interruption once a clock looks that should have looked at `due_at`, and looked last at `looked_at`."""
    since = looked_at if known is None or known.told_at is None else max(looked_at, known.told_at)
    if now - due_at < NOTICED or now - since < NOTICED:
        return known
    return _noted(known, since, now)


def told(known: Interruption, now: datetime) -> Interruption:
    """The interruption once its channel was told, or has nothing to be told."""
    return known.model_copy(update={"tell_at": None, "told_at": now, "version": known.version + 1})


def put_off(known: Interruption, now: datetime) -> Interruption:
    """The interruption while texts are being taken in: its channel waits for them, but not for ever."""
    return known.model_copy(update={"tell_at": now + SETTLES / 2, "version": known.version + 1})


def may_wait(known: Interruption, now: datetime) -> bool:
    """Whether the channel may still wait for texts that are being taken in."""
    return now < known.found_at + AT_MOST


def is_news(known: Interruption, now: datetime) -> bool:
    """Whether the channel is still to be told."""
    return known.tell_at is not None and now - known.until < STALE


def came_meanwhile(known: Interruption, text: Arrival) -> bool:
    """Whether a text came in that time, and was not taken in at once."""
    if text.is_silent or not known.since <= text.at <= known.until:
        return False
    return text.found_at is not None or known.until - text.at <= LATE


def _noted(known: Interruption | None, since: datetime, now: datetime) -> Interruption:
    if known is None or known.tell_at is None:
        number, version = (known.number + 1, known.version + 1) if known is not None else (1, 1)
        return Interruption(number=number, since=since, until=now, found_at=now, tell_at=now + SETTLES, version=version)
    again = now - known.until >= NOTICED  # Clerk was away once more before it could tell
    begun = known.found_at if not again else now
    soon = known.tell_at if known.tell_at - now >= SETTLES / 2 else now + SETTLES
    changed = {
        "since": min(since, known.since),
        "until": now if again else known.until,
        "found_at": begun,
        "tell_at": min(soon, begun + AT_MOST) if not again else now + SETTLES,
    }
    if all(getattr(known, name) == value for name, value in changed.items()):
        return known
    return known.model_copy(update={**changed, "version": known.version + 1})
