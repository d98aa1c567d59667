"""Of what happens to a ticket, all that is no answer and no status leaves its clocks as they are."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import pytest

from messages.deadlines.clocks import ClockKind
from messages.deadlines.policy import Policy, Target
from messages.deadlines.priority import Priority
from messages.deadlines.snooze import SetSnooze
from messages.planned import PlanText, When
from messages.sms import Direction, Origin, SendTexts, State
from messages.ticket import ActOnTicket, AddNote, Command, Edit, Take
from tests import make
from tests.actors.helpers import settle, thread, written
from tests.fakes import FakeWorkers

POLICY: Final = Policy(
    targets={Priority.NORMAL: {kind: Target(within=timedelta(hours=4)) for kind in ClockKind}}, version=1
)


async def ordered(workers: FakeWorkers, command: Command) -> None:
    """An agent orders something about the ticket."""
    order = ActOnTicket(ticket=1, command=command, by=make.AGENT, at=workers.clock.now(), order=str(command.kind))
    await workers.handle(order)


async def a_note(workers: FakeWorkers) -> None:
    await ordered(workers, AddNote(text="mind the cat"))


async def a_note_in_the_thread(workers: FakeWorkers) -> None:
    conversation = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert conversation is not None and conversation.thread is not None
    await workers.handle(written(workers, conversation.thread, 1, "// mind the cat"))


async def who_takes_it(workers: FakeWorkers) -> None:
    await ordered(workers, Take())


async def who_is_assigned(workers: FakeWorkers) -> None:
    for version, assignees in ((1, ("U0ANN",)), (2, ("U0BOB",))):
        await ordered(workers, Edit(version=version, origin=make.CHANNEL, assignees=assignees))


async def a_snooze(workers: FakeWorkers) -> None:
    await ordered(workers, SetSnooze(when=When(after=timedelta(hours=2))))


async def a_planned_text(workers: FakeWorkers) -> None:
    given = {"line": make.LINE, "contact": make.CONTACT, "text": "See you", "by": make.AGENT}
    await workers.handle(PlanText(planned="P1", **given, when=When(after=timedelta(hours=9)), at=workers.clock.now()))


async def what_clerk_says_by_itself(workers: FakeWorkers) -> None:
    await sent_by(workers, Origin.AUTO)


async def a_survey(workers: FakeWorkers) -> None:
    await sent_by(workers, Origin.SURVEY)


async def sent_by(workers: FakeWorkers, origin: Origin) -> None:
    """A text that no person wrote leaves at once."""
    now, here = workers.clock.now(), make.CONVERSATION
    due = {"received_at": now, "due_at": now, "outbox": here, "unshown": here, "state": State.WAITING}
    given = {"id": f"{origin}-1", "direction": Direction.OUTBOUND, "origin": origin, "exempt": True, **due}
    await workers.ports.stores.texts.add(make.sms(**given))
    await workers.handle(SendTexts(conversation=make.CONVERSATION))
    await settle(workers)
    assert workers.texting.taken


NOTHING_MOVES: Final = (
    a_note,
    a_note_in_the_thread,
    who_takes_it,
    who_is_assigned,
    a_snooze,
    a_planned_text,
    what_clerk_says_by_itself,
    a_survey,
)


@pytest.mark.parametrize("happens", NOTHING_MOVES)
async def test_what_is_no_answer_and_no_status_moves_no_clock(
    workers: FakeWorkers, happens: Callable[[FakeWorkers], Awaitable[None]]
) -> None:
    await workers.ports.stores.lines.save(make.line(policy=POLICY))
    await thread(workers)
    before = await workers.ports.stores.tickets.get(1)
    assert before is not None and before.clocks and all(each.is_running for each in before.clocks)
    workers.clock.forward(60)
    await happens(workers)
    await workers.drain(times=2)
    await workers.pass_time(300, step=60)
    after = await workers.ports.stores.tickets.get(1)
    assert after is not None
    assert (after.clocks, after.clocks_at, after.waits_since) == (before.clocks, before.clocks_at, before.waits_since)
