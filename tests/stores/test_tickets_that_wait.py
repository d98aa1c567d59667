"""Tickets of earlier versions have their place among those that wait."""

from typing import Any

from messages.deadlines.clocks import ClockKind
from messages.ticket import LastText, Status
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


async def test_what_is_due_comes_before_who_waits_and_only_who_waits_is_told_of_at_opening(stores: Stores) -> None:
    newest = LastText(seq=1, words="Hello", at=make.NOW)
    given: dict[int, dict[str, Any]] = {
        21: {"waiting_since": make.at(-900)},
        22: {"waiting_since": make.at(-10), "clocks": (make.ticket_clock(due_at=make.at(600)),)},
        23: {"clocks": (make.ticket_clock(kind=ClockKind.RESOLUTION, due_at=make.at(-60)),)},
        24: {"waiting_since": make.at(-20), "clocks": (make.ticket_clock(due_at=make.at(-600)),)},
    }
    for number, fields in given.items():
        more = {"conversation": f"d{number}", "line": "+15550009999", "status": Status.PENDING, "newest": newest}
        await stores.tickets.add(make.ticket(id=number, **more, **fields))
    assert [ticket.id for ticket in await stores.tickets.in_status(Status.PENDING, 9)] == [24, 23, 22, 21]
    assert [ticket.id for ticket in await stores.tickets.waiting("+15550009999", make.at(-1))] == [24, 22, 21]
    read = await stores.tickets.get(24)
    assert read is not None
    answered = read.model_copy(update={"version": 2, "waiting_since": None, "clocks": ()})
    assert await stores.tickets.save(answered, read.version)
    assert [ticket.id for ticket in await stores.tickets.in_status(Status.PENDING, 9)] == [23, 22, 21, 24]
