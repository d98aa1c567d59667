"""Whether a text costs more where there is more already: commands to MongoDB, and documents that it answers with."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

from bench.table import TableRow
from tests import make
from tests.actors.costs import CONTACTS, receive
from tests.fakes import FakeWorkers
from tests.mongo_commands import CommandCount, stores_heard_by
from tests.servers import database, mongodb

type Raw = Any
type Fill = Callable[[FakeWorkers, Raw, int], Awaitable[None]]

BATCH: Final = 1000
COPIED: Final = ("contacts", "conversations", "sms", "tickets", "posts")
FIRST_COPY: Final = 2_000_000_000
CHANGED: Final = 4


def rows() -> Iterator[TableRow]:
    """Count with little, then with much."""
    with mongodb() as mongo:
        for number, (what, fill, few, many) in enumerate(SIZES):
            url = database(mongo.url, f"bench_growth_{number}")
            small, large = asyncio.run(_costs(url, fill, few, many))
            grown = max(after / before for before, after in zip(small, large, strict=True))
            yield TableRow(f"a text at {many:,} / {few:,} {what}: commands, documents", grown, at_most=1.1)


async def _costs(url: str, fill: Fill, few: int, many: int) -> list[tuple[int, int]]:
    """Commands and documents of a text, first with few things there, then with many."""
    count = CommandCount()
    async with stores_heard_by(count, url) as stores:
        await stores.prepare()
        await stores.lines.add(make.line())
        workers, found = FakeWorkers(stores), []
        for number in range(CHANGED):
            await receive(workers, CONTACTS[0], number)
        there = 0
        for size in (few, many):
            await fill(workers, stores._database, size - there)
            there = size
            sent = await stores._database["sms"].count_documents({"contact": CONTACTS[0]})
            # The first text after a change may find more to do than the next, whose cost is counted.
            await receive(workers, CONTACTS[0], sent)
            workers.clock.forward(1)
            count.take()
            await receive(workers, CONTACTS[0], sent + 1)
            found.append(count.take())
    return found


async def _more_conversations(workers: FakeWorkers, documents: Raw, count: int) -> None:
    """Copy all documents of a conversation, each time for another contact."""
    there = await documents["conversations"].count_documents({})
    for name in COPIED:
        originals = [each async for each in documents[name].find() if CONTACTS[0] in str(each)]
        copies = [
            _copy(original, f"+1777{there + number:07d}", FIRST_COPY + there + number)
            for number in range(count)
            for original in originals[:1]
        ]
        for start in range(0, len(copies), BATCH):
            await documents[name].insert_many(copies[start : start + BATCH])


def _copy(value: Any, contact: str, ticket: int) -> Any:
    """A document with another contact; where its id is a number, it is a ticket's."""
    if isinstance(value, dict):
        return {
            key: ticket if key == "_id" and isinstance(each, int) else _copy(each, contact, ticket)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [_copy(each, contact, ticket) for each in value]
    return value.replace(CONTACTS[0], contact) if isinstance(value, str) else value


async def _more_texts(workers: FakeWorkers, documents: Raw, count: int) -> None:
    """Let the contact have written as many more texts: copies of the newest one and of its post in the thread."""
    contact, conversation = CONTACTS[0], {"_id": f"{make.LINE}:{CONTACTS[0]}"}
    there = await documents["sms"].count_documents({"contact": contact})
    newest = await documents["sms"].find_one({"_id": f"SM{contact}-{there - 1}"})
    post = await documents["posts"].find_one({"_id": f"{conversation['_id']}/texts/{there}"})
    for start in range(there + 1, there + count + 1, BATCH):
        places = range(start, min(start + BATCH, there + count + 1))
        texts = [{"_id": f"SM{contact}-{each - 1}", "seq": each, "place": f"inbound/{each:09d}"} for each in places]
        posts = [{"_id": f"{conversation['_id']}/texts/{each}", "first": each, "last": each} for each in places]
        await documents["sms"].insert_many([{**newest, **each} for each in texts])
        await documents["posts"].insert_many([{**post, **each} for each in posts])
    last = there + count
    shown = {"posted": last, "debounce.considered": last, "debounce.announced": last}
    await documents["conversations"].update_one(conversation, {"$set": shown})
    await documents["tickets"].update_one({"_id": 1}, {"$set": {"last_text": last, "newest.seq": last}})


async def _more_notes(workers: FakeWorkers, documents: Raw, count: int) -> None:
    """Give the ticket as many earlier notes."""
    if not count:
        return
    note = {"ticket": 1, "text": "She prefers the blue one.", "author": make.AGENT, "at": workers.clock.now()}
    for start in range(0, count, BATCH):
        numbers = range(start, min(start + BATCH, count))
        await documents["notes"].insert_many([{"_id": f"{1:012d}/{each:09d}", **note} for each in numbers])
    await documents["tickets"].update_one({"_id": 1}, {"$set": {"earlier_notes": count}})


SIZES: Final = (  # ten times as many conversations take minutes to make in the embedded database
    ("conversations", _more_conversations, 1000, 10_000),
    ("texts in its conversation", _more_texts, 10, 10_000),
    ("notes on its ticket", _more_notes, 0, 3000),
)
