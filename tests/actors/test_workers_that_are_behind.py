"""A message that waits long in a queue is not published again and again, and is handled quickly once its turn comes."""

import random
from datetime import datetime

import pytest

from messages.base import QueueMessage
from messages.inbound import SmsReceived
from messages.notification import ConsiderNotifying, RenderConversation
from messages.process.publishing import Unpublished
from messages.ticket import ActOnTicket, Take
from tests import make
from tests.actors.helpers import receive, texts_in_thread
from tests.fakes import FakeWorkers, Fate
from workers import clock
from workers.failures import Temporary
from workers.redraw import redraw

RENDER = RenderConversation(conversation=make.CONVERSATION)


class Counted(Fate):
    """A worker that does not die, and that counts its steps."""

    def __init__(self) -> None:
        super().__init__(random.Random(), 0)
        self.steps = 0

    def step(self) -> None:
        """Count a step."""
        self.steps += 1


def waiting(workers: FakeWorkers, kind: type[QueueMessage]) -> int:
    """The number of messages of a kind that wait in the queue."""
    return sum(isinstance(message, kind) for _, message in workers.queue.waiting)


async def drain_all_but_renders(workers: FakeWorkers) -> None:
    """Handle what is due in all queues but Slack's."""
    renders = []
    while due := workers.queue.due():
        message = workers.queue.take(due[0])
        if isinstance(message, RenderConversation):
            renders.append((workers.clock.now(), message))
        else:
            await workers.handle(message)
    workers.queue.waiting += renders


async def name_contact(workers: FakeWorkers, name: str) -> None:
    """Change what the conversation's messages show."""
    workers.clock.forward(1)
    await workers.ports.stores.contacts.set_name(make.CONTACT, name, workers.clock.now())
    await redraw(make.CONVERSATION, workers.ports)


async def look_for(workers: FakeWorkers, seconds: int) -> None:
    """Let the clock look each second while no worker does anything."""
    for _ in range(seconds):
        workers.clock.forward(1)
        await clock.sweep(workers.ports)


async def test_the_clock_asks_for_an_announcement_twice_a_minute_at_most(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    workers.clock.forward(10)
    await receive(workers, 2)
    workers.queue.waiting.clear()
    await look_for(workers, 200)
    workers.queue.waiting.clear()
    await look_for(workers, 60)
    assert waiting(workers, ConsiderNotifying) == 2
    await workers.drain()
    assert len(workers.slack.kind("card")) == 1


async def test_messages_postponed_by_a_failing_slack_leave_one_in_the_queue_and_lengthen_no_wait(
    workers: FakeWorkers,
) -> None:
    await receive(workers, 1)

    def fail(method: str, channel: str) -> None:
        raise Temporary("http_500")

    workers.slack.before = fail
    workers.clock.forward(10)
    await receive(workers, 2)
    for _ in range(10):
        await workers.handle(RENDER)
    assert waiting(workers, RenderConversation) == 1
    workers.slack.before = lambda method, channel: None
    await workers.pass_time(5, 1)
    assert texts_in_thread(workers) == ["text 1", "text 2"]


async def test_calls_to_a_slow_slack_are_not_postponed_for_longer_and_longer(
    workers: FakeWorkers,
) -> None:
    did: list[datetime] = []

    def one_a_second(method: str, channel: str) -> None:
        if workers.clock.now() in did:
            raise Temporary("http_500")
        did.append(workers.clock.now())

    workers.slack.before = one_a_second
    for number in range(60):
        await workers.handle(
            SmsReceived(
                sid=f"SM{number}",
                line=make.LINE,
                contact=make.CONTACT,
                body=f"{number}: {'long ' * 300}",
                received_at=workers.clock.now(),
                after=f"SM{number - 1}" if number else None,
            )
        )
    await workers.drain()
    await workers.pass_time(30, 1)
    assert len(workers.slack.kind("texts")) > 5
    assert "59: long" in str(workers.slack.messages)


async def test_a_message_whose_work_is_already_done_costs_next_to_nothing(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    drawing, done_with = Counted(), Counted()
    await workers.ports.stores.conversations.request_pass(make.CONVERSATION, workers.clock.now())
    await workers.handle_or_die(RENDER, drawing)
    await workers.handle_or_die(RENDER, done_with)
    assert done_with.steps <= 6 < drawing.steps / 3


async def test_only_one_message_to_render_a_conversation_waits_however_much_happens_in_it(workers: FakeWorkers) -> None:
    for number in range(1, 6):
        await workers.handle(
            SmsReceived(
                sid=f"SM{number}",
                line=make.LINE,
                contact=make.CONTACT,
                body=f"text {number}",
                received_at=workers.clock.now(),
                after=f"SM{number - 1}" if number > 1 else None,
            )
        )
        await drain_all_but_renders(workers)
        await workers.handle(ActOnTicket(ticket=1, command=Take(), by=f"U{number}", at=workers.clock.now()))
        await drain_all_but_renders(workers)
    assert waiting(workers, RenderConversation) == 1
    await workers.drain()
    assert texts_in_thread(workers) == [f"text {number}" for number in range(1, 6)]
    assert "U5" in str(workers.slack.kind("root")[0].what)


async def test_a_change_during_a_render_causes_another_render(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    waited: list[int] = []

    async def it_is_named() -> None:
        await name_contact(workers, "Maria")
        waited.append(waiting(workers, RenderConversation))

    await name_contact(workers, "Mary")
    workers.slack.meanwhile = it_is_named
    await workers.drain()
    assert waited == [1]
    assert "Maria" in str(workers.slack.kind("root")[0].what)


async def test_a_render_that_could_not_be_published_can_be_asked_for_again_at_once(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    workers.queue.broken = True
    with pytest.raises(Unpublished):
        await redraw(make.CONVERSATION, workers.ports)
    workers.queue.broken = False
    await redraw(make.CONVERSATION, workers.ports)
    assert waiting(workers, RenderConversation) == 1


async def test_a_render_that_was_lost_is_asked_for_again_after_a_minute(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    await redraw(make.CONVERSATION, workers.ports)
    workers.queue.waiting.clear()
    await redraw(make.CONVERSATION, workers.ports)
    await look_for(workers, 59)
    assert waiting(workers, RenderConversation) == 0
    await look_for(workers, 31)
    assert waiting(workers, RenderConversation) == 1


async def test_the_clock_publishes_no_render_for_a_conversation_where_one_waits(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    await redraw(make.CONVERSATION, workers.ports)
    await look_for(workers, 300)
    assert waiting(workers, RenderConversation) <= 5
    await workers.drain()
    assert waiting(workers, RenderConversation) == 0
