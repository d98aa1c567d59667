"""The forms in which agents plan and change texts: whose zone they show, and what they say when it is too late."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from messages.calendar import Calendar, Period, Weekday
from messages.planned import PlannedState
from messages.views import OpenPlanned, OpenReply
from tests import make
from tests.actors.helpers import thread
from tests.fakes import FakeWorkers
from tests.make import AGENT, CHANNEL, NOW
from workers.failures import Temporary

SHOP = Calendar(id="shop", zone="Europe/Berlin", week={Weekday.TUE: (Period(opens="08:30", closes="17:00"),)})


async def _reply_form(workers: FakeWorkers) -> Mapping[str, Any]:
    await thread(workers)
    opened = OpenReply(ticket=1, user=AGENT, trigger_id="T1", channel=CHANNEL, received_at=workers.clock.now())
    await workers.handle(opened)
    return workers.slack.views[-1]


def _shown(view: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(view["private_metadata"])
    return found


def _choices(view: Mapping[str, Any]) -> list[str]:
    (send,) = [block for block in view["blocks"] if block.get("block_id") == "send"]
    return [option["text"]["text"] for option in send["element"]["options"]]


async def test_without_the_contacts_zone_a_form_shows_the_agents(workers: FakeWorkers) -> None:
    workers.slack.zones[AGENT] = "Asia/Tokyo"
    view = await _reply_form(workers)
    assert _shown(view)["zone"] == "Asia/Tokyo"
    assert _choices(view)[1] == "Tomorrow morning (9:00 your time (Tokyo))"


async def test_while_slack_says_no_zone_a_form_opens_with_the_lines(workers: FakeWorkers) -> None:
    def silent(method: str, channel: str) -> None:
        if method == "zone":
            raise Temporary("service_unavailable")

    workers.slack.before = silent
    stores = workers.ports.stores
    await stores.calendars.add(SHOP)
    await stores.lines.save(make.line(calendar="shop"))
    view = await _reply_form(workers)
    assert (_shown(view)["zone"], _shown(view)["opening"]) == ("Europe/Berlin", "2026-03-03 08:30")
    assert "When we open (tomorrow at 8:30)" in _choices(view)


async def test_the_zone_that_an_agent_gave_the_contact_counts_first(workers: FakeWorkers) -> None:
    workers.slack.zones[AGENT] = "Asia/Tokyo"
    await workers.ports.stores.contacts.ensure(make.CONTACT, NOW)
    await workers.ports.stores.contacts.set_zone(make.CONTACT, "America/New_York", NOW, None)
    assert _shown(await _reply_form(workers))["zone"] == "America/New_York"


async def _edit(workers: FakeWorkers, id: str = "P1") -> None:
    now = workers.clock.now()
    opened = OpenPlanned(planned=id, user=AGENT, trigger_id="T2", response_url="https://r", received_at=now)
    await workers.handle(opened)
    await workers.drain()


async def test_edit_opens_the_text_as_it_is(workers: FakeWorkers) -> None:
    await workers.ports.stores.planned.add(make.planned(version=3))
    await _edit(workers)
    shown = _shown(workers.slack.views[-1])
    assert (shown["planned"], shown["version"], shown["wall"]) == ("P1", 3, "2026-03-02 10:30")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (PlannedState.RELEASED, "it has left"),
        (PlannedState.CANCELLED, "it was cancelled"),
        (PlannedState.REFUSED, "it was refused"),
        (None, "no longer has that planned text"),
    ],
)
async def test_edit_of_what_is_over_says_so_and_opens_nothing(
    workers: FakeWorkers, state: PlannedState | None, words: str
) -> None:
    if state is not None:
        await workers.ports.stores.planned.add(make.planned(state=state, ended_at=datetime(2026, 3, 1, tzinfo=UTC)))
    await _edit(workers)
    assert workers.slack.views == []
    assert words in workers.slack.whispers[-1][1]
