"""`clerk doctor` names calendars that do nothing, and lines whose calendar does not exist."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from messages.calendar import Closure, PublicHolidays
from messages.formats.public_holidays import with_holidays
from messages.team.agent import Agent
from ops.checks.finding import Verdict
from ops.checks.hours import check
from tests import make

NOW = make.NOW
US = PublicHolidays(country="US")
LATER = datetime(2027, 3, 1, tzinfo=UTC)
WITH_HOLIDAYS = with_holidays(make.calendar(), US, NOW.date())


def year_long(id: str) -> Closure:
    """A closure for more than a year."""
    return Closure(since=NOW, until=NOW + timedelta(days=400), why=id)


@pytest.mark.parametrize(
    ("line", "calendars", "now", "state", "found"),
    [
        ("shop", [make.calendar()], NOW, Verdict.GOOD, "Closed until 9:00 (New York)"),
        ("shop", [], NOW, Verdict.BAD, "names the calendar shop, which does not exist: it counts as always open"),
        ("shop", [make.calendar(week={})], NOW, Verdict.BAD, "never opens"),
        ("shop", [make.calendar(closures=(year_long("a move"),))], NOW, Verdict.BAD, "never opens"),
        ("", [make.calendar()], NOW, Verdict.ADVICE, "no line uses it"),
        ("shop", [WITH_HOLIDAYS], NOW, Verdict.GOOD, "Closed until 9:00 (New York)"),
        ("shop", [WITH_HOLIDAYS], LATER, Verdict.ADVICE, "has no public holidays of 2028"),
        ("shop", [make.calendar(holidays=US)], NOW, Verdict.ADVICE, "has no public holidays of 2026 and 2027"),
        (
            *("shop", [make.calendar(holidays=PublicHolidays(country="ZZ"))], NOW, Verdict.ADVICE),
            "has no public holidays of a country or part of it that is not known any more (Country ZZ not available)",
        ),
    ],
)
def test_findings(line: str, calendars: list[Any], now: datetime, state: Verdict, found: str) -> None:
    (finding,) = check([make.line(calendar=line)], calendars, now)
    assert (finding.state, finding.found) == (state, found)
    assert finding.todo or state is Verdict.GOOD


def test_hours_of_agents_are_used_and_those_that_do_not_exist_are_named() -> None:
    ann = Agent(id="U0ANN", hours="shop")
    (finding,) = check([make.line()], [make.calendar()], NOW, [ann, Agent(id="U0BOB")])
    assert finding.state is Verdict.GOOD
    (finding,) = check([make.line()], [], NOW, [ann])
    assert (finding.check, finding.state) == ("hours of U0ANN", Verdict.BAD)
    assert finding.found.startswith("name the calendar shop, which does not exist")
    assert "clerk agents set U0ANN --hours" in finding.todo


def test_a_line_that_is_always_open_is_no_finding() -> None:
    assert list(check([make.line()], [], NOW)) == []
