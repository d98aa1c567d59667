"""Brings the documents along when the sandbox's clock is turned back.

What workers compare with the present time would else stay in the future: a lease that nobody may take, a wait that does
not end, a wish of a contact that counts as the latest for days. Such a time goes back as far as the clock does. So a
wait is as long as it was, and what happened while the clock was ahead happened at the time at which it was done. What
people read keeps its time.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo.errors import PyMongoError

from ops.documents.reader import Documents, DocumentsAway, why_away

COMPARED: Final[Mapping[str, tuple[str, ...]]] = {
    "lines": ("pool_at",),
    "inboxes": (
        "began_at",
        "seen_at",
        "look_at",
        "looked_at",
        "lease.until",
        "interruption.found_at",
        "interruption.tell_at",
        "interruption.told_at",
    ),
    "contacts": ("named_at", "zoned_at", "opted_at"),
    "opt_outs": ("opted_at",),
    "conversations": (
        "opted_at",
        "blocking.blocked_at",
        "lease.until",
        "sending.until",
        "send_at",
        "lead_until",
        "render_at",
        "render_asked_at",
        "announce_at",
        "watch_at",
        "ordering.asked_at",
        "redraw.due_at",
        "redraw.again_at",
        "debounce.last_text_at",
        "debounce.waiting_since",
        "debounce.seen_at",
        "debounce.due_at",
        "debounce.armed_at",
        "debounce.heard_at",
        "answering.answers.at",
        "answering.answers.sent_at",
        "answering.arrivals",
        "answering.alike.at",
        "answering.stop.at",
        "answering.stop.until",
        "answering.wait.since",
        "answering.wait.due_at",
        "answering.order.at",
        "answering.order.wait.since",
        "answering.order.wait.due_at",
        "answering.due_at",
        "thread.begun_at",
        "former.begun_at",
        "outcome.at",
    ),
    "tickets": ("due_at", "written_at", "wait_filed_at", "wait_ended_at", "nudge_at"),
    "planned": ("since", "woken_at"),
    "sms": (
        "stored_at",
        "due_at",
        "wanted_at",
        "claimed_at",
        "allowed_since",
        "called_at",
        "undecided_at",
        "retry_at",
        "hold_until",
    ),
    "posts": ("attempted_at", "called_at", "undecided_at", "retry_at", "unsure_at", "created_at"),
    "channels": ("retry_at",),
    "agents": ("since", "account_at", "hand_on_at", "lease.until"),
    "openings": ("lease.until",),
    "alerts": ("posted_at", "listed_at", "acted_at", "escalated_at", "gone_at", "look_at", "show_at"),
    "alert_boards": ("lease.until", "storms.began_at", "storms.ended_at", "look_at"),
}
"""The times that are compared with the present, by collection."""

READ: Final[Mapping[str, tuple[str, ...]]] = {
    "calendars": ("closures.since", "closures.until"),
    "agents": ("away_until",),
    "openings": ("closed_at", "due_at"),
    "contacts": ("created_at",),
    "conversations": ("created_at", "blocking.at", "debounce.latest.at", "cards_until"),
    "tickets": (
        "created_at",
        "updated_at",
        "close_at",
        "waiting_since",
        "notes.at",
        "history.at",
        "history.waited_since",
        "newest.at",
        "clocks_at",
        "clocks.began_at",
        "clocks.running_since",
        "clocks.warn_at",
        "clocks.due_at",
        "clocks.warned_at",
        "clocks.breached_at",
        "clocks.stopped_at",
        "marks.at",
        "marks.known_at",
        "nudge.since",
        "nudge.due_at",
        "nudge.asked_at",
        "snooze.at",
        "snooze.until",
        "snooze.ended_at",
    ),
    "planned": ("created_at", "due_at", "look_at", "ended_at", "edits.at", "edits.due_at"),
    "sms": ("received_at", "withdrawn_at"),
    "alerts": ("began_at", "since", "ended_at"),
    "absences": ("since",),
    "inboxes": ("interruption.since", "interruption.until"),
    "notes": ("at",),
    "history": ("at", "waited_since"),
}
"""The times that people read, that order what they read, or that people have said: when a ticket closes, a line opens
again, a planned text goes out.
"""


def turn_back(documents: Documents, was: datetime, now: datetime) -> None:
    """Bring every compared time that is later than `now` back by the difference; DocumentsAway if MongoDB is away."""
    try:
        for collection, fields in COMPARED.items():
            later = {"$or": [{field: {"$gt": now}} for field in fields]}
            for found in [*documents.database[collection].find(later)]:
                before: Any = found
                for field in fields:
                    before = _before(before, field.split("."), now, was - now)
                changed = {name: value for name, value in before.items() if value != found[name]}
                documents.database[collection].update_one({"_id": found["_id"]}, {"$set": changed})
    except PyMongoError as error:
        raise DocumentsAway(why_away(error)) from None


def _before(value: Any, path: Sequence[str], now: datetime, by: timedelta) -> Any:
    """A part of a document with the time at a path brought back, in each of its elements if it is an array."""
    if isinstance(value, list):
        return [_before(each, path, now, by) for each in value]
    if not path:
        return value - by if isinstance(value, datetime) and value > now else value
    name, *rest = path
    if isinstance(value, Mapping) and name in value:
        return {**value, name: _before(value[name], rest, now, by)}
    return value
