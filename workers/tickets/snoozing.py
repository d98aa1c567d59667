"""What each event does to a ticket's snooze, until when it lasts, and what people are told about that. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final

from messages.calendar import (
    WEEKDAYS,
    Calendar,
    ClockChange,
    Placed,
    Weekday,
    is_open,
    moment_words,
    next_opening,
    place,
    time_words,
    wall_time,
    zone_words,
)
from messages.deadlines.snooze import (
    AGAIN_WITHIN,
    EndSnooze,
    MoveSnooze,
    SetSnooze,
    Snooze,
    SnoozeAgain,
    SnoozeCommand,
    SnoozeEnd,
    WakeUp,
)
from messages.formats.later import meant
from messages.planned import LATEST, SOONEST, WALL_FORMAT, When
from messages.ticket import Change, Status, Ticket

MORNING: Final = time(9)
"""When a day begins for whoever puts a ticket off until then, where no hours say it."""


class SnoozeEvent(StrEnum):
    """What happens to a ticket that may be snoozed."""

    SET = "an agent puts it off"
    AGAIN = "an agent puts it off again, until the same time"
    TEXT = "the contact writes"
    THANKS = "the contact says thanks, and nothing else"
    REACTION = "the contact reacts to a text, or writes although they are blocked"
    REPLY = "an agent writes to the contact, now or planned"
    ASSIGN = "an agent takes it, or assigns somebody"
    STATUS = "an agent sets another status"
    WAKE = "an agent ends the snooze"
    TIME = "its time comes while the line is open"
    NIGHT = "its time comes while the line is closed"


class SnoozeState(StrEnum):
    """Whether a ticket is snoozed, and whether the contact's texts end that."""

    AWAKE = "awake"
    LIGHT = "snoozed until a time or a text"
    DEEP = "snoozed until a time, whatever the contact writes"


class SnoozeOutcome(StrEnum):
    """What an event does to a snooze, if it does not end it."""

    SET = "the ticket is snoozed"
    STAYS = "nothing"
    REFUSED = "refused in words"


_A, _L, _D = SnoozeState
_STAYS, _REFUSED = SnoozeOutcome.STAYS, SnoozeOutcome.REFUSED

SNOOZES: Final[Mapping[SnoozeEvent, Mapping[SnoozeState, SnoozeOutcome | SnoozeEnd]]] = {
    #                     awake                    light                    deep
    SnoozeEvent.SET:      {_A: SnoozeOutcome.SET,  _L: SnoozeOutcome.SET,   _D: SnoozeOutcome.SET},
    SnoozeEvent.AGAIN:    {_A: SnoozeOutcome.SET,  _L: _REFUSED,            _D: _REFUSED},
    SnoozeEvent.TEXT:     {_A: _STAYS,             _L: SnoozeEnd.TEXT,      _D: _STAYS},
    SnoozeEvent.THANKS:   {_A: _STAYS,             _L: _STAYS,              _D: _STAYS},
    SnoozeEvent.REACTION: {_A: _STAYS,             _L: _STAYS,              _D: _STAYS},
    SnoozeEvent.REPLY:    {_A: _STAYS,             _L: _STAYS,              _D: _STAYS},
    SnoozeEvent.ASSIGN:   {_A: _STAYS,             _L: _STAYS,              _D: _STAYS},
    SnoozeEvent.STATUS:   {_A: _STAYS,             _L: SnoozeEnd.STATUS,    _D: SnoozeEnd.STATUS},
    SnoozeEvent.WAKE:     {_A: _REFUSED,           _L: SnoozeEnd.AGENT,     _D: SnoozeEnd.AGENT},
    SnoozeEvent.TIME:     {_A: _STAYS,             _L: SnoozeEnd.TIME,      _D: SnoozeEnd.TIME},
    SnoozeEvent.NIGHT:    {_A: _STAYS,             _L: _STAYS,              _D: _STAYS},
}  # fmt: skip
"""docs/time.md, Snoozes. Setting is refused, too, for a ticket that is over, and for a time that can't be meant."""

SNOOZABLE: Final = frozenset({Status.NEW, Status.OPEN, Status.PENDING, Status.ON_HOLD})

PASSED: Final = "Nothing was snoozed: that time has passed."
TOO_SOON: Final = "Nothing was snoozed: a snooze lasts a minute at least."
TOO_FAR: Final = f"Nothing was snoozed: a snooze lasts at most {LATEST.days} days."
NO_TIME: Final = "Nothing was snoozed: Clerk could not tell until when."
OVER: Final = "Ticket #{ticket} is {status}: there is nothing to put off. Set another status first."
NOT_SNOOZED: Final = "Nothing was changed: ticket #{ticket} is not snoozed."
SNOOZED_SINCE: Final = "Nothing was changed: ticket #{ticket} is snoozed already. Its card says until when."
ANOTHER_SINCE: Final = "Nothing was snoozed: ticket #{ticket} was snoozed for another time since."
AGAIN_TOO_LATE: Final = (
    "Nothing was snoozed: that button works for 24 hours after the contact woke ticket #{ticket}. "
    "Snooze it from its card."
)
AGAIN_PASSED: Final = "Nothing was snoozed: the time until which ticket #{ticket} was snoozed has passed."

