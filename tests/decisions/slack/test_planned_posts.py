"""How Slack shows planned texts: what can be done about each, and what Clerk did to it by itself."""

from collections.abc import Mapping
from typing import Any

import pytest

from messages.planned import PlannedState
from tests import make
from tests.make import AGENT, at
from workers.slack import planned_posts
from workers.slack.elements import Rendered

P, H, R, C, X = PlannedState


def _buttons(what: Rendered) -> list[str]:
    actions: list[Mapping[str, Any]] = [block for block in what.blocks if block["type"] == "actions"]
    return [each["action_id"] for block in actions for each in block["elements"]]


@pytest.mark.parametrize(
    ("state", "buttons"),
    [
        (P, ["planned.edit", "planned.send_now", "planned.cancel"]),
        (H, ["planned.keep", "planned.edit", "planned.send_now", "planned.cancel"]),
        (R, []),
        (C, []),
        (X, []),
    ],
)
def test_a_post_offers_what_can_still_be_done(state: PlannedState, buttons: list[str]) -> None:
    planned = make.planned(state=state, ended_at=at(60) if state.is_final else None)
    assert _buttons(planned_posts.post(planned)) == buttons
    assert _buttons(planned_posts.whisper("Yours:", [planned])) == buttons


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": P, "moved": True, "why": "it was in quiet hours"}, "was moved: it leaves at"),
        ({"state": H, "why": "the contact wrote first"}, "is held, because the contact wrote first"),
        ({"state": H, "reminded": 3}, "Reminder 3 of 7"),
        ({"state": C, "why": "the contact opted out"}, "is not sent, because the contact opted out"),
        ({"state": X, "why": "the line is no longer"}, "is not sent, because the line is no longer"),
    ],
)
def test_what_clerk_did_by_itself_is_said_in_the_thread_with_its_author(fields: dict[str, Any], words: str) -> None:
    found = planned_posts.note(make.planned(**fields))
    assert found is not None
    assert words in found.text
    assert f"<@{AGENT}>" in found.text
    assert planned_posts.note(make.planned(**fields, changed_by=AGENT)) is None


@pytest.mark.parametrize("state", [P, R])
def test_what_goes_as_planned_needs_no_line(state: PlannedState) -> None:
    assert planned_posts.note(make.planned(state=state, ended_at=at(1))) is None


def test_no_word_of_a_text_comes_alive() -> None:
    planned = make.planned(body="<!channel> *bold*\n<@U0BOB> :tada:", state=C, why="x", ended_at=at(1))
    for what in (planned_posts.note(planned), planned_posts.whisper("Yours:", [planned])):
        assert what is not None
        assert "<!channel>" not in str(what.blocks)
        assert "*bold*" not in str(what.blocks)


def test_a_card_counts_what_is_planned_and_what_is_held() -> None:
    one, two, held = make.planned(), make.planned(id="2", due_at=at(60)), make.planned(id="3", state=H)
    assert planned_posts.card_line([]) == planned_posts.card_line([make.planned(state=C)]) == ""
    assert "1 planned, <!date^" in planned_posts.card_line([one])
    assert f"2 planned, the next <!date^{int(at(60).timestamp())}^" in planned_posts.card_line([one, two])
    assert planned_posts.card_line([held]).endswith("1 planned and held")
