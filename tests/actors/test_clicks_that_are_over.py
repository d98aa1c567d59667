"""A click whose worker stood still until it was over is no dead letter: the next try tells the agent."""

from typing import Any

import pytest

from messages.base import QueueMessage
from messages.notification import OpenModal
from messages.views import OpenDashboard, OpenReply, PushSend
from tests import make
from tests.fakes import FakeWorkers
from workers.runtime import HANDLERS

CLICK: Any = {"user": make.AGENT, "trigger_id": "1.2.a", "response_url": "https://hooks.slack.com/actions/1"}
ORDERS = [
    OpenModal(ticket=1, received_at=make.NOW, **CLICK),
    OpenReply(ticket=1, received_at=make.NOW, **CLICK),
    OpenDashboard(channel=make.CHANNEL, received_at=make.NOW, **CLICK),
    PushSend(channel=make.CHANNEL, received_at=make.NOW, **CLICK),
]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.actor)
async def test_a_click_whose_first_try_ended_at_its_time_limit_is_answered_by_the_next(
    workers: FakeWorkers, order: QueueMessage
) -> None:
    options = HANDLERS[order.actor].options
    assert options["max_retries"] > 0
    workers.clock.forward(options["time_limit"] / 1000)
    await workers.handle(order)
    await workers.drain()
    assert len(workers.slack.whispers) == 1
