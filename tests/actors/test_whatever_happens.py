"""Messages repeated, reordered and lost, and workers that die around calls of Slack: in the end the result is right."""

import random
from itertools import pairwise

import pytest

from messages.inbound import SmsReceived
from messages.notification import AgentActed
from messages.ticket import ActOnTicket, SetStatus, Status, Take, Ticket
from tests import make
from tests.fakes import FakeWorkers

CONTACTS = ("+15550002221", "+15550002222")


@pytest.mark.parametrize("seed", range(4))
async def test_every_text_is_posted_once_and_in_order_and_nothing_is_announced_twice(
    workers: FakeWorkers, seed: int
) -> None:
    dice = random.Random(seed)
    sent: dict[str, int] = dict.fromkeys(CONTACTS, 0)
    for _ in range(10):
        contact = dice.choice(CONTACTS)
        if dice.random() < 0.75 or not sent[contact]:
            sent[contact] += 1
            number = sent[contact]
            text = SmsReceived(
                sid=f"SM{contact}-{number}",
                line=make.LINE,
                contact=contact,
                body=f"text {number}",
                received_at=workers.clock.now(),
                after=f"SM{contact}-{number - 1}" if number > 1 else None,
            )
            for _ in range(dice.choice((1, 2))):
                await workers.queue.publish(text)
        else:
            ticket = await workers.ports.stores.tickets.newest(f"{make.LINE}:{contact}")
            if ticket is not None:
                command = dice.choice((Take(), SetStatus(status=Status.PENDING), SetStatus(status=Status.CLOSED)))
                order = ActOnTicket(ticket=ticket.id, command=command, by=make.AGENT, at=workers.clock.now())
                await workers.queue.publish(dice.choice((order, AgentActed(ticket=ticket.id, by="U0", at=order.at))))
        workers.clock.forward(dice.choice((0.01, 1, 20, 200)))
        await workers.storm(dice)
    # A worker that died holding a text never acknowledged it: the broker delivers it again.
    for contact, count in sent.items():
        for number in range(1, count + 1):
            known = await workers.ports.stores.texts.get(f"SM{contact}-{number}")
            if known is None:
                await workers.queue.publish(
                    SmsReceived(
                        sid=f"SM{contact}-{number}",
                        line=make.LINE,
                        contact=contact,
                        body=f"text {number}",
                        received_at=workers.clock.now(),
                        after=f"SM{contact}-{number - 1}" if number > 1 else None,
                    )
                )
    await workers.drain()
    await workers.pass_time(2400, step=60)

    ids = [message.post_id for message in workers.slack.messages]
    assert len(ids) == len(set(ids)), "something was posted twice"
    for contact, count in sent.items():
        mine = [each for each in workers.slack.messages if contact in each.post_id]
        shown = [line for each in mine if "/texts/" in each.post_id for line in each.what.text.splitlines()]
        assert sorted(shown) == sorted(f"text {number}" for number in range(1, count + 1))
        conversation = await workers.ports.stores.conversations.get(f"{make.LINE}:{contact}")
        assert (conversation is None) == (count == 0)
        if conversation is None:
            continue
        assert conversation.posted == count
        assert conversation.debounce.due_at is None
        texts = await workers.ports.stores.texts.between(conversation.id, 1, count)
        assert shown == [text.body for text in texts]
        for one, two in pairwise(await _tickets(workers, conversation.id)):
            assert one.is_closed
            assert two.follows == one.id
            assert two.first_text == one.last_text + 1


async def _tickets(workers: FakeWorkers, conversation: str) -> list[Ticket]:
    found = [await workers.ports.stores.tickets.get(number) for number in range(1, 40)]
    return [ticket for ticket in found if ticket is not None and ticket.conversation == conversation]
