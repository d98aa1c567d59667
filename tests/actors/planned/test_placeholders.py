"""Placeholders of planned texts, from the order to the contact: what is true when the text leaves is filled in."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from messages.planned import (
    ActOnPlanned,
    ChangePlan,
    KeepPlan,
    LookAtPlanned,
    Planned,
    PlannedState,
    PlanText,
    SendPlanNow,
    When,
)
from tests import make
from tests.actors.helpers import settle, thread
from tests.fakes import FakeWorkers
from tests.make import AGENT, CHANNEL, CONTACT, CONVERSATION, LINE
from workers.failures import Permanent, Temporary

ALL = "Hi {name}, {agent} of {line} here"


async def _plan(workers: FakeWorkers, text: str) -> Planned | None:
    await thread(workers)
    workers.clock.forward(1)
    now, when = workers.clock.now(), When(after=timedelta(hours=1))
    await workers.handle(
        PlanText(planned="P1", line=LINE, contact=CONTACT, text=text, when=when, by=AGENT, at=now, channel=CHANNEL)
    )
    await workers.drain()
    return await workers.ports.stores.planned.get("P1")


async def _stored(workers: FakeWorkers) -> Planned:
    found = await workers.ports.stores.planned.get("P1")
    assert found is not None
    return found


async def _name(workers: FakeWorkers, name: str) -> None:
    await workers.ports.stores.contacts.ensure(CONTACT, workers.clock.now())
    await workers.ports.stores.contacts.set_name(CONTACT, name, workers.clock.now())


async def _order(workers: FakeWorkers, command: Any, order: str) -> None:
    given = {"planned": "P1", "command": command, "by": AGENT, "at": workers.clock.now(), "channel": CHANNEL}
    await workers.handle(ActOnPlanned(**given, order=order))
    await workers.drain(times=2)
    await settle(workers)


def _told(workers: FakeWorkers) -> str:
    return workers.slack.whispers[-1][1]


async def test_what_is_true_when_the_text_leaves_is_filled_in(workers: FakeWorkers) -> None:
    await _name(workers, "Anna")
    await _plan(workers, ALL)
    assert "no name yet" not in _told(workers)
    await _name(workers, "Ann {line}")
    await workers.ports.stores.lines.save(make.line(name="Sales"))
    await workers.pass_time(3700, 1200)
    assert workers.texting.bodies(CONTACT) == [f"Hi Ann {{line}}, {AGENT.lower()} of Sales here"]
    assert (await _stored(workers)).body == workers.texting.bodies(CONTACT)[0]


async def test_a_text_for_a_contact_without_a_name_is_held_until_they_have_one(workers: FakeWorkers) -> None:
    await _plan(workers, ALL)
    assert "The contact has no name yet" in _told(workers)
    await workers.pass_time(3700, 1200)
    held = await _stored(workers)
    assert (held.state, held.why) == (PlannedState.HELD, "there is nothing to fill in for {name}")
    for number, command in enumerate((SendPlanNow(), KeepPlan())):
        await _order(workers, command, f"order {number}")
        assert "Nothing was sent: there is nothing to fill in for {name}" in _told(workers)
    assert workers.texting.bodies(CONTACT) == []
    await _name(workers, "Ann")
    await _order(workers, KeepPlan(), "order 3")
    assert workers.texting.bodies(CONTACT) == [f"Hi Ann, {AGENT.lower()} of {LINE} here"]


async def test_what_is_no_placeholder_is_refused_when_planned_and_when_changed(workers: FakeWorkers) -> None:
    assert await _plan(workers, "Hi {nmae}") is None
    assert "{nmae} is nothing that Clerk can fill in there: it knows {name}, {line} and {agent}" in _told(workers)
    await workers.ports.stores.planned.add(make.planned(fills=True))
    await _order(workers, ChangePlan(version=1, text="Hi {nmae}"), "change")
    assert "{nmae} is nothing" in _told(workers)
    assert (await _stored(workers)).body == make.planned().body


async def test_what_was_written_to_be_sent_at_once_is_sent_as_it_was_written(workers: FakeWorkers) -> None:
    await thread(workers)
    await workers.ports.stores.planned.add(make.planned(body=ALL, at_night=True))
    await _order(workers, ChangePlan(version=1, text="{name} {odd}"), "change")
    await _order(workers, SendPlanNow(), "send")
    assert workers.texting.bodies(CONTACT) == ["{name} {odd}"]


@pytest.mark.parametrize(
    ("error", "state"),
    [(Temporary("service_unavailable"), PlannedState.PLANNED), (Permanent("user_not_found"), PlannedState.HELD)],
    ids=["for now", "for good"],
)
async def test_while_slack_does_not_name_the_author_their_text_waits(
    workers: FakeWorkers, error: Exception, state: PlannedState
) -> None:
    await _plan(workers, "It is {agent}")
    now = workers.clock.now()
    await workers.ports.stores.planned.add(
        make.planned(id="P2", body="Plain", wall="", since=now, due_at=make.at(3650))
    )
    answering = workers.slack.user_name

    async def silent(user: str) -> str:
        raise error

    workers.slack.user_name = silent  # type: ignore[method-assign]
    workers.clock.forward(3700)
    with suppress(Temporary):
        await workers.handle(LookAtPlanned(conversation=CONVERSATION))
    assert (await _stored(workers)).state is state
    other = await workers.ports.stores.planned.get("P2")
    assert other is not None
    assert other.state is PlannedState.RELEASED
    workers.slack.user_name = answering  # type: ignore[method-assign]
    await _order(workers, SendPlanNow(), "send")
    assert sorted(workers.texting.bodies(CONTACT)) == [f"It is {AGENT.lower()}", "Plain"]
