"""The life of an alert: `LIFE` says what becomes of it, and `decide` everything else about it. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from messages.calendar import is_open, next_opening
from messages.deadlines.alert import LINE_FOR, NAGS, Alert, AlertStage, AlertState, alert_id
from workers.notifications.alerts.causes import AlertFacts, DueCause, causes, ending
from workers.notifications.alerts.targets import is_escalated, next_turn, targets, targets_at_night

LISTED_FOR: Final = timedelta(minutes=30)
"""How long a digest alone tells of an alert, in open time, on a line that repeats none."""

RECHECK: Final = timedelta(hours=1)
"""What a live alert rests on is looked at as often as this: whatever else no message told of."""

SOON: Final = timedelta(minutes=1)


class Situation(StrEnum):
    """How it is with the cause of an alert."""

    COMING = "coming"
    """It falls due later."""
    AT_NIGHT = "at night"
    """It is there, and the line is closed."""
    FROM_THE_NIGHT = "from the night"
    """It is there, and fell due while the line was closed."""
    PRESSING = "pressing"
    """It is there, and people are to be told now."""
    GONE = "gone"
    LONG_GONE = "long gone"
    """It is gone, and the channel has shown that for long enough."""


LIFE: Final[Mapping[tuple[AlertState | None, Situation], AlertState | None]] = MappingProxyType(
    {
        (None, Situation.COMING): AlertState.COMING,
        (None, Situation.AT_NIGHT): AlertState.WAITS,
        (None, Situation.FROM_THE_NIGHT): AlertState.LISTED,
        (None, Situation.PRESSING): AlertState.STANDS,
        (None, Situation.GONE): None,
        (None, Situation.LONG_GONE): None,
        (AlertState.COMING, Situation.COMING): AlertState.COMING,
        (AlertState.COMING, Situation.AT_NIGHT): AlertState.WAITS,
        (AlertState.COMING, Situation.FROM_THE_NIGHT): AlertState.LISTED,
        (AlertState.COMING, Situation.PRESSING): AlertState.STANDS,
        (AlertState.COMING, Situation.GONE): None,
        (AlertState.COMING, Situation.LONG_GONE): None,
        (AlertState.WAITS, Situation.COMING): AlertState.COMING,
        (AlertState.WAITS, Situation.AT_NIGHT): AlertState.WAITS,
        (AlertState.WAITS, Situation.FROM_THE_NIGHT): AlertState.LISTED,
        (AlertState.WAITS, Situation.PRESSING): AlertState.STANDS,
        (AlertState.WAITS, Situation.GONE): AlertState.OVER,
        (AlertState.WAITS, Situation.LONG_GONE): AlertState.OVER,
        (AlertState.LISTED, Situation.COMING): AlertState.COMING,
        (AlertState.LISTED, Situation.AT_NIGHT): AlertState.LISTED,
        (AlertState.LISTED, Situation.FROM_THE_NIGHT): AlertState.LISTED,
        (AlertState.LISTED, Situation.PRESSING): AlertState.STANDS,
        (AlertState.LISTED, Situation.GONE): AlertState.OVER,
        (AlertState.LISTED, Situation.LONG_GONE): AlertState.OVER,
        (AlertState.STANDS, Situation.COMING): AlertState.COMING,
        (AlertState.STANDS, Situation.AT_NIGHT): AlertState.STANDS,
        (AlertState.STANDS, Situation.FROM_THE_NIGHT): AlertState.STANDS,
        (AlertState.STANDS, Situation.PRESSING): AlertState.STANDS,
        (AlertState.STANDS, Situation.GONE): AlertState.ENDED,
        (AlertState.STANDS, Situation.LONG_GONE): AlertState.ENDED,
        (AlertState.ENDED, Situation.COMING): AlertState.COMING,
        (AlertState.ENDED, Situation.AT_NIGHT): AlertState.WAITS,
        (AlertState.ENDED, Situation.FROM_THE_NIGHT): AlertState.LISTED,
        (AlertState.ENDED, Situation.PRESSING): AlertState.STANDS,
        (AlertState.ENDED, Situation.GONE): AlertState.ENDED,
        (AlertState.ENDED, Situation.LONG_GONE): AlertState.OVER,
        (AlertState.OVER, Situation.COMING): AlertState.COMING,
        (AlertState.OVER, Situation.AT_NIGHT): AlertState.WAITS,
        (AlertState.OVER, Situation.FROM_THE_NIGHT): AlertState.LISTED,
        (AlertState.OVER, Situation.PRESSING): AlertState.STANDS,
        (AlertState.OVER, Situation.GONE): AlertState.OVER,
        (AlertState.OVER, Situation.LONG_GONE): AlertState.OVER,
    }
)
"""None: there is no alert, or none any more. One that was over lives again when its cause comes back."""


def situation(alert: Alert | None, found: DueCause | None, facts: AlertFacts) -> Situation:
    """How it is with the cause of an alert, or with one that has none yet."""
    now, calendar = facts.now, facts.calendar
    if found is None:
        gone_at = alert.gone_at if alert is not None else None
        return Situation.LONG_GONE if gone_at is not None and gone_at + LINE_FOR <= now else Situation.GONE
    if found.since > now:
        return Situation.COMING
    if calendar is not None and not is_open(calendar, now):
        return Situation.PRESSING if facts.calls_at_night else Situation.AT_NIGHT
    state = alert.state if alert is not None else None
    if alert is None or state is AlertState.COMING or not alert.state.is_live:
        fell_at_night = calendar is not None and not is_open(calendar, found.since)
        return Situation.FROM_THE_NIGHT if fell_at_night else Situation.PRESSING
    if state is AlertState.WAITS:
        return Situation.FROM_THE_NIGHT
    if state is AlertState.LISTED:
        rose = found.stage is not alert.stage
        return Situation.PRESSING if rose or _is_listed_no_more(alert, facts) else Situation.FROM_THE_NIGHT
    return Situation.PRESSING


def _listed_until(alert: Alert, facts: AlertFacts) -> datetime | None:
    since = _later(alert.listed_at, alert.acted_at) or facts.now
    return facts.after_open(since, facts.line.alerts.nag or LISTED_FOR)


def _is_listed_no_more(alert: Alert, facts: AlertFacts) -> bool:
    until = _listed_until(alert, facts)
    return until is not None and until <= facts.now


def decide(facts: AlertFacts) -> list[tuple[Alert | None, Alert | None]]:
    """Each alert of a ticket that changes: as it was (None: it is new) and as it is now (None: it is to be forgotten).

    The new ones have the versions of what was read.
    """
    found = {alert_id(facts.ticket.id, each.cause, each.began_at): each for each in causes(facts)}
    known = {each.id: each for each in facts.known}
    changed = []
    for id in [*known, *(each for each in found if each not in known)]:
        before = known.get(id)
        after = _considered(before, found.get(id), facts)
        if after != before:
            changed.append((before, after))
    return changed


def _considered(alert: Alert | None, found: DueCause | None, facts: AlertFacts) -> Alert | None:
    now = facts.now
    state = LIFE[alert.state if alert is not None else None, situation(alert, found, facts)]
    if state is None:
        return None
    if found is None:
        assert alert is not None
        return _without_cause(alert, state, facts)
    before = alert or Alert(
        id=alert_id(facts.ticket.id, found.cause, found.began_at),
        ticket=facts.ticket.id,
        conversation=facts.ticket.conversation,
        line=facts.line.id,
        cause=found.cause,
        began_at=found.began_at,
        since=found.since,
        state=state,
    )
    after = before.model_copy(
        update={
            "state": state,
            "stage": found.stage,
            "since": found.since,
            "owner": found.owner,
            "count": found.count,
            **({} if before.end is None else _ALIVE_AGAIN),
        }
    )
    match state:
        case AlertState.LISTED:
            listed_at = before.listed_at if before.state is AlertState.LISTED and alert is not None else now
            after = after.model_copy(update={"listed_at": listed_at or now, "targets": ()})
        case AlertState.STANDS:
            after = _standing(alert, _acted(after, facts), found, facts)
        case _:
            after = after.model_copy(update={"targets": ()})
    return _shown(alert, _looked_at(after, facts), now)


_ALIVE_AGAIN: Final = dict.fromkeys(("end", "ended_by", "ended_at", "gone_at", "late", "escalated_at"))


def _without_cause(alert: Alert, state: AlertState, facts: AlertFacts) -> Alert:
    if state is alert.state:
        return alert
    if state is AlertState.OVER:
        ended = {} if alert.end is not None else _ended(alert, facts)
        over = alert.model_copy(update={**ended, "state": state, "targets": (), "look_at": None})
        return _shown(alert, over, facts.now)
    until = {"gone_at": facts.now, "look_at": facts.now + LINE_FOR}
    after = alert.model_copy(update={**_ended(alert, facts), **until, "state": state})
    return _shown(alert, after, facts.now)


def _ended(alert: Alert, facts: AlertFacts) -> dict[str, object]:
    found = ending(alert, facts)
    return {"end": found.end, "ended_by": found.by, "ended_at": found.at, "late": found.late}


def _acted(alert: Alert, facts: AlertFacts) -> Alert:
    """An alert with what a person has done about the ticket since it was posted."""
    last = facts.acted_last()
    if last is None or alert.posted_at is None or last.at <= (_later(alert.acted_at, alert.posted_at) or last.at):
        return alert
    return alert.model_copy(update={"acted_at": last.at, "acted_by": last.by, "nags": 0})


def _standing(before: Alert | None, alert: Alert, found: DueCause, facts: AlertFacts) -> Alert:
    """An alert as it stands now: where, in which round, escalated or not."""
    now = facts.now
    if facts.calendar is not None and not is_open(facts.calendar, now):
        alert = alert.model_copy(update={"targets": targets_at_night(before, facts)})
        return alert if before is not None and before.stands else _posted(alert, now)
    rose = before is not None and before.stage is AlertStage.WARN and found.stage is AlertStage.BREACH
    if before is None or not before.stands:
        alert = _posted(alert, now).model_copy(update={"nags": 0})
    elif rose:
        alert = alert.model_copy(update={"nags": 0, "posted_at": now})
    elif _is_past(_nags_at(alert, facts), now):
        alert = _posted(alert, now).model_copy(update={"nags": alert.nags + 1})
    if alert.escalated_at is None and _is_past(_escalates_at(alert, found, facts), now):
        alert = alert.model_copy(update={"escalated_at": now})
    return alert.model_copy(update={"targets": targets(found, facts, escalated=alert.escalated_at is not None)})


def _posted(alert: Alert, now: datetime) -> Alert:
    return alert.model_copy(update={"round": alert.round + 1, "posted_at": now})


def _nags_at(alert: Alert, facts: AlertFacts) -> datetime | None:
    """When an alert that stands is repeated; None if it is silent."""
    interval, since = facts.line.alerts.nag, _later(alert.posted_at, alert.acted_at)
    if not interval or since is None or alert.stage is AlertStage.WARN or alert.nags >= len(NAGS):
        return None
    return facts.after_open(since, interval * NAGS[alert.nags])


def _escalates_at(alert: Alert, found: DueCause, facts: AlertFacts) -> datetime | None:
    settings = facts.line.alerts
    if not settings.escalation or not is_escalated(found) or alert.escalated_at is not None:
        return None
    since = _later(found.since, alert.acted_at)
    return None if since is None else facts.after_open(since, settings.escalate_after)


def _looked_at(alert: Alert, facts: AlertFacts) -> Alert:
    """An alert with the time at which it is considered again."""
    now, calendar = facts.now, facts.calendar
    times: list[datetime | None] = []
    match alert.state:
        case AlertState.COMING:
            return alert.model_copy(update={"look_at": alert.since})
        case AlertState.LISTED:
            times.append(_listed_until(alert, facts))
        case AlertState.STANDS:
            found = DueCause(alert.cause, alert.began_at, alert.since, alert.stage)
            times += [_nags_at(alert, facts), _escalates_at(alert, found, facts)]
    if calendar is not None and not is_open(calendar, now):
        opens = next_opening(calendar, now)
        times = [opens, next_turn(alert, facts), *(each and opens and max(each, opens) for each in times)]
    due = min((each for each in times if each is not None), default=now + RECHECK)
    kept = alert.look_at
    if kept is not None and now < kept <= min(due, now + RECHECK):
        return alert  # a look that changes nothing saves nothing
    return alert.model_copy(update={"look_at": min(max(due, now + SOON), now + RECHECK)})


_SHOWN: Final = ("state", "stage", "since", "count", "targets", "round", "end", "ended_by", "late", "acted_by")
"""What Slack shows of an alert."""


def _shown(before: Alert | None, after: Alert, now: datetime) -> Alert:
    """An alert that Slack is to show as it is now, if it differs from what Slack shows."""
    if before is None and not after.stands:
        return after
    if before is not None and all(getattr(before, each) == getattr(after, each) for each in _SHOWN):
        return after
    if before is not None and not before.round and not after.round:
        return after  # nothing of it was ever in Slack
    return after.model_copy(update={"show_at": now})


def _is_past(at: datetime | None, now: datetime) -> bool:
    return at is not None and at <= now


def _later(*times: datetime | None) -> datetime | None:
    return max((each for each in times if each is not None), default=None)


def acknowledged(alert: Alert, by: str, at: datetime, order: str | None) -> Alert:
    """An alert of which somebody says that they have it: its repeats begin anew."""
    orders = () if order is None or order in alert.orders else (order,)
    return alert.model_copy(
        update={
            "acted_at": _later(alert.acted_at, at),
            "acted_by": by,
            "nags": 0,
            "orders": (*alert.orders, *orders)[-20:],
            "show_at": at if alert.stands else alert.show_at,
            "look_at": at,
        }
    )
