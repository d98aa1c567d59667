"""Whoever waits for a form is told what is wrong, and whether it helps to try again."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.failures import Ambiguous, CallError
from workers.interactive import troubles
from workers.interactive.troubles import Trouble
from workers.platforms.slack_failures import FOR_AN_ADMIN, error_for

KINDS = {
    "expired_trigger_id": Trouble.LATE,
    "invalid_trigger_id": Trouble.LATE,
    "token_revoked": Trouble.ACCESS,
    "account_inactive": Trouble.ACCESS,
    "invalid_auth": Trouble.ACCESS,
    "missing_scope": Trouble.ACCESS,
    "team_access_not_granted": Trouble.ACCESS,
    "team_not_found": Trouble.ACCESS,
    "accesslimited": Trouble.ACCESS,
    "invalid_arguments": Trouble.FORM,
    "view_too_large": Trouble.FORM,
    "duplicate_external_id": Trouble.FORM,
    "ratelimited": Trouble.THROTTLED,
    "internal_error": Trouble.SLACK,
    "fatal_error": Trouble.SLACK,
    "service_unavailable": Trouble.SLACK,
}


@pytest.mark.parametrize(("code", "kind"), KINDS.items())
def test_each_kind_of_refusal_has_words_of_its_own(code: str, kind: Trouble) -> None:
    assert troubles.trouble(error_for(code, 200, None)) is kind
    said = {troubles.words(each, troubles.CLICK) for each in Trouble}
    assert len(said) == len(Trouble)


def test_a_slack_that_does_not_answer_is_not_an_error_of_the_form() -> None:
    assert troubles.trouble(error_for("", 503, None)) is Trouble.SLACK
    assert troubles.trouble(Ambiguous("TimeoutError")) is Trouble.SLACK


def test_who_is_throttled_is_told_for_how_long() -> None:
    assert "click again in 1 second." in troubles.refusal(
        error_for("ratelimited", 429, timedelta(seconds=1)), "click again"
    )
    assert "click again in 7 seconds." in troubles.refusal(
        error_for("ratelimited", 429, timedelta(seconds=7)), "click again"
    )


@given(
    st.sampled_from([*KINDS, *sorted(FOR_AN_ADMIN)]) | st.text("abc_", max_size=20),
    st.sampled_from((200, 429, 500, 503)),
    st.none() | st.integers(1, 600).map(lambda seconds: timedelta(seconds=seconds)),
    st.sampled_from((troubles.CLICK, troubles.TYPE, troubles.SUBMIT)),
)
def test_whatever_slack_says_the_person_learns_what_is_wrong_and_whether_to_try_again(
    code: str, status: int, wait: timedelta | None, again: str
) -> None:
    error: CallError = error_for(code, status, wait)
    said = troubles.refusal(error, again)
    assert "{" not in said
    helps = troubles.trouble(error) not in {Trouble.ACCESS, Trouble.FORM}
    assert (f"Please {again}" in said) is helps
    assert (f"To {again} does not help. Please tell an admin" in said) is not helps
