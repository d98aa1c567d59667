"""Who is answered in time costs nothing but one look later: until then nothing is kept about their ticket's alerts."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import pytest

from messages.conversation import Conversation
from messages.deadlines.alert import AlertSettings, ConsiderAlerts
from messages.deadlines.priority import Priority
from messages.ticket import ActOnTicket, Reply, Ticket
from tests import make
from tests.fakes import FakeWorkers
from workers.clock import sweep
from workers.tickets.waiting import waits_from

HOUR: Final = timedelta(hours=1)
MINUTE: Final = 60


@pytest.fixture
async def watching(workers: FakeWorkers) -> FakeWorkers:
    """Workers whose line tells of contacts who have waited for an hour, and of tickets on which nobody is for two."""
    settings = AlertSettings(unanswered_after=HOUR, unassigned_after=2 * HOUR, nag=timedelta())
    await workers.ports.stores.lines.save(make.line(alerts=settings))
    return workers


async def conversation(workers: FakeWorkers) -> Conversation:
    """The conversation as it is now."""
    found = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert found is not None
    return found


async def receive(workers: FakeWorkers, number: int, after: int | None = None) -> None:
    """A contact's text, with all that follows, handled once: whatever is repeated is considered at once."""
    text = make.sms_received(sid=f"SM{number}", received_at=workers.clock.now(), after=after and f"SM{after}")
    await workers.handle(text)
    await workers.drain()


async def answer(workers: FakeWorkers) -> None:
    """Somebody answers the contact."""
    at = workers.clock.now()
    await workers.handle(ActOnTicket(ticket=1, command=Reply(), by=make.AGENT, at=at, order=f"{at}"))
    await workers.drain()


def told(workers: FakeWorkers) -> list[str]:
    """The alerts in Slack."""
    return [each.what.text for each in workers.slack.messages if each.post_id.startswith("alert/")]


async def test_who_gets_an_answer_in_time_leaves_nothing_behind(watching: FakeWorkers) -> None:
    await receive(watching, 1)
    began = await conversation(watching)
    assert (began.watch_at, began.alerts) == (watching.clock.now() + HOUR, ())
    await answer(watching)
    assert await watching.ports.stores.alerts.of_ticket(1) == []
    await watching.pass_time(61 * MINUTE, step=30 * MINUTE)
    after = await conversation(watching)
    assert (after.watch_at, after.alerts, told(watching)) == (None, (), [])


async def test_who_waits_anew_is_told_of_when_that_has_lasted_as_long_as_the_line_allows(watching: FakeWorkers) -> None:
    await receive(watching, 1)
    watching.clock.forward(20 * MINUTE)
    await answer(watching)
    watching.clock.forward(10 * MINUTE)
    await receive(watching, 2, after=1)
    await watching.pass_time(59 * MINUTE, step=5 * MINUTE)
    assert told(watching) == []
    await watching.pass_time(2 * MINUTE, step=MINUTE)
    assert [f"#1 {make.CONTACT}: The contact has waited" in each for each in told(watching)] == [True]


async def test_a_text_that_comes_while_alerts_are_considered_is_watched(watching: FakeWorkers) -> None:
    await receive(watching, 1)
    read = await conversation(watching)
    await receive(watching, 2, after=1)
    await watching.ports.stores.conversations.end_watch(read)
    assert (await conversation(watching)).watch_at == read.watch_at


async def test_the_clock_looks_again_until_the_alerts_were_considered(watching: FakeWorkers) -> None:
    await receive(watching, 1)
    for _ in range(2):
        watching.clock.forward(3600)
        await sweep(watching.ports)
        assert ConsiderAlerts(ticket=1) in [message for _, message in watching.queue.waiting]
        watching.queue.waiting.clear()


WAITS: Final[Mapping[str, tuple[Ticket | None, dict[str, Any], Any]]] = {
    "new, and the contact waits": (None, {"waiting_since": make.NOW}, make.NOW),
    "new, and the contact waits for nothing": (None, {"wait_ended_at": make.NOW, "updated_at": make.at(5)}, make.at(5)),
    "somebody is on it": (make.ticket(), {"assignees": ("U1",), "waiting_since": make.at(9)}, make.at(9)),
    "nobody is on it, since nobody knows when": (make.ticket(), {"waiting_since": make.at(9)}, None),
    "a successor": (make.ticket(id=6), {"waiting_since": make.at(9)}, make.at(9)),
    "it can't wait": (None, {"waiting_since": make.NOW, "tags": ("vip",)}, None),
    "it is Urgent": (None, {"waiting_since": make.NOW, "priority": Priority.URGENT}, None),
}


@pytest.mark.parametrize("name", WAITS)
def test_from_when_on_somebody_waits(name: str) -> None:
    before, fields, expected = WAITS[name]
    assert waits_from(before, make.ticket(**fields)) == expected
