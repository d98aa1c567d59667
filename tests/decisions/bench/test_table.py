"""The table of `make bench`: readable at 80 columns, and clear about what is missed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.table import TableRow, head, missed

figures = st.floats(0, 999_999) | st.integers(0, 999_999)
words = st.text(st.characters(codec="ascii", categories=["L", "P"]), min_size=1, max_size=30)


@given(
    what=st.lists(words, min_size=1, max_size=12).map(" ".join),
    today=figures,
    bound=figures | st.none(),
    rival=figures | st.none(),
    unit=st.sampled_from(["", "ms", "µs", "s", "MB", "bytes"]),
)
def test_every_line_fits_into_80_columns(
    what: str, today: float, bound: float | None, rival: float | None, unit: str
) -> None:
    row = TableRow(what, today, at_most=bound, rival=rival, unit=unit)
    assert [line for line in (*head(), *row.lines(), *missed([row])) if len(line) > 80] == []


@pytest.mark.parametrize(
    ("today", "at_least", "at_most", "verdict"),
    [
        (8.0, 8.0, None, "met"),
        (7.9, 8.0, None, "MISSED"),
        (15.0, None, 15.0, "met"),
        (15.1, None, 15.0, "MISSED"),
        (float("inf"), None, 15.0, "MISSED"),
        (3.0, None, None, ""),
    ],
)
def test_a_figure_is_met_or_missed_or_has_no_goal(
    today: float, at_least: float | None, at_most: float | None, verdict: str
) -> None:
    assert TableRow("a text", today, at_least=at_least, at_most=at_most).verdict == verdict


def test_the_end_names_what_is_missed_and_nothing_else() -> None:
    rows = [
        TableRow("texts a second", 12.4, at_least=50),
        TableRow("memory", 90, at_most=200, unit="MB"),
        TableRow("the floor", 40),
    ]
    assert missed(rows) == ["1 of 2 goals are met. Missed:", "- texts a second: 12.4, at least 50 is the goal"]
    assert missed(rows[1:]) == ["1 of 1 goals are met."]
