"""The forms of the Home: what is wrong is said at the field in the words of `/clerk away` and `/clerk close`."""

import json
from datetime import timedelta
from typing import Any

import pytest

from messages.base import QueueMessage
from messages.formats.hours import parse_until
from messages.notification import HOME
from messages.orders import forms
from messages.orders.submission import InputState, Submission
from messages.team.agent import GoAway
from messages.team.away_words import NO_END, read_away
from messages.views import CloseForAWhile
from sandbox.slack.blockkit.block_checks import modal_errors
from tests import make
from tests.make import AGENT, NOW
from workers.interactive.home.forms import away_form, close_form

BERLIN = "Europe/Berlin"


def submitted_with(view: dict[str, Any], **typed: str) -> object:
    """What a form orders once its fields hold this, or its errors; the form is one that Slack takes."""
    assert modal_errors(json.loads(json.dumps(view))) == []
    ids = {block["block_id"] for block in view["blocks"]}
    assert ids == set(typed)
    fields = {name: InputState(value=value) for name, value in typed.items()}
    submission = Submission(
        callback_id=view["callback_id"],
        private_metadata=view["private_metadata"],
        fields=fields,
        user=AGENT,
        at=NOW,
        order="view/V1/1",
    )
    return forms.read(submission)


@pytest.mark.parametrize("typed", ["2h", "until 14:00", "on leave until 2026-12-24", "2h R&D <lunch>"])
def test_who_says_until_when_they_are_away_is_away_as_after_the_command(typed: str) -> None:
    order = submitted_with(away_form(BERLIN, has_hours=False), away=typed)
    assert isinstance(order, GoAway)
    assert (order.by, order.channel, order.order) == (AGENT, HOME, "view/V1/1")
    found = read_away(order.typed, NOW, BERLIN)
    assert found.at is not None
    assert found.note in typed


@pytest.mark.parametrize("typed", ["until 25:00", "until yesterday", "2h 30"])
def test_what_is_no_time_is_said_at_the_field_in_the_words_of_the_command(typed: str) -> None:
    with pytest.raises(ValueError) as wrong:
        read_away(typed, NOW, BERLIN)
    assert submitted_with(away_form(BERLIN, has_hours=True), away=typed) == {"away": str(wrong.value)}


def test_without_an_end_one_is_away_until_ones_hours_begin_and_must_have_some() -> None:
    assert submitted_with(away_form(BERLIN, has_hours=False), away="lunch") == {"away": NO_END}
    assert isinstance(submitted_with(away_form(BERLIN, has_hours=True), away=""), GoAway)


def test_who_closes_a_line_closes_it_as_after_the_command() -> None:
    order = submitted_with(close_form(make.line(name="&" * 80), BERLIN), until="2h staff & training")
    assert isinstance(order, CloseForAWhile)
    assert isinstance(order, QueueMessage)
    assert (order.line, order.channel, order.typed, order.order) == (
        make.LINE,
        HOME,
        "2h staff & training",
        "view/V1/1",
    )


@pytest.mark.parametrize("typed", ["", "training", "until 25:00", "until 2020-01-01"])
def test_what_closes_nothing_is_said_at_the_field_in_the_words_of_the_command(typed: str) -> None:
    with pytest.raises(ValueError) as wrong:
        parse_until(typed, NOW, BERLIN)
    assert submitted_with(close_form(make.line(), BERLIN), until=typed) == {"until": str(wrong.value)}


def test_a_form_that_is_not_ours_is_refused() -> None:
    view = {**away_form(BERLIN, has_hours=False), "private_metadata": "{"}
    with pytest.raises(ValueError):
        submitted_with(view, away=str(timedelta()))
