"""To whom an alert goes: users by direct message, and channels. Pure."""

from collections.abc import Iterable

from messages.deadlines.alert import Alert, AlertStage
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
        places = (*places, *(_there(named, facts) or named))
    return tuple(dict.fromkeys(places))


def targets_at_night(alert: Alert | None, facts: AlertFacts) -> tuple[str, ...]:
    """Where an alert stands while the line is closed: where it stood already, and with whoever is on call."""
    before = alert.targets if alert is not None and alert.stands else ()
    called = (_there(facts.on_call, facts) or facts.on_call) if facts.calls_at_night else ()
    return tuple(dict.fromkeys((*before, *called)))


def _there(people: Iterable[str], facts: AlertFacts) -> tuple[str, ...]:
    return tuple(each for each in people if each not in facts.away)
