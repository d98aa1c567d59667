"""A gateway that has just started does not know what came before: a worker finds it, so that nothing overtakes it.

Here messages are handled in any order, as when a worker dies, or not at all, as when no gateway took a webhook.
"""

from datetime import timedelta
from itertools import permutations

import pytest

from messages.conversation import Thread
from messages.formats.thread_replies import ThreadReply
from messages.inbound import SlackReplyPosted, SmsReceived
from messages.sms import Sms, State, outbound_id
from tests import make
from tests.actors.helpers import lines, listed, settle, stored, texts_in_thread, thread, written
from tests.fakes import FakeWorkers
from workers import clock
from workers.failures import (
    Ambiguous,
    Permanent,
    Refused,
    SlackError,
    Temporary,
    TextingError,
    TextingThrottled,
    Unreachable,
)
from workers.ingestion import missed
from workers.sms.may_send import TOO_LATE

ORDERS = list(permutations(range(3)))


def texts(workers: FakeWorkers, count: int, restarted_before: int) -> list[SmsReceived]:
    """What a gateway publishes for a contact's texts, which come a second apart, if it starts before one of them."""
    found = []
    for number in range(count):
        workers.clock.forward(1)
        text = listed(workers, number)
        after = f"SM{number - 1}" if number not in {0, restarted_before} else None
        found.append(text.received(make.LINE, after))
    return found


def replies(workers: FakeWorkers, place: Thread, count: int, restarted_before: int) -> list[SlackReplyPosted]:
    """What a gateway publishes for replies in a thread if it starts before one of them."""
    found: list[SlackReplyPosted] = []
    for number in range(count):
        workers.clock.forward(1)
        message = written(workers, place, number)
        after = outbound_id(place.channel, found[-1].ts) if number not in {0, restarted_before} else None
        found.append(message.model_copy(update={"after": after}))
        put_in_slack(workers, message)
    return found


def put_in_slack(workers: FakeWorkers, message: SlackReplyPosted) -> None:
    """Put a reply into Slack's thread."""
    reply = ThreadReply(ts=message.ts, thread_ts=message.thread_ts, user=message.user, text=message.text)
    workers.slack.replies.append((message.channel, reply))


async def has_a_line(workers: FakeWorkers) -> None:
    """Clerk has had the line for a while."""
    await missed.take_in_missed(workers.ports)
    workers.clock.forward(300)


def inbound(workers: FakeWorkers) -> list[str]:
    """The contact's texts in the thread, in order."""
    return [text for text in texts_in_thread(workers) if text.startswith("text")]


# -- texts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize("restarted_before", [1, 2])
async def test_texts_are_posted_in_order_whatever_is_handled_first(
    workers: FakeWorkers, order: tuple[int, ...], restarted_before: int
) -> None:
    await has_a_line(workers)
    came = texts(workers, 3, restarted_before)
    for number in order:
        await workers.handle(came[number])
        await settle(workers, 1)
    await settle(workers, 5)
    assert inbound(workers) == ["text 0", "text 1", "text 2"]


async def test_a_text_without_a_webhook_is_posted_before_the_next_one(workers: FakeWorkers) -> None:
    await has_a_line(workers)
    came = texts(workers, 3, 2)
    await workers.handle(came[2])
    await settle(workers, 1)
    assert inbound(workers) == ["text 0", "text 1", "text 2"]


async def test_texts_from_the_list_are_posted_in_order_although_the_queue_is_far_behind(workers: FakeWorkers) -> None:
    """They are taken in with the text that led to them, ahead of the messages that wait."""
    await has_a_line(workers)
    came = texts(workers, 3, 2)
    await workers.handle(came[2])
    assert not [message for _, message in workers.queue.waiting if isinstance(message, SmsReceived)]
    workers.clock.forward(300)
    await settle(workers, 1)
    assert inbound(workers) == ["text 0", "text 1", "text 2"]


async def test_a_text_stops_waiting_for_an_earlier_one_and_finds_it_in_the_list(workers: FakeWorkers) -> None:
    await has_a_line(workers)
    came = texts(workers, 4, 0)
    await workers.handle(came[0])
    await workers.handle(came[3])  # a worker could not handle the others and put them at the end of the queue
    await settle(workers, 40)
    assert inbound(workers) == ["text 0"]
    workers.clock.forward(30)
    await clock.sweep(workers.ports)
    await settle(workers, 1)
    assert inbound(workers) == ["text 0", "text 1", "text 2", "text 3"]


async def test_a_text_goes_without_an_earlier_one_only_after_asking_the_provider_or_a_long_outage(
    workers: FakeWorkers,
) -> None:
    await has_a_line(workers)
    came = texts(workers, 2, 0)

    def refuse(method: str) -> None:
        raise Unreachable(None, "refused")

    workers.texting.before = refuse
    await workers.handle(came[1])
    for _ in range(3):
        workers.clock.forward(50)
        await clock.sweep(workers.ports)
        await settle(workers, 1)
        assert inbound(workers) == []
    workers.clock.forward(50)
    await clock.sweep(workers.ports)
    await settle(workers, 1)
    assert inbound(workers) == ["text 1"]


