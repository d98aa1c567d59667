"""The documents in memory answer as a MongoDB server does: the stores keep the same promises over both."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import DuplicateKeyError

from messages.sms import Direction, State
from messages.ticket import Status
from tests import make
from tests.simulation.documents.client import MemoryDatabase
from tests.simulation.documents.server import MemoryServer
from workers.mongo import Stores
from workers.mongo.collection import Database, connected

LATER = make.NOW + timedelta(seconds=10)


def memory(url: str) -> Database:
    """A new database in memory."""
    return cast("Database", MemoryDatabase(MemoryServer()))


@pytest.fixture(params=["memory", pytest.param("server", marks=pytest.mark.server)])
async def both(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    """The stores of a new database, in memory and on a server."""
    stores = Stores("", connect=memory)
    if request.param == "server":
        stores = Stores(request.getfixturevalue("mongo_url"), connect=connected)
    await stores.prepare()
    yield stores
    stores.close()


async def test_a_conversation_has_one_ticket_that_is_not_closed(both: Stores) -> None:
    assert await both.tickets.add(make.ticket(id=1))
    assert not await both.tickets.add(make.ticket(id=1))
    assert not await both.tickets.add(make.ticket(id=2))
    assert await both.tickets.save(make.ticket(id=1, version=2, status=Status.CLOSED), read=1)
    assert not await both.tickets.save(make.ticket(id=1, version=2), read=1)
    assert await both.tickets.add(make.ticket(id=2))
    newest = await both.tickets.newest(make.CONVERSATION)
    assert newest is not None
    assert newest.id == 2
    assert [each.id for each in await both.tickets.in_status(Status.CLOSED, 5)] == [1]


async def test_texts_have_places_of_their_own_and_are_found_in_order(both: Stores) -> None:
    for id in ("SM1", "SM2", "SM3"):
        assert await both.texts.add(make.sms(id=id))
    assert not await both.texts.add(make.sms(id="SM1"))
    assert await both.texts.place(make.sms(id="SM2"), 1)
    assert not await both.texts.place(make.sms(id="SM1"), 1)
    assert await both.texts.place(make.sms(id="SM1"), 2)
    assert [text.id for text in await both.texts.between(make.CONVERSATION, 1, 9)] == ["SM2", "SM1"]
    assert [text.id for text in await both.texts.without_place(make.CONVERSATION)] == ["SM3"]
    text = await both.texts.newest(make.CONVERSATION)
    assert text is not None
    assert text.seq == 2


async def test_an_outbound_text_is_claimed_once_and_moves_only_forward(both: Stores) -> None:
    waiting = {"state": State.WAITING, "outbox": make.CONVERSATION, "due_at": make.NOW, "ts": "1.1", "channel": "C1"}
    text = make.sms(id="out", direction=Direction.OUTBOUND, **waiting)
    assert await both.texts.add(text)
    assert [each.id for each in await both.texts.due(make.NOW, LATER)] == ["out"]
    assert await both.texts.due(make.NOW, LATER) == []
    assert await both.texts.claim(text, make.NOW, LATER)
    assert not await both.texts.claim(text, make.NOW, LATER)
    assert await both.texts.move(text, State.SENT, words=None)
    assert not await both.texts.move(text, State.QUEUED)
    assert await both.texts.outbox(make.CONVERSATION) == []
    shown = await both.texts.unshown(make.CONVERSATION)
    assert [(each.state, each.attempts, each.due_at) for each in shown] == [(State.SENT, 1, None)]


async def test_a_lease_is_one_workers_until_it_ends_or_is_given_back(both: Stores) -> None:
    conversations = both.conversations
    await conversations.ensure(make.LINE, make.CONTACT, make.NOW)
    assert await conversations.take_lease(make.CONVERSATION, "a", make.NOW, LATER)
    assert await conversations.take_lease(make.CONVERSATION, "b", make.NOW, LATER) is None
    assert await conversations.take_lease(make.CONVERSATION, "b", LATER, LATER + timedelta(seconds=10))
    await conversations.request_pass(make.CONVERSATION, LATER)
    await conversations.request_pass(make.CONVERSATION, make.NOW)
    assert [each.redraw.due_at for each in await conversations.redraws_due(make.NOW, LATER)] == [make.NOW]
    assert not await conversations.release_lease(make.CONVERSATION, "b", 1)
    assert await conversations.release_lease(make.CONVERSATION, "b", 2)
    kept = await conversations.get(make.CONVERSATION)
    assert kept is not None
    assert kept.redraw.count == 2
    assert kept.redraw.due_at is None


async def test_search_terms_and_tags_are_found_in_order(both: Stores) -> None:
    for number, subject in ((1, "blue parcel"), (2, "Blue whale")):
        ticket = make.ticket(id=number, conversation=str(number), subject=subject, tags=("red",))
        assert await both.tickets.add(ticket)
        await both.tickets.update_search_terms(ticket)
    assert {each.id for each in await both.tickets.by_search_term("word", "blu", 9, whole=False)} == {1, 2}
    await both.tickets.remember_tags(["old"], make.NOW)
    await both.tickets.remember_tags(["new"], LATER)
    assert await both.tickets.known_tags() == ["new", "old"]


TIMES = st.sampled_from([make.NOW, make.NOW + timedelta(microseconds=654)])
VALUES = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["", "a", "b"]), TIMES)
PATHS = st.sampled_from(["x", "y", "deep.x", "deep.y"])
COMPARISONS = st.sampled_from(["$lt", "$lte", "$gt", "$gte", "$ne"])
CONDITIONS = st.one_of(
    VALUES,
    st.builds(lambda name, value: {name: value}, COMPARISONS, st.integers(-3, 3) | st.sampled_from(["a", "b"])),
    st.builds(lambda values: {"$in": values}, st.lists(VALUES, min_size=1, max_size=3)),
    st.builds(lambda there: {"$exists": there}, st.booleans()),
)
QUERIES = st.recursive(
    st.dictionaries(PATHS | st.just("_id"), CONDITIONS, max_size=2),
    lambda inner: st.builds(lambda some: {"$or": some}, st.lists(inner, min_size=1, max_size=3)),
    max_leaves=4,
)
CHANGES = st.one_of(
    st.builds(lambda path, value: {"$set": {path: value}}, PATHS, VALUES),
    st.builds(lambda path: {"$unset": {path: ""}}, PATHS),
    st.builds(lambda path, more: {"$inc": {path: more}, "$set": {"z": 1}}, st.just("count"), st.integers(-2, 2)),
    st.builds(lambda name, value: {name: {"count": value}}, st.sampled_from(["$min", "$max"]), st.integers(-2, 2)),
)
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("insert_one"), st.fixed_dictionaries({"_id": st.integers(-3, 3), "x": VALUES})),
        st.tuples(st.sampled_from(["update_one", "update_many"]), QUERIES, CHANGES),
        st.tuples(st.just("find_one_and_update"), QUERIES, CHANGES),
        st.tuples(st.just("delete_one"), QUERIES),
        st.tuples(st.just("find"), QUERIES),
    ),
    min_size=1,
    max_size=8,
)


async def _done(collection: Any, operation: tuple[Any, ...]) -> Any:
    """What an operation answers, in a form that can be compared."""
    name, *given = operation
    if name == "find":
        return [each async for each in collection.find(*given).sort([("_id", 1)])]
    if name == "insert_one":
        given = [dict(given[0])]
    try:
        result = await getattr(collection, name)(*given)
    except DuplicateKeyError:
        return "taken"
    return getattr(result, "matched_count", getattr(result, "deleted_count", result if name[0] == "f" else None))


@pytest.mark.server
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operations=OPERATIONS)
def test_whatever_is_asked_of_it_a_collection_in_memory_answers_as_the_server_does(
    mongo_url: str, operations: list[tuple[Any, ...]]
) -> None:
    async def compare() -> None:
        client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(mongo_url, tz_aware=True)
        server = client.get_default_database()["compared"]
        await server.delete_many({})
        ours = MemoryDatabase(MemoryServer())["compared"]
        for place, operation in enumerate([*operations, ("find", {})]):
            expected = await _done(server, operation)
            assert await _done(ours, operation) == expected, operations[: place + 1]
        client.close()

    asyncio.run(compare())
