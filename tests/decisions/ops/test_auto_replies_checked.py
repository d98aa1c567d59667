"""What `clerk doctor` says of the automatic texts of lines."""

from typing import Final

import pytest

from messages.answering import AutoReplies
from ops.checks.auto_replies import check
from ops.checks.finding import Verdict
from tests import make

NEVER: Final = make.calendar(id="never", week={})


def test_a_line_that_answers_nothing_by_itself_is_not_named() -> None:
    assert list(check([make.line()], [], make.NOW)) == []


@pytest.mark.parametrize(
    ("settings", "calendar", "words"),
    [
        (AutoReplies(closed="C", holiday="H"), "", "closed and holiday: never sent, since the line has no calendar"),
        (AutoReplies(received="я" * 270), "shop", "received: 5 segments (UCS-2) for each contact"),
        (AutoReplies(waiting="x" * 1601), "", "waiting: 1601 characters, and a text has at most 1600"),
        (AutoReplies(closed="{line}" * 1000), "shop", "closed: 5000 characters"),
        (AutoReplies(closed="C", nudge="N"), "never", "nudge: never sent, since the line's calendar never opens"),
        (AutoReplies(closed="C", waiting_after=9), "shop", "waiting-after: does nothing while waiting has no words"),
        (AutoReplies(closed="C", nudge_after=9), "shop", "nudge-after: does nothing while nudge has no words"),
        (AutoReplies(closed="C", solve_after=9), "shop", "solve-after: does nothing while nudge has no words"),
    ],
)
def test_what_does_nothing_or_costs_much_is_named(settings: AutoReplies, calendar: str, words: str) -> None:
    (found,) = check(
        [make.line(name="Sales", auto_replies=settings, calendar=calendar)], [make.calendar(), NEVER], make.NOW
    )
    assert found.state is Verdict.ADVICE
    assert found.found.startswith(words)
    assert make.LINE in found.todo


def test_what_works_is_good() -> None:
    settings = AutoReplies(closed="We are back {opens}.", waiting="Still with you.")
    (found,) = check([make.line(auto_replies=settings, calendar="shop")], [make.calendar()], make.NOW)
    assert (found.state, found.found) == (Verdict.GOOD, "closed, waiting")