async def test_texts_older_than_the_line_are_left_alone(workers: FakeWorkers) -> None:
    listed(workers, 7)
    workers.clock.forward(30)
    await missed.take_in_missed(workers.ports)
    workers.clock.forward(30)
    await workers.handle(texts(workers, 1, 0)[0])
    await settle(workers, 5)
    assert inbound(workers) == ["text 0"]


async def test_only_the_contacts_own_texts_are_taken_in(workers: FakeWorkers) -> None:
    await has_a_line(workers)
    listed(workers, 7, contact="+15550009999")
    await workers.handle(texts(workers, 1, 0)[0])
    await settle(workers, 5)
    assert await workers.ports.stores.texts.get("SM7") is None


@pytest.mark.parametrize(
    "error", [Unreachable(None, "refused"), TextingThrottled(20429, timedelta(seconds=30))], ids=str
)
async def test_a_provider_that_fails_is_asked_again_and_delays_texts_only_briefly(
    workers: FakeWorkers, error: TextingError
) -> None:
    await has_a_line(workers)
    came = texts(workers, 2, 1)

    def refuse(method: str) -> None:
        raise error

    workers.texting.before = refuse
    await workers.handle(came[1])
    await settle(workers, 3)
    workers.texting.before = lambda method: None
    await settle(workers, 3)
    assert inbound(workers) == ["text 0", "text 1"]
    workers.texting.before = refuse
    workers.clock.forward(600)
    await workers.handle(texts(workers, 1, 0)[0].model_copy(update={"sid": "SM9", "body": "text 9"}))
    await settle(workers, 40)
    assert inbound(workers) == ["text 0", "text 1", "text 9"]


async def test_a_text_that_waited_long_in_the_queue_does_not_go_first_because_one_request_failed(
    workers: FakeWorkers,
) -> None:
    await has_a_line(workers)
    came = texts(workers, 2, 1)
    looks: list[str] = []

    def refuse_once(method: str) -> None:
        looks.append(method)
        if len(looks) == 1:
            raise Unreachable(None, "refused")

    workers.texting.before = refuse_once
    workers.clock.forward(300)
    await workers.handle(came[1])
    await settle(workers, 3)
    assert inbound(workers) == ["text 0", "text 1"]


async def test_a_provider_that_refuses_to_list_delays_nothing(workers: FakeWorkers) -> None:
    await has_a_line(workers)

    def refuse(method: str) -> None:
        raise Refused(20003, "authenticate")

    workers.texting.before = refuse
    await workers.handle(texts(workers, 1, 0)[0])
    await settle(workers, 1)
    assert inbound(workers) == ["text 0"]


# -- replies --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize("restarted_before", [1, 2])
async def test_replies_go_out_in_order_whatever_is_handled_first(
    workers: FakeWorkers, order: tuple[int, ...], restarted_before: int
) -> None:
    place = await thread(workers)
    came = replies(workers, place, 3, restarted_before)
    for number in order:
        await workers.handle(came[number])
        await settle(workers, 1)
    await settle(workers, 5)
    assert workers.texting.bodies(make.CONTACT) == ["reply 0", "reply 1", "reply 2"]


async def test_a_reply_without_an_event_goes_out_before_the_next_one(workers: FakeWorkers) -> None:
    place = await thread(workers)
    came = replies(workers, place, 3, 2)
    await workers.handle(came[2])
    await settle(workers, 5)
    for message in came[:2]:  # as Slack repeats their events
        await workers.handle(message)
    await settle(workers, 5)
    assert workers.texting.bodies(make.CONTACT) == ["reply 0", "reply 1", "reply 2"]


async def test_replies_from_the_thread_go_out_in_order_although_the_queue_is_far_behind(workers: FakeWorkers) -> None:
    place = await thread(workers)
    came = replies(workers, place, 3, 2)
    await workers.handle(came[2])
    assert not [message for _, message in workers.queue.waiting if isinstance(message, SlackReplyPosted)]
    workers.clock.forward(300)
    await settle(workers, 5)
    assert workers.texting.bodies(make.CONTACT) == ["reply 0", "reply 1", "reply 2"]


async def test_a_reply_finds_in_the_thread_the_earlier_ones_that_its_gateway_saw(workers: FakeWorkers) -> None:
    place = await thread(workers)
    came = replies(workers, place, 3, 0)
    await workers.handle(came[2])
    await settle(workers, 5)
    assert workers.texting.bodies(make.CONTACT) == ["reply 0", "reply 1", "reply 2"]


@pytest.mark.parametrize("between", ["", "// a note"], ids=["sent", "note"])
async def test_a_reply_does_not_overtake_one_whose_event_is_lost_although_its_gateway_saw_another_before_it(
    workers: FakeWorkers, between: str
) -> None:
    """The gateway saw the last but one: nothing that it can say names the one that is missing."""
    place = await thread(workers)
    seen = written(workers, place, 1, between)
    lost, last = written(workers, place, 0 if between else 2), written(workers, place, 3)
    for message in (seen, lost, last):
        put_in_slack(workers, message)
    workers.clock.forward(1)
    await workers.handle(seen)
    await settle(workers)
    await workers.handle(last.model_copy(update={"after": outbound_id(seen.channel, seen.ts)}))
    await settle(workers, 5)
    await workers.handle(lost)
    await settle(workers, 5)
    expected = [lost, last] if between else [seen, lost, last]
    assert workers.texting.bodies(make.CONTACT) == [message.text for message in expected]


