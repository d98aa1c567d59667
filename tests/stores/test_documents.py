"""What is saved is what is read, and a save of an outdated version is refused."""

import asyncio
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messages.sms import Direction
from messages.ticket import Change, Entry, Note, Status
from ops.documents.reader import Documents
from tests import make
from workers.mongo import Stores


async def test_a_ticket_with_every_field_comes_back_as_it_was(stores: Stores) -> None:
    ticket = make.ticket(
        tags=("a", "b"),
        notify=("U1", "C1"),
        notes=(Note(text="n", author="U1", at=make.NOW),),
        history=(
            Entry(
                version=2, changes=(Change(what="status", before="new", after="open"),), by=None, at=make.NOW, why="t"
            ),
            Entry(version=3, changes=(Change(what="note", before=None, after="n"),), by="U1", at=make.NOW, why="edit"),
        ),
    )
    assert await stores.tickets.add(ticket)
    assert await stores.tickets.get(ticket.id) == ticket


async def test_a_conversation_has_one_ticket_that_is_not_closed(stores: Stores) -> None:
    assert await stores.tickets.add(make.ticket(id=1))
    assert not await stores.tickets.add(make.ticket(id=2))
    closed = make.ticket(id=1, version=2, status=Status.CLOSED)
    assert await stores.tickets.save(closed, read=1)
    assert await stores.tickets.add(make.ticket(id=2))
    newest = await stores.tickets.newest(make.CONVERSATION)
    assert newest is not None
    assert newest.id == 2


async def test_the_second_of_two_saves_of_one_version_is_refused(stores: Stores) -> None:
    await stores.tickets.add(make.ticket(id=1))
    saves = [stores.tickets.save(make.ticket(id=1, version=2, subject=each), read=1) for each in ("a", "b")]
    assert sorted(await asyncio.gather(*saves)) == [False, True]


async def test_only_one_of_two_texts_gets_the_same_place(stores: Stores) -> None:
    for id in ("SM1", "SM2"):
        assert await stores.texts.add(make.sms(id=id))
    places = [stores.texts.place(make.sms(id=id), 1) for id in ("SM1", "SM2")]
    assert sorted(await asyncio.gather(*places)) == [False, True]
    text = await stores.texts.newest(make.CONVERSATION)
    assert text is not None
    assert text.seq == 1
    assert len(await stores.texts.without_place(make.CONVERSATION)) == 1


async def test_texts_are_read_in_the_order_of_their_places_with_those_to_the_contact(stores: Stores) -> None:
    for number in (3, 1, 2):
        await stores.texts.add(make.sms(id=f"SM{number}", seq=number))
        to_contact = {"direction": Direction.OUTBOUND, "outbox": make.CONVERSATION, "channel": "C1"}
        await stores.texts.add(make.sms(id=f"out{number}", ts=f"170000000{number}.000000", **to_contact))
    assert [text.id for text in await stores.texts.between(make.CONVERSATION, 2, 9)] == ["SM2", "SM3"]
    text = await stores.texts.newest(make.CONVERSATION)
    assert text is not None
    assert text.seq == 3
    assert [text.id for text in await stores.texts.outbox(make.CONVERSATION, 9)] == ["out1", "out2", "out3"]


async def test_a_lease_belongs_to_one_worker_until_it_ends_or_is_released(stores: Stores) -> None:
    await stores.conversations.ensure(make.LINE, make.CONTACT, make.NOW)
    later = make.NOW + timedelta(seconds=10)
    assert await stores.conversations.take_lease(make.CONVERSATION, "a", make.NOW, later)
    assert await stores.conversations.take_lease(make.CONVERSATION, "b", make.NOW, later) is None
    assert await stores.conversations.take_lease(make.CONVERSATION, "b", later, later + timedelta(seconds=10))
    assert not await stores.conversations.release_lease(make.CONVERSATION, "a", 0)
    await stores.conversations.request_pass(make.CONVERSATION, later)
    assert not await stores.conversations.release_lease(make.CONVERSATION, "b", 0)
    assert await stores.conversations.release_lease(make.CONVERSATION, "b", 1)


async def test_what_is_due_is_found_once_until_its_next_time(stores: Stores) -> None:
    await stores.texts.add(make.sms(due_at=make.NOW))
    again = make.NOW + timedelta(seconds=30)
    assert len(await stores.texts.due(make.NOW, again)) == 1
    assert await stores.texts.due(make.NOW, again) == []
    assert len(await stores.texts.due(again, again + timedelta(seconds=30))) == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=1600))
def test_any_text_comes_back_as_it_was(mongo_url: str, body: str) -> None:
    async def there_and_back() -> None:
        async with Stores.opened(mongo_url) as stores:
            await stores.texts.add(make.sms(id=body or "empty", body=body))
            found = await stores.texts.get(body or "empty")
            assert found is not None
            assert found.body == body

    asyncio.run(there_and_back())


async def test_a_text_waits_for_the_one_before_it_that_is_stored_but_has_no_place(stores: Stores) -> None:
    await stores.texts.add(make.sms(id="SM2", after="SM1"))
    reading = stores.texts.without_place

    class Overtaken(type(stores.texts)):  # type: ignore[misc]
        """Texts among which the first is stored between the two looks at them."""

        async def _find(self, query: Any, *more: Any) -> Any:
            found = await super()._find(query, *more)
            await stores.texts.add(make.sms(id="SM1"))
            return found

    overtaken = Overtaken(stores.texts._collection)
    assert [text.after for text in await overtaken.without_place(make.CONVERSATION)] == ["SM1"]
    assert [text.after for text in await reading(make.CONVERSATION)] == [None, "SM1"]


async def test_the_doctor_reads_whether_slack_has_shown_the_last_home(stores: Stores, mongo_url: str) -> None:
    with Documents(mongo_url) as documents:
        assert documents.home_refused() is None
        for refused in ("not_enabled", ""):
            await stores.events.note("home", refused=refused)
            assert documents.home_refused() == refused
