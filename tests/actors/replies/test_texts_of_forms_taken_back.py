"""Texts that agents wrote in a form: they can be taken back until they leave, by a button on their post."""

from typing import Any

import pytest

from messages.notification import PostKind
from messages.sms import Sms, State, TakeBackText, WriteText
from messages.ticket import Ticket
from tests import make
from tests.actors.helpers import receive, settle
from tests.fakes import DiesAt, FakeWorkers
from workers.sms.changes.take_back import TEXT_LEFT, TEXT_NOT_SENT, TEXT_TAKEN_BACK
from workers.sms.replies import TEXT_GONE

HOLD = 5
ID = "view-V1"


@pytest.fixture
async def holding(workers: FakeWorkers) -> FakeWorkers:
    """Workers whose line lets texts wait, with a conversation."""
    await workers.ports.stores.lines.save(make.line(hold=HOLD))
    await receive(workers, 1)
    return workers


async def write(workers: FakeWorkers, words: str = "See you") -> None:
    """An agent writes a text in the Reply form, and a second passes."""
    at = workers.clock.now()
    order = WriteText(sms=ID, line=make.LINE, contact=make.CONTACT, text=words, by=make.AGENT, at=at, channel="C0TEXTS")
    for _ in range(2):
        await workers.handle(order)
    await settle(workers, 1)


def click(workers: FakeWorkers, sms: str = ID, order: str = "click/1") -> TakeBackText:
    """A click on the button, now."""
    return TakeBackText(sms=sms, by=make.AGENT, at=workers.clock.now(), channel=make.CHANNEL, order=order)


async def take_back(workers: FakeWorkers, **fields: Any) -> None:
    """An agent clicks the button; the click is delivered twice."""
    order = click(workers, **fields)
    for _ in range(2):
        await workers.handle(order)
    await settle(workers, 2 * HOLD)


async def text(workers: FakeWorkers) -> Sms:
    """The text as it is stored."""
    found = await workers.ports.stores.texts.get(ID)
    assert found is not None
    return found


async def ticket(workers: FakeWorkers) -> Ticket:
    """The conversation's ticket."""
    found = await workers.ports.stores.tickets.newest(make.CONVERSATION)
    assert found is not None
    return found


def shown(workers: FakeWorkers) -> str:
    """What the thread shows of the text."""
    (post,) = workers.slack.kind(PostKind.WRITTEN)
    return f"{post.what.text} {post.what.blocks}"


def told(workers: FakeWorkers) -> list[str]:
    """What agents were told in private about it."""
    return [words for _, words in workers.slack.whispers if not words.startswith("On its way")]


async def test_a_text_of_a_form_can_be_taken_back_while_it_waits(holding: FakeWorkers) -> None:
    before = await ticket(holding)
    await write(holding)
    assert "ticket.take_back" in shown(holding)
    await take_back(holding)
    assert holding.texting.taken == []
    assert told(holding) == [TEXT_TAKEN_BACK]
    assert "taken back" in shown(holding)
    assert "See you" not in shown(holding)
    assert "ticket.take_back" not in shown(holding)
    after, found = await ticket(holding), await text(holding)
    assert (found.state, found.body) == (State.UNSENT, "")
    assert after.waiting_since == before.waiting_since


async def test_it_leaves_after_the_hold_and_then_the_button_is_gone(holding: FakeWorkers) -> None:
    await write(holding)
    assert holding.texting.taken == []
    await settle(holding, HOLD)
    assert len(holding.texting.taken) == 1
    assert "ticket.take_back" not in shown(holding)
    await take_back(holding)
    assert told(holding) == [TEXT_LEFT]
    assert len(holding.texting.taken) == 1
    assert (await ticket(holding)).waiting_since is None


async def test_without_a_hold_nothing_is_offered(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    await write(workers)
    assert "ticket.take_back" not in shown(workers)


async def test_what_was_never_to_be_sent_and_what_is_gone_is_answered(holding: FakeWorkers) -> None:
    await write(holding, "note: call her")
    await take_back(holding)
    await take_back(holding, sms="nothing", order="click/2")
    assert told(holding)[-2:] == [TEXT_NOT_SENT, TEXT_GONE]


async def test_a_worker_may_die_at_any_step_and_the_text_is_not_sent(holding: FakeWorkers) -> None:
    await write(holding)
    order, step = click(holding), 0
    while not await holding.handle_or_die(order, DiesAt(step)):
        step += 1
    await settle(holding, 2 * HOLD)
    assert step > 4
    assert holding.texting.taken == []
    assert (await text(holding)).state is State.UNSENT
    assert (await ticket(holding)).waiting_since is not None
