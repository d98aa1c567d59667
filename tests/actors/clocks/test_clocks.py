"""A ticket's clocks, as its line's policy, its texts and their fate move them."""

import random
from datetime import timedelta
from typing import Any

import pytest

from messages.deadlines.clocks import ClockKind, RecordAnswer, TickClocks, TicketClock
from messages.deadlines.policy import Policy, Target
from messages.deadlines.priority import Priority
from messages.inbound import DeliveryReported, SlackReplyPosted
from messages.sms import State
from messages.ticket import ActOnTicket, Block, Command, SetPriority, SetStatus, Status, Ticket, Unblock
from tests import make
from tests.actors.helpers import receive, settle, stored, thread, written
from tests.fakes import DiesAt, FakeWorkers, Fate
from workers import clock

HOUR = 3600
POLICY = Policy(
    targets={
        Priority.NORMAL: {
            ClockKind.FIRST_RESPONSE: Target(within=timedelta(hours=1)),
            ClockKind.NEXT_RESPONSE: Target(within=timedelta(hours=2)),
        },
        Priority.URGENT: {kind: Target(within=timedelta(minutes=10)) for kind in ClockKind},
    },
    version=1,
)


async def measured(workers: FakeWorkers, **fields: Any) -> None:
    """Give the line a policy, and a conversation a thread."""
    await workers.ports.stores.lines.save(make.line(policy=POLICY, **fields))
    await thread(workers)


async def newest(workers: FakeWorkers) -> Ticket:
    """The conversation's newest ticket."""
    found = await workers.ports.stores.tickets.newest(make.CONVERSATION)
    assert found is not None
    return found


async def response(workers: FakeWorkers) -> TicketClock:
    """The newest clock that an answer stops."""
    return [each for each in (await newest(workers)).clocks if each.kind.is_response][-1]


async def reply(workers: FakeWorkers, number: int = 1) -> SlackReplyPosted:
    """A reply that the provider has accepted; every message comes twice."""
    conversation = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert conversation is not None
    assert conversation.thread is not None
    message = written(workers, conversation.thread, number)
    await workers.handle(message)
    await settle(workers)
    return message


async def report(workers: FakeWorkers, message: SlackReplyPosted, status: str = "undelivered") -> None:
    """The provider reports the fate of a reply, twice."""
    text = await stored(workers, message)
    assert text.sid is not None
    delivery = DeliveryReported(
        sms=text.id, sid=text.sid, status=status, error_code=None, received_at=workers.clock.now()
    )
    for _ in range(2):
        await workers.handle(delivery)
    await workers.drain(times=2)


async def order(workers: FakeWorkers, command: Command, name: str) -> None:
    """An agent orders something about the ticket, twice."""
    now = workers.clock.now()
    for _ in range(2):
        await workers.handle(ActOnTicket(ticket=1, command=command, by=make.AGENT, at=now, order=name))
    await workers.drain()


async def look(workers: FakeWorkers) -> None:
    """The clock looks for due work; every message comes twice."""
    await clock.sweep(workers.ports)
    await workers.drain(times=2)


