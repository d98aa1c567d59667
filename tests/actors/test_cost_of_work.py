"""What the work of a team costs in commands to MongoDB; the figures may only fall."""

from typing import Final

import pytest

from tests.actors.costs import TIMED_LINE, WORK, add_what_is_not_due, cost, cost_of_sweep
from tests.fakes import FakeWorkers
from tests.mongo_commands import CommandCount, stores_heard_by
from workers import clock

AT_MOST: Final = {
    "a text of a new contact": 23,
    "a text in a conversation, announced": 18,
    "a text in a conversation, not announced": 16,
    "a text in a conversation, not announced, of a line that answers by itself": 18,
    "a text in a conversation, not announced, of a line with everything on": 18,
    "a text of a new contact, of a line with everything on": 39,
    "a text in a conversation, announced, of a line with everything on": 20,
    "the second text": 16,
    "the second text, of a line with everything on": 18,
    "the first text after an answer": 18,
    "the first text after an answer, of a line with everything on": 21,
    "a text that opens a ticket again": 22,
    "a text that opens a ticket again, of a line with everything on": 24,
    "one of 100 texts of 5 contacts": 4,
    "a change of status with 3 cards": 14,
    "a reply": 32,
    "a reply that can be taken back": 32,
    "a reply to a contact who waits": 33,
    "a reply to a contact who waits, of a line with everything on": 37,
    "the dashboard with 40 tickets": 11,
}


@pytest.mark.parametrize("name", WORK)
async def test_work_costs_no_more_commands_than_it_did(name: str, mongo_url: str) -> None:
    assert await cost(WORK[name], mongo_url) <= AT_MOST[name]


ON: Final = ", of a line with everything on"
ANSWERED: Final = "a text of a new contact"
"""What a line with everything on answers by itself: two texts are stored, posted and marked."""


@pytest.mark.parametrize("plain", [name.removesuffix(ON) for name in AT_MOST if name.endswith(ON)])
def test_everything_on_costs_four_commands_at_most(plain: str) -> None:
    assert AT_MOST[plain + ON] - AT_MOST[plain] <= (16 if plain == ANSWERED else 4)


async def test_a_sweep_reads_what_is_due_and_not_what_exists(mongo_url: str) -> None:
    count, costs = CommandCount(), []
    async with stores_heard_by(count, mongo_url) as stores:
        await stores.prepare()
        await stores.lines.add(TIMED_LINE)
        workers = FakeWorkers(stores)
        for since, more in ((1, 2), (3, 30)):
            await add_what_is_not_due(workers, stores._database, since, more)
            costs.append(await cost_of_sweep(workers, count))
    assert costs[1] == costs[0]


async def test_a_sweep_reads_the_lines_at_most_once(mongo_url: str) -> None:
    count = CommandCount()
    async with stores_heard_by(count, mongo_url) as stores:
        await stores.prepare()
        await stores.lines.add(TIMED_LINE)
        workers = FakeWorkers(stores)
        again, _ = await cost_of_sweep(workers, count)
        await stores.lines.save(TIMED_LINE)
        count.take()
        await clock.sweep(workers.ports)
        assert count.take()[0] == again + 1
