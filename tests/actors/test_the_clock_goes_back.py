"""The sandbox's clock goes back from a future in which much has happened: nothing is hidden, out of order or stuck."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import pytest

from messages.conversation import Conversation, NameContact
from messages.notification import AgentActed, RenderConversation
from messages.sms import SendTexts, State, outbound_id
from messages.ticket import ActOnTicket, SetStatus, Status
from ops.documents.reader import Documents
from ops.documents.turning_back import turn_back
from tests import make
from tests.actors.helpers import receive, settle, texts_in_thread, thread, written
from tests.fakes import FakeWorkers
from workers import clock

WEEK: Final = timedelta(days=7)

WINDOW: Final = (make.line().window.total_seconds(),) * 2
CAP: Final = (make.line().cap.total_seconds(),) * 2
"""Seconds that pass in one step."""

type GoBack = Callable[[], Awaitable[None]]


@pytest.fixture
def go_back(workers: FakeWorkers, mongo_url: str) -> GoBack:
    """Turn the clock back by a week, and the documents with it; delayed messages wait in real time."""

    async def back() -> None:
        was = workers.clock.now()
        workers.clock.time = was - WEEK
        with Documents(mongo_url) as documents:
            await asyncio.to_thread(turn_back, documents, was, workers.clock.now())
        workers.queue.waiting[:] = [(at - WEEK, message) for at, message in workers.queue.waiting]

    return back


def go_on(workers: FakeWorkers) -> None:
    """Run on to the future."""
    workers.clock.time += WEEK


async def conversation(workers: FakeWorkers) -> Conversation:
    """The conversation as it is now."""
    found = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert found is not None
    return found


async def announced(workers: FakeWorkers) -> int:
    """Up to which text the team was told, or has seen."""
    return (await conversation(workers)).debounce.announced


async def test_texts_of_the_future_stay_and_new_ones_come_behind_them_and_are_announced(
    workers: FakeWorkers, go_back: GoBack
) -> None:
    await receive(workers, 1)
    go_on(workers)
    await receive(workers, 2, after=1)
    workers.clock.forward(20)
    await receive(workers, 3, after=2)
    assert await announced(workers) == 2
    await go_back()
    await receive(workers, 4, after=3)
    assert texts_in_thread(workers) == ["text 1", "text 2", "text 3", "text 4"]
    await workers.pass_time(*CAP)
    assert await announced(workers) == 4
    assert (await conversation(workers)).debounce.due_at is None


async def test_what_waits_to_be_announced_waits_no_longer_than_before(workers: FakeWorkers, go_back: GoBack) -> None:
    await receive(workers, 1)
    go_on(workers)
    await receive(workers, 2, after=1)
    await receive(workers, 3, after=2)
    waits = (await conversation(workers)).debounce
    await go_back()
    brought = (await conversation(workers)).debounce
    assert waits.due_at is not None
    assert brought.due_at == waits.due_at - WEEK
    await workers.pass_time(*WINDOW)
    assert await announced(workers) == 3


@pytest.mark.parametrize("handled", ["before", "after"])
async def test_an_agent_who_looked_in_the_future_has_not_seen_what_comes_now(
    workers: FakeWorkers, go_back: GoBack, handled: str
) -> None:
    await receive(workers, 1)
    go_on(workers)
    acted = AgentActed(ticket=1, by=make.AGENT, at=workers.clock.now(), replied=True)
    if handled == "before":
        await workers.handle(acted)
    await go_back()
    if handled == "after":
        await workers.handle(acted)
    workers.clock.forward(5)
    await receive(workers, 2, after=1)
    await workers.pass_time(*WINDOW)
    assert await announced(workers) == 2
    assert (await conversation(workers)).debounce.latest is not None
    assert (await conversation(workers)).debounce.latest.last == 2  # type: ignore[union-attr]


async def test_a_reply_that_slack_dates_in_the_future_is_sent_and_hides_no_text(
    workers: FakeWorkers, go_back: GoBack
) -> None:
    place = await thread(workers)
    go_on(workers)
    message = written(workers, place, 1)
    await go_back()
    message = message.model_copy(update={"received_at": workers.clock.now()})
    for _ in range(2):
        await workers.handle(message)
    await settle(workers)
    assert workers.texting.bodies(make.CONTACT) == ["reply 1"]
    workers.clock.forward(make.line().window.total_seconds())
    await receive(workers, 2)
    assert await announced(workers) == 2
    found = await conversation(workers)
    assert found.debounce.latest is not None
    assert found.debounce.latest.last == 2
    ticket = await workers.ports.stores.tickets.get(1)
    assert ticket is not None
    assert [each.at for each in ticket.history if each.at > workers.clock.now()] == []


@pytest.mark.parametrize("stored", ["before", "after"])
async def test_a_reply_that_waits_in_the_outbox_is_sent_at_once(
    workers: FakeWorkers, go_back: GoBack, stored: str
) -> None:
    place = await thread(workers)
    go_on(workers)
    message = written(workers, place, 1)
    if stored == "before":
        await workers.handle(message)
    await go_back()
    if stored == "after":
        await workers.handle(message)
    await settle(workers, 5)
    assert workers.texting.bodies(make.CONTACT) == ["reply 1"]


async def test_the_leases_of_workers_that_died_in_the_future_end(workers: FakeWorkers, go_back: GoBack) -> None:
    place = await thread(workers)
    go_on(workers)
    stores, now = workers.ports.stores.conversations, workers.clock.now()
    await stores.take_lease(make.CONVERSATION, "dead", now, now + timedelta(seconds=20))
    await stores.take_outbox(make.CONVERSATION, "dead", now, now + timedelta(seconds=20))
    await go_back()
    await receive(workers, 2)
    await workers.handle(written(workers, place, 1))
    await workers.pass_time(60, 30)
    await workers.handle(RenderConversation(conversation=make.CONVERSATION))
    await workers.handle(SendTexts(conversation=make.CONVERSATION))
    await workers.drain()
    assert texts_in_thread(workers)[-1] == "text 2"
    assert workers.texting.bodies(make.CONTACT) == ["reply 1"]


async def test_a_contact_who_stopped_in_the_future_can_start_again_now(workers: FakeWorkers, go_back: GoBack) -> None:
    await receive(workers, 1)
    go_on(workers)
    await workers.handle(make.sms_received(sid="SMstop", body="STOP", received_at=workers.clock.now()))
    await workers.drain()
    assert (await conversation(workers)).opted_out
    await go_back()
    workers.clock.forward(1)
    await workers.handle(make.sms_received(sid="SMstart", body="START", received_at=workers.clock.now()))
    await workers.drain()
    assert not (await conversation(workers)).opted_out


async def test_a_name_given_in_the_future_can_be_changed_now(workers: FakeWorkers, go_back: GoBack) -> None:
    await receive(workers, 1)

    async def name(given: str) -> None:
        typed = f"{make.CONTACT} {given}"
        at = workers.clock.now()
        await workers.handle(NameContact(typed=typed, by=make.AGENT, channel=make.CHANNEL, at=at))

    go_on(workers)
    await name("Later")
    await go_back()
    workers.clock.forward(1)
    await name("Now")
    contact = await workers.ports.stores.contacts.get(make.CONTACT)
    assert contact is not None
    assert contact.name == "Now"


async def test_a_ticket_closes_at_its_time_on_the_way_there_and_stays_closed(
    workers: FakeWorkers, go_back: GoBack
) -> None:
    await receive(workers, 1)
    solve = ActOnTicket(ticket=1, command=SetStatus(status=Status.SOLVED), by=make.AGENT, at=workers.clock.now())
    await workers.handle(solve)
    await workers.drain()
    go_on(workers)
    assert await clock.sweep(workers.ports) >= 1
    await workers.drain()
    await go_back()
    await receive(workers, 2, after=1)
    closed, new = await workers.ports.stores.tickets.get(1), await workers.ports.stores.tickets.get(2)
    assert closed is not None
    assert new is not None
    assert (closed.status, new.status, new.follows) == (Status.CLOSED, Status.NEW, 1)


async def test_a_text_whose_outcome_was_lost_in_the_future_is_asked_about_and_not_sent_again(
    workers: FakeWorkers, go_back: GoBack
) -> None:
    place = await thread(workers)
    go_on(workers)
    message = written(workers, place, 1)
    await workers.handle(message)
    text = await workers.ports.stores.texts.get(outbound_id(message.channel, message.ts))
    assert text is not None
    now = workers.clock.now()
    assert await workers.ports.stores.texts.claim(text, now, now + timedelta(seconds=12), None)
    await go_back()
    await workers.pass_time(60, 30)
    text = await workers.ports.stores.texts.get(text.id)
    assert text is not None
    assert text.state is State.UNKNOWN
    assert workers.texting.bodies(make.CONTACT) == []