class TestAnAnswer:
    async def test_stops_the_clock_as_of_when_it_was_written(self, workers: FakeWorkers) -> None:
        await measured(workers)
        began = await response(workers)
        assert (began.kind, began.began_at) == (ClockKind.FIRST_RESPONSE, make.NOW)
        workers.clock.forward(HOUR / 2)
        message = await reply(workers)
        text, ticket = await stored(workers, message), await newest(workers)
        stopped = await response(workers)
        assert (stopped.stopped_at, stopped.by) == (text.written_at, text.id)
        assert (ticket.clocks_at, ticket.rules) == (None, None)

    async def test_counts_although_the_message_about_it_was_lost(self, workers: FakeWorkers) -> None:
        """It is accepted in time, and nobody tells the ticket: before the clock says that it is late, it looks."""
        await measured(workers)
        conversation = await workers.ports.stores.conversations.get(make.CONVERSATION)
        assert conversation is not None
        assert conversation.thread is not None
        await workers.handle(written(workers, conversation.thread, 1))
        workers.clock.forward(1)
        while due := workers.queue.due():
            message = workers.queue.take(due[0])
            if not isinstance(message, RecordAnswer):
                await workers.handle(message)
        assert (await response(workers)).is_running
        workers.clock.forward(2 * HOUR)
        await look(workers)
        stopped = await response(workers)
        assert (stopped.is_running, stopped.breached_at) == (False, None)

    async def test_that_fails_is_none(self, workers: FakeWorkers) -> None:
        await measured(workers)
        began = await response(workers)
        waited = (await newest(workers)).waiting_since
        message = await reply(workers)
        await order(workers, SetStatus(status=Status.PENDING), "pending")
        await report(workers, message)
        ticket = await newest(workers)
        assert await response(workers) == began
        assert (ticket.status, ticket.waiting_since) == (Status.OPEN, waited)
        entries = [entry for entry in ticket.history if entry.why == "answer_failed"]
        assert [entry.by for entry in entries] == [None]
        said = [each.what.text for each in workers.slack.kind("line")]
        back = "Clerk set ticket #1 back to Open: a reply did not reach the contact."
        assert [each for each in said if "Clerk" in each] == [back]

    async def test_that_fails_before_the_ticket_knows_of_it_is_none(self, workers: FakeWorkers) -> None:
        await measured(workers)
        waited = (await newest(workers)).waiting_since
        conversation = await workers.ports.stores.conversations.get(make.CONVERSATION)
        assert conversation is not None
        assert conversation.thread is not None
        message = written(workers, conversation.thread, 1)
        await workers.handle(message)
        text = await stored(workers, message)
        failed = RecordAnswer(
            conversation=text.conversation,
            order=text.id,
            written_at=text.written_at,
            at=workers.clock.now(),
            failed=True,
            tries=1,
        )
        await workers.handle(failed)
        await settle(workers)
        await workers.handle(failed)
        ticket = await newest(workers)
        assert (ticket.waiting_since, ticket.status) == (waited, Status.OPEN)
        assert (await response(workers)).is_running

    async def test_that_fails_without_a_policy_lets_the_contact_wait_all_the_same(self, workers: FakeWorkers) -> None:
        await thread(workers)
        waited = (await newest(workers)).waiting_since
        message = await reply(workers)
        assert (await newest(workers)).waiting_since is None
        await report(workers, message)
        ticket = await newest(workers)
        assert (ticket.waiting_since, ticket.marks, ticket.clocks) == (waited, (), ())

    async def test_that_is_delivered_changes_nothing_more(self, workers: FakeWorkers) -> None:
        await measured(workers)
        message = await reply(workers)
        before = await newest(workers)
        await report(workers, message, "delivered")
        assert (await stored(workers, message)).state is State.DELIVERED
        assert (await newest(workers)).version == before.version

    async def test_hides_no_change_that_the_thread_does_not_tell_of_yet(self, workers: FakeWorkers) -> None:
        await measured(workers)
        now = workers.clock.now()
        await workers.handle(
            ActOnTicket(ticket=1, command=SetStatus(status=Status.ON_HOLD), by=make.AGENT, at=now, order="hold")
        )
        before = await newest(workers)
        await workers.handle(RecordAnswer(conversation=make.CONVERSATION, order="reply", written_at=now, at=now))
        assert (await newest(workers)).version == before.version + 1
        await workers.drain()
        assert any("On-hold" in each.what.text for each in workers.slack.kind("line"))


class TestAClockThatFallsDue:
    async def test_is_noted_once_and_in_the_history_alone(self, workers: FakeWorkers) -> None:
        await measured(workers)
        lines = len(workers.slack.kind("line"))
        workers.clock.forward(HOUR * 0.8)
        await look(workers)
        assert ((await response(workers)).warned_at, (await newest(workers)).history) == (workers.clock.now(), ())
        workers.clock.forward(HOUR)
        await look(workers)
        workers.clock.forward(60)
        await look(workers)
        ticket, breached = await newest(workers), await response(workers)
        assert breached.breached_at == workers.clock.now() - timedelta(seconds=60)
        assert [[change.what for change in entry.changes] for entry in ticket.history] == [["breached"]]
        assert (ticket.clocks_at, len(workers.slack.kind("line"))) == (None, lines)

    async def test_wakes_nobody_before(self, workers: FakeWorkers) -> None:
        await measured(workers)
        version = (await newest(workers)).version
        workers.clock.forward(HOUR / 2)
        await clock.sweep(workers.ports)
        assert not [each for _, each in workers.queue.waiting if isinstance(each, TickClocks)]
        assert (await newest(workers)).version == version

    @pytest.mark.parametrize("step", range(8))
    async def test_is_noted_once_though_the_worker_dies(self, workers: FakeWorkers, step: int) -> None:
        await measured(workers)
        workers.clock.forward(2 * HOUR)
        tick = TickClocks(ticket=1)
        await workers.handle_or_die(tick, DiesAt(step))
        await workers.handle(tick)
        await workers.drain()
        assert len((await newest(workers)).history) == 1


