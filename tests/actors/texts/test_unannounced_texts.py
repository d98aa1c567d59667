"""Unannounced texts are counted, not read: one more text costs the same however many there are."""

from datetime import timedelta
from itertools import batched

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.conversation import Arrival, Debounce, Episode
from messages.line import Mode
from messages.notification import AgentActed, ConsiderNotifying
from tests import make
from tests.fakes import FakeWorkers
from tests.make import at
from tests.mongo_commands import CommandCount, stores_heard_by
from workers.mongo import Stores
from workers.notifications.debounce import next_state

MANY = 400


async def unannounced(workers: FakeWorkers, count: int) -> None:
    """Add this many texts to a conversation that are in its thread, considered and not announced."""
    stores = workers.ports.stores
    ticket = await stores.tickets.get(1)
    conversation = await stores.conversations.get(make.CONVERSATION)
    assert ticket is not None
    assert conversation is not None
    first, last = ticket.last_text + 1, ticket.last_text + count
    texts = [
        make.sms(id=f"many{seq}", seq=seq, received_at=workers.clock.now()).model_dump()
        for seq in range(first, last + 1)
    ]
    for text in texts:
        text["_id"] = text.pop("id")
        text["place"] = f"inbound/{text['seq']:09d}"
    for some in batched(texts, 50, strict=False):  # a busy machine takes long for one command with all of them
        await stores.texts._collection.insert_many([*some])
    state = {"last_text": last, "version": ticket.version + 1}
    assert await stores.tickets.save(ticket.model_copy(update=state), ticket.version)
    debounce = conversation.debounce
    waiting = {
        "version": debounce.version + 1,
        "considered": last,
        "last_text_at": workers.clock.now(),
        "waiting_since": workers.clock.now(),
    }
    changed = debounce.model_copy(update=waiting)
    assert await stores.conversations.save_debounce(
        make.CONVERSATION, debounce, changed, make.lost_wish(workers.clock.now())
    )
    shown = {"$max": {"posted": last}}
    await stores.conversations._collection.update_one({"_id": make.CONVERSATION}, shown)


@pytest.mark.parametrize("mode", [Mode.BOTH, Mode.LEADING])
async def test_a_text_and_a_click_cost_the_same_with_few_and_with_many_unannounced_texts(
    mongo_url: str, mode: Mode
) -> None:
    counter = CommandCount()
    async with stores_heard_by(counter, mongo_url) as stores:
        await stores.lines.add(make.line(mode=mode))
        workers = FakeWorkers(stores)
        costs: list[tuple[tuple[int, int], tuple[int, int]]] = []
        number = 0
        for more in (0, 5, MANY):
            number += 1
            text = make.sms_received(sid=f"SM{number}", received_at=workers.clock.now())
            await workers.handle(text)
            await workers.drain()
            await unannounced(workers, more)
            workers.clock.forward(1)
            counter.take()
            number += 1
            await workers.handle(make.sms_received(sid=f"SM{number}", received_at=workers.clock.now()))
            await workers.drain()
            text_cost = counter.take()
            workers.clock.forward(1)
            await workers.handle(ConsiderNotifying(conversation=make.CONVERSATION))
            await workers.drain()
            consider_cost = counter.take()
            costs.append((text_cost, consider_cost))
    (few_text, few_again), (many_text, many_again) = costs[1:]
    assert many_text[0] <= few_text[0] + 2, costs
    assert many_text[1] <= few_text[1] + 2, costs
    assert many_again[1] <= few_again[1] + 1, costs


async def test_a_click_reads_a_page_of_many_unannounced_texts_and_cancels_them_all(mongo_url: str) -> None:
    counter = CommandCount()
    async with stores_heard_by(counter, mongo_url) as stores:
        await stores.lines.add(make.line())
        workers = FakeWorkers(stores)
        await workers.handle(make.sms_received(received_at=workers.clock.now()))
        await workers.drain()
        await unannounced(workers, MANY)
        workers.clock.forward(1)
        counter.take()
        await workers.handle(AgentActed(ticket=1, by=make.AGENT, at=workers.clock.now()))
        assert counter.take()[1] < 70
        await workers.drain()
        conversation = await stores.conversations.get(make.CONVERSATION)
        assert conversation is not None
        assert (conversation.debounce.announced, conversation.debounce.due_at) == (MANY + 1, None)


async def test_a_click_that_is_handled_late_leaves_every_text_that_came_after_it(workers: FakeWorkers) -> None:
    await workers.handle(make.sms_received(received_at=workers.clock.now()))
    await workers.drain()
    clicked = workers.clock.now()
    workers.clock.forward(1)
    await unannounced(workers, 120)
    await workers.handle(AgentActed(ticket=1, by=make.AGENT, at=clicked))
    conversation = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert conversation is not None
    assert conversation.debounce.announced == 1
    assert conversation.debounce.waiting_since == clicked + timedelta(seconds=1)


async def test_the_newest_arrivals_are_read_back_to_the_first_page_with_earlier_ones(stores: Stores) -> None:
    for seq in range(1, 131):
        await stores.texts.add(make.sms(id=f"SM{seq}", seq=seq, received_at=at(seq)))
    reached = {
        seconds: [each.seq for each in await stores.texts.arrivals_after(make.CONVERSATION, at(seconds), 3, 130)]
        for seconds in (0, 60, 100, 129, 130)
    }
    assert reached[0] == list(range(3, 131))
    assert reached[60] == list(range(3, 131))
    assert reached[100] == list(range(31, 131))
    assert reached[129] == list(range(31, 131))
    assert reached[130] == list(range(81, 131))
    assert await stores.texts.arrivals_after(make.CONVERSATION, at(0), 5, 4) == []


@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["text", "act", "time"])), max_size=25),
    st.sampled_from([Mode.BOTH, Mode.LEADING]),
)
def test_texts_that_were_counted_before_change_no_decision(steps: list[tuple[int, str]], mode: Mode) -> None:
    """The decision from all unannounced texts equals the one from the new texts and those after the action."""
    line = make.line(window=timedelta(seconds=10), cap=timedelta(seconds=35), mode=mode)
    state, now = Debounce(), 0
    texts: list[Arrival] = []
    for gap, what in steps:
        now += gap
        if what == "text":
            texts.append(Arrival(len(texts) + 1, at(now)))
        if not texts:
            continue
        acted_at = at(now - gap // 2) if what == "act" else None
        unseen = [text for text in texts if text.seq > state.announced]
        asked = [text for text in unseen if text.seq > state.considered or (acted_at and text.at > acted_at)]
        episode = Episode(1, 1, len(texts), ())
        whole = next_state(state, line, unseen, episode, at(now), acted_at=acted_at)
        assert next_state(state, line, asked, episode, at(now), acted_at=acted_at) == whole
        state = whole
