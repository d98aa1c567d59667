"""Until when somebody is away, as people type it after `/clerk away`, and as they read it. Pure.

What is typed is one of a few forms, or is refused in words: a guess would leave texts to somebody who is not there.
"""

import html
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from messages.calendar import (
    NEVER_AFTER,
    WEEKDAYS,
    Calendar,
    ClockChange,
    Placed,
    date_words,
    place,
    time_words,
    wall_time,
    zone_words,
)
from messages.team.agent import Agent, away

ENDS: Final = "`2h`, `until 14:00`, `until tomorrow 9:00`, `until Monday 9:00` or `until 2026-12-24`"
USAGE: Final = f"Until when are you away? Type {ENDS} after `/clerk away`, and the reason if you like."
NO_ZONE: Final = (
    "Slack does not say in which time zone you are, so Clerk does not know when that is. "
    "Type how long you are away, such as `/clerk away 2h`, or try again in a minute."
)
NOTE: Final = 80
"""How long a reason may be: it is on cards."""

_SPAN: Final = re.compile(
    r"(?:for )?(?=\d)(?:(?P<days>\d{1,3}) ?d(?:ays?)?)? ?(?:(?P<hours>\d{1,4}) ?h(?:ours?)?)?"
    r" ?(?:(?P<minutes>\d{1,5}) ?m(?:in(?:utes?)?)?)?(?: |$)",
    re.IGNORECASE,
)
_UNTIL: Final = re.compile(r"(?:(?P<before>.*?) )?until (?P<rest>.+)", re.IGNORECASE)
_CLOCK: Final = re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_DAY: Final = timedelta(days=1)


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
        days, hours, minutes = (int(span[each] or 0) for each in ("days", "hours", "minutes"))
        at = now + timedelta(days=days, hours=hours, minutes=minutes)
        return AwayUntil(_in_time(at, now, span[0].strip()), _note(words[span.end() :]))
    if (until := _UNTIL.fullmatch(words)) is None:
        return AwayUntil(None, _note(words))
    placed, asked, rest = _moment(until["rest"], now, zone)
    note = ", ".join(filter(None, (_note(until["before"] or ""), _note(rest))))
    return AwayUntil(_in_time(placed.instant, now, asked), note[:NOTE], _clocks(placed))


def _note(words: str) -> str:
    """The reason; ValueError if it may be meant as a time."""
    words = words.strip(" ,;:")
    if any(each.isdigit() for each in words) or "until" in words.lower().split():
        raise ValueError(USAGE)
    return words[:NOTE].strip()


def _moment(words: str, now: datetime, zone: str) -> tuple[Placed, str, str]:
    """The moment at the beginning of some words, the words that name it, and the rest."""
    if not zone:
        raise ValueError(NO_ZONE)
    first, _, others = words.partition(" ")
    second, _, after = others.partition(" ")
    first, second = first.rstrip(","), second.rstrip(",")
    today = wall_time(now, zone).date()
    if _CLOCK.fullmatch(first):
        return place(datetime.combine(today, _clock(first)), zone), first, others
    days = _days(first, today)
    if not days:
        raise ValueError(USAGE)
    if _CLOCK.fullmatch(second):
        placed = [place(datetime.combine(day, _clock(second)), zone) for day in days]
        ahead = [each for each in placed if each.instant > now]
        return (ahead or placed)[0], f"{first} {second}", after
    return place(datetime.combine(days[-1], time()), zone), first, others


def _clock(words: str) -> time:
    return time.fromisoformat(words.rjust(5, "0"))


def _days(word: str, today: date) -> list[date]:
    """The days that a word may mean, the next first; none if it names no day."""
    word = word.lower()
    if word in {"today", "tomorrow"}:
        return [today + (word == "tomorrow") * _DAY]
    if _DATE.fullmatch(word):
        try:
            return [date.fromisoformat(word)]
        except ValueError:
            raise ValueError(f"There is no day {word}. Write a date as 2026-12-24.") from None
    for place_in_week, day in enumerate(WEEKDAYS):
        if len(word) >= len(day) and day.full.lower().startswith(word):
            ahead = (place_in_week - today.weekday()) % 7
            return [today + (ahead + weeks * 7) * _DAY for weeks in ((0, 1) if ahead == 0 else (0,))]
    return []


def _in_time(at: datetime, now: datetime, asked: str) -> datetime:
    if at <= now:
        raise ValueError(f"“{asked}” has passed already. Name the day as well, such as `until tomorrow 9:00`.")
    if at > now + NEVER_AFTER:
        raise ValueError("Nobody can be away for more than a year at a time. Name an earlier day.")
    return at


def _clocks(placed: Placed) -> str:
    match placed.trouble:
        case ClockChange.GAP:
            return f"Clocks go forward then, so it is {time_words(placed.wall)}."
        case ClockChange.OVERLAP:
            return f"Clocks go back then, and {time_words(placed.wall)} comes twice: the first is meant."
        case None:
            return ""


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