class TestTheRules:
    async def test_a_priority_moves_when_it_is_due(self, workers: FakeWorkers) -> None:
        await measured(workers)
        await order(workers, SetPriority(priority=Priority.URGENT), "urgent")
        assert (await response(workers)).due_at == make.NOW + timedelta(minutes=10)

    async def test_another_policy_and_another_calendar_move_what_runs(self, workers: FakeWorkers) -> None:
        await measured(workers)
        stores = workers.ports.stores
        await look(workers)
        before = await newest(workers)
        longer = {Priority.NORMAL: {ClockKind.FIRST_RESPONSE: Target(within=timedelta(hours=3))}}
        await stores.lines.save(make.line(policy=Policy(targets=longer, version=2)))
        await look(workers)
        assert (await response(workers)).due_at == make.NOW + timedelta(hours=3)
        never = make.calendar(week={})
        await stores.calendars.add(never)
        await stores.lines.save(make.line(policy=Policy(targets=longer, version=2), calendar="shop"))
        await look(workers)
        assert ((await response(workers)).due_at, (await response(workers)).calendar) == (None, "shop")
        await stores.calendars.save(make.calendar())
        await look(workers)
        opens = make.NOW.replace(hour=14, minute=0)
        assert (await response(workers)).due_at == opens + timedelta(hours=3)
        assert before.version < (version := (await newest(workers)).version)
        await look(workers)
        assert (await newest(workers)).version == version

    @pytest.mark.parametrize("gone", ["policy", "line"])
    async def test_no_clock_runs_without_a_policy_or_a_line(self, workers: FakeWorkers, gone: str) -> None:
        await measured(workers)
        if gone == "line":
            await workers.ports.stores.lines.remove(make.LINE)
        else:
            await workers.ports.stores.lines.save(make.line(policy=Policy(version=2)))
        await look(workers)
        ticket = await newest(workers)
        assert (ticket.clocks, ticket.clocks_at, ticket.rules) == ((), None, None)

    async def test_spam_has_no_clock_until_somebody_says_that_it_is_none(self, workers: FakeWorkers) -> None:
        await measured(workers)
        before = (await newest(workers)).clocks
        edit = make.edit(version=(await newest(workers)).version, new_tags=("spam",))
        await order(workers, edit, "spam")
        assert ((await newest(workers)).clocks, (await newest(workers)).clocks_at) == ((), None)
        edit = make.edit(version=(await newest(workers)).version, tags=())
        await order(workers, edit, "no spam")
        assert (await newest(workers)).clocks == before

    async def test_a_blocked_contact_has_no_clock_and_later_only_for_what_they_write_then(
        self, workers: FakeWorkers
    ) -> None:
        await measured(workers)
        await order(workers, Block(), "block")
        assert ((await newest(workers)).clocks, (await newest(workers)).marks) == ((), ())
        workers.clock.forward(HOUR)
        await order(workers, Unblock(), "unblock")
        assert (await newest(workers)).clocks == ()
        workers.clock.forward(HOUR)
        await receive(workers, 2)
        (only,) = [each for each in (await newest(workers)).clocks if each.kind.is_response]
        assert only.began_at == workers.clock.now()

    async def test_a_ticket_of_before_the_policy_gets_a_clock_when_something_happens_to_it(
        self, workers: FakeWorkers
    ) -> None:
        await thread(workers)
        assert not (await newest(workers)).marks
        await order(workers, SetStatus(status=Status.OPEN), "open")
        await workers.ports.stores.lines.save(make.line(policy=POLICY))
        await order(workers, SetPriority(priority=Priority.URGENT), "urgent")
        (only,) = (await newest(workers)).clocks
        assert (only.kind, only.began_at) == (ClockKind.NEXT_RESPONSE, make.NOW)


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_the_clock_tells_whether_the_contact_has_an_answer(
    workers: FakeWorkers, seed: int
) -> None:
    """Messages come twice, late and in any order, and workers die on the way."""
    dice = random.Random(seed)
    await measured(workers)
    message = await reply(workers)
    fails = seed % 2 == 0
    workers.clock.forward(60)
    text = await stored(workers, message)
    assert text.sid is not None
    await workers.queue.publish(
        DeliveryReported(
            sms=text.id,
            sid=text.sid,
            status="failed" if fails else "delivered",
            error_code=None,
            received_at=workers.clock.now(),
        )
    )
    while due := workers.queue.due():
        each = workers.queue.take(dice.choice(due))
        for _ in range(dice.choice((1, 2))):
            while not await workers.handle_or_die(each, Fate(dice, 0.05)):
                workers.clock.forward(0.1)
    await receive(workers, 2)
    running = [each for each in (await newest(workers)).clocks if each.is_running and each.kind.is_response]
    assert [each.began_at == make.NOW for each in running] == [fails]
