"""Senders without a phone number: each is a separate contact, found and named by exactly what a card shows."""

import pytest

from messages.conversation import NameContact, conversation_id
from messages.sms import WriteTyped
from messages.views import FindTickets
from tests import make
from tests.fakes import FakeWorkers

SENDERS = ("68849", "741741", "SUPPORT", "Amazon", "My Bank", "unknown", "2025550143", "+5215512345678")


async def receive_from(workers: FakeWorkers, *senders: str) -> None:
    """A text from each sender."""
    for number, sender in enumerate(senders, 1):
        await workers.handle(
            make.sms_received(sid=f"SM{number}", contact=sender, body="hello", received_at=workers.clock.now())
        )
        await workers.drain()


async def said(workers: FakeWorkers) -> str:
    """The last private message to an agent."""
    await workers.drain()
    return workers.slack.whispers[-1][1]


@pytest.mark.parametrize("sender", SENDERS)
async def test_a_sender_is_found_and_named_by_exactly_what_the_card_shows(workers: FakeWorkers, sender: str) -> None:
    await receive_from(workers, *SENDERS)
    number = SENDERS.index(sender) + 1
    await workers.handle(
        FindTickets(
            query=sender,
            user=make.AGENT,
            channel=make.CHANNEL,
            response_url="https://r",
            received_at=workers.clock.now(),
        )
    )
    found = await said(workers)
    assert found.startswith("1 ticket "), found
    assert sender in found
    await workers.handle(
        NameContact(
            typed=f"{sender} Some Name",
            by=make.AGENT,
            at=workers.clock.now(),
            channel=make.CHANNEL,
            response_url="https://r",
        )
    )
    assert await said(workers) == f"{sender} is now called Some Name."
    contact = await workers.ports.stores.contacts.get(sender)
    assert contact is not None
    assert contact.name == "Some Name"
    ticket = await workers.ports.stores.tickets.newest(conversation_id(make.LINE, sender))
    assert ticket is not None
    assert ticket.id == number


@pytest.mark.parametrize("typed", ["support", "Support", "amazon", "AMAZON", "my bank"])
async def test_a_sender_is_found_however_it_is_capitalised(workers: FakeWorkers, typed: str) -> None:
    await receive_from(workers, *SENDERS)
    await workers.handle(
        FindTickets(
            query=typed,
            user=make.AGENT,
            channel=make.CHANNEL,
            response_url="https://r",
            received_at=workers.clock.now(),
        )
    )
    assert (await said(workers)).startswith("1 ticket ")


async def test_an_unknown_sender_that_is_not_a_number_gets_no_name(workers: FakeWorkers) -> None:
    await receive_from(workers, "SUPPORT")
    for typed in ("68849 My Bank", "SUPPORTS Ann", "+12025550143 +12025550144 Ann"):
        await workers.handle(
            NameContact(
                typed=typed, by=make.AGENT, at=workers.clock.now(), channel=make.CHANNEL, response_url="https://r"
            )
        )
        assert (await said(workers)).startswith("No name was saved.")


async def test_a_contacts_own_number_can_be_texted_although_no_numbering_plan_has_it(workers: FakeWorkers) -> None:
    await receive_from(workers, "+5215512345678", "68849")
    for number, typed in enumerate(("+5215512345678 hola", "68849 hola", "+5215512345679 hola")):
        await workers.handle(
            WriteTyped(sms=f"typed-{number}", typed=typed, by=make.AGENT, at=workers.clock.now(), channel=make.CHANNEL)
        )
    await workers.drain()
    texts = [await workers.ports.stores.texts.get(f"typed-{number}") for number in range(3)]
    assert [text and (text.contact, text.body) for text in texts] == [("+5215512345678", "hola"), None, None]