WAKES_ON_TEXT: Final = "It wakes sooner if the contact writes."
SLEEPS_ON: Final = "What the contact writes until then is in the thread, and notifies nobody."


@dataclass(frozen=True)
class SnoozeFacts:
    """What a snooze depends on besides its ticket: the line's calendar, and in which zone its agent is."""

    calendar: Calendar | None = None
    zone: str = "UTC"

    def is_closed(self, at: datetime) -> bool:
        """Whether the line is closed then, and opens again; a line that never opens waits for nothing."""
        return self.calendar is not None and is_closed(self.calendar, at)


def is_closed(calendar: Calendar, at: datetime) -> bool:
    """Whether hours are over at a time, but not for good."""
    return not is_open(calendar, at) and next_opening(calendar, at) is not None


def state_of(ticket: Ticket) -> SnoozeState:
    """Whether a ticket is snoozed, and how deeply."""
    if ticket.asleep is None:
        return SnoozeState.AWAKE
    return SnoozeState.LIGHT if ticket.asleep.wake_on_text else SnoozeState.DEEP


def after(ticket: Ticket, event: SnoozeEvent, now: datetime) -> dict[str, Any]:
    """What an event that is no order about the snooze changes in a ticket: at most, it ends the snooze."""
    outcome = SNOOZES[event][state_of(ticket)]
    return {"snooze": _ended(ticket.snooze, outcome, now)} if isinstance(outcome, SnoozeEnd) and ticket.snooze else {}


