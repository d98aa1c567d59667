"""What the provider's codes say to an agent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.platforms.twilio.errors import ErrorKind, advice

MEANINGS = {
    ErrorKind.OPTED_OUT: {21610},
    ErrorKind.NUMBER: {21211, 21614, 30005, 30006},
    ErrorKind.CONTENT: {21602, 21617, 21620, 21623, 30004, 30007},
    ErrorKind.ADMIN: {20003, 21408, 21603, 21606, 21703, 21704, 30002, 30032, 30034},
    ErrorKind.LATER: {20429, 21611, 30022, 30023, 30027},
    ErrorKind.DELIVERY: {20500, 20503, 30001, 30003, 30008, 30017, 30047, 30410},
}


@pytest.mark.parametrize(("kind", "code"), [(kind, code) for kind, codes in MEANINGS.items() for code in sorted(codes)])
def test_a_known_code_names_the_obstacle(kind: ErrorKind, code: int) -> None:
    assert advice(code).kind is kind


def test_an_unknown_code_is_final_and_shown_raw() -> None:
    for code in (63016, 99999, 0):
        given = advice(code)
        assert given.kind is ErrorKind.UNKNOWN
        assert str(code) in given.words
        assert f"https://www.twilio.com/docs/errors/{code}" in given.words


def test_a_failure_without_a_code_is_final() -> None:
    assert advice(None).kind is ErrorKind.UNKNOWN


@given(st.none() | st.integers(10000, 99999))
def test_advice_is_a_sentence_or_two_and_names_a_wait_only_where_waiting_helps(code: int | None) -> None:
    given = advice(code)
    assert given.words[0].isupper()
    assert given.words.endswith(".")
    assert given.wait is None or given.kind is ErrorKind.LATER


def test_the_opt_out_error_says_how_to_opt_in_again() -> None:
    assert "START" in advice(21610).words


def test_who_must_act_is_named() -> None:
    for code in MEANINGS[ErrorKind.ADMIN]:
        assert "An admin" in advice(code).words
