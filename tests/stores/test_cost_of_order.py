"""The cost of putting a contact's texts in order, in commands to MongoDB: the same for any number of workers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from messages.conversation import SequenceTexts
from messages.inbound import SmsReceived
from messages.ticket import FileTexts
from tests import make
from tests.fakes import FakeWorkers
from tests.mongo_commands import CommandCount, stores_heard_by

TEXTS = 96


@asynccontextmanager
async def counted(mongo_url: str) -> AsyncIterator[tuple[FakeWorkers, CommandCount]]:
    """FakeWorkers for one line, and a count of what they ask of MongoDB."""
    count = CommandCount()
    async with stores_heard_by(count, mongo_url) as stores:
        await stores.lines.add(make.line())
        workers = FakeWorkers(stores)
        await stores.contacts.ensure(make.CONTACT, workers.clock.now())
        await stores.conversations.ensure(make.LINE, make.CONTACT, workers.clock.now())
        count.commands = count.documents = 0
        yield workers, count


def text(workers: FakeWorkers, number: int, contact: str = make.CONTACT) -> SmsReceived:
    """A contact's `number`-th text, which comes now through the one gateway."""
    workers.clock.forward(0.01)
    return make.sms_received(
        sid=f"SM{contact}-{number}",
        contact=contact,
        body=f"text {number}",
        received_at=workers.clock.now(),
        after=f"SM{contact}-{number - 1}" if number else None,
    )


async def ingest(workers: FakeWorkers, actors: int) -> None:
    """Let so many actors at once take in the waiting texts, until none waits."""

    async def work() -> None:
        while due := workers.queue.due():
            message = workers.queue.take(due[0])
            if isinstance(message, SmsReceived | SequenceTexts):
                await workers.handle(message)

    for _ in range(20):
        await asyncio.gather(*(work() for _ in range(actors)))
        workers.clock.forward(0.5)


@pytest.mark.parametrize("actors", [1, 8, 64])
async def test_a_busy_contacts_text_costs_ten_commands_however_many_actors_there_are(
    mongo_url: str, actors: int
) -> None:
    async with counted(mongo_url) as (workers, count):
        for number in range(TEXTS):
            await workers.queue.publish(text(workers, number))
        await ingest(workers, actors)
        commands, documents = count.commands, count.documents
        placed = await workers.ports.stores.texts.between(make.CONVERSATION, 1, TEXTS)
        assert [each.body for each in placed] == [f"text {number}" for number in range(TEXTS)]
        assert commands <= 10 * TEXTS
        assert documents <= 10 * TEXTS


@pytest.mark.parametrize("waited", [0, 1])
async def test_another_contacts_text_gets_its_place_at_the_cost_of_what_came_before_it(
    mongo_url: str, waited: int
) -> None:
    other = "+15550009999"
    async with counted(mongo_url) as (workers, count):
        for number in range(TEXTS):
            await workers.queue.publish(text(workers, number))
        await workers.queue.publish(last := text(workers, 0, other))
        workers.clock.forward(waited)
        spent = 0

        def is_to_be_filed() -> bool:
            waiting = [message for _, message in workers.queue.waiting]
            return any(isinstance(each, FileTexts) and other in each.conversation for each in waiting)

        async def work() -> None:
            nonlocal spent
            while not spent and (due := workers.queue.due()):
                message = workers.queue.take(due[0])
                if not isinstance(message, SmsReceived | SequenceTexts):
                    continue
                await workers.handle(message)
                if not spent and is_to_be_filed():
                    spent = count.commands

        await asyncio.gather(*(work() for _ in range(32)))
        found = await workers.ports.stores.texts.get(last.sid)
        assert found is not None
        assert found.seq == 1
        assert 0 < spent <= 12 * (TEXTS + 1)


async def test_texts_of_different_contacts_cost_no_more_than_those_of_one(mongo_url: str) -> None:
    async with counted(mongo_url) as (workers, count):
        contacts = [f"+1555000{number:04d}" for number in range(24)]
        for contact in contacts:
            await workers.ports.stores.contacts.ensure(contact, workers.clock.now())
            await workers.ports.stores.conversations.ensure(make.LINE, contact, workers.clock.now())
            await workers.queue.publish(text(workers, 0, contact))
        count.commands = 0
        await ingest(workers, 8)
        assert count.commands <= 16 * len(contacts)
