"""Planned texts as the store keeps them: a save that compares, what is due, whose they are."""

from datetime import timedelta

from messages.planned import PlannedState
from tests import make
from tests.make import AGENT, CONVERSATION, NOW, at
from workers.mongo import Stores


async def test_of_two_workers_that_change_one_planned_text_the_second_changes_nothing(stores: Stores) -> None:
    read = make.planned()
    assert await stores.planned.add(read)
    assert not await stores.planned.add(read)
    ended = {"version": 2, "look_at": None, "ended_at": NOW}
    assert await stores.planned.save(read.model_copy(update={**ended, "state": PlannedState.CANCELLED}), read)
    assert not await stores.planned.save(read.model_copy(update={**ended, "state": PlannedState.RELEASED}), read)
    found = await stores.planned.get(read.id)
    assert found is not None
    assert (found.state, found.look_at) == (PlannedState.CANCELLED, None)


async def test_what_is_due_is_found_once_in_a_while_and_at_once_after_a_change(stores: Stores) -> None:
    soon, later = make.planned(id="soon", look_at=at(10)), make.planned(id="later", look_at=at(20))
    for each in (later, soon):
        await stores.planned.add(each)
    assert await stores.planned.due(at(9), at(39)) == []
    assert [each.id for each in await stores.planned.due(at(20), at(50))] == ["soon", "later"]
    assert await stores.planned.due(at(30), at(60)) == []
    held = soon.model_copy(update={"state": PlannedState.HELD, "version": 2, "look_at": at(25)})
    assert await stores.planned.save(held, soon)
    assert [each.id for each in await stores.planned.due(at(30), at(60))] == ["soon"]
    await stores.planned.set_settled(held)
    assert [each.id for each in await stores.planned.due(at(100), at(130))] == ["later"]


async def test_a_conversation_names_its_planned_texts_until_they_are_settled(stores: Stores) -> None:
    await stores.conversations.ensure(make.LINE, make.CONTACT, NOW)
    for id in ("P1", "P2", "P1"):
        await stores.conversations.expect_planned(CONVERSATION, id)
    found = await stores.conversations.get(CONVERSATION)
    assert found is not None
    assert found.planned == ("P1", "P2")
    await stores.planned.add(make.planned(id="P2", due_at=at(9)))
    assert [each.id for each in await stores.planned.live(CONVERSATION)] == ["P2"]
    await stores.conversations.settle_planned(CONVERSATION, ["P1"])
    found = await stores.conversations.get(CONVERSATION)
    assert found is not None
    assert found.planned == ("P2",)


async def test_an_agents_planned_texts_are_the_live_ones_the_next_one_first(stores: Stores) -> None:
    others = {"left": PlannedState.RELEASED, "gone": PlannedState.CANCELLED}
    for id, state in others.items():
        await stores.planned.add(make.planned(id=id, state=state, look_at=None))
    await stores.planned.add(make.planned(id="second", due_at=at(0) + timedelta(days=2)))
    await stores.planned.add(make.planned(id="first", state=PlannedState.HELD))
    await stores.planned.add(make.planned(id="another's", by="U0BOB", conversation="elsewhere"))
    assert [each.id for each in await stores.planned.of_author(AGENT)] == ["first", "second"]
    assert await stores.planned.count_of_author(AGENT) == 2
    assert await stores.planned.count_of_conversation(CONVERSATION) == 2


async def test_pages_of_what_is_due_by_then_leave_none_out(stores: Stores) -> None:
    for number in range(5):
        await stores.planned.add(make.planned(id=f"P{number}", due_at=at(60 if number else 30)))
    since, last, found = NOW, "", []
    while page := await stores.planned.between(since, last, at(60), 2):
        found += [each.id for each in page]
        since, last = page[-1].due_at, page[-1].id
    assert found == ["P0", "P1", "P2", "P3", "P4"]


async def test_what_the_thread_shows_is_recorded_beside_any_change(stores: Stores) -> None:
    read = make.planned()
    await stores.planned.add(read)
    await stores.planned.set_shown(read)
    assert await stores.planned.save(read.model_copy(update={"version": 2}), read)
    found = await stores.planned.get(read.id)
    assert found is not None
    assert (found.version, found.shown) == (2, 1)
