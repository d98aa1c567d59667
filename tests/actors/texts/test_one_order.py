"""A text or reply is stored before a worker asks about it, so that no later one overtakes it."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import pytest

from gateway.arrivals.own import Arrivals
from gateway.arrivals.shared import SharedArrivals
from messages.base import QueueMessage
from messages.conversation import SequenceTexts, Thread
from messages.formats.thread_replies import ThreadReply
from messages.inbound import SlackReplyPosted, SmsReceived
from messages.sms import outbound_id
from messages.ticket import FileTexts
from tests import make
from tests.fakes import DiesAt, FakeClock, FakeSlack, FakeTexting, FakeWorkers
from workers.failures import Temporary, Unreachable
from workers.ingestion import missed
from workers.ports import ListedText, Posted

ELSEWHERE = Callable[[], Awaitable[None]]


class SlowlyListingTexting(FakeTexting):
    """A provider whose list takes its time: `meanwhile` happens once, elsewhere, before it answers."""

    meanwhile: ELSEWHERE | None = None
    asked = 0

    async def received(self, *, line: str, since: datetime, contact: str | None = None) -> Sequence[ListedText]:
        """The contacts' texts, after a delay."""
        self.asked += 1
        found = await super().received(line=line, since=since, contact=contact)
        if meanwhile := self.meanwhile:
            self.meanwhile = None
            await meanwhile()
        return found


class SlowlyListingSlack(FakeSlack):
    """A Slack whose list of a thread takes its time: `while_listing` happens once, elsewhere, before it answers."""

    while_listing: ELSEWHERE | None = None

    async def replies_between(self, thread: Posted, after: str, before: str) -> Sequence[ThreadReply]:
        """What people wrote in a thread, after a delay."""
        found = await super().replies_between(thread, after, before)
        if meanwhile := self.while_listing:
            self.while_listing = None
            await meanwhile()
        return found


class FakeGateways:
    """Several gateways with the contact's texts and the agents' replies, each with its own memory and clock.

    Unless they are `deaf`, they tell each other of the texts that they take.
    """

    def __init__(self, workers: FakeWorkers, skews: Sequence[float] = (0, 0), *, deaf: bool = True) -> None:
        self._workers, self._skews = workers, skews
        self._texts: list[Arrivals] = [Arrivals() for _ in skews]
        self._replies = [Arrivals() for _ in skews]
        if not deaf:
            self._hearing = [SharedArrivals() for _ in skews]
            self._texts = [*self._hearing]
            for each in self._hearing:
                each.opened(self._tell_all)

    def _tell_all(self, note: bytes) -> None:
        for each in self._hearing:
            each.hear(note)

    def restart(self, gateway: int) -> None:
        """Have a gateway forget what it saw."""
        self._texts[gateway], self._replies[gateway] = Arrivals(), Arrivals()

    def text(self, number: int, gateway: int, *, contact: str = make.CONTACT) -> SmsReceived:
        """What a gateway publishes for a text that comes now."""
        sid, now = f"SM{contact[-4:]}{number:03d}", self._workers.clock.now()
        inbound = self._workers.texting.inbound
        if all(text.sid != sid for _, text in inbound):
            inbound.append((make.LINE, ListedText(sid, contact, f"text {number}", (), now.replace(microsecond=0))))
        return make.sms_received(
            sid=sid,
            contact=contact,
            body=f"text {number}",
            received_at=now + timedelta(seconds=self._skews[gateway]),
            after=self._texts[gateway].arrived(make.LINE, contact, sid),
        )

    def reply(self, place: Thread, number: int, gateway: int) -> SlackReplyPosted:
        """What a gateway publishes for a reply that is written now."""
        now = self._workers.clock.now()
        ts = f"{now.timestamp():.6f}"
        before = self._replies[gateway].arrived(place.channel, place.ts, outbound_id(place.channel, ts))
        given = {"event_id": f"Ev{number}", "channel": place.channel, "ts": ts, "thread_ts": place.ts}
        self._workers.slack.replies.append(
            (place.channel, ThreadReply(ts=ts, thread_ts=place.ts, user=make.AGENT, text=f"reply {number}"))
        )
        return make.reply_posted(text=f"reply {number}", received_at=now, after=before, **given)


async def has_a_line(workers: FakeWorkers) -> None:
    """Clerk has had the line for a while."""
    await missed.take_in_missed(workers.ports)
    workers.clock.forward(300)


def slow(workers: FakeWorkers) -> SlowlyListingTexting:
    """Give the workers a provider whose list takes its time."""
    texting = SlowlyListingTexting(workers.clock)
    object.__setattr__(workers.ports, "texting", texting)
    workers.texting = texting
    return texting


