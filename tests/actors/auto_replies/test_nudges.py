"""Nudges: who says nothing is asked once whatever dies and repeats, and is left alone once anything happens."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from messages.answering import AutoReplies
from messages.base import QueueMessage
from messages.deadlines.nudge import ConsiderNudge, Nudge
from messages.deadlines.snooze import SetSnooze
from messages.inbound import DeliveryReported
from messages.opt_outs import Standing
from messages.planned import When
from messages.sms import WriteAuto
from messages.ticket import ActOnTicket, AddNote, Block, SetStatus, Status, Ticket
from tests import make
from tests.actors.helpers import settle, written
from tests.fakes import DiesAt, FakeWorkers
from workers import clock

SINCE: Final = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
"""Tuesday 10:00 in New York."""

DAY: Final = 86_400
NUDGES: Final = AutoReplies(nudge="Still there?", nudge_after=3, solve_after=4)
ASKED: Final = ["Still there?"]


async def ticket(workers: FakeWorkers) -> Ticket:
    found = await workers.ports.stores.tickets.newest(make.CONVERSATION)
    assert found is not None
    return found


async def order(workers: FakeWorkers, command: Any) -> None:
    """An agent's order about the ticket, delivered twice."""
    now = workers.clock.now()
    for _ in range(2):
        await workers.handle(
            ActOnTicket(ticket=1, command=command, by=make.AGENT, at=now, order=f"{command.kind}{now}")
        )
    await settle(workers)


async def pending(workers: FakeWorkers, settings: AutoReplies = NUDGES) -> None:
    """A ticket that has just become Pending, on a line with hours."""
    workers.clock.time = SINCE - timedelta(minutes=5)
    await workers.ports.stores.calendars.add(make.calendar())
    await workers.ports.stores.lines.save(make.line(calendar="shop", zone="America/New_York", auto_replies=settings))
    await workers.handle(make.sms_received(received_at=workers.clock.now()))
    await settle(workers, 300)
    await order(workers, SetStatus(status=Status.PENDING))


async def later(workers: FakeWorkers, *seconds: float) -> None:
    """Let time pass, at once; after each of these whiles the clock looks, until nothing is due any more."""
    for each in seconds:
        workers.clock.forward(each)
        for _ in range(3):
            await clock.sweep(workers.ports)
            await settle(workers, 21)


def said(workers: FakeWorkers) -> list[str]:
    return workers.texting.bodies(make.CONTACT)


def in_thread(workers: FakeWorkers) -> list[str]:
    return [each.what.text for each in workers.slack.kind("line")]


async def test_who_says_nothing_is_asked_again_and_then_the_ticket_is_solved(workers: FakeWorkers) -> None:
    await pending(workers)
    await later(workers, DAY, DAY)
    assert said(workers) == []
    await later(workers, DAY, DAY, DAY, DAY)
    assert said(workers) == ASKED
    still = await ticket(workers)
    assert (still.status, still.written_at, still.waiting_since) == (Status.PENDING, None, None)
    assert still.nudge is not None
    assert still.nudge.asked_at is not None
    await later(workers, 2 * DAY)
    solved = await ticket(workers)
    assert (solved.status, solved.nudge, solved.history[-1].by) == (Status.SOLVED, None, None)
    assert said(workers) == ASKED
    lines = in_thread(workers)
    assert len([each for each in lines if each.startswith("Clerk asked the contact again: ticket #1")]) == 1
    assert len([each for each in lines if each.startswith("Clerk solved ticket #1: the contact was asked again")]) == 1


async def test_without_words_nothing_happens_and_nothing_is_remembered(workers: FakeWorkers) -> None:
    await pending(workers, AutoReplies())
    assert (await ticket(workers)).nudge is None
    await later(workers, 3 * DAY, 4 * DAY)
    assert (said(workers), (await ticket(workers)).status) == ([], Status.PENDING)


async def test_an_answer_after_the_nudge_opens_the_ticket_again(workers: FakeWorkers) -> None:
    await pending(workers)
    await later(workers, 3 * DAY)
    await workers.handle(make.sms_received(sid="SM2", after="SM1", received_at=workers.clock.now()))
    await settle(workers)
    assert ((await ticket(workers)).status, (await ticket(workers)).nudge) == (Status.OPEN, None)
    await later(workers, 4 * DAY, 4 * DAY)
    assert (said(workers), (await ticket(workers)).status) == (ASKED, Status.OPEN)


async def stores_a_text(workers: FakeWorkers) -> None:
    """The contact's text is stored, and under no ticket yet."""
    await workers.ports.stores.texts.add(make.sms(id="SM2", received_at=workers.clock.now(), seq=None))


async def replies(workers: FakeWorkers) -> None:
    conversation = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert conversation is not None
    assert conversation.thread is not None
    await workers.handle(written(workers, conversation.thread, 1))


async def snoozes(workers: FakeWorkers) -> None:
    await order(workers, SetSnooze(when=When(after=timedelta(days=1))))


async def opts_out(workers: FakeWorkers) -> None:
    await workers.ports.stores.opt_outs.record(make.LINE, make.CONTACT, Standing(out=True, since=workers.clock.now()))


async def blocks(workers: FakeWorkers) -> None:
    await order(workers, Block())


async def opens(workers: FakeWorkers) -> None:
    await order(workers, SetStatus(status=Status.OPEN))


