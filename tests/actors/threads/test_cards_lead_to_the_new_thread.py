"""When a thread begins anew, Open leads there from the cards of earlier tickets, too."""

import pytest

from messages.ticket import ActOnTicket, SetStatus, Status
from tests import make
from tests.actors.helpers import receive
from tests.fakes import FakeWorkers
from workers.failures import Ambiguous, Temporary

SECOND = "C0SECOND"


async def a_closed_ticket_with_a_card(workers: FakeWorkers) -> None:
    """A ticket whose newest card is in a second channel, and which is closed."""
    await receive(workers, 1)
    stores = workers.ports.stores
    ticket = await stores.tickets.newest(make.CONVERSATION)
    assert ticket is not None
    notified = {"notify": (SECOND,), "version": ticket.version + 1}
    assert await stores.tickets.save(ticket.model_copy(update=notified), ticket.version)
    workers.clock.forward(3600)
    await receive(workers, 2, after=1)
    close = SetStatus(status=Status.CLOSED)
    await workers.handle(ActOnTicket(ticket=ticket.id, command=close, by=make.AGENT, at=workers.clock.now()))
    await workers.drain()


def lost(workers: FakeWorkers) -> None:
    """Delete every message of the line's channel, as its retention policy does."""
    workers.slack.messages[:] = [each for each in workers.slack.messages if each.channel == SECOND]


def links(workers: FakeWorkers) -> set[str]:
    """Where Open leads, from the cards in the second channel."""
    return {
        str(element["url"])
        for message in workers.slack.messages
        if message.channel == SECOND
        for block in message.what.blocks
        for element in block.get("elements", ())
        if element.get("action_id") == "ticket.open"
    }


@pytest.mark.parametrize("trouble", [None, Temporary("internal_error"), Ambiguous("TimeoutError")])
async def test_the_cards_of_a_closed_ticket_lead_to_the_new_thread(
    workers: FakeWorkers, trouble: Exception | None
) -> None:
    await a_closed_ticket_with_a_card(workers)
    (before,) = links(workers)
    lost(workers)
    troubles = [trouble] if trouble else []

    def fail_once(method: str, channel: str) -> None:
        if (method, channel) == ("update", SECOND) and troubles:
            raise troubles.pop()

    workers.slack.before = fail_once
    workers.clock.forward(3600)
    await receive(workers, 3, after=2)
    await workers.pass_time(300, step=30)
    conversation = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert conversation is not None
    assert conversation.thread is not None
    assert troubles == []
    assert links(workers) == {conversation.thread.permalink}
    assert links(workers) != {before}