def slow_slack(workers: FakeWorkers) -> SlowlyListingSlack:
    """Give the workers a Slack whose lists take their time, with everything that the present one contains."""
    slack = SlowlyListingSlack(workers.clock, messages=workers.slack.messages)
    object.__setattr__(workers.ports, "slack", slack)
    workers.slack = slack
    return slack


async def settle(workers: FakeWorkers, seconds: float) -> None:
    """Handle everything that is due within some seconds."""
    until = workers.clock.now() + timedelta(seconds=seconds)
    while (due := min((at for at, _ in workers.queue.waiting), default=until)) < until:
        workers.clock.time = max(workers.clock.now(), due)
        await workers.drain()
    workers.clock.time = until


def shown(workers: FakeWorkers) -> list[str]:
    """The contact's texts in the thread, in order."""
    return [line for each in workers.slack.kind("texts") for line in each.what.text.splitlines() if "text" in line]


async def begun(workers: FakeWorkers) -> Thread:
    """The thread of a conversation, which a first text begins."""
    await workers.handle(make.sms_received(received_at=workers.clock.now()))
    await workers.drain()
    conversation = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert conversation is not None
    assert conversation.thread is not None
    return conversation.thread


# -- texts through two gateways that hear each other -------------------------------------------------------------------


async def test_a_text_that_lies_in_a_workers_hands_is_not_overtaken_through_another_gateway(
    workers: FakeWorkers,
) -> None:
    await has_a_line(workers)
    gateways = FakeGateways(workers, deaf=False)
    await workers.handle(gateways.text(1, gateway=0))
    await settle(workers, 5)
    await workers.handle(gateways.text(2, gateway=1))
    await settle(workers, 5)
    in_hand = gateways.text(3, gateway=0)
    await settle(workers, 0.5)
    await workers.handle(gateways.text(4, gateway=1))
    await settle(workers, 12)
    assert shown(workers) == ["text 1", "text 2"]
    await workers.handle(in_hand)
    await settle(workers, 5)
    assert shown(workers) == ["text 1", "text 2", "text 3", "text 4"]


# -- texts through two gateways ---------------------------------------------------------------------------------------


async def test_a_text_does_not_overtake_one_that_came_before_through_another_gateway_with_a_slow_list(
    workers: FakeWorkers,
) -> None:
    await has_a_line(workers)
    gateways, texting = FakeGateways(workers), slow(workers)
    await workers.handle(gateways.text(1, 0))
    await settle(workers, 0.5)
    second = gateways.text(2, 1)

    async def the_third_comes() -> None:
        workers.clock.forward(0.5)
        await workers.handle(gateways.text(3, 0))
        await workers.drain()

    texting.meanwhile = the_third_comes
    await workers.handle(second)
    await settle(workers, 3)
    assert texting.meanwhile is None, "no worker asked"
    assert shown(workers) == ["text 1", "text 2", "text 3"]


async def test_a_text_does_not_overtake_one_that_came_before_while_the_list_fails(workers: FakeWorkers) -> None:
    await has_a_line(workers)
    gateways = FakeGateways(workers)
    await workers.handle(gateways.text(1, 0))
    await settle(workers, 1)

    def refuse(method: str) -> None:
        raise Unreachable(None, "refused")

    workers.texting.before = refuse
    for number, gateway in ((2, 1), (3, 0), (4, 1), (5, 0)):
        await workers.handle(gateways.text(number, gateway))
        await settle(workers, 0.5)
    assert shown(workers) == ["text 1"]
    workers.texting.before = lambda method: None
    await settle(workers, 3)
    assert shown(workers) == [f"text {number}" for number in range(1, 6)]


async def test_a_list_that_fails_delays_the_conversation_for_half_a_minute_at_most(workers: FakeWorkers) -> None:
    await has_a_line(workers)
    gateways = FakeGateways(workers)

    def refuse(method: str) -> None:
        raise Unreachable(None, "refused")

    workers.texting.before = refuse
    for number in (1, 2, 3):
        await workers.handle(gateways.text(number, number % 2))
        await settle(workers, 0.5)
    await settle(workers, 31)
    assert shown(workers) == ["text 1", "text 2", "text 3"]


