"""A text is due until it is under a ticket and considered: the clock finds it, whatever was lost and whoever died."""

from itertools import count

import pytest

from messages.base import QueueMessage
from messages.deadlines.priority import Priority
from messages.notification import ConsiderNotifying
from messages.ticket import ActOnTicket, FileTexts, SetPriority, Ticket
from tests import make
from tests.actors.helpers import receive, texts_in_thread
from tests.fakes import DiesAt, FakeWorkers

MINUTE = 60


async def of_conversation(workers: FakeWorkers) -> tuple[Ticket, list[str]]:
    """The newest ticket, and which texts are due."""
    ticket = await workers.ports.stores.tickets.newest(make.CONVERSATION)
    assert ticket is not None
    texts = await workers.ports.stores.texts.between(make.CONVERSATION, 1, 9)
    return ticket, [text.body for text in texts if text.due_at is not None]


def take[M: QueueMessage](workers: FakeWorkers, kind: type[M]) -> list[M]:
    """Take the waiting messages of a kind; all others are lost."""
    found = [message for _, message in workers.queue.waiting if isinstance(message, kind)]
    workers.queue.waiting.clear()
    return found


async def placed(workers: FakeWorkers, number: int) -> FileTexts:
    """The message that has a contact's text filed, which has its place."""
    workers.clock.forward(1)  # it comes alone
    now, after = workers.clock.now(), f"SM{make.CONTACT[-4:]}{number - 1}" if number > 1 else None
    sid = f"SM{make.CONTACT[-4:]}{number}"
    await workers.handle(make.sms_received(sid=sid, body=f"text {number}", received_at=now, after=after))
    return take(workers, FileTexts)[0]


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("kind", [FileTexts, ConsiderNotifying])
async def test_a_text_is_shown_whichever_worker_dies_at_whichever_step_with_its_message(
    workers: FakeWorkers, number: int, kind: type[QueueMessage]
) -> None:
    for step in count():
        contact = f"+1555{number}{kind is FileTexts:d}{step:05d}"
        for each in range(1, number):
            await receive(workers, each, contact=contact)
        workers.clock.forward(1)
        sid, now = f"SM{contact[-4:]}{number}", workers.clock.now()
        after = f"SM{contact[-4:]}{number - 1}" if number > 1 else None
        message = make.sms_received(sid=sid, contact=contact, body=f"last {step}", received_at=now, after=after)
        await workers.handle(message)
        found = take(workers, FileTexts)[0]
        if kind is ConsiderNotifying:
            await workers.handle(found)
            survived = await workers.handle_or_die(take(workers, ConsiderNotifying)[0], DiesAt(step))
        else:
            survived = await workers.handle_or_die(found, DiesAt(step))
        workers.queue.waiting.clear()
        await workers.pass_time(2 * MINUTE)
        assert texts_in_thread(workers).count(f"last {step}") == 1, step
        text = await workers.ports.stores.texts.get(sid)
        assert text is not None
        assert text.due_at is None
        if survived:
            assert step > 5
            break


async def test_a_ticket_that_only_has_another_text_is_not_due_itself(workers: FakeWorkers) -> None:
    for number in (1, 2):
        filing = await placed(workers, number)
        await workers.handle(filing)
        ticket, due = await of_conversation(workers)
        assert (ticket.due_at, due) == (None, [f"text {number}"])
        for message in take(workers, ConsiderNotifying):
            await workers.handle(message)
        assert (await of_conversation(workers))[1] == []
        await workers.drain()


async def test_a_ticket_with_a_text_that_a_process_of_before_had_filed_is_due(workers: FakeWorkers) -> None:
    for number in (1, 2):
        await placed(workers, number)
        await workers.handle(FileTexts(conversation=make.CONVERSATION))
        ticket, due = await of_conversation(workers)
        assert ticket.due_at is not None
        assert due == [f"text {number}"]
        await workers.drain()
        ticket, due = await of_conversation(workers)
        assert (ticket.due_at, due) == (None, [])


async def test_an_order_that_is_not_carried_out_stays_due_when_a_text_comes(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    order = SetPriority(priority=Priority.HIGH)
    at = workers.clock.now()
    await workers.handle(ActOnTicket(ticket=1, command=order, by=make.AGENT, at=at, order="once"))
    workers.queue.waiting.clear()
    ordered, _ = await of_conversation(workers)
    await workers.handle(await placed(workers, 2))
    workers.queue.waiting.clear()
    ticket, due = await of_conversation(workers)
    assert ticket.version > ordered.version
    assert ticket.due_at == ordered.due_at is not None
    assert due == ["text 2"]
    await workers.pass_time(MINUTE)
    ticket, due = await of_conversation(workers)
    assert (ticket.due_at, due) == (None, [])
    assert [line.what.text for line in workers.slack.kind("line")] != []
    assert texts_in_thread(workers) == ["text 1", "text 2"]
