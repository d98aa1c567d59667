"""Tickets of earlier versions have their place among those that wait."""

from messages.ticket import Status
from tests import make
from workers.mongo import Stores


async def test_tickets_of_earlier_versions_come_behind_those_that_wait_and_new_ones_first(stores: Stores) -> None:
    given = {1: Status.OPEN, 2: Status.NEW, 3: Status.OPEN}
    for number, status in given.items():
        await stores.tickets.add(make.ticket(id=number, conversation=f"c{number}", status=status))
        await stores._database["tickets"].update_one({"_id": number}, {"$unset": {"waits": ""}})
    waiting = make.ticket(id=4, conversation="c4", status=Status.OPEN, waiting_since=make.NOW)
    await stores.tickets.add(waiting)
    for _ in range(2):
        await stores.migrate(again=True)
        assert (await stores.tickets.in_status(Status.OPEN, 1))[0].id == 4
        assert [ticket.id for ticket in await stores.tickets.in_status(Status.NEW, 9)] == [2]
    read = await stores.tickets.get(1)
    assert read is not None
    later = read.model_copy(update={"version": read.version + 1, "waiting_since": make.at(-99)})
    assert await stores.tickets.save(later, read.version)
    assert [ticket.id for ticket in await stores.tickets.in_status(Status.OPEN, 9)] == [1, 4, 3]
    await stores.migrate(again=True)
    assert await stores.tickets.count_in_status(Status.OPEN, 9) == 3
    assert await stores.tickets.count_in_status(Status.OPEN, 2) == 2
    assert await stores.tickets.count_in_status(Status.OPEN, 9, ["+10000000"]) == 0
