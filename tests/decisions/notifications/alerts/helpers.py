"""Alerts and what they depend on, for the tests of what is decided about them."""

from datetime import timedelta
from typing import Any

from messages.deadlines.alert import Alert, AlertCause, AlertSettings, AlertState, alert_id
from messages.deadlines.clocks import ClockKind, HoursCounted, TicketClock
from tests import make
from workers.notifications.alerts.causes import AlertFacts

OPEN = make.at(5 * 3600)
"""The shop in New York is open; at NOW it is closed, and it opens half an hour before this."""


def clock(**fields: Any) -> TicketClock:
    """A clock of the next response that runs since NOW and is in time."""
    defaults = {"kind": ClockKind.NEXT_RESPONSE, "began_at": make.NOW, "target": timedelta(hours=4)}
    running = {"counts": HoursCounted.CALENDAR, "running_since": make.NOW}
    return TicketClock(**{**defaults, **running, **fields})


def breached(at: Any = OPEN, **fields: Any) -> TicketClock:
    """A clock that fell due at a time."""
    return clock(**{"warn_at": at, "warned_at": at, "due_at": at, "breached_at": at, **fields})


def facts(ticket: dict[str, Any] | None = None, settings: dict[str, Any] | None = None, **fields: Any) -> AlertFacts:
    """An open ticket on a line that is always open, at OPEN."""
    line = make.line(alerts=AlertSettings.model_validate(settings or {}))
    given = {"now": OPEN, "ticket": make.ticket(**(ticket or {})), "line": line, "calendar": None}
    return AlertFacts(**{**given, **fields})


def alert(state: AlertState, **fields: Any) -> Alert:
    """An alert about the clock of `breached`, as it is in some state."""
    cause, began_at = fields.get("cause", AlertCause.NEXT_RESPONSE), fields.get("began_at", make.NOW)
    defaults = {"id": alert_id(7, cause, began_at), "ticket": 7, "conversation": make.CONVERSATION, "line": make.LINE}
    more = {"cause": cause, "began_at": began_at, "since": OPEN, "state": state, "version": 1}
    stands = {"targets": (make.CHANNEL,), "round": 1, "posted_at": OPEN} if state is AlertState.STANDS else {}
    ended = {"round": 1, "gone_at": OPEN} if state in {AlertState.ENDED, AlertState.OVER} else {}
    listed = {"listed_at": OPEN} if state is AlertState.LISTED else {}
    return Alert(**{**defaults, **more, **stands, **ended, **listed, **fields})
