"""Whoever plans a text, or orders something about it, is told what became of that, although a worker dies meanwhile."""

from datetime import timedelta
from typing import Any

import pytest

from messages.planned import ActOnPlanned, CancelPlan, ChangePlan, KeepPlan, PlannedState, PlanText, SendPlanNow, When
from tests import make
from tests.fakes import DiesAt, FakeWorkers
from tests.make import AGENT, CHANNEL, CONTACT, LINE

ORDERS: dict[str, tuple[Any, PlannedState]] = {
    "cancel": (CancelPlan(), PlannedState.PLANNED),
    "send now": (SendPlanNow(), PlannedState.HELD),
    "keep": (KeepPlan(), PlannedState.HELD),
    "change": (ChangePlan(version=1, text="See you soon"), PlannedState.PLANNED),
}


async def told_whenever_a_worker_dies(workers: FakeWorkers, message: PlanText | ActOnPlanned, step: int) -> list[str]:
    """What an agent is told of an order that comes again after a worker died at a step, and once more at last."""
    workers.slack.whispers.clear()
    if not await workers.handle_or_die(message, DiesAt(step)):
        await workers.handle(message)
    await workers.drain()
    told = [words for _, words in workers.slack.whispers]
    await workers.handle(message)
    await workers.drain()
    assert [words for _, words in workers.slack.whispers] == told, f"step {step}: a later repeat tells nothing new"
    assert 1 <= len(told) <= 2, f"step {step}"
    return told


@pytest.mark.parametrize("name", ORDERS)
async def test_who_orders_something_is_told_at_whatever_step_a_worker_dies(workers: FakeWorkers, name: str) -> None:
    command, state = ORDERS[name]
    for step in range(0, 30, 2):
        id, given = f"P{step}", {"by": AGENT, "at": workers.clock.now(), "channel": CHANNEL, "order": f"click/{name}"}
        await workers.ports.stores.planned.add(make.planned(id=id, state=state))
        told = await told_whenever_a_worker_dies(workers, ActOnPlanned(planned=id, command=command, **given), step)
        assert not any(each.startswith("Nothing was") for each in told), f"step {step}"


async def test_who_plans_a_text_is_told_at_whatever_step_a_worker_dies(workers: FakeWorkers) -> None:
    for step in range(0, 30, 2):
        order = PlanText(
            planned=f"P{step}",
            line=LINE,
            contact=CONTACT,
            text="See you",
            when=When(after=timedelta(hours=1)),
            by=AGENT,
            at=workers.clock.now(),
            channel=CHANNEL,
        )
        told = await told_whenever_a_worker_dies(workers, order, step)
        assert told[0].startswith(("Planned for", "It is sent to")), f"step {step}"
