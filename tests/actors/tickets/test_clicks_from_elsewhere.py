"""In a shared channel, people of other organisations can use the cards' buttons: nothing comes of it, and they know."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from messages.orders.clicks import Click
from messages.orders.foreign_clicks import ForeignClick
from messages.ticket import Status
from tests import make
from tests.actors.helpers import receive
from tests.fakes import FakeWorkers
from workers.failures import Ambiguous, CallError, Permanent, Temporary
from workers.interactive.foreign.actors import FOREIGN, NOT_TOLD

URL = "https://hooks.slack.com/actions/1"
PARTNER, SISTER = "U0PARTNER", "U0SISTER"


async def clicked(workers: FakeWorkers, action_id: str, user: str = PARTNER, team: str = "T0PARTNER") -> None:
    """Somebody uses a button of the first ticket's card; the click comes twice."""
    click = Click(
        action_id=action_id,
        value=json.dumps({"ticket": 1, "status": "solved"}),
        user=user,
        channel=make.CHANNEL,
        ts="1700000000.000100",
        trigger_id="1.2",
        response_url=URL,
        at=workers.clock.now(),
        order=f"click/{action_id}",
    )
    for _ in range(2):
        await workers.handle(ForeignClick(click=click, user=user, team=team))
    await workers.drain()


async def state(workers: FakeWorkers) -> Mapping[str, Any]:
    """The ticket, but for what counts versions."""
    ticket = await workers.ports.stores.tickets.get(1)
    assert ticket is not None
    return {"status": ticket.status, "assignees": ticket.assignees}


@pytest.mark.parametrize("action_id", ["ticket.take", "ticket.status", "ticket.assign", "ticket.reply", "ticket.hide"])
async def test_a_click_of_another_organisation_does_nothing_and_is_answered(
    workers: FakeWorkers, action_id: str
) -> None:
    await receive(workers, 1)
    before, posts = await state(workers), list(workers.slack.messages)
    await clicked(workers, action_id)
    assert await state(workers) == before
    assert (workers.slack.views, list(workers.slack.messages)) == ([], posts)
    assert set(workers.slack.whispers) == {(URL, FOREIGN)}


async def test_a_link_that_slack_opens_by_itself_needs_no_answer_and_does_not_count_as_seen(
    workers: FakeWorkers,
) -> None:
    await receive(workers, 1)
    conversation = await workers.ports.stores.conversations.get(f"{make.LINE}:{make.CONTACT}")
    await clicked(workers, "ticket.open")
    assert workers.slack.whispers == []
    after = await workers.ports.stores.conversations.get(f"{make.LINE}:{make.CONTACT}")
    assert (conversation and conversation.debounce) == (after and after.debounce)


async def test_a_line_can_be_set_to_let_them_work_its_tickets(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    await workers.ports.stores.lines.save(make.line(other_organisations=True))
    await clicked(workers, "ticket.take")
    assert await state(workers) == {"status": Status.OPEN, "assignees": (PARTNER,)}
    assert workers.slack.whispers == []


@pytest.mark.parametrize(
    ("organisations", "works"),
    [({"T0SISTER", "E0ORG"}, True), ({"T0SISTER", "E0OTHER"}, False), ({"T0SISTER"}, False)],
    ids=["same organisation", "another organisation", "no organisation"],
)
async def test_workspaces_of_one_organisation_work_tickets_together(
    workers: FakeWorkers, organisations: set[str], works: bool
) -> None:
    await receive(workers, 1)
    workers.slack.own_home = frozenset({"T0TEAM", "E0ORG"})
    workers.slack.homes[SISTER] = frozenset(organisations)
    await clicked(workers, "ticket.take", SISTER, "T0SISTER")
    assert (await state(workers))["assignees"] == ((SISTER,) if works else ())
    assert workers.slack.whispers == ([] if works else [(URL, FOREIGN)] * 2)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Permanent("user_not_found"), FOREIGN),
        (Temporary("missing_scope"), FOREIGN),
        (Temporary("service_unavailable"), NOT_TOLD),
        (Ambiguous("TimeoutError"), NOT_TOLD),
    ],
    ids=str,
)
async def test_while_slack_does_not_say_who_somebody_is_nothing_is_done_and_they_are_told(
    workers: FakeWorkers, error: CallError, words: str
) -> None:
    await receive(workers, 1)

    def before(method: str, _: str) -> None:
        if method == "home_of":
            raise error

    workers.slack.own_home = frozenset({"T0TEAM", "E0ORG"})
    workers.slack.before = before
    await clicked(workers, "ticket.take", SISTER, "T0SISTER")
    assert (await state(workers))["assignees"] == ()
    assert workers.slack.whispers == [(URL, words)] * 2
