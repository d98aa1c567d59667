"""docs/agents.md names what agents see as the code has it."""

import pytest

from messages.orders.commands import COMMANDS
from messages.ticket import Status
from tests.servers import ROOT
from workers.slack.plan import CAN_BE_TAKEN_BACK, MARKS

PAGE = (ROOT / "docs" / "agents.md").read_text()


@pytest.mark.parametrize("mark", sorted({*MARKS.values(), CAN_BE_TAKEN_BACK}))
def test_the_page_explains_every_mark_on_a_reply(mark: str) -> None:
    assert f"`{mark}` |" in PAGE


@pytest.mark.parametrize("word", COMMANDS)
def test_the_page_explains_every_word_after_clerk(word: str) -> None:
    assert f"| `/clerk {word}".rstrip() in PAGE


@pytest.mark.parametrize("status", [status.label for status in Status])
def test_the_page_explains_every_status(status: str) -> None:
    assert f"| {status} |" in PAGE
