"""The console's page of lines says whether each is open, until when, and when it is closed next."""

from datetime import date

import pytest

from messages.calendar import SpecialDays
from ops.console.view import hours_of
from tests import make

FEAST = SpecialDays(first=date(2026, 3, 5), last=date(2026, 3, 5), name="Feast")


@pytest.mark.parametrize(
    ("calendar", "words"),
    [
        ("", "always open"),
        ("gone", "always open: there is no calendar gone"),
        ("plain", "Closed until 9:00 (New York)"),
        ("shop", "Closed until 9:00 (New York); next closed: Thu 5 Mar, Feast"),
    ],
)
def test_hours_of_a_line(calendar: str, words: str) -> None:
    calendars = {"shop": make.calendar(days=(FEAST,)), "plain": make.calendar(id="plain")}
    assert hours_of(make.line(calendar=calendar), calendars, make.NOW) == words
