"""What Slack does not accept, or nobody can look up, is named to an operator, without a number of a contact's."""

import pytest

from messages.notification import Post, PostKind
from ops.checks import documents
from ops.console import problems
from tests import make
from workers.platforms.slack_failures import LONGEST_WAIT, error_for, is_about_the_message, retry_after
from workers.slack import plan

REFUSED = make.post(kind=PostKind.TEXTS, failed="invalid_blocks", told="invalid_blocks")
IN_DOUBT = make.post(kind=PostKind.TEXTS, told="not_in_channel")


@pytest.mark.parametrize(("post", "words"), [(REFUSED, "did not accept"), (IN_DOUBT, "nobody can tell")])
def test_doctor_and_console_name_it(post: Post, words: str) -> None:
    [finding] = documents.of_posts([post])
    assert words in finding.found
    assert post.told is not None
    assert post.told in finding.found
    assert make.CONTACT not in finding.found
    [problem] = problems.of_posts([post])
    assert post.told in problem.found


def test_what_is_shown_is_not_named() -> None:
    assert problems.of_posts([]) == []
    assert [*documents.of_posts([])] == []


@pytest.mark.parametrize("header", ["999999999", "9" * 400, "86400"])
def test_no_retry_after_of_slack_stops_a_channel_for_long(header: str) -> None:
    assert retry_after(header) == LONGEST_WAIT


@pytest.mark.parametrize("header", [None, "", "soon", "-3", "1.5", "²"])
def test_a_retry_after_that_is_no_number_is_none(header: str | None) -> None:
    assert retry_after(header) is None


@pytest.mark.parametrize(
    "code", ["is_archived", "not_in_channel", "channel_not_found", "restricted_action_read_only_channel"]
)
def test_a_refusal_of_the_channel_is_not_one_of_the_message(code: str) -> None:
    assert not is_about_the_message(code)


@pytest.mark.parametrize("code", ["invalid_blocks", "msg_too_long", "msg_blocks_too_long", "a_code_of_tomorrow"])
def test_what_is_not_known_as_the_channels_fault_may_be_the_messages(code: str) -> None:
    assert is_about_the_message(code)
    assert error_for(code, 200, None).code == code


def test_an_attempt_is_read_as_it_was_recorded() -> None:
    """Also what a worker of an earlier version wrote: `attempted_at` alone, anew at each call, or taken away."""
    old = make.post(attempted_at=make.at(0))
    assert plan.attempt(old).first_at == plan.attempt(old).last_at == make.at(0)
    lost = make.post(attempted_at=make.at(0), called_at=make.at(0), undecided_at=make.at(0))
    for post in (lost, lost.model_copy(update={"attempted_at": None})):
        assert plan.attempt(post).is_in_doubt
        assert plan.attempt(post).first_at == make.at(0)
    again = lost.model_copy(update=dict(plan.recorded(plan.attempt(lost))))
    assert again == lost
