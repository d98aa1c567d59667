"""What a ticket becomes when an answer fails for good, by its status then."""

from typing import Final

import pytest

from messages.ticket import AnswerFailed, Command, Reply, SetStatus, Status, Ticket
from tests import make
from tests.make import AGENT, SOLVED_FOR, at
from workers.tickets.lifecycle import decide, receive

FAILED: Final = AnswerFailed(reply="answer", written_at=at(10))


def after(*orders: tuple[float, str, Command], ticket: Ticket | None = None) -> Ticket:
    """A ticket whose contact waits since second 0, after orders: when, with which identity, which."""
    ticket = ticket or make.ticket(waiting_since=at(0), wait_filed_at=at(0))
    for second, order, command in orders:
        by = None if isinstance(command, AnswerFailed) else AGENT
        ticket = decide(ticket, command, by, at(second), SOLVED_FOR, order).ticket
    return ticket


ANSWERED: Final = (10, "answer", Reply())

BECOMES: Final = {
    Status.OPEN: Status.OPEN,
    Status.PENDING: Status.OPEN,
    Status.ON_HOLD: Status.ON_HOLD,
    Status.SOLVED: Status.OPEN,
    Status.CLOSED: Status.CLOSED,
}


@pytest.mark.parametrize("status", BECOMES)
def test_what_was_set_on_the_strength_of_a_failed_answer_is_open_again(status: Status) -> None:
    moved = after(ANSWERED, (20, "moved", SetStatus(status=status)))
    failed = after((30, "failed", FAILED), ticket=moved)
    waits = None if status is Status.CLOSED else at(0)
    assert (failed.status, failed.waiting_since, failed.waits_since) == (BECOMES[status], waits, waits)
    assert failed.close_at is None
    assert after((30, "failed", FAILED), ticket=failed) is failed


@pytest.mark.parametrize("status", [Status.PENDING, Status.SOLVED])
def test_what_is_set_after_the_failure_stays(status: Status) -> None:
    """The agent has seen the failure, and called the contact; the message about it comes late."""
    moved = after(ANSWERED, (40, "moved", SetStatus(status=status)))
    failed = after((30, "failed", FAILED), ticket=moved)
    assert (failed.status, failed.waiting_since) == (status, None)


def test_another_answer_counts_until_it_fails_too() -> None:
    second = AnswerFailed(reply="second", written_at=at(20))
    answered = after(ANSWERED, (20, "second", Reply()), (25, "moved", SetStatus(status=Status.PENDING)))
    once = after((30, "failed", FAILED), ticket=answered)
    assert (once.status, once.waiting_since) == (Status.PENDING, None)
    twice = after((40, "failed too", second), ticket=once)
    assert (twice.status, twice.waiting_since) == (Status.OPEN, at(0))


def test_the_contact_waits_since_their_oldest_text() -> None:
    answered = after(ANSWERED)
    wrote_again = receive(answered, 2, at(20), SOLVED_FOR)
    assert wrote_again is not None
    assert after((30, "failed", FAILED), ticket=wrote_again).waiting_since == at(0)


def test_an_answer_that_is_known_to_have_failed_answers_nobody_when_its_order_comes() -> None:
    failed = after((12, "failed", FAILED), ANSWERED)
    assert (failed.status, failed.waiting_since, failed.assignees) == (Status.OPEN, at(0), (AGENT,))


def test_a_planned_text_that_fails_does_not_reopen_what_it_did_not_move() -> None:
    solved = after((5, "solved", SetStatus(status=Status.SOLVED)), (10, "answer", Reply(planned=True)))
    assert after((30, "failed", FAILED), ticket=solved).status is Status.SOLVED


def test_the_reply_that_was_sent_late_is_the_same_text() -> None:
    late = after((20, "late/answer", Reply()))
    assert after((30, "failed", FAILED), ticket=late).waiting_since == at(0)
