"""Opting out and in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.ingestion.keywords import OptOut, opt_out


@pytest.mark.parametrize("word", ["STOP", "stopall", "Unsubscribe", "cancel", "END", "quit", "revoke", " OptOut\n"])
def test_a_stop_word_alone_opts_out(word: str) -> None:
    assert opt_out(word, None) is OptOut.STOP


@pytest.mark.parametrize(
    ("word", "asked"), [("start", "START"), ("Yes", "START"), ("unstop", "START"), ("info", "HELP")]
)
def test_other_keywords_ask_for_what_they_say(word: str, asked: str) -> None:
    assert opt_out(word, None) is OptOut(asked)


@pytest.mark.parametrize("body", ["", "please stop", "STOP it", "stop.", "yes please", "helpful"])
def test_a_keyword_among_others_is_just_a_text(body: str) -> None:
    assert opt_out(body, None) is None


def test_the_providers_word_counts_for_more_than_the_body() -> None:
    assert opt_out("arrêt", "STOP") is OptOut.STOP
    assert opt_out("STOP", "HELP") is OptOut.HELP
    assert opt_out("hello", "start") is OptOut.START


def test_a_type_that_twilio_may_add_leaves_the_body_to_decide() -> None:
    assert opt_out("STOP", "SNOOZE") is OptOut.STOP
    assert opt_out("hello", "SNOOZE") is None
    assert opt_out("STOP", "") is OptOut.STOP


@given(st.text(), st.none() | st.text())
def test_any_text_has_an_answer(body: str, opt_out_type: str | None) -> None:
    assert opt_out(body, opt_out_type) in {None, *OptOut}
