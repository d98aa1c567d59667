"""What a blocked contact writes is kept and disturbs nobody, and nothing is sent to them."""

from datetime import timedelta

import pytest

from messages.answering import AutoReplies
from messages.conversation import BlockContact, Conversation
from messages.orders.forms import read
from messages.planned import PlannedState, PlanText, When
from messages.sms import State
from messages.ticket import ActOnTicket, Block, SetStatus, Status, Ticket, Unblock
from messages.views import OpenBlock
from tests import make
from tests.actors.helpers import settle, stored, texts_in_thread, thread, written
from tests.decisions.helpers import submitted
from tests.fakes import DiesAt, FakeWorkers

QUIET = 3600


async def ticket(workers: FakeWorkers) -> Ticket:
    found = await workers.ports.stores.tickets.newest(make.CONVERSATION)
    assert found is not None
    return found


async def conversation(workers: FakeWorkers) -> Conversation:
    found = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert found is not None
    return found


async def type_block(workers: FakeWorkers, words: str = "", *, block: bool = True, order: str = "o") -> None:
    """An agent types the order, which is delivered twice."""
    given = {"by": make.AGENT, "at": workers.clock.now(), "channel": make.CHANNEL, "order": order}
    message = BlockContact(typed=f"{make.CONTACT} {words}", block=block, response_url="https://hooks/1", **given)
    for _ in range(2):
        await workers.handle(message)
    await workers.drain(times=2)
    await settle(workers)


async def text(workers: FakeWorkers, number: int, body: str = "hello again") -> None:
    """A contact's text, delivered twice, long after all others."""
    workers.clock.forward(QUIET)
    for _ in range(2):
        await workers.handle(make.sms_received(sid=f"SM{number}", body=body, received_at=workers.clock.now()))
    await workers.drain(times=2)
    await workers.pass_time(QUIET, QUIET / 4)


@pytest.mark.parametrize("status", [Status.NEW, Status.OPEN, Status.PENDING, Status.SOLVED, Status.CLOSED])
async def test_their_texts_are_in_the_thread_and_wake_notify_and_reopen_nothing(
    workers: FakeWorkers, status: Status
) -> None:
    answers = AutoReplies(received="Thanks", waiting="Still with you", waiting_after=5)
    await workers.ports.stores.lines.save(make.line(auto_replies=answers, solved_for=timedelta(days=28)))
    await thread(workers)
    await type_block(workers, "spam")
    if status is not Status.NEW:
        order = ActOnTicket(
            ticket=1, command=SetStatus(status=status), by=make.AGENT, at=workers.clock.now(), order="s"
        )
        await workers.handle(order)
        await settle(workers)
    before, cards, sent = await ticket(workers), workers.slack.kind("card"), workers.texting.bodies(make.CONTACT)
    await text(workers, 2, "buy this")
    await text(workers, 3, "and this")
    after = await ticket(workers)
    assert texts_in_thread(workers)[-2:] == ["buy this", "and this"]
    assert (after.id, after.status, after.waits_since, after.last_text) == (before.id, status, None, 3)
    assert len(workers.slack.kind("card")) == len(cards)
    assert workers.texting.bodies(make.CONTACT) == sent
    assert (await conversation(workers)).debounce.due_at is None


async def test_once_unblocked_the_next_text_is_like_any_other_and_what_came_before_stays_silent(
    workers: FakeWorkers,
) -> None:
    await thread(workers)
    await type_block(workers, "spam")
    await text(workers, 2)
    await type_block(workers, block=False, order="p")
    assert (await ticket(workers)).blocked is False
    assert len(workers.slack.kind("card")) == 0
    await text(workers, 3)
    found = await ticket(workers)
    assert (len(workers.slack.kind("card")), found.waits_since is not None) == (1, True)


async def test_an_agent_is_told_why_nothing_reaches_them_and_what_to_do(workers: FakeWorkers) -> None:
    place = await thread(workers)
    await type_block(workers, "spam")
    reply = written(workers, place, 1, "hello?")
    for _ in range(2):
        await workers.handle(reply)
    await settle(workers)
    found = await stored(workers, reply)
    assert (found.state, workers.texting.bodies(make.CONTACT)) == (State.REFUSED, [])
    assert "/clerk unblock" in found.words
    (root,) = workers.slack.kind("root")
    assert "ticket.unblock" in str(root.what.blocks)
    await type_block(workers, block=False, order="p")
    await workers.handle(written(workers, place, 2, "hello!"))
    await settle(workers)
    assert workers.texting.bodies(make.CONTACT) == ["hello!"]