@pytest.mark.parametrize("seed", range(4))
async def test_texts_through_three_gateways_are_posted_in_order_of_arrival(workers: FakeWorkers, seed: int) -> None:
    """Gateways restart, webhooks come again elsewhere, the list fails for a while, and messages are handled twice."""
    dice = random.Random(seed)
    await has_a_line(workers)
    gateways = FakeGateways(workers, [dice.uniform(-0.05, 0.05) for _ in range(3)])
    failing = 0.0

    def fail_now_and_then(method: str) -> None:
        if dice.random() < failing:
            raise Unreachable(None, "refused")

    workers.texting.before = fail_now_and_then
    for number in range(1, 16):
        failing = dice.choice((0, 0, 0.5, 1))
        if dice.random() < 0.3:
            gateways.restart(dice.randrange(3))
        text = gateways.text(number, dice.randrange(3))
        for _ in range(dice.choice((1, 1, 2))):
            await workers.handle(text)
        if dice.random() < 0.3:
            workers.clock.forward(0.01)
            await workers.handle(gateways.text(number, dice.randrange(3)))
        await settle(workers, dice.choice((0.12, 0.5, 2)))
    failing = 0
    await settle(workers, 2)
    await workers.pass_time(120)
    assert shown(workers) == [f"text {number}" for number in range(1, 16)]


@pytest.mark.parametrize("ahead", [-90, 60, 90])
async def test_a_worker_with_a_wrong_clock_keeps_the_order_and_asks_once(workers: FakeWorkers, ahead: float) -> None:
    await has_a_line(workers)
    gateways, texting = FakeGateways(workers), slow(workers)
    wrong = FakeClock(workers.clock.now())
    skewed = workers.ports.__class__(**{**vars(workers.ports), "now": wrong.now})
    coming = [gateways.text(1, 0)]
    for _ in range(11):
        workers.clock.forward(0.3)
        coming.append(gateways.text(len(coming) + 1, 0))
    for number in (0, 3, 2, 1, 5, 4, 7, 6, 9, 8, 11, 10):  # as when several workers take them
        wrong.time = workers.clock.now() + timedelta(seconds=ahead)
        await workers.handle(coming[number], skewed if number % 2 else None)
        while due := workers.queue.due():
            await workers.handle(workers.queue.take(due[0]), skewed if number % 3 else None)
    await settle(workers, 3)
    await workers.pass_time(150)
    assert shown(workers) == [f"text {number}" for number in range(1, 13)]
    assert texting.asked <= 12


# -- one text at a time -----------------------------------------------------------------------------------------------


async def test_only_one_message_to_order_a_conversation_waits_however_many_texts_come(workers: FakeWorkers) -> None:
    await has_a_line(workers)
    gateways = FakeGateways(workers)
    for number in range(1, 20):
        await workers.handle(gateways.text(number, 0))
    assert waiting(workers, SequenceTexts) == 1
    await workers.drain()
    assert shown(workers) == [f"text {number}" for number in range(1, 20)]


async def test_texts_that_come_while_a_worker_asks_about_one_that_came_alone_share_a_message(
    workers: FakeWorkers,
) -> None:
    await has_a_line(workers)
    gateways, texting = FakeGateways(workers), slow(workers)
    waited: list[int] = []

    async def more_come() -> None:
        for number in (2, 3):
            await workers.handle(gateways.text(number, 0))
        waited.append(waiting(workers, SequenceTexts))

    texting.meanwhile = more_come
    await workers.handle(gateways.text(1, 0))
    await workers.drain()
    assert waited == [1]
    assert shown(workers) == ["text 1", "text 2", "text 3"]


def waiting(workers: FakeWorkers, kind: type[QueueMessage]) -> int:
    """The number of messages of a kind that wait in the queue."""
    return sum(isinstance(message, kind) for _, message in workers.queue.waiting)


async def test_workers_that_lose_the_race_to_order_texts_stop_and_strand_nothing(
    workers: FakeWorkers,
) -> None:
    await has_a_line(workers)
    gateways = FakeGateways(workers)
    for number in range(1, 30):
        await workers.handle(gateways.text(number, 0))
    order = SequenceTexts(conversation=make.CONVERSATION)  # as the clock publishes them, too
    await asyncio.gather(*(workers.handle(order) for _ in range(8)))
    await settle(workers, 2)
    assert shown(workers) == [f"text {number}" for number in range(1, 30)]


@pytest.mark.parametrize("lost", [False, True], ids=["delivered again", "lost"])
async def test_no_text_is_stranded_at_whatever_step_a_worker_dies(workers: FakeWorkers, lost: bool) -> None:
    """Its message is delivered again, or is lost and the clock finds the texts."""
    await has_a_line(workers)
    gateways = FakeGateways(workers)
    lived, step = False, 0
    while not lived:
        contact = f"+1555000{step:04d}"
        for number in (1, 2):
            workers.clock.forward(0.2)
            await workers.handle(gateways.text(number, number % 2, contact=contact))
        (order,) = [message for _, message in workers.queue.waiting if isinstance(message, SequenceTexts)]
        workers.queue.waiting.clear()
        lived = await workers.handle_or_die(order, DiesAt(step))
        if not lost:
            await workers.handle(order)
        await workers.pass_time(75)
        await in_order(workers, contact, 2)
        await workers.handle(gateways.text(3, 0, contact=contact))
        await workers.pass_time(75)
        await in_order(workers, contact, 3)
        step += 1
    assert step > 15


