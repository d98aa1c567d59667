"""Brings the documents along when the sandbox's clock is turned back.

What workers compare with the present time would else stay in the future: a lease that nobody may take, a wait that does
not end, a wish of a contact that counts as the latest for days. Such a time goes back as far as the clock does. So a
wait is as long as it was, and what happened while the clock was ahead happened at the time at which it was done. What
people read keeps its time.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from pymongo.errors import PyMongoError

from ops.documents.reader import Documents, DocumentsAway, why_away

COMPARED: Final[Mapping[str, tuple[str, ...]]] = {
    "lines": ("pool_at",),
    "inboxes": ("began_at", "seen_at", "look_at"),
    "contacts": ("named_at", "opted_at"),
    "opt_outs": ("opted_at",),
    "conversations": (
        "opted_at",
        "lease.until",
        "sending.until",
        "send_at",
        "render_at",
        "render_asked_at",
        "announce_at",
        "ordering.asked_at",
        "redraw.due_at",
        "redraw.again_at",
        "debounce.last_text_at",
        "debounce.waiting_since",
        "debounce.seen_at",
        "debounce.due_at",
        "debounce.armed_at",
        "thread.begun_at",
        "former.begun_at",
        "outcome.at",
    ),
    "tickets": ("due_at",),
    "sms": ("stored_at", "due_at", "claimed_at", "allowed_since", "called_at", "undecided_at", "retry_at"),
    "posts": ("attempted_at", "called_at", "undecided_at", "retry_at", "unsure_at", "created_at"),
    "channels": ("retry_at",),
}
"""The times that are compared with the present, by collection."""

READ: Final[Mapping[str, tuple[str, ...]]] = {
    "contacts": ("created_at",),
    "conversations": ("created_at", "debounce.latest.at"),
    "tickets": (
        "created_at",
        "updated_at",
        "close_at",
        "waiting_since",
        "notes.at",
        "history.at",
        "newest.at",
    ),
    "sms": ("received_at",),
    "absences": ("since",),
    "notes": ("at",),
    "history": ("at",),
}
"""The times that people read, or that order what they read, and when a ticket closes."""


def turn_back(documents: Documents, was: datetime, now: datetime) -> None:
    """Bring every compared time that is later than `now` back by the difference; DocumentsAway if MongoDB is away."""
    try:
        for collection, fields in COMPARED.items():
            later = {"$or": [{field: {"$gt": now}} for field in fields]}
            for found in [*documents.database[collection].find(later)]:
                moved = {field: at - (was - now) for field, at in _times(found, fields) if at > now}
                documents.database[collection].update_one({"_id": found["_id"]}, {"$set": moved})
    except PyMongoError as error:
        raise DocumentsAway(why_away(error)) from None


def _times(document: Mapping[str, Any], fields: tuple[str, ...]) -> Iterator[tuple[str, datetime]]:
    for field in fields:
        value: Any = document
        for name in field.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        if isinstance(value, datetime):
            yield field, value
