"""A gateway that has just started does not know what came before; what is not known yet is found, not overtaken.

What the queue holds is handled in any order here, as when a worker dies over a message, or not at all, as when a
webhook met no gateway.
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
from workers import clock, missed
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

ORDERS = list(permutations(range(3)))


def texts(workers: FakeWorkers, count: int, restarted_before: int) -> list[SmsReceived]:
    """What a gateway published of a contact's texts that came a second apart, had it started before one of them."""
    found = []
    for number in range(count):
        workers.clock.forward(1)
        text = listed(workers, number)
        after = f"SM{number - 1}" if number not in {0, restarted_before} else None
        found.append(text.received(make.LINE, after))
    return found


def replies(workers: FakeWorkers, place: Thread, count: int, restarted_before: int) -> list[SlackReplyPosted]:
    """What a gateway published of replies in a thread, had it started before one of them."""
    found: list[SlackReplyPosted] = []
    for number in range(count):
        workers.clock.forward(1)
        message = written(workers, place, number)
        after = outbound_id(place.channel, found[-1].ts) if number not in {0, restarted_before} else None
        found.append(message.model_copy(update={"after": after}))
        stands(workers, message)
    return found


def stands(workers: FakeWorkers, message: SlackReplyPosted) -> None:
    """Have a reply stand in Slack's thread."""
    reply = ThreadReply(ts=message.ts, thread_ts=message.thread_ts, user=message.user, text=message.text)
    workers.slack.replies.append((message.channel, reply))


async def has_a_line(workers: FakeWorkers) -> None:
    """Clerk has had the line for a while."""
    await missed.take_in_missed(workers.ports)
    workers.clock.forward(300)


def inbound(workers: FakeWorkers) -> list[str]:
    """The contact's texts as they stand in the thread."""
    return [text for text in texts_in_thread(workers) if text.startswith("text")]


# -- texts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize("restarted_before", [1, 2])
async def test_texts_stand_in_order_whatever_is_handled_first(
    workers: FakeWorkers, order: tuple[int, ...], restarted_before: int
) -> None:
    await has_a_line(workers)
    came = texts(workers, 3, restarted_before)
    for number in order:
        await workers.handle(came[number])
        await settle(workers, 1)
    await settle(workers, 5)
    assert inbound(workers) == ["text 0", "text 1", "text 2"]


async def test_a_text_that_no_webhook_brought_stands_before_the_next_one(workers: FakeWorkers) -> None:
    await has_a_line(workers)
    came = texts(workers, 3, 2)
    await workers.handle(came[2])
    await settle(workers, 1)
    assert inbound(workers) == ["text 0", "text 1", "text 2"]


async def test_texts_that_are_found_stand_in_order_though_the_queue_is_far_behind(workers: FakeWorkers) -> None:
    """They are taken in with the one that led to them, and not put behind what waits."""
    await has_a_line(workers)
    came = texts(workers, 3, 2)
    await workers.handle(came[2])
    assert not [message for _, message in workers.queue.waiting if isinstance(message, SmsReceived)]
    workers.clock.forward(300)
    await settle(workers, 1)
    assert inbound(workers) == ["text 0", "text 1", "text 2"]


async def test_a_text_waits_in_vain_for_one_that_is_far_behind_and_finds_it_in_the_list(workers: FakeWorkers) -> None:
    await has_a_line(workers)
    came = texts(workers, 4, 0)
    await workers.handle(came[0])
    await workers.handle(came[3])  # a worker could not handle the others, and put them behind all that waits
    await settle(workers, 40)
    assert inbound(workers) == ["text 0"]
    workers.clock.forward(30)
    await clock.sweep(workers.ports)
    await settle(workers, 1)
    assert inbound(workers) == ["text 0", "text 1", "text 2", "text 3"]


