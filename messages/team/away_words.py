"""Until when somebody is away, as people type it after `/clerk away`, and as they read it. Pure.

What is typed is one of a few forms, or is refused in words: a guess would leave texts to somebody who is not there.
"""

import html
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from messages.calendar import (
    Calendar,
    date_words,
    time_words,
    wall_time,
    zone_words,
)
from messages.formats.moments.grammar import END, SPAN, change_words, in_time, moment_at, names_a_time, span_of
from messages.team.agent import Agent, away

ENDS: Final = "`2h`, `until 14:00`, `until today 5pm`, `until tomorrow 9:00`, `until Monday 9:00` or `until 2026-12-24`"
USAGE: Final = f"Until when are you away? Type {ENDS} after `/clerk away`, and the reason if you like."
NO_END: Final = f"You have no hours that say when you are back. {USAGE}"
NO_ZONE: Final = (
    "Slack does not say in which time zone you are, so Clerk does not know when that is. "
    "Type how long you are away, such as `/clerk away 2h`, or try again in a minute."
)
NOTE: Final = 80
"""How long a reason may be: it is on cards."""

_SPAN: Final = re.compile(rf"(?:for )?{SPAN}{END}", re.IGNORECASE | re.ASCII)
_UNTIL: Final = re.compile(r"(?:(?P<before>.*?) )?until (?P<rest>.+)", re.IGNORECASE)


@dataclass(frozen=True)
class AwayUntil:
    """Until when somebody is away (None: they did not say), why, and what is to be said of a change of the clocks."""

    at: datetime | None
    note: str = ""
    said: str = ""


def read_away(typed: str, now: datetime, zone: str) -> AwayUntil:
    """What is typed after `/clerk away`, as it is meant in a zone (blank: unknown); ValueError says what is wrong.

    A day of the week is the next one; a day alone means its beginning.
    """
    words = " ".join(html.unescape(typed).split())
    if (span := _SPAN.match(words)) is not None:
        at = now + span_of(span.groupdict())
        return AwayUntil(in_time(at, now, span[0].strip()), _note(words[span.end() :]))
    if (until := _UNTIL.fullmatch(words)) is None:
        return AwayUntil(None, _note(words))
    if not zone:
        raise ValueError(NO_ZONE)
    if (found := moment_at(until["rest"], now, zone)) is None:
        raise ValueError(USAGE)
    note = ", ".join(filter(None, (_note(until["before"] or ""), _note(found.rest))))
    return AwayUntil(in_time(found.placed.instant, now, found.words), note[:NOTE], change_words(found.placed))


def _note(words: str) -> str:
    """The reason; ValueError if it may be meant as a time."""
    words = words.strip(" ,;:")
    if any(names_a_time(each) or each.lower() == "until" for each in words.split()):
        raise ValueError(USAGE)
    return words[:NOTE].strip()


def until_words(at: datetime, now: datetime, zone: str) -> str:
    """A moment as whoever is away reads it, in their zone (blank: UTC): "17:00 (Paris)", "Mon 7 Dec 9:00 (Paris)"."""
    wall, today = wall_time(at, zone or "UTC"), wall_time(now, zone or "UTC").date()
    day = "" if wall.date() == today else f"{date_words(wall.date(), today)} "
    return f"{day}{time_words(wall)} ({zone_words(zone or 'UTC')})"


def now_words(agent: Agent, calendar: Calendar | None, now: datetime) -> str:
    """Whether an agent is there, by their clocks: "away until Mon 7 Dec 9:00 (Paris): on leave"."""
    if (found := away(agent, calendar, now)) is None:
        return "there"
    if found.deactivated:
        return "gone: their account is deactivated"
    zone = agent.zone or (calendar.zone if calendar is not None else "")
    until = f" until {until_words(found.until, now, zone)}" if found.until is not None else ""
    return f"away{until}{f': {found.note}' if found.note else ''}"


def hours_words(agent: Agent, calendars: Collection[str]) -> str:
    """Which calendar has an agent's hours, if there is such a one."""
    if not agent.hours:
        return "always"
    return agent.hours if agent.hours in calendars else f"always: there is no calendar {agent.hours}"
