"""Replies while workers die at any step, messages come twice, late or never, and the provider fails at random."""

import random
from datetime import timedelta
from typing import Any

import pytest

from messages.base import QueueMessage
from messages.inbound import DeliveryReported, SlackReplyPosted
from messages.notification import RenderConversation
from messages.sms import ResendText, SendTexts, Sms, State, outbound_id
from messages.ticket import Status
from tests import make
from tests.actors.helpers import settle, thread, written
from tests.fakes import DiesAt, FakeWorkers, Fate
from workers.failures import TextingThrottled, Undecided, Unreachable
from workers.ports import Posted

CONTACTS = ("+15550002221", "+15550002222")
REPLIES = 5
MAY_BE_LOST = SendTexts | RenderConversation
"""Messages that only wake a worker: the documents say what is due without them."""

DECIDED = {State.QUEUED, State.SENT, State.DELIVERED}


def trouble(dice: random.Random) -> Any:
    """A provider that now and then refuses a call or loses its answer."""

    def before(method: str) -> None:
        if dice.random() < 0.12:
            throttled = TextingThrottled(20429, timedelta(seconds=2))
            raise dice.choice((throttled, Unreachable(None, "refused"), Undecided(None, "dropped")))

    def after(method: str) -> None:
        if dice.random() < 0.12:
            raise Undecided(None, "TimeoutError")

    return before, after


async def storm(workers: FakeWorkers, dice: random.Random) -> None:
    """Handle what is due in any order. A message whose worker died is delivered again; some messages come twice."""
    workers.texting.before, workers.texting.after = trouble(dice)
    while due := workers.queue.due():
        message = workers.queue.take(dice.choice(due))
        if isinstance(message, MAY_BE_LOST) and dice.random() < 0.1:
            continue
        for _ in range(dice.choice((1, 1, 1, 2))):
            while not await workers.handle_or_die(message, Fate(dice, 0.01)):
                workers.clock.forward(0.1)
        workers.clock.forward(dice.random() / 20)
    workers.texting.before = workers.texting.after = lambda method: None


async def replies(workers: FakeWorkers, dice: random.Random, contact: str) -> list[SlackReplyPosted]:
    """An agent's replies to a contact, in order; Slack sends some events twice."""
    conversation = await workers.ports.stores.conversations.get(f"{make.LINE}:{contact}")
    assert conversation is not None
    assert conversation.thread is not None
    place, after, written = conversation.thread, None, []
    for number in range(REPLIES):
        ts = f"{workers.clock.now().timestamp():.6f}"
        message = make.reply_posted(
            event_id=f"Ev{contact}{number}",
            channel=place.channel,
            thread_ts=place.ts,
            ts=ts,
            text=f"{contact[-1]}.{number}",
            received_at=workers.clock.now(),
            after=after,
        )
        after = outbound_id(place.channel, ts)
        written.append(message)
        for _ in range(dice.choice((1, 2))):
            await workers.queue.publish(message)
        workers.clock.forward(0.3)
    return written


async def report(workers: FakeWorkers, dice: random.Random) -> None:
    """The provider's reports on what it sent: in any order, some twice, some never."""
    reports = [
        DeliveryReported(
            sms=each.callback.rpartition("/")[2], sid=each.sent.sid, status=status, received_at=workers.clock.now()
        )
        for each in workers.texting.taken
        for status in ("sent", "delivered", "delivered")
        if dice.random() < 0.8
    ]
    dice.shuffle(reports)
    for each in reports:
        await workers.queue.publish(each)


async def stored(workers: FakeWorkers, message: SlackReplyPosted) -> Sms:
    """The text that a reply became."""
    text = await workers.ports.stores.texts.get(outbound_id(message.channel, message.ts))
    assert text is not None
    return text


@pytest.mark.parametrize("listed", [False, True], ids=["unknown", "the outcome is known"])
async def test_the_outcome_of_a_text_is_shown_at_whatever_step_a_worker_dies(
    workers: FakeWorkers, listed: bool
) -> None:
    """The worker dies as it gives a text up, or as it learns after a person's Resend that the provider has it."""
    place, lived, step = await thread(workers), False, 0

    def away(method: str) -> None:
        raise Undecided(None, "TimeoutError")

    while not lived:
        before, after = (lambda method: None, away) if listed else (away, lambda method: None)
        workers.texting.before, workers.texting.after = before, after
        message = written(workers, place, step)
        await workers.handle(message)
        await settle(workers, 1.5)
        order: QueueMessage = SendTexts(conversation=make.CONVERSATION)
        if listed:
            workers.texting.before = away
            await settle(workers, 30)
            order = ResendText(sms=outbound_id(message.channel, message.ts), by=make.AGENT)
            workers.texting.before = workers.texting.after = lambda method: None
        else:
            workers.queue.waiting = [each for each in workers.queue.waiting if not isinstance(each[1], SendTexts)]
            workers.clock.forward(25)
        lived = await workers.handle_or_die(order, DiesAt(step))
        await workers.handle(order)
        await settle(workers, 30)
        await workers.pass_time(90, step=30)
        mark = "outbox_tray" if listed else "grey_question"
        assert workers.slack.reactions[Posted(message.channel, message.ts)] == {mark}, f"it died at step {step}"
        step += 1
    assert step > 5


@pytest.mark.parametrize("seed", range(6))
async def test_each_reply_is_sent_at_most_once_and_in_order_and_ends_decided_or_unknown(
    workers: FakeWorkers, seed: int
) -> None:
    dice = random.Random(seed)
    for contact in CONTACTS:
        await workers.handle(make.sms_received(sid=f"SM{contact}", contact=contact, received_at=workers.clock.now()))
    await workers.drain()
    written = {contact: await replies(workers, dice, contact) for contact in CONTACTS}
    await storm(workers, dice)
    await report(workers, dice)
    for _ in range(4):
        workers.clock.forward(1)
        await storm(workers, dice)
    await workers.pass_time(240, step=20)

    for contact, messages in written.items():
        conversation = f"{make.LINE}:{contact}"
        sent = workers.texting.bodies(contact)
        assert len(sent) == len(set(sent)), "something was sent twice"
        assert sent == sorted(sent), "something was sent out of order"
        assert await workers.ports.stores.texts.outbox(conversation) == []
        assert await workers.ports.stores.texts.unshown(conversation) == []
        for message in messages:
            text = await stored(workers, message)
            assert text.state in ({State.UNKNOWN} if message.text not in sent else DECIDED)
            assert workers.slack.reactions[Posted(message.channel, message.ts)] == {text.mark}
        ticket = await workers.ports.stores.tickets.newest(conversation)
        assert ticket is not None
        assert (ticket.status, ticket.assignees) == (Status.OPEN, (make.AGENT,))
    said = [each.post_id for each in workers.slack.kind("outcome")]
    assert len(said) == len(set(said)), "something was said twice"
