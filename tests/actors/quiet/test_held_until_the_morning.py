"""On a line that holds texts at night, what a person writes then is planned for the morning, once, and can be sent."""

from datetime import UTC, datetime, timedelta
from typing import Final

from messages.line import Quiet
from messages.planned import ActOnPlanned, PlannedState, SendPlanNow
from messages.sms import State, WriteText
from tests import make
from tests.actors.helpers import settle, stored, thread, written
from tests.fakes import FakeWorkers
from tests.make import AGENT, CHANNEL, CONTACT, LINE
from workers import clock

NIGHT: Final = datetime(2026, 3, 3, 4, 10, tzinfo=UTC)
"""23:10 in New York."""

MORNING: Final = datetime(2026, 3, 3, 13, tzinfo=UTC)


async def _at_night(workers: FakeWorkers, quiet: Quiet = Quiet.HOLD) -> None:
    stores = workers.ports.stores
    await stores.lines.save(make.line(quiet=quiet))
    await stores.contacts.ensure(CONTACT, workers.clock.now())
    await stores.contacts.set_zone(CONTACT, "America/New_York", workers.clock.now())
    workers.clock.time = NIGHT


async def test_a_reply_at_night_leaves_in_the_morning_once_however_often_its_event_comes(workers: FakeWorkers) -> None:
    where = await thread(workers)
    await _at_night(workers)
    message = written(workers, where, 1)
    for _ in range(2):
        await workers.handle(message)
        await workers.drain()
    reply = await stored(workers, message)
    assert (reply.state, reply.planned, reply.mark) == (State.UNSENT, f"night-{reply.id}", "clock9")
    held = [words for _, words in workers.slack.whispers if words.startswith("Held until")]
    assert held == [f"Held until Tue 3 Mar 8:00 (New York) for {CONTACT}: it is night there."]
    assert workers.texting.bodies(CONTACT) == []
    for when in (MORNING - timedelta(minutes=1), MORNING + timedelta(minutes=1)):
        workers.clock.time = when
        await clock.sweep(workers.ports)
        await workers.handle(message)
        await settle(workers, 5)
        assert workers.texting.bodies(CONTACT) == (["reply 1"] if when > MORNING else [])


async def test_it_can_be_sent_at_night_all_the_same(workers: FakeWorkers) -> None:
    where = await thread(workers)
    await _at_night(workers)
    message = written(workers, where, 1)
    await workers.handle(message)
    await workers.drain()
    id = (await stored(workers, message)).planned or ""
    await workers.handle(ActOnPlanned(planned=id, command=SendPlanNow(), by=AGENT, at=NIGHT, order="click"))
    await settle(workers, 5)
    assert workers.texting.bodies(CONTACT) == ["reply 1"]


async def test_a_text_from_a_form_waits_too_and_one_that_is_no_text_does_not(workers: FakeWorkers) -> None:
    where = await thread(workers)
    await _at_night(workers)
    text = WriteText(sms="view-V1", line=LINE, contact=CONTACT, text="Hello", by=AGENT, at=NIGHT, channel=CHANNEL)
    note = written(workers, where, 1, "// for us")
    for message in (text, text, note):
        await workers.handle(message)
        await settle(workers, 1)
    assert (await stored(workers, note)).state is State.NOTE
    (planned,) = await workers.ports.stores.planned.of_author(AGENT)
    assert (planned.id, planned.state, planned.due_at) == ("night-view-V1", PlannedState.PLANNED, MORNING)
    workers.clock.time = MORNING + timedelta(minutes=1)
    await workers.handle(text)
    await clock.sweep(workers.ports)
    await settle(workers, 5)
    assert workers.texting.bodies(CONTACT) == ["Hello"]


async def test_where_nobody_knows_the_contact_the_lines_own_night_counts(workers: FakeWorkers) -> None:
    where = await thread(workers)
    await workers.ports.stores.lines.save(make.line(quiet=Quiet.HOLD, zone="America/New_York"))
    workers.clock.time = NIGHT
    message = written(workers, where, 1)
    await workers.handle(message)
    await settle(workers, 5)
    assert (await stored(workers, message)).planned is not None
    assert workers.texting.bodies(CONTACT) == []
