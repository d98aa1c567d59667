"""What `clerk planned list` shows: when each text is due, in 80 columns, and nobody's words or number unasked."""

from datetime import timedelta

import pytest

from messages.planned import PlannedState
from ops.checks.documents import of_clocks, of_plans
from ops.commands.planned import row, table
from tests import make
from tests.make import CONTACT, NOW

LATER = NOW + timedelta(hours=2)


def test_a_row_hides_what_was_written_and_most_of_a_number_unless_it_is_asked_for() -> None:
    planned = make.planned(body="Your code is 1234")
    hidden, shown = row(planned, NOW, show_text=False), row(planned, NOW, show_text=True)
    assert "1234" not in str(hidden)
    assert CONTACT not in str(hidden)
    assert (shown["text"], shown["contact"]) == ("Your code is 1234", CONTACT)


def test_what_is_overdue_is_named_and_what_is_held_is_not() -> None:
    assert row(make.planned(), LATER, show_text=False)["overdue"]
    assert not row(make.planned(), NOW, show_text=False)["overdue"]
    assert not row(make.planned(state=PlannedState.HELD), LATER, show_text=False)["overdue"]


def test_the_table_fits_80_columns() -> None:
    rows = [
        row(make.planned(by="U0123456789AB", why="the contact wrote first", body="word " * 99), LATER, show_text=True),
        row(make.planned(contact="+4930123456789", state=PlannedState.HELD), NOW, show_text=False),
    ]
    lines = table(rows, 80)
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("2026-03-02 10:30  overdue") and CONTACT in line for line in lines)


def test_the_doctor_names_overdue_planned_texts_and_only_them() -> None:
    assert list(of_plans(0)) == []
    (found,) = of_plans(3)
    assert "3 planned texts are overdue" in found.found


@pytest.mark.parametrize(
    ("overdue", "said"), [(1, "of 1 ticket have"), (3, "of 3 tickets have"), (100, "of 100 or more tickets have")]
)
def test_the_doctor_names_clocks_that_nobody_ticks_and_only_them(overdue: int, said: str) -> None:
    assert list(of_clocks(0)) == []
    (found,) = of_clocks(overdue)
    assert said in found.found
    assert "Start a clock" in found.todo
