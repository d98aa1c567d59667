"""A planned text that is due waits for what was claimed before it and for the morning, and makes nobody present."""

from datetime import UTC, datetime, timedelta
from typing import Final

from messages.planned import PlannedState, PlanText, When
from messages.sms import State
from messages.team.agent import GoAway
from tests.actors.helpers import receive, settle, stored, thread, written
from tests.fakes import FakeWorkers
from tests.make import AGENT, CHANNEL, CONTACT, LINE
from workers import clock
from workers.failures import Undecided

HOUR: Final = 3600
NIGHT: Final = datetime(2026, 3, 3, 4, 10, tzinfo=UTC)
"""23:10 in New York."""

MORNING: Final = datetime(2026, 3, 3, 13, tzinfo=UTC)
"""8:00 in New York."""


async def plan(workers: FakeWorkers, after: timedelta) -> None:
    """An agent plans a text for so long from now; the order comes twice."""
    order = PlanText(
        planned="P1",
        line=LINE,
        contact=CONTACT,
        text="See you",
        by=AGENT,
        channel=CHANNEL,
        when=When(after=after),
        at=workers.clock.now(),
    )
    for _ in range(2):
        await workers.handle(order)
    await workers.drain()


async def at(workers: FakeWorkers, when: datetime) -> None:
    """Let time pass until then; the clock looks for what is due."""
    workers.clock.time = when
    for _ in range(3):
        await clock.sweep(workers.ports)
        await settle(workers, 3)


async def test_it_goes_behind_a_reply_that_was_claimed_before_and_whose_outcome_is_open(workers: FakeWorkers) -> None:
    where = await thread(workers)
    await plan(workers, timedelta(hours=1))
    workers.clock.forward(HOUR - 3)

    def lost(method: str) -> None:
        workers.texting.before = lambda method: None
        raise Undecided(None, "TimeoutError")

    workers.texting.before = lost
    reply = written(workers, where, 1)
    await workers.handle(reply)
    await settle(workers, 2)
    assert (await stored(workers, reply)).state is State.SENDING
    await at(workers, workers.clock.now() + timedelta(seconds=2))
    released = await workers.ports.stores.planned.get("P1")
    assert released is not None
    assert (released.state, workers.texting.taken) == (PlannedState.RELEASED, [])
    await settle(workers, 22)
    assert (await stored(workers, reply)).state is State.UNKNOWN
    assert workers.texting.bodies(CONTACT) == ["See you"]


async def test_at_night_it_moves_to_the_morning_and_the_thread_says_so_once(workers: FakeWorkers) -> None:
    await thread(workers)
    await workers.ports.stores.contacts.set_zone(CONTACT, "America/New_York", workers.clock.now(), None)
    await plan(workers, NIGHT - workers.clock.now())
    await at(workers, NIGHT)
    for hours in (1, 2):
        await at(workers, NIGHT + timedelta(hours=hours))
    moved = await workers.ports.stores.planned.get("P1")
    assert moved is not None
    assert (moved.state, moved.due_at, moved.moved) == (PlannedState.PLANNED, MORNING, True)
    (note,) = workers.slack.kind("planned-note")
    assert f"<!date^{int(MORNING.timestamp())}" in note.what.text
    assert "quiet hours" in note.what.text
    await at(workers, MORNING - timedelta(minutes=1))
    assert workers.texting.bodies(CONTACT) == []
    await at(workers, MORNING)
    assert workers.texting.bodies(CONTACT) == ["See you"]
    assert len(workers.slack.kind("planned-note")) == 1


async def test_an_author_who_is_away_when_it_leaves_is_not_asked_whether_they_are_back(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    await plan(workers, timedelta(hours=1))
    away = GoAway(typed="8h on leave", by=AGENT, at=workers.clock.now(), channel=CHANNEL, order="away")
    await workers.handle(away)
    await workers.drain()
    workers.slack.whispers.clear()
    await workers.pass_time(HOUR + 60, step=600)
    assert workers.texting.bodies(CONTACT) == ["See you"]
    assert [words for _, words in workers.slack.whispers if "You are away" in words] == []
