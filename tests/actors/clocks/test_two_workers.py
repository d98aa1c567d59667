"""Two workers at one ticket's clocks, each between two steps of the other; messages come twice and late; both die."""

import functools
import inspect
import itertools
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from messages.base import QueueMessage
from messages.deadlines.clocks import ClockKind, MarkKind, RecordAnswer, TickClocks
from messages.deadlines.policy import Policy, Target
from messages.deadlines.priority import Priority
from messages.ticket import ActOnTicket, FileTexts, SetStatus, Status
from tests import make
from tests.actors.helpers import thread
from tests.fakes import PORTS, Crash, FakeWorkers
from workers import clock
from workers.tickets.clocks.of_ticket import rules_of
from workers.tickets.clocks.rules import MARKS_OF, ClockState, Retargeted, advance

POLICY: Final = Policy(
    targets={Priority.NORMAL: {kind: Target(within=timedelta(hours=1)) for kind in ClockKind}}, version=1
)
DIES: Final = 0.03
INTERRUPTED: Final = 0.5
SEEDS: Final = (5, 13, 16, 22)
"""Those that show it if clocks are saved over what another worker has saved meanwhile."""

ABOUT_CLOCKS: Final = (FileTexts, RecordAnswer, TickClocks, ActOnTicket)


class Interrupted:
    """A port whose calls may be preceded by what another worker does, and at which a worker may die."""

    def __init__(self, port: object, dice: random.Random, meanwhile: Callable[[], Awaitable[None]]) -> None:
        self._port, self._dice, self._meanwhile = port, dice, meanwhile

    def __getattr__(self, name: str) -> Any:
        """A call; any other attribute is a port itself."""
        found = getattr(self._port, name)
        if not inspect.iscoroutinefunction(found):
            return Interrupted(found, self._dice, self._meanwhile)

        @functools.wraps(found)
        async def call(*given: Any, **named: Any) -> Any:
            if self._dice.random() < INTERRUPTED:
                await self._meanwhile()
            if self._dice.random() < DIES:
                raise Crash
            result = await found(*given, **named)
            if self._dice.random() < DIES:
                raise Crash
            return result

        return call


@dataclass
class ClocksStory:
    """What happens on one ticket: texts of the contact, answers and their fate, statuses, and the clock's looks."""

    workers: FakeWorkers
    dice: random.Random
    texts: int = 1
    answers: dict[str, datetime] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    late: list[QueueMessage] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    async def go_on(self) -> None:
        """Let something happen; its message comes, and may come again, now or late."""
        message = self._next()
        for _ in range(self.dice.choice((1, 1, 2))):
            if self.dice.random() < 0.25:
                self.late.append(message)
            else:
                await self.workers.queue.publish(message)

    def _next(self) -> QueueMessage:
        now, kind = self.workers.clock.now(), self.dice.randrange(7)
        if kind <= 1:
            self.texts += 1
            before = "SM1" if self.texts == 2 else f"SM{self.texts - 1}"
            return make.sms_received(sid=f"SM{self.texts}", body="Hello?", received_at=now, after=before)
        if kind == 2 or not self.answers:
            self.answers[f"answer {len(self.answers)}"] = now
            return self._fate(list(self.answers)[-1], failed=False)
        if kind == 3:
            return self._fate(self.dice.choice(list(self.answers)), failed=True)
        if kind in {4, 5}:
            command = SetStatus(status=self.dice.choice((Status.PENDING, Status.OPEN)))
            return ActOnTicket(ticket=1, command=command, by=make.AGENT, at=now, order=f"order {next(self.numbers)}")
        return TickClocks(ticket=1)

    def _fate(self, name: str, *, failed: bool) -> RecordAnswer:
        if failed:
            self.failed.add(name)
        at = self.answers[name]
        return RecordAnswer(conversation=make.CONVERSATION, order=name, written_at=at, at=at, tries=1, failed=failed)

    async def work(self) -> None:
        """Handle what is due in any order; another worker takes the next message between two steps."""
        while due := self.workers.queue.due():
            await self._handle(self.workers.queue.take(self.dice.choice(due)), deep=0)

    async def _handle(self, message: QueueMessage, deep: int) -> None:
        async def meanwhile() -> None:
            queue = self.workers.queue
            due = [each for each in queue.due() if isinstance(queue.waiting[each][1], ABOUT_CLOCKS)]
            if deep == 0 and due:
                await self._handle(queue.take(self.dice.choice(due)), deep=1)

        ports = {name: Interrupted(getattr(self.workers.ports, name), self.dice, meanwhile) for name in PORTS}
        mixed: Any = ports
        while True:
            try:
                await self.workers.handle(message, replace(self.workers.ports, **mixed))
            except Crash:
                continue  # the broker delivers it again
            return


@pytest.mark.parametrize("seed", SEEDS)
async def test_whatever_two_workers_do_the_clocks_follow_from_what_happened(workers: FakeWorkers, seed: int) -> None:
    dice = random.Random(seed)
    await workers.ports.stores.lines.save(make.line(policy=POLICY))
    await thread(workers)
    story = ClocksStory(workers, dice)
    for _ in range(5):
        for _ in range(8):
            await story.go_on()
            workers.clock.forward(dice.choice((0, 1, 5)))
        workers.clock.forward(dice.choice((1, 60, 1500)))
        await story.work()
    for message in dice.sample(story.late, len(story.late)):
        await workers.queue.publish(message)
    await story.work()
    workers.clock.forward(2 * 3600)
    for _ in range(2):  # the first files what had waited for an earlier text
        await clock.sweep(workers.ports)
        await workers.drain(times=2)

    ticket = await workers.ports.stores.tickets.get(1)
    assert ticket is not None
    marks = {kind: [each for each in ticket.marks if each.kind is kind] for kind in MarkKind}
    assert sorted(int(each.of) for each in marks[MarkKind.TEXT]) == list(range(1, story.texts + 1))
    assert {each.of: each.failed for each in marks[MarkKind.ANSWER]} == {
        name: name in story.failed for name in story.answers
    }
    states = [each for each in ticket.marks if each.kind in MARKS_OF.values()]
    assert states[-1].kind is MARKS_OF[ticket.status]
    asked = max(each.known_at or each.at for each in marks[MarkKind.TEXT])
    answered = [at for name, at in story.answers.items() if name not in story.failed and at >= asked]
    running = [each for each in ticket.clocks if each.kind.is_response and each.is_running]
    assert len(running) == (not answered)
    assert all(each.breached_at is not None for each in running), "it was looked at once the time had passed"
    assert ticket.clocks_at == min((each.next_at for each in ticket.clocks if each.next_at), default=None)
    rules = rules_of(make.line(policy=POLICY), ticket, None)
    again = advance(ClockState(ticket.marks, ticket.clocks), Retargeted(), rules, workers.clock.now())
    assert (again.marks, again.clocks) == (ticket.marks, ticket.clocks)
