"""After an absence of Clerk, each line's channel is told once what came meanwhile."""

import json

import pytest

from messages.deadlines.interruption import TellInterruption
from messages.planned import IfReply, PlannedState, PlanText, When
from messages.ticket import ActOnTicket, SetPriority
from tests import make
from tests.actors.helpers import listed, receive
from tests.fakes import DiesAt, FakeWorkers
from workers import clock
from workers.failures import Permanent
from workers.ingestion import missed

ABSENT = 3 * 3600


def told(workers: FakeWorkers) -> list[str]:
    """What the line's channel was told of Clerk's absences."""
    return [each.what.text for each in workers.slack.messages if each.post_id.startswith("away/")]


async def look(workers: FakeWorkers, times: int = 3, clocks: int = 1) -> None:
    """Let clocks look for missed texts and due work some times."""
    for _ in range(times):
        workers.clock.forward(61)
        for _ in range(clocks):
            await missed.take_in_missed(workers.ports)
            await clock.sweep(workers.ports)
        await workers.drain()


async def ran(workers: FakeWorkers) -> None:
    """Clerk has run for a while, and has one text."""
    await look(workers, 1)
    await receive(workers, 1)
    workers.texting.inbound.clear()


async def test_the_channel_is_told_once_however_many_clocks_run(workers: FakeWorkers) -> None:
    await ran(workers)
    other = "+15550002001"
    workers.clock.forward(ABSENT / 2)
    listed(workers, 11)
    listed(workers, 12, contact=other)
    listed(workers, 13, contact=other)
    workers.clock.forward(ABSENT / 2)
    await missed.take_in_missed(workers.ports)
    await workers.drain()
    urgent = SetPriority.model_validate({"priority": "urgent"})
    order = ActOnTicket(ticket=2, command=urgent, by=make.AGENT, at=workers.clock.now(), order="urgent")
    await workers.handle(order)
    await look(workers, clocks=2)
    (said,) = told(workers)
    assert said.startswith("Clerk was away <!date^")
    assert said.endswith(": 3 texts in 2 conversations, 1 urgent")
    (post,) = [each for each in workers.slack.messages if each.post_id.startswith("away/")]
    assert (post.channel, post.thread_ts) == (make.CHANNEL, None)
    assert "|#1>*" in json.dumps(post.what.blocks[1])
    await look(workers, 1)
    assert len(told(workers)) == 1


async def test_texts_that_waited_in_the_queue_are_told_of_too(workers: FakeWorkers) -> None:
    await ran(workers)
    message = make.sms_received(sid="SM20", received_at=workers.clock.now())
    for _ in range(3):  # the clock looks all the time, and no worker runs
        workers.clock.forward(300)
        await missed.take_in_missed(workers.ports)
    for _ in range(2):
        await workers.handle(message)
    await look(workers)
    assert [each.rpartition(": ")[2] for each in told(workers)] == ["1 text in 1 conversation"]


@pytest.mark.parametrize("absent", [ABSENT, 500])
async def test_nothing_is_told_if_nothing_came_or_the_absence_was_short(workers: FakeWorkers, absent: float) -> None:
    await ran(workers)
    if absent < ABSENT:
        listed(workers, 11)
    workers.clock.forward(absent)
    await look(workers)
    assert told(workers) == []
    inbox = await workers.ports.stores.inboxes.get(make.LINE)
    assert inbox is not None
    assert inbox.interruption is None or inbox.interruption.tell_at is None


async def test_planned_texts_that_are_held_because_of_it_are_in_the_same_message(workers: FakeWorkers) -> None:
    await ran(workers)
    plan = {"planned": "P1", "line": make.LINE, "contact": make.CONTACT, "text": "See *you*", "by": make.AGENT}
    when, now = When.model_validate({"after": 3600}), workers.clock.now()
    await workers.handle(PlanText.model_validate({**plan, "when": when, "at": now, "if_reply": IfReply.SEND}))
    await workers.drain()
    workers.clock.forward(2 * ABSENT)
    await look(workers)
    planned = await workers.ports.stores.planned.get("P1")
    assert planned is not None
    assert planned.state is PlannedState.HELD
    assert [each.rpartition(": ")[2] for each in told(workers)] == ["1 planned text held"]
    (post,) = [each for each in workers.slack.messages if each.post_id.startswith("away/")]
    assert "See" in json.dumps(post.what.blocks[-1])


async def test_a_worker_may_die_at_any_step_and_the_channel_is_told_once(workers: FakeWorkers) -> None:
    await ran(workers)
    listed(workers, 11)
    workers.clock.forward(ABSENT)
    await missed.take_in_missed(workers.ports)
    await workers.drain()
    workers.clock.forward(61)
    step = 0
    while not await workers.handle_or_die(TellInterruption(line=make.LINE, number=1), DiesAt(step)):
        step += 1
        workers.clock.forward(30)
        assert step < 100
    await look(workers)
    assert step > 10
    assert len(told(workers)) == 1


async def test_a_channel_that_takes_no_message_is_not_told_later(workers: FakeWorkers) -> None:
    await ran(workers)
    listed(workers, 11)
    workers.clock.forward(ABSENT)
    workers.slack.refused[make.CHANNEL] = Permanent("is_archived")
    await look(workers)
    workers.slack.refused.clear()
    await workers.handle(TellInterruption(line=make.LINE, number=1))
    await workers.handle(TellInterruption(line="+15559999999", number=1))
    assert told(workers) == []
