"""What agents are told who say that they are away, or back, or act although they are away."""

import pytest

from messages.calendar import Calendar
from messages.team.agent import Agent
from messages.team.away_words import NO_END
from tests import make
from workers.notifications.leaving import BACK, Leave, asks_whether_back, came_back, leave

NEW_YORK = "America/New_York"
OPENS = make.at(4.5 * 3600)
AWAY = Agent(id=make.AGENT, zone=NEW_YORK, away_until=make.at(3600), away_note="on leave", since=make.at(-60))


@pytest.mark.parametrize(
    ("typed", "calendar", "until", "begins"),
    [
        ("", make.calendar(), OPENS, "You are away until 9:00 (New York). Until then"),
        ("sick", make.calendar(), OPENS, "You are away until 9:00 (New York): sick. Until then"),
        ("1h", None, make.at(3600), "You are away until 5:30 (New York). Until then"),
        ("1h", make.calendar(), make.at(3600), "You are away until 9:00 (New York). Until then"),
        ("until 2026-11-01 1:30", None, None, "You are away until Sun 1 Nov 1:30 (New York). Clocks go back then, and"),
    ],
)
def test_who_goes_away_is_told_until_when(typed: str, calendar: Calendar | None, until: object, begins: str) -> None:
    found = leave(typed, calendar, NEW_YORK, make.NOW)
    assert isinstance(found, Leave)
    assert found.words.startswith(begins)
    assert until in {None, found.until}


@pytest.mark.parametrize("calendar", [None, make.calendar(week={})])
def test_who_has_no_hours_is_asked_until_when(calendar: Calendar | None) -> None:
    assert leave("sick", calendar, NEW_YORK, make.NOW) == NO_END


def test_what_is_wrong_with_a_time_is_answered() -> None:
    assert "has passed already" in str(leave("until 4:00", None, NEW_YORK, make.NOW))


def test_who_comes_back_is_told_so_also_when_they_say_it_again() -> None:
    assert came_back(AWAY, None, make.NOW) == BACK == came_back(Agent(id=make.AGENT), None, make.NOW)
    assert came_back(AWAY, make.calendar(), OPENS) == BACK


def test_who_comes_back_outside_their_hours_is_told_that_these_are_over() -> None:
    said = "You are back, but your hours (shop) are over until 9:00 (New York): an admin changes them"
    assert came_back(AWAY, make.calendar(), make.NOW).startswith(said)


def test_who_acts_although_they_are_away_is_asked_once() -> None:
    assert asks_whether_back(AWAY, make.NOW) == "You are away until 5:30 (New York): on leave."
    assert asks_whether_back(AWAY.model_copy(update={"asked": True}), make.NOW) == ""
    assert asks_whether_back(AWAY, make.at(3600)) == ""
    assert asks_whether_back(Agent(id=make.AGENT, hours="shop"), make.NOW) == ""
