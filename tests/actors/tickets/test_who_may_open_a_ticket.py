"""A card's forms open for those who see the ticket's line, or are named on it; the others are told why not."""

from typing import Any

import pytest

from messages.notification import OpenModal
from messages.ticket import Status
from messages.views import OpenDashboard, OpenReply
from tests import make
from tests.fakes import FakeWorkers

PRIVATE = "G0PRIVATE"
MEMBER, STRANGER = "U0MEMBER", "U0STRANGER"
KINDS = (OpenModal, OpenReply)


async def ticket_of_a_private_line(workers: FakeWorkers, **fields: Any) -> None:
    line = make.line(id="+15550001112", channel=PRIVATE)
    await workers.ports.stores.lines.add(line)
    await workers.ports.stores.contacts.ensure(make.CONTACT, make.NOW)
    workers.slack.private[PRIVATE] = {MEMBER}
    workers.slack.private["G0OTHERS"] = {"U0NOTIFIED"}
    conversation = f"{line.id}:{make.CONTACT}"
    await workers.ports.stores.tickets.add(make.ticket(id=1, line=line.id, conversation=conversation, **fields))


async def clicked(workers: FakeWorkers, kind: type[OpenModal | OpenReply], user: str, channel: str | None) -> None:
    now, url = workers.clock.now(), "https://hooks.slack.com/x"
    order = kind(ticket=1, user=user, trigger_id="1.2", received_at=now, response_url=url, channel=channel)
    await workers.handle(order)
    await workers.drain()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_form_does_not_open_for_who_sees_nothing_of_its_ticket(
    workers: FakeWorkers, kind: type[OpenModal | OpenReply]
) -> None:
    await ticket_of_a_private_line(workers, subject="Private matters")
    await clicked(workers, kind, STRANGER, "C0ELSEWHERE")
    assert workers.slack.views == []
    ((_, told),) = workers.slack.whispers
    assert "Ticket #1 is of a channel that you can't see" in told
    assert "Private matters" not in told


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("user", "channel"),
    [
        (MEMBER, None),
        (STRANGER, PRIVATE),
        ("U0TOLD", "D0TOLD"),
        ("U0ONIT", None),
        ("U0NOTIFIED", None),
    ],
)
async def test_a_form_opens_for_who_sees_the_line_or_is_named(
    workers: FakeWorkers, kind: type[OpenModal | OpenReply], user: str, channel: str | None
) -> None:
    await ticket_of_a_private_line(workers, notify=("U0TOLD", "G0OTHERS"), assignees=("U0ONIT",))
    await clicked(workers, kind, user, channel)
    assert len(workers.slack.views) == 1


async def test_a_row_of_the_dashboard_shows_the_last_text_and_its_age(workers: FakeWorkers) -> None:
    for number, body in enumerate(("First", "Is it <ready> *now*?")):
        await workers.handle(make.sms_received(sid=f"SM{number}", body=body, received_at=workers.clock.now()))
        await workers.drain()
    order = OpenDashboard(user=MEMBER, trigger_id="1.2", received_at=workers.clock.now(), channel=make.CHANNEL)
    await workers.handle(order)
    shown = str(workers.slack.views[-1])
    assert "“Is it &lt;ready&gt; ∗now∗?” · <!date^" in shown
    assert "{ago}" in shown
    assert "First" not in shown
    ticket = await workers.ports.stores.tickets.newest(make.CONVERSATION)
    assert ticket is not None
    assert ticket.status is Status.NEW


@pytest.mark.parametrize("kind", KINDS)
async def test_who_clicks_while_slack_tells_nothing_hears_that(
    workers: FakeWorkers, kind: type[OpenModal | OpenReply]
) -> None:
    await ticket_of_a_private_line(workers, subject="Private matters")
    workers.slack.tells_nothing = True
    await clicked(workers, kind, MEMBER, "C0ELSEWHERE")
    assert workers.slack.views == []
    ((_, told),) = workers.slack.whispers
    assert "Slack does not say at the moment" in told
    assert "Click again in a minute" in told
