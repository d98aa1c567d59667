"""Who sent an outbound text, as the thread and a thread that begins anew show it."""

from datetime import timedelta

import pytest

from messages.sms import Direction, Origin, State
from tests import make
from workers.slack import plan
from workers.slack.blocks import outcome, written
from workers.slack.recap import recap

SHOWN = {
    Origin.AGENT: f"<@{make.AGENT}> wrote",
    Origin.PLANNED: f"<@{make.AGENT}> planned",
    Origin.AUTO: "Clerk answered",
    Origin.SURVEY: "Clerk asked",
}
FINAL = [State.QUEUED, State.DELIVERED, State.UNDELIVERED, State.FAILED, State.REFUSED, State.UNKNOWN]


@pytest.mark.parametrize("origin", Origin)
def test_a_post_says_who_sent_a_text(origin: Origin) -> None:
    text = make.sms(direction=Direction.OUTBOUND, origin=origin, author=make.AGENT, state=State.QUEUED)
    assert SHOWN[origin] in str(written(text).blocks)
    again = str(recap(make.contact(), None, [text]).blocks)
    assert SHOWN[origin].split()[0] in again
    assert (make.AGENT in again) is not origin.is_automatic
    failed = outcome(text.model_copy(update={"words": "It failed."}))
    assert (make.AGENT in str(failed.blocks)) is not origin.is_automatic


@pytest.mark.parametrize("origin", Origin)
@pytest.mark.parametrize("state", FINAL)
def test_only_a_text_of_the_team_is_the_last_one_to_the_contact(origin: Origin, state: State) -> None:
    text = make.sms(direction=Direction.OUTBOUND, origin=origin, author=make.AGENT, state=state)
    assert (plan.outcome(None, [text]) is not None) is not origin.is_automatic


@pytest.mark.parametrize("origin", Origin)
def test_a_post_says_until_when_a_text_is_held(origin: Origin) -> None:
    until = make.NOW + timedelta(hours=9)
    text = make.sms(direction=Direction.OUTBOUND, origin=origin, author=make.AGENT, state=State.WAITING)
    assert "held until" not in str(written(text).blocks)
    held = text.model_copy(update={"wanted_at": until, "retry_at": until})
    assert f":clock9: held until <!date^{int(until.timestamp())}" in str(written(held).blocks)
    assert "held until" not in str(written(held.model_copy(update={"state": State.SENT})).blocks)