async def test_no_text_is_stranded_at_whatever_step_a_worker_dies_storing_it(workers: FakeWorkers) -> None:
    await has_a_line(workers)
    gateways = FakeGateways(workers)
    lived, step = False, 0
    while not lived:
        contact = f"+1555001{step:04d}"
        workers.clock.forward(0.2)
        first = gateways.text(1, 0, contact=contact)
        lived = await workers.handle_or_die(first, DiesAt(step))
        if await workers.ports.stores.texts.get(first.sid) is None:
            await workers.handle(first)  # the broker delivers it again
        await workers.pass_time(60)
        await in_order(workers, contact, 1)
        step += 1
    assert step > 8


async def in_order(workers: FakeWorkers, contact: str, count: int) -> None:
    """Whether all of a contact's texts have their places, by number, and a ticket."""
    texts = await workers.ports.stores.texts.between(f"{make.LINE}:{contact}", 1, 99)
    assert [text.body for text in texts] == [f"text {number}" for number in range(1, count + 1)]
    assert all(text.due_at is None for text in texts)


async def test_another_contacts_text_waits_only_for_messages_ahead_of_it(workers: FakeWorkers) -> None:
    await has_a_line(workers)
    gateways = FakeGateways(workers)
    for number in range(1, 200):
        await workers.queue.publish(gateways.text(number, 0))
    other = gateways.text(1, 0, contact="+15550009999")
    await workers.queue.publish(other)
    handled = 0
    while (text := await workers.ports.stores.texts.get(other.sid)) is None or text.seq is None:
        message = workers.queue.take(0)
        assert isinstance(message, SmsReceived | SequenceTexts | FileTexts), message
        if not isinstance(message, FileTexts):
            await workers.handle(message)
        handled += 1
    assert handled <= 200 + 4


# -- replies ----------------------------------------------------------------------------------------------------------


async def test_a_reply_does_not_overtake_one_that_was_written_before_while_slack_lists_the_thread(
    workers: FakeWorkers,
) -> None:
    place = await begun(workers)
    gateways, slack = FakeGateways(workers), slow_slack(workers)
    workers.clock.forward(1)
    await workers.handle(gateways.reply(place, 1, 0))
    await settle(workers, 2)
    second = gateways.reply(place, 2, 1)

    async def the_third_comes() -> None:
        workers.clock.forward(0.5)
        await workers.handle(gateways.reply(place, 3, 0))
        await settle(workers, 2)

    slack.while_listing = the_third_comes
    await workers.handle(second)
    await settle(workers, 5)
    assert slack.while_listing is None, "no worker asked"
    assert workers.texting.bodies(make.CONTACT) == ["reply 1", "reply 2", "reply 3"]


@pytest.mark.parametrize("seconds", [5, 40])
async def test_replies_keep_their_order_while_slack_lists_nothing(workers: FakeWorkers, seconds: float) -> None:
    place = await begun(workers)
    gateways = FakeGateways(workers)

    def refuse(method: str, channel: str) -> None:
        if method == "written":
            raise Temporary("http_500")

    workers.slack.before = refuse
    for number in range(1, 7):
        workers.clock.forward(0.5)
        await workers.handle(gateways.reply(place, number, number % 2))
        await settle(workers, 0.2)
    await settle(workers, seconds)
    workers.slack.before = lambda method, channel: None
    await settle(workers, 12)
    assert workers.texting.bodies(make.CONTACT) == [f"reply {number}" for number in range(1, 7)]


async def test_a_worker_that_dies_at_any_step_of_a_reply_leaves_it_in_order(workers: FakeWorkers) -> None:
    place = await begun(workers)
    lived, step, number = False, 0, 0
    while not lived:
        gateways = FakeGateways(workers)
        workers.clock.forward(1)
        first = gateways.reply(place, number + 1, 0)  # its event comes late
        workers.clock.forward(1)
        second = gateways.reply(place, number + 2, 1)
        lived = await workers.handle_or_die(second, DiesAt(step))
        await workers.handle(second)
        await settle(workers, 3)
        await workers.handle(first)
        await settle(workers, 3)
        number, step = number + 2, step + 1
    sent = workers.texting.bodies(make.CONTACT)
    assert sent == [f"reply {each}" for each in range(1, number + 1)]
    assert step > 10
