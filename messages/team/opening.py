"""When a line opens next, so that its channel is then told once what came while it was closed. Pure."""

from datetime import datetime, timedelta
from typing import Final

from messages.base import Document, Moment, QueueMessage
from messages.calendar import Calendar, is_open, next_change, next_opening

STALE: Final = timedelta(days=1)
"""An opening is past so long after it, as when Clerk did not run: its digest would be no news."""


class Opening(Document):
    """A line (`id`) is closed from `closed_at` until `due_at`, when its digest is due; without them it never is.

    They come from a version of a calendar. A save compares `version`.
    """

    id: str
    calendar: str
    calendar_version: int = 0
    closed_at: Moment | None = None
    due_at: Moment | None = None
    version: int = 0


class PostDigest(QueueMessage):
    """A line has opened, at `opens_at`: tell its channel what came while it was closed."""

    actor = "slack.post_digest"
    line: str
    opens_at: Moment


def digest_id(line: str, opens_at: datetime) -> str:
    """The id of the post that says what came before a line opened."""
    return f"digest/{line}/{opens_at:%Y-%m-%dT%H:%M:%SZ}"


def upcoming(line: str, known: Opening | None, calendar: Calendar, now: datetime) -> Opening:
    """The opening of a line whose digest comes next; the known one, the same object, if that is right.

    A change of the calendar moves it, but not one that has come. A closure that is lifted ends now.
    """
    if known is None or known.calendar != calendar.id or _is_stale(known, now):
        return _from(line, known, calendar, now)
    if known.closed_at is None or known.closed_at > now:
        found = _from(line, known, calendar, now)
        return known if found == known else found
    if known.calendar_version == calendar.version:
        return known
    due_at = known.due_at
    if due_at is None or due_at > now:
        due_at = now if is_open(calendar, now) else next_opening(calendar, now)
    return _with(known, calendar, known.closed_at, due_at)


def following(known: Opening, calendar: Calendar, now: datetime) -> tuple[bool, Opening]:
    """Whether the digest of an opening that has come is to be posted, and the opening after it.

    If the line has closed again meanwhile, its next digest tells of both times.
    """
    if is_open(calendar, now):
        return True, _from(known.id, known, calendar, now)
    return False, _with(known, calendar, known.closed_at, next_opening(calendar, now))


def _is_stale(known: Opening, now: datetime) -> bool:
    return known.due_at is not None and known.due_at < now - STALE


def _from(line: str, known: Opening | None, calendar: Calendar, now: datetime) -> Opening:
    """The next opening as seen from now alone; a line that is closed now counts as closed since now."""
    before = known or Opening(id=line, calendar=calendar.id)
    if not is_open(calendar, now):
        return _with(before, calendar, now, next_opening(calendar, now))
    closing = next_change(calendar, now)
    if closing is None:
        return _with(before, calendar, None, None)
    return _with(before, calendar, closing.at, next_opening(calendar, now))


def _with(before: Opening, calendar: Calendar, closed_at: datetime | None, due_at: datetime | None) -> Opening:
    return Opening(
        id=before.id,
        calendar=calendar.id,
        calendar_version=calendar.version,
        closed_at=closed_at,
        due_at=due_at,
        version=before.version,
    )
