"""Since when a contact waits, and which of the agents' texts answer them, whatever comes late."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.conversation import Arrival
from messages.deadlines.priority import Priority
from messages.ticket import LastText, Reply, Status
from tests import make
from tests.make import at
from workers.tickets.lifecycle import decide, receive
from workers.tickets.waiting import first_came, is_answered, waiting, waiting_after, waits_on

DAYS = timedelta(days=4)
MINUTES = st.integers(0, 600)


@given(st.lists(st.tuples(MINUTES, MINUTES), min_size=1, max_size=12))
def test_the_contact_waits_since_the_first_text_came_whenever_each_was_filed(
    texts: list[tuple[int, int]],
) -> None:
    filed = sorted((came + late, came) for came, late in texts)
    ticket = make.ticket(last_text=0, waiting_since=None)
    for seq, (now, came) in enumerate(filed, 1):
        received = receive(ticket, seq, at(60 * now), DAYS, wait=waiting(ticket, at(60 * came), at(60 * now)))
        assert received is not None
        ticket = received
    assert ticket.waiting_since == at(60 * min(came for came, _ in texts))
    assert ticket.wait_filed_at == at(60 * filed[0][0])


@given(came=MINUTES, late=MINUTES, wrote=MINUTES)
def test_a_reply_answers_what_was_filed_before_it_was_written(came: int, late: int, wrote: int) -> None:
    filed = at(60 * (came + late))
    ticket = receive(make.ticket(last_text=0), 1, filed, DAYS, wait=waiting(None, at(60 * came), filed))
    assert ticket is not None
    answered = decide(ticket, Reply(), make.AGENT, at(60 * wrote), DAYS).ticket
    assert (answered.waiting_since is None) == (wrote >= came + late)


def test_a_text_from_the_future_of_another_clock_has_come_now() -> None:
    assert waiting(None, at(60), at(0)) == {
        "waiting_since": at(0),
        "wait_filed_at": at(0),
        "wait_ended_at": None,
    }


def test_a_ticket_of_an_earlier_version_is_answered_by_what_is_written_after_the_wait_began() -> None:
    ticket = make.ticket(status=Status.OPEN, waiting_since=at(10))
    assert not is_answered(ticket, at(9))
    assert is_answered(ticket, at(10))
    assert not is_answered(make.ticket(waiting_since=None), at(10))


def test_reactions_wait_for_no_answer_and_unknown_texts_are_looked_up() -> None:
    texts = [Arrival(3, at(30)), Arrival(1, at(5), reaction=True), Arrival(2, at(20))]
    assert first_came(texts, 1, 3) == at(20)
    assert first_came(texts, 1, 1) == at(5)
    assert first_came(texts, 1, 4) is None


def test_who_waited_and_writes_more_waits_on() -> None:
    before = make.ticket(status=Status.OPEN, waiting_since=at(0))
    after = before.model_copy(update={"last_text": 2, "version": 2, "updated_at": at(60)})
    assert waits_on(before, after)


@pytest.mark.parametrize(
    "change",
    [
        {"id": 8},
        {"status": Status.NEW},
        {"priority": Priority.URGENT},
        {"assignees": ("U1",)},
        {"waiting_since": at(-60)},
        {"blocked": True},
    ],
)
def test_whatever_else_changes_is_more_than_waiting_on(change: dict[str, Any]) -> None:
    before = make.ticket(status=Status.OPEN, waiting_since=at(0))
    assert not waits_on(before, before.model_copy(update=change))


def test_who_did_not_wait_begins_to() -> None:
    answered = make.ticket(status=Status.OPEN, waiting_since=None)
    assert not waits_on(answered, answered.model_copy(update={"waiting_since": at(0)}))
    assert not waits_on(None, answered)
    assert not waits_on(answered, answered)


WROTE = Arrival(2, at(120))
STOP, START, HELP = (Arrival(2, at(120), wish=wish) for wish in ("STOP", "START", "HELP"))
AFTER_START = (replace(STOP), replace(START, seq=3), replace(WROTE, seq=4, at=at(240)))


@pytest.mark.parametrize(
    ("arrivals", "since", "since_of_new"),
    [
        ([WROTE], at(60), at(120)),
        ([HELP], at(60), None),
        ([START], at(60), None),
        ([STOP], None, None),
        ([replace(WROTE, out=True)], None, None),
        ([STOP, replace(WROTE, seq=3)], at(120), at(120)),
        ([WROTE, replace(STOP, seq=3)], None, None),
        (AFTER_START, at(240), at(240)),
        ([replace(WROTE, reaction=True), replace(HELP, seq=3)], at(60), None),
    ],
)
def test_nobody_waits_for_an_answer_that_nobody_should_or_may_write(
    arrivals: Sequence[Arrival], since: datetime | None, since_of_new: datetime | None
) -> None:
    last, now = LastText(seq=arrivals[-1].seq, words="", at=arrivals[-1].at), at(600)
    before = make.ticket(waiting_since=at(60), wait_filed_at=at(60), last_text=1)
    waits = waiting_after(before, arrivals, 2, last, now)
    assert before.model_copy(update=waits).waits_since == since
    begun = make.ticket(waiting_since=None, status=Status.NEW)
    assert begun.model_copy(update=waiting_after(None, arrivals, 2, last, now)).waits_since == since_of_new


def test_a_wait_that_has_ended_does_not_begin_again_because_an_answer_failed() -> None:
    before = make.ticket(waiting_since=None, wait_filed_at=at(60), status=Status.OPEN)
    ended = before.out_of_wait(at(90), at(95))
    assert ended.model_copy(update={"waiting_since": at(60)}).waits_since is None
    assert ended.out_of_wait(at(90), at(99)) is ended
    later = make.ticket(waiting_since=at(100), wait_filed_at=at(100))
    assert later.out_of_wait(at(90), at(110)) is later
