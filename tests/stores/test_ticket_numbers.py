"""Ticket numbers come from a counter: many workers at once take one each, beside workers of an earlier version too."""

import asyncio
from typing import Any, override

from messages.conversation import SequenceTexts
from messages.inbound import SmsReceived
from messages.ticket import FileTexts, Ticket
from tests import make
from tests.fakes import FakeWorkers
from workers.mongo import Stores
from workers.mongo.tickets import Tickets


class CountingTickets(Tickets):
    """Tickets that count how often a new one was not stored."""

    lost = 0

    @override
    async def add(self, ticket: Ticket) -> bool:
        added = await super().add(ticket)
        self.lost += not added
        return added


def counting(stores: Stores) -> CountingTickets:
    """Tickets of the same database that count lost races."""
    database = stores.tickets._collection.database
    return CountingTickets(database["tickets"], database["tags"], database["terms"], database["counters"], stores.past)


async def of_before(stores: Stores) -> int:
    """The next number as a worker of an earlier version takes it: one more than the highest."""
    found = await stores.tickets.newest_of_all(1)
    return found[0].id + 1 if found else 1


def new_ticket(number: int, contact: str) -> Ticket:
    """A first ticket of a contact."""
    return make.ticket(id=number, contact=contact, conversation=f"{make.LINE}:{contact}")


async def test_sixty_four_first_texts_at_once_each_get_a_number_at_the_first_try(stores: Stores) -> None:
    await stores.lines.add(make.line())
    workers = FakeWorkers(stores)
    stores.tickets = counted = counting(stores)
    contacts = [f"+1555000{number:04d}" for number in range(64)]
    for number, contact in enumerate(contacts):
        text = SmsReceived(sid=f"SM{number}", line=make.LINE, contact=contact, body="x", received_at=make.NOW)
        await workers.handle(text)
    for message in [message for _, message in workers.queue.waiting if isinstance(message, SequenceTexts)]:
        await workers.handle(message)
    filing = [message for _, message in workers.queue.waiting if isinstance(message, FileTexts)]
    assert len(filing) == 64
    await asyncio.gather(*(workers.handle(message) for message in filing))
    found = [await stores.tickets.newest(f"{make.LINE}:{contact}") for contact in contacts]
    assert sorted(ticket.id for ticket in found if ticket) == list(range(1, 65))
    assert counted.lost == 0


async def test_the_counter_begins_above_the_numbers_in_use(stores: Stores) -> None:
    await stores.tickets.add(make.ticket(id=41))
    numbers = await asyncio.gather(*(stores.tickets.next_number() for _ in range(8)))
    assert sorted(numbers) == list(range(42, 50))


async def test_the_first_ticket_is_number_one(stores: Stores) -> None:
    assert [await stores.tickets.next_number() for _ in range(2)] == [1, 2]


async def test_beside_workers_of_an_earlier_version_the_next_number_is_free_at_the_second_try(stores: Stores) -> None:
    assert await stores.tickets.add(new_ticket(await stores.tickets.next_number(), "+1"))
    for number in range(30):
        assert await stores.tickets.add(new_ticket(await of_before(stores), f"+2{number}"))
    assert not await stores.tickets.add(new_ticket(await stores.tickets.next_number(), "+3"))
    number = await stores.tickets.next_number()
    assert number == 32
    assert await stores.tickets.add(new_ticket(number, "+3"))


async def test_old_and_new_workers_at_once_give_each_contact_one_ticket_with_a_number_of_its_own(
    stores: Stores,
) -> None:
    async def file(contact: str, take: Any) -> None:
        while not await stores.tickets.add(new_ticket(await take(), contact)):
            pass

    takes = [stores.tickets.next_number, lambda: of_before(stores)]
    await asyncio.gather(*(file(f"+{number}", takes[number % 2]) for number in range(24)))
    tickets = await stores.tickets.newest_of_all(100)
    assert len({ticket.id for ticket in tickets}) == len({ticket.contact for ticket in tickets}) == 24


async def test_a_lost_slot_costs_a_number_and_moves_no_counter(stores: Stores) -> None:
    assert await stores.tickets.add(new_ticket(await stores.tickets.next_number(), "+1"))
    assert not await stores.tickets.add(new_ticket(await stores.tickets.next_number(), "+1"))
    assert await stores.tickets.next_number() == 3
