"""The provider's words become Clerk's in one table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.formats.provider_words import SCHEDULED, STATES, delivery_state, opt_out_type, reported_word
from messages.sms import State


@pytest.mark.parametrize("word", sorted(STATES))
def test_a_state_that_was_translated_translates_to_itself(word: str) -> None:
    """Workers of earlier versions, and messages of earlier versions, give the same states."""
    state = delivery_state(word)
    assert state is not None
    assert delivery_state(state.value) is state
    assert delivery_state(f" {word.upper()} ") is state


@pytest.mark.parametrize("word", sorted(STATES))
def test_a_report_carries_the_state_or_that_the_provider_sends_it_later(word: str) -> None:
    carried = reported_word(f" {word.upper()} ")
    assert carried is not None
    assert delivery_state(carried) is STATES[word]
    assert (carried == SCHEDULED) == (word == "scheduled")


@given(st.text(max_size=20))
def test_an_unknown_word_is_no_state_and_no_opt_out(word: str) -> None:
    assert (delivery_state(word) is None) == (word.strip().lower() not in STATES)
    assert (reported_word(word) is None) == (delivery_state(word) is None)
    assert opt_out_type(word) in {None, word.strip().upper()}


@pytest.mark.parametrize("word", ["STOP", "stop", " Start ", "HELP"])
def test_an_opt_out_type_is_taken_in_any_case(word: str) -> None:
    assert opt_out_type(word) == word.strip().upper()


def test_no_state_of_a_text_that_the_provider_does_not_have_comes_from_it() -> None:
    assert set(STATES.values()) == {State.QUEUED, State.SENT, State.DELIVERED, State.UNDELIVERED, State.FAILED}
