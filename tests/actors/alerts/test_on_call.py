"""At night, what can't wait reaches who is on call, one after the other, until somebody has it."""

import pytest

from messages.deadlines.alert import AcknowledgeAlert
from messages.deadlines.priority import Priority
from messages.team.agent import AccountChanged
from messages.ticket import ActOnTicket, SetPriority
from tests import make
from tests.fakes import FakeMessage, FakeWorkers

ANN, BOB = "U0ANN", "U0BOB"
TO_ANN, TO_BOB = "D0ANN", "D0BOB"


@pytest.fixture
async def night(workers: FakeWorkers) -> FakeWorkers:
    """Workers whose line is closed, with two people on call."""
    await workers.ports.stores.calendars.add(make.calendar())
    await workers.ports.stores.lines.save(make.line(calendar="shop", on_call=(ANN, BOB)))
    return workers


def calls(workers: FakeWorkers) -> list[FakeMessage]:
    """What people on call, and the channel, were told."""
    return [each for each in workers.slack.messages if each.post_id.startswith("alert/") and "on_call" in each.post_id]


async def urgent(workers: FakeWorkers) -> None:
    """A contact's text, whose ticket becomes Urgent; whoever saw it went to bed."""
    await workers.handle(make.sms_received(received_at=workers.clock.now()))
    await workers.drain()
    command = SetPriority(priority=Priority.URGENT)
    order = ActOnTicket(ticket=1, command=command, by=make.AGENT, at=workers.clock.now(), order="urgent")
    for _ in range(2):
        await workers.handle(order)
    await workers.drain(times=2)


async def test_each_turn_calls_one_more_and_the_channel_comes_last(night: FakeWorkers) -> None:
    await urgent(night)
    assert [each.channel for each in calls(night)] == [TO_ANN]
    await night.pass_time(11 * 60, 60)
    assert [each.channel for each in calls(night)] == [TO_ANN, TO_BOB]
    await night.pass_time(10 * 60, 60)
    assert [each.channel for each in calls(night)] == [TO_ANN, TO_BOB, make.CHANNEL]
    await night.pass_time(30 * 60, 60)
    assert len(calls(night)) == 3


async def test_who_has_it_ends_the_calls(night: FakeWorkers) -> None:
    await urgent(night)
    (call,) = calls(night)
    night.clock.forward(60)
    alert = call.post_id.rsplit("/", 2)[0]
    order = AcknowledgeAlert(alert=alert, by=ANN, at=night.clock.now(), order="o", response_url="https://hooks/1")
    for _ in range(2):
        await night.handle(order)
    await night.drain(times=2)
    await night.pass_time(30 * 60, 60)
    assert calls(night) == []


async def test_nobody_is_called_whose_account_is_deactivated(night: FakeWorkers) -> None:
    night.slack.deactivated.add(ANN)
    await night.handle(AccountChanged(user=ANN, deleted=True, at=night.clock.now()))
    await night.drain()
    await urgent(night)
    assert [each.channel for each in calls(night)] == [TO_BOB]


async def test_while_the_line_is_open_nobody_is_called(night: FakeWorkers) -> None:
    night.clock.time = make.at(5 * 3600)
    await urgent(night)
    assert calls(night) == []