@pytest.mark.parametrize("unblocked", [False, True])
async def test_what_was_planned_for_them_is_cancelled_also_if_they_are_unblocked_at_once(
    workers: FakeWorkers, unblocked: bool
) -> None:
    await thread(workers)
    given = {"planned": "P1", "line": make.LINE, "contact": make.CONTACT, "text": "See you", "by": make.AGENT}
    plan = PlanText(**given, when=When(after=timedelta(hours=1)), at=workers.clock.now(), channel=make.CHANNEL)
    await workers.handle(plan)
    await workers.drain()
    workers.clock.forward(5)
    orders = [Block(why="spam"), *([Unblock()] if unblocked else [])]
    for second, command in enumerate(orders):
        await workers.handle(
            ActOnTicket(ticket=1, command=command, by=make.AGENT, at=workers.clock.now(), order=f"o{second}")
        )
    await workers.drain(times=2)
    await workers.pass_time(2 * QUIET, QUIET)
    found = await workers.ports.stores.planned.get("P1")
    assert found is not None
    assert (found.state, found.why) == (PlannedState.CANCELLED, "the team has blocked the contact")
    assert workers.texting.bodies(make.CONTACT) == []


async def test_of_a_block_and_an_unblock_the_later_one_counts_wherever_a_worker_dies(workers: FakeWorkers) -> None:
    await thread(workers)
    given = {"ticket": 1, "by": make.AGENT}
    block = ActOnTicket(command=Block(why="spam"), at=workers.clock.now(), order="o1", **given)
    for step in range(1, 30):
        if await workers.handle_or_die(block, DiesAt(step)):
            break
    await workers.handle(block)
    assert (await conversation(workers)).is_blocked
    workers.clock.forward(5)
    unblock = ActOnTicket(command=Unblock(), at=workers.clock.now(), order="o2", **given)
    for message in (unblock, block, unblock, block):
        await workers.handle(message)
    found = await conversation(workers)
    assert found.blocking is not None
    assert (found.is_blocked, found.blocking.by, (await ticket(workers)).blocked) == (False, make.AGENT, False)
    assert found.blocking.blocked_at == block.at


async def test_whoever_has_not_written_yet_is_not_blocked_and_the_agent_is_told_so(workers: FakeWorkers) -> None:
    await type_block(workers)
    assert "has not texted" in workers.slack.whispers[-1][1]
    assert await workers.ports.stores.conversations.get(make.CONVERSATION) is None


async def test_an_agent_blocks_a_contact_from_the_tickets_form_after_a_question(workers: FakeWorkers) -> None:
    await thread(workers)
    opened = {"user": make.AGENT, "trigger_id": "1.2", "received_at": workers.clock.now()}
    await workers.handle(OpenBlock(ticket=1, channel=make.CHANNEL, **opened))
    form = workers.slack.views[-1]
    assert "Their texts are kept in the thread but notify nobody" in str(form["blocks"])
    assert (await conversation(workers)).is_blocked is False
    submission = submitted(form, why={"value": " sends  spam "}).model_copy(
        update={"at": workers.clock.now(), "order": "view/1"}
    )
    order = read(submission)
    assert isinstance(order, ActOnTicket)
    for _ in range(2):
        await workers.handle(order)
    await workers.drain(times=2)
    await settle(workers)
    found = (await conversation(workers)).blocking
    assert found is not None
    assert (found.on, found.by, found.why) == (True, make.AGENT, "sends spam")
    entry = (await ticket(workers)).history[-1]
    assert (entry.by, entry.changes[0].what, entry.changes[0].after) == (make.AGENT, "blocked", "sends spam")
    workers.slack.views.clear()
    await workers.handle(OpenBlock(ticket=1, channel=make.CHANNEL, **opened))
    assert workers.slack.views == []
    assert "blocked already" in workers.slack.whispers[-1][1]
