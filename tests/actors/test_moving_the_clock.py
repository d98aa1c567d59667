"""The sandbox's clock moves between two messages, never while a worker has one in hand, and what is due is found."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import dramatiq
import pytest

from messages.deadlines import policy_words
from messages.notification import ConsiderNotifying
from messages.ticket import ActOnTicket, Expire, SetStatus, Status
from ops.documents.reader import DocumentsAway
from ops.running.internals import ClerkInternals, HandledMessages
from ops.running.killable import Killable
from sandbox.clock import SandboxClock
from sandbox.page.internals import ClockNotMoved
from tests import make
from tests.actors.helpers import receive
from tests.fakes import FakeWorkers
from workers.broker import in_memory

WEEK: Final = timedelta(days=7)
WITHIN: Final = 60.0


class RunningAlone:
    """What `clerk run` puts together, with an actor that is in hand until it may end."""

    def __init__(self, workers: FakeWorkers) -> None:
        handled = HandledMessages()
        self.clock = SandboxClock(lambda: workers.clock.now().timestamp())
        self.begun, self.may_end = threading.Event(), threading.Event()
        self.ahead_when_done: list[timedelta] = []
        self.turned: list[tuple[datetime, datetime]] = []
        self.away = False
        self.broker = in_memory(handled)
        dramatiq.actor(broker=self.broker, actor_name="call", queue_name="slack")(self._call)
        for queue in ("ingestion", "tickets", "notifications", "sms", "interactive"):
            self.broker.declare_queue(queue)
        self.worker = dramatiq.Worker(self.broker, worker_threads=2, worker_timeout=50)
        killable = Killable(handled.killed)
        ports = replace(workers.ports, now=self.clock.now)
        self.inside = ClerkInternals(ports, self.broker, self.worker, handled, killable, self.clock, self._turn_back)

    def _call(self) -> None:
        self.begun.set()
        self.may_end.wait(WITHIN)
        self.ahead_when_done.append(self.clock.ahead)

    def _turn_back(self, was: datetime, now: datetime) -> None:
        if self.away:
            raise DocumentsAway("MongoDB can't be reached")
        self.turned.append((was, now))


@pytest.fixture
def machine(workers: FakeWorkers) -> Iterator[RunningAlone]:
    made = RunningAlone(workers)
    made.worker.start()
    yield made
    made.may_end.set()
    made.worker.stop(5000)


@pytest.mark.parametrize("back", [False, True])
async def test_a_call_that_is_under_way_ends_before_the_clock_moves(machine: RunningAlone, back: bool) -> None:
    machine.clock.ahead = WEEK if back else timedelta()
    before = machine.clock.ahead
    machine.broker.get_actor("call").send()
    assert await asyncio.to_thread(machine.begun.wait, WITHIN)
    moving = asyncio.create_task(machine.inside.move_clock(timedelta() if back else WEEK))
    await asyncio.sleep(0)
    assert machine.clock.ahead == before
    machine.may_end.set()
    await moving
    assert machine.ahead_when_done == [before]
    assert machine.clock.ahead == (timedelta() if back else WEEK)
    assert len(machine.turned) == back


async def test_what_falls_due_is_found_at_once(machine: RunningAlone, workers: FakeWorkers) -> None:
    await receive(workers, 1)
    solve = ActOnTicket(ticket=1, command=SetStatus(status=Status.SOLVED), by=make.AGENT, at=workers.clock.now())
    await workers.handle(solve)
    await workers.drain()
    assert await machine.inside.move_clock(timedelta(hours=1)) == 0
    assert await machine.inside.move_clock(WEEK) == 1
    assert [each.command for _, each in workers.queue.waiting if isinstance(each, ActOnTicket)] == [Expire()]


async def test_a_delayed_message_that_comes_after_what_the_clock_found_announces_nothing_again(
    machine: RunningAlone, workers: FakeWorkers
) -> None:
    await receive(workers, 1)
    await receive(workers, 2, after=1)
    delayed = [message for _, message in workers.queue.waiting]
    assert any(isinstance(each, ConsiderNotifying) for each in delayed)
    workers.queue.waiting.clear()
    assert await machine.inside.move_clock(WEEK) == 1
    workers.clock.time = machine.clock.now()
    await workers.drain()
    before = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert before is not None
    assert before.debounce.announced == 2
    for message in delayed:
        await workers.handle(message)
    await workers.drain()
    after = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert after is not None
    assert after.debounce.latest == before.debounce.latest


async def test_workers_that_were_stopped_stay_so(machine: RunningAlone) -> None:
    await machine.inside.set_working(False)
    await machine.inside.move_clock(WEEK)
    assert not (await machine.inside.snapshot()).working
    assert all(each.paused for each in machine.worker.workers)
    await machine.inside.set_working(True)


async def test_the_documents_are_turned_back_by_as_much_as_the_clock(machine: RunningAlone) -> None:
    await machine.inside.move_clock(WEEK)
    await machine.inside.move_clock(timedelta(hours=1))
    ((was, now),) = machine.turned
    assert was - now == WEEK - timedelta(hours=1)
    assert now == machine.clock.now()


async def test_where_the_documents_cannot_be_turned_back_the_clock_stays(machine: RunningAlone) -> None:
    await machine.inside.move_clock(WEEK)
    machine.away = True
    with pytest.raises(ClockNotMoved, match="MongoDB"):
        await machine.inside.move_clock(timedelta())
    assert machine.clock.ahead == WEEK
    assert not any(each.paused for each in machine.worker.workers)


async def test_a_line_gets_the_offered_targets_unless_it_has_its_own(
    machine: RunningAlone, workers: FakeWorkers
) -> None:
    lines = workers.ports.stores.lines
    for _ in range(2):
        await machine.inside.offer_targets(make.LINE)
    (line,) = await lines.by_ids([make.LINE])
    assert line.policy.targets == policy_words.OFFERED
    own = policy_words.changed(line.policy, ["off", "low.first=1h"], make.NOW)
    await lines.save(line.model_copy(update={"policy": own}))
    await machine.inside.offer_targets(make.LINE)
    (line,) = await lines.by_ids([make.LINE])
    assert line.policy == own
    with pytest.raises(LookupError):
        await machine.inside.offer_targets("+15550009999")