async def report(workers: FakeWorkers, status: str, code: int | None = None) -> None:
    """The provider says what became of the text that asked the contact again."""
    (text,) = await workers.ports.stores.texts.newest_sent(make.CONVERSATION, 5)
    assert text.sid is not None
    now = workers.clock.now()
    await workers.handle(DeliveryReported(sms=text.id, sid=text.sid, status=status, error_code=code, received_at=now))
    await settle(workers)


HAPPENS: Final = (stores_a_text, replies, snoozes, opts_out, blocks, opens)


@pytest.mark.parametrize("happens", HAPPENS)
async def test_whatever_happens_before_the_contact_is_asked_cancels_it(
    workers: FakeWorkers, happens: Callable[[FakeWorkers], Awaitable[None]]
) -> None:
    await pending(workers)
    workers.clock.forward(2 * DAY)
    await happens(workers)
    await later(workers, DAY, 4 * DAY)
    assert "Still there?" not in said(workers)
    assert (await ticket(workers)).status is not Status.SOLVED
    assert (await ticket(workers)).nudge is None


@pytest.mark.parametrize("happens", HAPPENS)
async def test_what_happens_between_the_decision_and_the_text_cancels_it_too(
    workers: FakeWorkers, happens: Callable[[FakeWorkers], Awaitable[None]]
) -> None:
    await pending(workers)
    workers.clock.forward(3 * DAY)
    await workers.handle(ConsiderNudge(ticket=1))
    decided = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert decided is not None
    assert decided.answering.order is not None
    await happens(workers)
    await later(workers, 0, 4 * DAY)
    assert "Still there?" not in said(workers)
    assert (await ticket(workers)).status is not Status.SOLVED


@pytest.mark.parametrize("happens", HAPPENS)
async def test_whatever_happens_after_the_contact_was_asked_keeps_the_ticket_from_being_solved(
    workers: FakeWorkers, happens: Callable[[FakeWorkers], Awaitable[None]]
) -> None:
    await pending(workers)
    await later(workers, 3 * DAY)
    assert said(workers) == ASKED
    await happens(workers)
    await later(workers, 4 * DAY)
    assert (await ticket(workers)).status is not Status.SOLVED


async def test_notes_cancel_nothing(workers: FakeWorkers) -> None:
    await pending(workers)
    await order(workers, AddNote(text="The contact is on holiday."))
    await later(workers, 3 * DAY)
    assert said(workers) == ASKED


async def test_a_text_that_never_arrived_solves_nothing(workers: FakeWorkers) -> None:
    await pending(workers)
    await later(workers, 3 * DAY)
    await report(workers, "undelivered", 30003)
    await later(workers, 4 * DAY)
    after = await ticket(workers)
    assert (after.status, after.nudge) == (Status.PENDING, None)


@pytest.mark.parametrize("kind", [ConsiderNudge, WriteAuto])
async def test_a_death_between_any_two_steps_asks_once_and_solves_once(
    workers: FakeWorkers, kind: type[QueueMessage]
) -> None:
    await pending(workers)
    step, alive = 0, False
    workers.clock.forward(3 * DAY)
    while not alive:
        step += 1
        fate, alive = DiesAt(step), True
        workers.clock.forward(31)
        await clock.sweep(workers.ports)
        met = False
        while due := workers.queue.due():
            message = workers.queue.take(due[0])
            if isinstance(message, kind) and not met:
                met, alive = True, await workers.handle_or_die(message, fate)
            else:
                await workers.handle(message)
        await settle(workers, 2)
        if not met and step > 1:
            break
    await later(workers, 60, 60)
    assert said(workers) == ASKED
    step, alive = 0, False
    workers.clock.forward(4 * DAY)
    while not alive:
        step += 1
        alive = await workers.handle_or_die(ConsiderNudge(ticket=1), DiesAt(step))
        await workers.handle(ConsiderNudge(ticket=1))
    await later(workers, 60)
    solved = await ticket(workers)
    assert solved.status is Status.SOLVED
    assert [each.why for each in solved.history].count("unanswered") == 1
    assert [each.why for each in solved.history].count("nudged") == 1


async def test_a_repeated_message_changes_nothing(workers: FakeWorkers) -> None:
    await pending(workers)
    await later(workers, 3 * DAY)
    before = await ticket(workers)
    for _ in range(3):
        await workers.handle(ConsiderNudge(ticket=1))
        await workers.handle(WriteAuto(conversation=make.CONVERSATION))
    await settle(workers)
    assert (await ticket(workers), said(workers)) == (before, ASKED)


async def test_a_line_that_was_removed_wakes_nobody(workers: FakeWorkers) -> None:
    await pending(workers)
    await workers.ports.stores.lines.remove(make.LINE)
    workers.clock.forward(3 * DAY)
    assert await clock.sweep(workers.ports) == 0
    await workers.handle(ConsiderNudge(ticket=1))
    assert (await ticket(workers)).nudge is not None


async def test_what_cancels_it_stays_cancelled_beside_a_process_that_saw_nothing(workers: FakeWorkers) -> None:
    """An older process opens the ticket, and leaves the nudge where it is."""
    await pending(workers)
    read = await ticket(workers)
    opened = read.model_copy(update={"status": Status.OPEN, "version": read.version + 1})
    assert await workers.ports.stores.tickets.save(opened, read.version)
    assert isinstance((await ticket(workers)).nudge, Nudge)
    await later(workers, 3 * DAY)
    assert (said(workers), (await ticket(workers)).nudge) == ([], None)