async def test_a_text_goes_without_the_one_before_it_only_once_the_provider_was_asked_or_is_away_for_long(
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


async def test_what_came_before_the_line_was_clerks_is_left_alone(workers: FakeWorkers) -> None:
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
async def test_a_provider_that_fails_is_asked_again_and_holds_nothing_up_for_long(
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


async def test_a_text_that_stood_in_the_queue_for_long_does_not_go_first_because_one_look_failed(
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


async def test_a_provider_that_refuses_to_list_holds_nothing_up(workers: FakeWorkers) -> None:
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


async def test_a_reply_that_no_event_brought_goes_out_before_the_next_one(workers: FakeWorkers) -> None:
    place = await thread(workers)
    came = replies(workers, place, 3, 2)
    await workers.handle(came[2])
    await settle(workers, 5)
    for message in came[:2]:  # as Slack repeats their events
        await workers.handle(message)
    await settle(workers, 5)
    assert workers.texting.bodies(make.CONTACT) == ["reply 0", "reply 1", "reply 2"]


async def test_replies_that_are_found_go_out_in_order_though_the_queue_is_far_behind(workers: FakeWorkers) -> None:
    place = await thread(workers)
    came = replies(workers, place, 3, 2)
    await workers.handle(came[2])
    assert not [message for _, message in workers.queue.waiting if isinstance(message, SlackReplyPosted)]
    workers.clock.forward(300)
    await settle(workers, 5)
    assert workers.texting.bodies(make.CONTACT) == ["reply 0", "reply 1", "reply 2"]


async def test_a_reply_waits_in_vain_for_one_that_is_far_behind_and_finds_it_in_the_thread(
    workers: FakeWorkers,
) -> None:
    place = await thread(workers)
    came = replies(workers, place, 3, 0)
    await workers.handle(came[2])
    await settle(workers, 40)
    assert workers.texting.bodies(make.CONTACT) == []
    await settle(workers, 10)
    assert workers.texting.bodies(make.CONTACT) == ["reply 0", "reply 1", "reply 2"]


async def test_a_reply_goes_without_the_one_before_it_only_once_slack_was_asked_or_is_away_for_long(
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


async def test_a_note_that_is_found_stays_a_note(workers: FakeWorkers) -> None:
    place = await thread(workers)
    note = written(workers, place, 1, "// not for them")
    stands(workers, note)
    workers.clock.forward(1)
    await workers.handle(written(workers, place, 2))
    await settle(workers, 5)
    assert (await stored(workers, note)).state is State.NOTE
    assert workers.texting.bodies(make.CONTACT) == ["reply 2"]


async def test_a_reply_that_is_found_long_after_it_was_written_is_not_sent_and_its_author_is_told(
    workers: FakeWorkers,
) -> None:
    place = await thread(workers)
    old = written(workers, place, 1)
    stands(workers, old)
    workers.clock.forward(1200)
    await workers.handle(written(workers, place, 2))
    await settle(workers, 60)
    assert workers.texting.bodies(make.CONTACT) == ["reply 2"]
    await settle(workers, 600)
    assert (await stored(workers, old)).state is State.REFUSED
    assert any("while Clerk was down" in line for line in lines(workers))
    await workers.handle(old)
    await settle(workers, 5)
    assert workers.texting.bodies(make.CONTACT) == ["reply 2"], "Slack brought its event after all"


async def test_late_replies_that_wait_in_a_queue_are_sent_as_they_were_meant(workers: FakeWorkers) -> None:
    place = await thread(workers)
    came = replies(workers, place, 2, 1)
    workers.clock.forward(1200)
    for message in reversed(came):
        await workers.handle(message)
    await settle(workers, 1000)
    assert workers.texting.bodies(make.CONTACT) == ["reply 0", "reply 1"]


@pytest.mark.parametrize("error", [Ambiguous("TimeoutError"), Permanent("missing_scope")], ids=str)
async def test_a_slack_that_fails_holds_no_reply_up_for_long(workers: FakeWorkers, error: SlackError) -> None:
    place = await thread(workers)

    def refuse(method: str, channel: str) -> None:
        if method == "written":
            raise error

    workers.slack.before = refuse
    message = written(workers, place, 1)
    await workers.handle(message)
    await settle(workers, 40)
    assert workers.texting.bodies(make.CONTACT) == ["reply 1"]


async def test_a_reply_that_stood_in_the_queue_for_long_does_not_go_first_because_one_look_failed(
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
