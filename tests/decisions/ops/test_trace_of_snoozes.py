"""What `clerk trace` says of a snooze."""

import pytest

from messages.deadlines.snooze import EndSnooze, SetSnooze, WakeUp
from messages.planned import When
from messages.ticket import Command, SetStatus, Status
from ops.traces.timeline import of_ticket
from tests import make
from tests.make import AGENT, SOLVED_FOR, at
from workers.tickets.lifecycle import decide, receive

SNOOZED = decide(
    make.ticket(status=Status.OPEN), SetSnooze(when=When(clock="12:00"), note="secret"), AGENT, at(0), SOLVED_FOR
).ticket
NOON = at(2.5 * 3600)


def test_a_trace_says_until_when_a_ticket_is_snoozed_and_by_whom_and_not_why() -> None:
    steps = of_ticket(SNOOZED, SNOOZED.history, make.NOW)
    assert [step.what for step in steps][1:] == [
        "#7 changed: snoozed until 2026-03-02 12:00 UTC",
        "#7 wakes, once its line is open",
    ]
    assert (steps[-1].at, steps[-1].detail) == (NOON, f"snoozed by {AGENT}")
    assert "secret" not in str(steps)


@pytest.mark.parametrize(
    ("command", "by", "words"),
    [
        (WakeUp(), AGENT, "woken by an agent"),
        (EndSnooze(until=NOON), None, "woken by the clock, in time"),
        (SetStatus(status=Status.PENDING), AGENT, "status, woken by another status"),
    ],
)
def test_a_trace_says_what_woke_it(command: Command, by: str | None, words: str) -> None:
    woken = decide(SNOOZED, command, by, NOON, SOLVED_FOR).ticket
    assert [step.what for step in of_ticket(woken, woken.history, make.NOW)][2:] == [f"#7 changed: {words}"]


def test_a_trace_says_that_a_text_woke_it() -> None:
    woken = receive(SNOOZED, 2, at(60), SOLVED_FOR)
    assert woken is not None
    assert of_ticket(woken, woken.history, make.NOW)[-1].what == "#7 changed: woken by the contact's text"
