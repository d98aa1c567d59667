"""A text that Clerk sends by itself is no agent's: it moves no ticket, answers nobody, and cancels no notification."""

from collections.abc import Sequence
from typing import Any

import pytest

from messages.inbound import DeliveryReported
from messages.sms import Direction, Origin, SendTexts, Sms, State
from tests import make
from tests.actors.helpers import settle, thread
from tests.fakes import FakeWorkers

AUTOMATIC = [Origin.AUTO, Origin.SURVEY]
OPTED_OUT = 21610


async def send(workers: FakeWorkers, **fields: Any) -> Sms:
    """A text of Clerk's own, handled twice until the provider has it."""
    now = workers.clock.now()
    given = {
        "id": "auto-closed-1",
        "direction": Direction.OUTBOUND,
        "origin": Origin.AUTO,
        "exempt": True,
        "body": "We are closed.",
        "received_at": now,
        "due_at": now,
        "state": State.WAITING,
        "outbox": make.CONVERSATION,
        "unshown": make.CONVERSATION,
    }
    text = make.sms(**{**given, **fields})
    await workers.ports.stores.texts.add(text)
    for _ in range(2):
        await workers.queue.publish(SendTexts(conversation=text.conversation))
    await settle(workers, 5)
    return text


async def report(workers: FakeWorkers, text: Sms, status: str, error_code: int | None = None) -> None:
    """What became of a text, reported twice."""
    sid, now = workers.texting.taken[-1].sent.sid, workers.clock.now()
    message = DeliveryReported(sms=text.id, sid=sid, status=status, error_code=error_code, received_at=now)
    for _ in range(2):
        await workers.handle(message)
    await settle(workers)


async def life(workers: FakeWorkers) -> Sequence[Any]:
    """All that an agent's reply would have changed."""
    ticket = await workers.ports.stores.tickets.newest(make.CONVERSATION)
    conversation = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert ticket is not None
    assert conversation is not None
    changed = ticket.status, ticket.assignees, ticket.waiting_since, ticket.history, ticket.version
    return *changed, conversation.debounce, conversation.outcome, str(workers.slack.kind("root")[0].what.blocks)


@pytest.mark.parametrize("origin", AUTOMATIC)
@pytest.mark.parametrize(("status", "code"), [("delivered", None), ("undelivered", 30005), ("failed", OPTED_OUT)])
async def test_an_automatic_text_changes_nothing_that_an_agents_would(
    workers: FakeWorkers, origin: Origin, status: str, code: int | None
) -> None:
    await thread(workers)
    workers.clock.forward(10)
    await workers.handle(make.sms_received(sid="SM2", received_at=workers.clock.now(), after="SM1"))
    await workers.drain()
    before = await life(workers)
    conversation = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert conversation is not None
    assert conversation.debounce.due_at is not None, "a notification is pending"
    text = await send(workers, origin=origin)
    assert await life(workers) == before
    await report(workers, text, status, code)
    *changed, card = await life(workers)
    if code == OPTED_OUT:  # who opted out waits for no answer, which is a version of the ticket
        (debounce, outcome), now = before[5:-1], changed[5]
        told = {"version": now.version, "ticket_version": now.ticket_version}
        before = (*before[:4], before[4] + 1, debounce.model_copy(update=told), outcome, card)
    assert changed == list(before[:-1])
    assert "Last text to the contact" not in str(card)
    assert len(workers.texting.taken) == 1


async def test_the_thread_shows_it_as_clerks_with_its_state(workers: FakeWorkers) -> None:
    await thread(workers)
    text = await send(workers)
    (post,) = workers.slack.kind("written")
    assert post.what.text == "Clerk answered: We are closed."
    assert ":outbox_tray: sent" in str(post.what.blocks)
    await report(workers, text, "delivered")
    (post,) = workers.slack.kind("written")
    assert ":white_check_mark: delivered" in str(post.what.blocks)
    assert "<@" not in str(post.what.blocks)
