"""When a person may send a text again whose outcome is unknown, and what they are told before."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.sms import State
from tests import make
from tests.make import NOW
from workers.claim import CALL_TIMEOUT, MAY_WORK_FOR, LookupAnswer
from workers.sms.attempt import LIST_SILENT, RESEND_AFTER, objection_to_resend, time_to_resend

UNKNOWN = make.sms(state=State.UNKNOWN, claimed_at=NOW, called_at=NOW, undecided_at=NOW)


def test_it_may_be_sent_again_once_the_provider_has_had_all_the_time_that_it_may_take() -> None:
    assert RESEND_AFTER >= CALL_TIMEOUT + MAY_WORK_FOR
    before = NOW + RESEND_AFTER - timedelta(milliseconds=1)
    assert "again in 1 second." in objection_to_resend(LookupAnswer.NO, UNKNOWN, before)
    assert objection_to_resend(LookupAnswer.NO, UNKNOWN, NOW + RESEND_AFTER) == ""
    assert "again in 53 seconds." in objection_to_resend(LookupAnswer.NO, UNKNOWN, NOW + timedelta(seconds=27))


@pytest.mark.parametrize("found", [LookupAnswer.FAILED, LookupAnswer.UNREADABLE, LookupAnswer.NOT_ASKED])
def test_a_list_that_could_not_be_asked_is_no_leave_however_long_ago_the_call_was(found: LookupAnswer) -> None:
    assert objection_to_resend(found, UNKNOWN, NOW + timedelta(days=1)) == LIST_SILENT


@given(st.lists(st.none() | st.integers(-600, 600), min_size=3, max_size=3), st.integers(-900, 900))
def test_the_last_call_counts_whatever_a_document_has(calls: list[int | None], seconds: int) -> None:
    times = [None if each is None else NOW + timedelta(seconds=each) for each in calls]
    text = UNKNOWN.model_copy(update=dict(zip(("claimed_at", "called_at", "undecided_at"), times, strict=True)))
    now, last = NOW + timedelta(seconds=seconds), max((each for each in times if each), default=text.received_at)
    wait = time_to_resend(text, now)
    assert timedelta() <= wait <= RESEND_AFTER, "a clock that is ahead keeps nobody waiting for longer"
    assert (wait > timedelta()) == (now < last + RESEND_AFTER)
