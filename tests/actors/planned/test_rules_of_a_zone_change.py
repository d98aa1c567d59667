"""A planned text follows its wall time when the rules of its zone change, and its thread says so."""

from datetime import timedelta

from messages.planned import LookAtPlanned
from tests import make
from tests.actors.helpers import thread
from tests.fakes import FakeWorkers
from tests.make import CONVERSATION, at
from workers.sms.planned.zone_rules import LOOK_EVERY, ZoneRules

HOUR = 3600


async def test_what_is_due_soon_is_looked_at_once_a_day_and_moved_in_time(workers: FakeWorkers) -> None:
    await thread(workers)
    stores = workers.ports.stores
    for id, shift in (("as known", 0), ("an hour late", HOUR)):
        await stores.conversations.expect_planned(CONVERSATION, id)
        await stores.planned.add(
            make.planned(id=id, wall="2026-03-03 10:30", due_at=at(25 * HOUR + shift), look_at=at(25 * HOUR + shift))
        )
    rules = ZoneRules()
    assert [await rules.look(workers.ports) for _ in range(2)] == [1, 0]
    assert workers.queue.waiting[-1][1] == LookAtPlanned(conversation=CONVERSATION)
    await workers.drain(times=2)
    assert [each.due_at for each in await stores.planned.live(CONVERSATION)] == [at(25 * HOUR)] * 2
    (note,) = workers.slack.kind("planned-note")
    assert "clocks there change at other times" in note.what.text
    workers.clock.forward((LOOK_EVERY + timedelta(seconds=1)).total_seconds())
    assert await rules.look(workers.ports) == 0