async def test_a_reply_of_before_a_long_outage_is_told_before_one_that_finds_it_is_sent(workers: FakeWorkers) -> None:
    """The event of the first waited for MongoDB for twenty minutes, and its next try comes after the second one's."""
    place = await thread(workers)
    first = written(workers, place, 0)
    workers.clock.forward(1200)
    second = written(workers, place, 1)
    for message in (first, second):
        put_in_slack(workers, message)
    workers.clock.forward(1)
    await workers.handle(second)
    await settle(workers, 25)
    found = await workers.ports.stores.texts.get(outbound_id(first.channel, first.ts))
    assert found is not None
    assert found.late
    await workers.handle(first)
    await settle(workers, 12)
    assert workers.texting.bodies(make.CONTACT) == ["reply 1"]


async def test_a_reply_goes_without_an_earlier_one_only_after_asking_slack_or_a_long_outage(
    workers: FakeWorkers,
) -> None:
    place = await thread(workers)
    came = replies(workers, place, 2, 0)

    def refuse(method: str, channel: str) -> None:
        if method == "written":
            raise Temporary("http_500")

    workers.slack.before = refuse
    await workers.handle(came[1])
    await settle(workers, 150)
    assert workers.texting.bodies(make.CONTACT) == []
    await settle(workers, 40)
    assert workers.texting.bodies(make.CONTACT) == ["reply 1"]


async def test_a_note_from_the_thread_stays_a_note(workers: FakeWorkers) -> None:
    place = await thread(workers)
    note = written(workers, place, 1, "// not for them")
    put_in_slack(workers, note)
    workers.clock.forward(1)
    await workers.handle(written(workers, place, 2))
    await settle(workers, 5)
    assert (await stored(workers, note)).state is State.NOTE
    assert workers.texting.bodies(make.CONTACT) == ["reply 2"]


async def test_a_reply_that_is_found_late_is_not_sent_and_its_author_is_informed(
    workers: FakeWorkers,
) -> None:
    place = await thread(workers)
    old = written(workers, place, 1)
    put_in_slack(workers, old)
    workers.clock.forward(1200)
    await workers.handle(written(workers, place, 2))
    await settle(workers, 60)
    assert workers.texting.bodies(make.CONTACT) == ["reply 2"]
    await settle(workers, 600)
    assert (await stored(workers, old)).state is State.REFUSED
    assert any(TOO_LATE in line for line in lines(workers))
    await workers.handle(old)
    await settle(workers, 5)
    assert workers.texting.bodies(make.CONTACT) == ["reply 2"], "Slack sent its event after all"


async def test_late_replies_from_a_queue_wait_for_a_persons_word(workers: FakeWorkers) -> None:
    place = await thread(workers)
    came = replies(workers, place, 2, 1)
    workers.clock.forward(1200)
    for message in reversed(came):
        await workers.handle(message)
    await settle(workers, 1000)
    assert workers.texting.bodies(make.CONTACT) == []
    assert [(await stored(workers, message)).late for message in came] == [True, True]


@pytest.mark.parametrize("error", [Ambiguous("TimeoutError"), Permanent("missing_scope")], ids=str)
async def test_a_slack_that_fails_delays_replies_only_briefly(workers: FakeWorkers, error: SlackError) -> None:
    place = await thread(workers)

    def refuse(method: str, channel: str) -> None:
        if method == "written":
            raise error

    workers.slack.before = refuse
    message = written(workers, place, 1)
    await workers.handle(message)
    await settle(workers, 45)
    assert workers.texting.bodies(make.CONTACT) == ["reply 1"]


async def test_a_reply_that_waited_long_in_the_queue_does_not_go_first_because_one_request_failed(
    workers: FakeWorkers,
) -> None:
    place = await thread(workers)
    came = replies(workers, place, 2, 1)
    looks: list[str] = []

    def refuse_once(method: str, channel: str) -> None:
        if method == "written" and not looks:
            looks.append(method)
            raise Temporary("http_500")

    workers.slack.before = refuse_once
    workers.clock.forward(300)
    await workers.handle(came[1])
    await settle(workers, 3)
    assert looks
    assert workers.texting.bodies(make.CONTACT) == ["reply 0", "reply 1"]


async def test_a_reply_that_comes_twice_asks_slack_once(workers: FakeWorkers) -> None:
    place = await thread(workers)
    asked: list[str] = []
    workers.slack.before = lambda method, channel: asked.append(method)
    message = written(workers, place, 1)
    for _ in range(3):
        await workers.handle(message)
    text: Sms = await stored(workers, message)
    assert (text.after, asked.count("written")) == (None, 1)
