"""Clocks follow a calendar that is changed, so many at a time."""

from datetime import timedelta
from typing import Final

from messages.conversation import Arrival
from messages.deadlines.clocks import ClockKind, TickClocks
from messages.deadlines.policy import Policy, Target
from messages.deadlines.priority import Priority
from tests import make
from tests.fakes import FakeWorkers
from workers import clock
from workers.tickets.clocks.of_ticket import with_clocks
from workers.tickets.clocks.rules import ClockRules

A_SWEEP: Final = 500
SOON: Final = timedelta(hours=2)
POLICY: Final = Policy(targets={Priority.NORMAL: {ClockKind.FIRST_RESPONSE: Target(within=SOON)}}, version=1)


async def ticks(workers: FakeWorkers) -> list[int]:
    """Of which tickets a sweep has the clocks computed; they are, and nothing else that follows is done."""
    await clock.sweep(workers.ports)
    found = [each for _, each in workers.queue.waiting if isinstance(each, TickClocks)]
    for each in found:
        await workers.handle(each)
    workers.queue.waiting.clear()
    return [each.ticket for each in found]


async def test_clocks_follow_a_changed_calendar_500_a_sweep_until_all_have(workers: FakeWorkers) -> None:
    stores, count = workers.ports.stores, A_SWEEP + 1
    before = make.calendar()
    await stores.calendars.add(before)
    await stores.lines.save(make.line(policy=POLICY, calendar=before.id))
    rules = ClockRules(POLICY, Priority.NORMAL, before)
    for number in range(1, count + 1):
        of = {"conversation": f"{make.LINE}:+1777{number:07d}", "contact": f"+1777{number:07d}"}
        wrote = Arrival(seq=1, at=make.NOW)
        assert await stores.tickets.add(with_clocks(None, make.ticket(id=number, **of), rules, make.NOW, [wrote]))
    assert await ticks(workers) == []
    await stores.calendars.save(make.calendar(week={}))
    first, second, third = [await ticks(workers) for _ in range(3)]
    assert (len(first), len(second), third) == (A_SWEEP, 1, [])
    assert {*first, *second} == {*range(1, count + 1)}
    moved = [each.clocks[0] for each in await stores.tickets.newest_of_all(count)]
    assert {(each.due_at, each.calendar_version) for each in moved} == {(None, 2)}
