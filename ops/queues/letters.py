"""A message in a queue, and the selection of some among many. Pure."""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ops.queues.layout import Moment, Shape, family

UNREADABLE: Final = "unreadable"
"""The actor name that workers give to what they could not read."""

_LEFT_BEHIND: Final = ("eta", "reason", "died_at", "retries", "outages", "traceback", "requeue_timestamp", "queued_at")
"""The options that describe how a message failed; a replayed message starts without them."""

_BROKER_REASONS: Final = {
    "delivery_limit": "delivered too often: each time, the worker died or lost its connection",
    "rejected": "rejected by a worker",
    "expired": "expired in its queue",
}


class Letter(Shape):
    """A message in a queue: `queue` is its name, `attempts` how often its actor has failed.

    `payload` is what its actor gets; if the body can't be read, that is None and `unread` is the body.
    """

    queue: str
    id: str
    actor: str
    attempts: int = 0
    correlation_id: str | None = None
    published_at: Moment | None = None
    due_at: Moment | None = None
    died_at: Moment | None = None
    reason: str | None = None
    payload: Any = None
    unread: str | None = None
    traceback: str | None = None

    @property
    def work_queue(self) -> str:
        """The message's work queue, without Dramatiq's suffix."""
        return family(self.queue)

    @property
    def is_replayable(self) -> bool:
        """Whether an actor can read it."""
        return self.payload is not None


def read(queue: str, body: bytes, headers: Mapping[str, Any] | None = None) -> Letter:
    """The message in any body; the id of one that can't be read is a hash of the body."""
    fields = _envelope(body)
    options = fields.get("options") if isinstance(fields.get("options"), dict) else {}
    assert isinstance(options, dict)
    kwargs = fields.get("kwargs")
    whole = isinstance(kwargs, dict) and isinstance(fields.get("options"), dict)
    readable = whole and fields.get("actor_name") not in {None, UNREADABLE}
    return Letter(
        queue=queue,
        id=str(fields.get("message_id") or f"raw-{hashlib.sha256(body).hexdigest()[:16]}"),
        actor=str(fields.get("actor_name") or UNREADABLE),
        attempts=_count(options.get("retries")),
        correlation_id=_text(options.get("correlation_id")),
        published_at=_moment(fields.get("message_timestamp")),
        due_at=_moment(options.get("eta")),
        died_at=_moment(options.get("died_at")) or _death(headers or {}, "time"),
        reason=_text(options.get("reason")) or _death(headers or {}, "reason") or _why_unread(queue, fields),
        payload=(kwargs.get("message", kwargs) if isinstance(kwargs, dict) else None) if readable else None,
        unread=None if readable else _original(body, fields).decode(errors="backslashreplace"),
        traceback=_text(options.get("traceback")),
    )


def revived(body: bytes, queue: str, now: datetime) -> bytes:
    """The body of a readable message for its replay: the same id and cause, without its failures."""
    fields = _envelope(body)
    options = {name: value for name, value in fields["options"].items() if name not in _LEFT_BEHIND}
    options |= {"replays": _count(options.get("replays")) + 1, "queued_at": int(now.timestamp() * 1000)}
    fields |= {"queue_name": queue, "options": options}
    return json.dumps(fields, separators=(",", ":")).encode()


def _envelope(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _original(body: bytes, fields: Mapping[str, Any]) -> bytes:
    """The message as it was before a worker wrapped it to bury it."""
    kwargs = fields.get("kwargs")
    if fields.get("actor_name") == UNREADABLE and isinstance(kwargs, dict) and isinstance(kwargs.get("body"), str):
        return base64.b64decode(kwargs["body"])
    return body


def _why_unread(queue: str, fields: Mapping[str, Any]) -> str | None:
    return None if fields or not queue.endswith(".XQ") else "not JSON"


def _death(headers: Mapping[str, Any], what: str) -> Any:
    """What RabbitMQ recorded when it moved the message itself (https://www.rabbitmq.com/docs/dlx)."""
    deaths = headers.get("x-death")
    if not isinstance(deaths, list) or not deaths or not isinstance(deaths[0], dict):
        return None
    found = deaths[0].get(what)
    if isinstance(found, datetime):
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found
    return _BROKER_REASONS.get(str(found), str(found)) if what == "reason" else None


def _moment(milliseconds: object) -> datetime | None:
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


class Selection(Shape):
    """Which dead letters: those that match all given filters.

    `queues` are work queues, all if none is given; `reason` is a part of the reason, in upper or lower case; ages count
    from death; `until` leaves out what died after it.
    """

    queues: tuple[str, ...] = ()
    actor: str | None = None
    reason: str | None = None
    older_than: timedelta | None = None
    newer_than: timedelta | None = None
    until: Moment | None = None
    ids: tuple[str, ...] = ()

    def matches(self, letter: Letter, now: datetime) -> bool:
        """Whether a dead letter matches."""
        if self.queues and letter.work_queue not in self.queues:
            return False
        if self.ids and letter.id not in self.ids:
            return False
        if self.actor is not None and letter.actor != self.actor:
            return False
        if self.reason is not None and self.reason.lower() not in (letter.reason or "").lower():
            return False
        died = letter.died_at or letter.published_at
        if self.older_than is not None and (died is None or now - died < self.older_than):
            return False
        if self.until is not None and died is not None and died > self.until:
            return False
        return self.newer_than is None or (died is not None and now - died <= self.newer_than)

    def is_everything(self) -> bool:
        """Whether no filter is given."""
        return self == Selection()
