"""By when lines' tickets are due, and what of it does nothing. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from messages.calendar import Calendar
from messages.deadlines.policy_words import inert, said_in_short
from messages.line import Line
from ops.checks.finding import Finding, advice, good


def check(lines: Sequence[Line], calendars: Sequence[Calendar], now: datetime) -> Iterator[Finding]:
    """The targets of each line that has some; of those that do nothing, or not what they seem to, what to do."""
    for line in lines:
        if not any(line.policy.targets.values()):
            continue
        of = f"targets of {line.id}"
        found = list(inert(line.policy, line.calendar, calendars, now))
        for each in found:
            todo = f"clerk lines set {line.id} --calendar NAME, or --sla PRIORITY.CLOCK=TIME/calendar, or --sla off"
            yield advice(of, each, todo)
        if not found:
            yield good(of, said_in_short(line.policy))
