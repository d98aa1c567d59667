"""What agents are told when they say that they are away, or back, and when they act although they are away. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from messages.calendar import Calendar, next_opening
from messages.team.agent import Agent, TimeAway, away
from messages.team.away_words import NO_END, read_away, until_words

SAID_SINCE: Final = "Nothing was changed: you have said something else about that since."
BACK: Final = "You are back: you get notifications again."


@dataclass(frozen=True)
class Leave:
    """Until when an agent is away, and why; `words` confirm it."""

    until: datetime
    note: str
    words: str


def leave(typed: str, calendar: Calendar | None, zone: str, now: datetime) -> Leave | str:
    """What an agent's words after `/clerk away` mean, or the answer that says what is wrong with them.

    `calendar` is that of their hours. Without an end they are away until it opens next. `zone` is blank if unknown.
    """
    try:
        found = read_away(typed, now, zone)
    except ValueError as error:
        return str(error)
    until = found.at
    if until is None:
        until = next_opening(calendar, now) if calendar is not None else None
        if until is None:
            return NO_END
    agent = Agent(id="", away_until=until, away_note=found.note)
    said = f" {found.said}" if found.said else ""
    words = (
        f"{_you_are_away(away(agent, calendar, now), now, zone)}{said} "
        "Until then you get no notifications, and your tickets stay yours: where everybody on a ticket is away, its "
        "channel is notified, too. You come back by yourself; `/clerk back` ends it sooner."
    )
    return Leave(until, found.note, words)


def came_back(agent: Agent, calendar: Calendar | None, now: datetime) -> str:
    """What an agent is told who says that they are back: the same however often they do."""
    outside = away(Agent(id=agent.id), calendar, now)
    if outside is None or calendar is None:
        return BACK
    until = f" until {until_words(outside.until, now, agent.zone)}" if outside.until else ""
    return f"You are back, but your hours ({calendar.label}) are over{until}: an admin changes them (clerk agents set)."


def asks_whether_back(agent: Agent, now: datetime) -> str:
    """The question to an agent who acts although they said that they are away; empty if there is none to ask."""
    if agent.asked or agent.away_until is None or agent.away_until <= now:
        return ""
    return _you_are_away(TimeAway(agent.away_until, agent.away_note), now, agent.zone)


def _you_are_away(time: TimeAway | None, now: datetime, zone: str) -> str:
    until = f" until {until_words(time.until, now, zone)}" if time is not None and time.until is not None else ""
    return f"You are away{until}{f': {time.note}' if time is not None and time.note else ''}."
