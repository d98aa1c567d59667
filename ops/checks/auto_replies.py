"""What lines answer by themselves, and what of it does nothing. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from messages.calendar import Calendar, is_open, next_opening
from messages.line import Line
from messages.team.auto_replies import inert
from ops.checks.finding import Finding, advice, good


def check(lines: Sequence[Line], calendars: Sequence[Calendar], now: datetime) -> Iterator[Finding]:
    """Which automatic texts each line has; of those that are never sent or too long, what to do."""
    never = {each.id for each in calendars if not is_open(each, now) and next_opening(each, now) is None}
    for line in lines:
        if not (kinds := line.auto_replies.kinds):
            continue
        of = f"automatic texts of {line.id}"
        opens = line.calendar not in never
        found = list(inert(line.auto_replies, line.label, has_calendar=bool(line.calendar), opens=opens))
        for each in found:
            todo = f"clerk lines set {line.id} --calendar NAME, or --auto KIND=..., or --auto KIND=off"
            yield advice(of, each, todo)
        if not found:
            yield good(of, ", ".join(kinds))