def carry_out(
    ticket: Ticket, command: SnoozeCommand, by: str | None, now: datetime, facts: SnoozeFacts
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What an order about a snooze changes in a ticket, or why it is refused, in words for the agent."""
    match command:
        case SetSnooze():
            if ticket.status not in SNOOZABLE:
                return {}, (OVER.format(ticket=ticket.id, status=ticket.status.label),)
            found = _placed(command, ticket, by, now, facts)
            return ({}, (found,)) if isinstance(found, str) else ({"snooze": found}, ())
        case SnoozeAgain():
            return _again(ticket, command, by, now)
        case WakeUp():
            return after(ticket, SnoozeEvent.WAKE, now), _refusal(ticket, SnoozeEvent.WAKE, NOT_SNOOZED)
        case EndSnooze():
            if ticket.snooze is None or ticket.snooze.until != command.until or command.until > now:
                return {}, ()
            return _over(ticket, now, facts), ()
        case MoveSnooze():
            moved = displaced_to(ticket.asleep)
            if ticket.asleep is None or ticket.asleep.until != command.until or moved is None:
                return {}, ()
            return {"snooze": ticket.asleep.model_copy(update={"until": moved})}, ()


def _over(ticket: Ticket, now: datetime, facts: SnoozeFacts) -> dict[str, Any]:
    """What the clock changes once a snooze's time has come: nothing before the line opens."""
    draft = after(ticket, SnoozeEvent.NIGHT if facts.is_closed(now) else SnoozeEvent.TIME, now)
    if ticket.asleep is not None and draft:
        draft["snooze"] = draft["snooze"].model_copy(update={"waited": facts.is_closed(ticket.asleep.until)})
    return draft


def _refusal(ticket: Ticket, event: SnoozeEvent, words: str) -> tuple[str, ...]:
    refused = SNOOZES[event][state_of(ticket)] is SnoozeOutcome.REFUSED
    return (words.format(ticket=ticket.id),) if refused else ()


def _ended(snooze: Snooze | None, end: SnoozeEnd, now: datetime) -> Snooze | None:
    return None if snooze is None else snooze.model_copy(update={"ended": end, "ended_at": now})


def _again(
    ticket: Ticket, command: SnoozeAgain, by: str | None, now: datetime
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The same snooze once more; what has happened to the ticket since the contact woke it may refuse that."""
    former = ticket.snooze
    if ticket.status not in SNOOZABLE:
        return {}, (OVER.format(ticket=ticket.id, status=ticket.status.label),)
    if refused := _refusal(ticket, SnoozeEvent.AGAIN, SNOOZED_SINCE):
        return {}, refused
    words = ""
    if former is None or former.ended is not SnoozeEnd.TEXT or former.until != command.until or by is None:
        words = ANOTHER_SINCE
    elif command.until <= now:
        words = AGAIN_PASSED
    elif former.ended_at is not None and now - former.ended_at > AGAIN_WITHIN:
        words = AGAIN_TOO_LATE
    if words or former is None:
        return {}, (words.format(ticket=ticket.id),)
    anew = {"by": by, "at": now, "last_text": ticket.last_text, "ended": None, "ended_at": None, "waited": False}
    return {"snooze": former.model_copy(update=anew)}, ()


def _placed(command: SetSnooze, ticket: Ticket, by: str | None, now: datetime, facts: SnoozeFacts) -> Snooze | str:
    """The snooze that an agent asks for, or why there can't be one."""
    zone = command.zone or facts.zone
    if command.when.clock is not None or command.when.after is not None:
        found = meant(command.when, now, zone)
        placed, wall = found.placed, found.wall
    else:
        zone = facts.calendar.zone if facts.calendar is not None else zone
        opens = _first_opening(command.when, facts.calendar, zone, now)
        if opens is None:
            return NO_TIME
        wall = wall_time(opens, zone)
        placed = Placed(opens, wall)
    if words := _objection(placed.instant - now):
        return words
    return Snooze(
        by=by or "",
        at=now,
        until=placed.instant,
        wall=wall.strftime(WALL_FORMAT) if wall is not None else "",
        zone=zone,
        note=command.note,
        wake_on_text=command.wake_on_text,
        last_text=ticket.last_text,
    )


def _objection(ahead: timedelta) -> str:
    if ahead < SOONEST:
        return PASSED if ahead < timedelta() else TOO_SOON
    return TOO_FAR if ahead > LATEST else ""


def _first_opening(when: When, calendar: Calendar | None, zone: str, now: datetime) -> datetime | None:
    """When the line opens first on a day, or after it; at 9:00, if no hours say it. None: no day is meant."""
    day = _day(when.day, wall_time(now, zone).date())
    if day is None:
        return None
    opens = None
    if calendar is not None:
        opens = next_opening(calendar, place(datetime.combine(day, time()), zone).instant - timedelta(microseconds=1))
    return opens or place(datetime.combine(day, MORNING), zone).instant


def _day(word: str, today: date) -> date | None:
    """The day that a word means today; the next one, if it is a day of the week."""
    if word == "tomorrow":
        return today + timedelta(days=1)
    if word in WEEKDAYS:
        ahead = (WEEKDAYS.index(Weekday(word)) - today.weekday() - 1) % 7 + 1
        return today + timedelta(days=ahead)
    return date.fromisoformat(word) if word else None


def displaced_to(snooze: Snooze | None) -> datetime | None:
    """The instant that a snooze's wall time means now, if the rules of its zone have changed since it was set."""
    if snooze is None or not snooze.wall:
        return None
    instant = place(datetime.strptime(snooze.wall, WALL_FORMAT), snooze.zone).instant  # noqa: DTZ007 - a wall time
    return None if instant == snooze.until else instant


def changes(before: Snooze | None, now: Snooze | None) -> Sequence[Change]:
    """What a ticket's history says of a change of its snooze."""
    if now is None:
        return ()
    if not now.is_on:
        return (Change(what="woken", before=_said(now), after=now.ended),)
    earlier = _said(before) if before is not None and before.is_on else None
    return (Change(what="snoozed", before=earlier, after=_said(now)),)


def _said(snooze: Snooze) -> dict[str, Any]:
    """What the history, and whoever reads it, keeps of a snooze."""
    until = snooze.until.isoformat()
    more = {"wake_on_text": snooze.wake_on_text, "waited": snooze.waited}
    return {"by": snooze.by, "until": until, "zone": snooze.zone, "note": snooze.note, **more}


def confirmed(ticket: Ticket, calendar: Calendar | None) -> str:
    """What an agent is told who has snoozed a ticket: until when, and what is unusual about that time."""
    snooze = ticket.snooze
    if snooze is None:
        return ""
    until = f"{moment_words(snooze.until, snooze.at, snooze.zone)} ({zone_words(snooze.zone)})"
    parts = [f"Ticket #{ticket.id} is snoozed: it wakes {until}.", _clocks(snooze), _hours(snooze, calendar)]
    parts.append(WAKES_ON_TEXT if snooze.wake_on_text else SLEEPS_ON)
    return " ".join(filter(None, parts))


def _clocks(snooze: Snooze) -> str:
    if not snooze.wall:
        return ""
    placed = place(datetime.strptime(snooze.wall, WALL_FORMAT), snooze.zone)  # noqa: DTZ007 - a wall time
    match placed.trouble:
        case ClockChange.GAP:
            return f"Clocks go forward then, so it is {time_words(placed.wall)}."
        case ClockChange.OVERLAP:
            return f"Clocks go back then, and {time_words(placed.wall)} comes twice: the first is meant."
        case None:
            return ""


def _hours(snooze: Snooze, calendar: Calendar | None) -> str:
    opens = next_opening(calendar, snooze.until) if calendar is not None and is_closed(calendar, snooze.until) else None
    if calendar is None or opens is None:
        return ""
    words = moment_words(opens, snooze.at, calendar.zone)
    return f"The line is closed then, so it waits until the line opens {words} ({zone_words(calendar.zone)})."
