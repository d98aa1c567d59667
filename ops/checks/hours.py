"""The calendars, and whether lines name those that exist. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from messages.calendar import Calendar, is_open, next_change, wall_time
from messages.formats.hours import hours_words
from messages.formats.public_holidays import missing_years
from messages.line import Line
from messages.team.agent import Agent
from ops.checks.finding import Finding, advice, bad, good


def check(
    lines: Sequence[Line], calendars: Sequence[Calendar], now: datetime, agents: Sequence[Agent] = ()
) -> Iterator[Finding]:
    """What each calendar says now; which never opens, is used by no line, or lacks holidays; who names none."""
    known = {each.id for each in calendars}
    for line in lines:
        if line.calendar and line.calendar not in known:
            found = f"names the calendar {line.calendar}, which does not exist: it counts as always open"
            todo = f"clerk calendars add {line.calendar} ..., or clerk lines set {line.id} --calendar NAME (or none)"
            yield bad(f"hours of {line.id}", found, todo)
    for agent in agents:
        if agent.hours and agent.hours not in known:
            found = f"name the calendar {agent.hours}, which does not exist: the agent counts as always there"
            todo = f"clerk calendars add {agent.hours} ..., or clerk agents set {agent.id} --hours NAME (or none)"
            yield bad(f"hours of {agent.id}", found, todo)
    used = {line.calendar for line in lines} | {agent.hours for agent in agents}
    for each in calendars:
        of = f"calendar {each.id}"
        if next_change(each, now) is None and not is_open(each, now):
            yield bad(of, "never opens", f"clerk calendars set {each.id} --week ..., or clerk calendars open {each.id}")
        elif missing := _missing(each, now):
            todo = "The clock adds them once a day: is one running? Else choose them again: clerk calendars holidays"
            yield advice(of, f"has no public holidays of {missing}", todo)
        elif each.id not in used:
            todo = f"clerk lines set NUMBER --calendar {each.id}, or clerk calendars remove {each.id}"
            yield advice(of, "no line uses it", todo)
        else:
            yield good(of, hours_words(each, now))


def _missing(calendar: Calendar, now: datetime) -> str:
    """The years whose public holidays are missing, in words; also if their country is not known any more."""
    try:
        years = missing_years(calendar, wall_time(now, calendar.zone).date())
    except NotImplementedError as error:
        return f"a country or part of it that is not known any more ({error})"
    return " and ".join(map(str, years))
