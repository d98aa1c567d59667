"""A click whose worker stood still until it was over is no dead letter: the next try tells the agent."""

from typing import Any

import pytest

from messages.base import QueueMessage
from messages.notification import HidePost, OpenModal, UndoHide
from messages.views import OpenBlock, OpenDashboard, OpenLater, OpenReply, PushSend
from tests import make
from tests.actors.helpers import receive
from tests.fakes import FakeWorkers
from workers.runtime import HANDLERS
from workers.slack.actors import SHOWN_AGAIN, SHOWN_ALREADY

CLICK: Any = {"user": make.AGENT, "trigger_id": "1.2.a", "response_url": "https://hooks.slack.com/actions/1"}
ORDERS = [
    OpenModal(ticket=1, received_at=make.NOW, **CLICK),
    OpenReply(ticket=1, received_at=make.NOW, **CLICK),
    OpenDashboard(channel=make.CHANNEL, received_at=make.NOW, **CLICK),
    OpenLater(typed="some day", words="Type it so.", channel=make.CHANNEL, received_at=make.NOW, **CLICK),
    PushSend(channel=make.CHANNEL, received_at=make.NOW, **CLICK),
    OpenBlock(ticket=1, channel=make.CHANNEL, received_at=make.NOW, **CLICK),
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


async def test_the_offer_to_undo_a_hide_loses_its_button_to_the_answer(workers: FakeWorkers) -> None:
    url = "https://hooks.slack.com/actions/2"
    await receive(workers, 1)
    (root,) = workers.slack.kind("root")
    given = {"by": make.AGENT, "response_url": url}
    await workers.handle(HidePost(channel=root.channel, ts=root.ts, order="hide", **given))
    await workers.drain()
    assert workers.slack.replaced == []
    for order in ("undo", "undo again"):
        await workers.handle(UndoHide(post=root.post_id, order=order, **given))
        await workers.drain()
    assert workers.slack.replaced == [(url, SHOWN_AGAIN), (url, SHOWN_ALREADY)]
