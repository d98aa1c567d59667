"""The console names channels that the bot was removed from."""

from ops.console.problems import of_absences
from ops.documents.reader import Documents
from tests import make
from workers.mongo import Stores


def test_a_channel_without_the_bot_is_a_problem_with_what_to_do() -> None:
    (problem,) = of_absences(["C0TEXTS"])
    assert "not a member of C0TEXTS" in problem.found
    assert "/invite @clerk" in problem.todo
    assert of_absences([]) == []


async def test_a_channel_to_which_no_line_leads_any_more_is_no_problem(mongo_url: str) -> None:
    async with Stores.opened(mongo_url) as stores:
        await stores.lines.add(make.line(channel="C0TEXTS"))
        for channel in ("C0TEXTS", "C0FORMER"):
            await stores.absences.begin(channel, make.NOW)
    with Documents(mongo_url) as documents:
        assert documents.absent() == ["C0TEXTS"]
