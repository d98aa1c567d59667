"""What `clerk doctor` says of the automatic texts of lines."""

import pytest

from messages.answering import AutoReplies
from ops.checks.auto_replies import check
from ops.checks.finding import Verdict
from tests import make


def test_a_line_that_answers_nothing_by_itself_is_not_named() -> None:
    assert list(check([make.line()])) == []


@pytest.mark.parametrize(
    ("settings", "calendar", "words"),
    [
        (AutoReplies(closed="C", holiday="H"), "", "closed and holiday: never sent, since the line has no calendar"),
        (AutoReplies(received="я" * 270), "shop", "received: 5 segments (UCS-2) for each contact"),
        (AutoReplies(waiting="x" * 1601), "", "waiting: 1601 characters, and a text has at most 1600"),
        (AutoReplies(closed="{line}" * 1000), "shop", "closed: 5000 characters"),
    ],
)
def test_what_does_nothing_or_costs_much_is_named(settings: AutoReplies, calendar: str, words: str) -> None:
    (found,) = check([make.line(name="Sales", auto_replies=settings, calendar=calendar)])
    assert found.state is Verdict.ADVICE
    assert found.found.startswith(words)
    assert make.LINE in found.todo


def test_what_works_is_good() -> None:
    settings = AutoReplies(closed="We are back {opens}.", waiting="Still with you.")
    (found,) = check([make.line(auto_replies=settings, calendar="shop")])
    assert (found.state, found.found) == (Verdict.GOOD, "closed, waiting")
