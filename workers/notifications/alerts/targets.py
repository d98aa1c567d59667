"""To whom an alert goes: users by direct message, and channels. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from messages.deadlines.alert import TURN, Alert, AlertCause, AlertStage
from workers.notifications.alerts.causes import AlertFacts, DueCause


def is_escalated(found: DueCause) -> bool:
    """Whether a cause is told to those whom the line names for that, if nobody does anything about it."""
    return found.stage is AlertStage.BREACH and not found.cause.is_news


def targets(found: DueCause, facts: AlertFacts, *, escalated: bool) -> tuple[str, ...]:
    """Where an alert stands while the line is open.

    By direct message only those see it who are on the ticket, whose it is, or whom the line names for escalations.
    """
    own = () if found.owner is None else (found.owner,)
    people = _there(own, facts) or _there(facts.ticket.assignees, facts)
    everyone = found.cause.is_clock and found.stage is AlertStage.BREACH
    places = (*people, facts.line.channel) if everyone or not people else people
    if escalated:
        named = facts.line.alerts.escalation
        places = (*places, *_some(named, facts))
    return tuple(dict.fromkeys(places))


def targets_at_night(alert: Alert | None, facts: AlertFacts) -> tuple[str, ...]:
    """Where an alert stands while the line is closed: where it stood already, and with whoever is called by now."""
    before = alert.targets if alert is not None and alert.stands else ()
    return tuple(dict.fromkeys((*before, *_called(alert, facts))))


def _called(alert: Alert | None, facts: AlertFacts) -> tuple[str, ...]:
    """Who is on call and was told by now, one more with each turn until somebody has it; at last the channel."""
    if not facts.calls_at_night:
        return ()
    people, turns = _some(facts.on_call, facts), _turns(alert, facts)
    return (*people[: turns + 1], *([facts.line.channel] if turns >= len(people) else []))


def _turns(alert: Alert | None, facts: AlertFacts) -> int:
    """How many turns have passed since an alert was posted that calls one after the other, until somebody had it."""
    since = _called_since(alert)
    if alert is None or since is None:
        return 0
    until = alert.acted_at if _has_somebody(alert, since) else None
    return max(0, ((until or facts.now) - since) // TURN)


def next_turn(alert: Alert, facts: AlertFacts) -> datetime | None:
    """When the next one is called; None if nobody is, because somebody has it or all were."""
    since = _called_since(alert)
    if since is None or not facts.calls_at_night or _has_somebody(alert, since):
        return None
    turns = _turns(alert, facts)
    return None if turns >= len(_some(facts.on_call, facts)) else since + (turns + 1) * TURN


def _called_since(alert: Alert | None) -> datetime | None:
    """Since when people are called one after the other; None if they aren't."""
    calls = alert is not None and alert.cause is AlertCause.ON_CALL and alert.stands
    return alert.posted_at if alert is not None and calls else None


def _has_somebody(alert: Alert, since: datetime) -> bool:
    return alert.acted_at is not None and alert.acted_at >= since


def _some(people: Sequence[str], facts: AlertFacts) -> tuple[str, ...]:
    """Those of some people who are there, else all of them who have an account."""
    return _there(people, facts) or tuple(each for each in people if each not in facts.gone)


def _there(people: Iterable[str], facts: AlertFacts) -> tuple[str, ...]:
    return tuple(each for each in people if each not in facts.away)
