"""Two texts with equal words to one contact: neither is taken for the other, sent twice, or wrongly marked as sent."""

from dataclasses import replace

from messages.inbound import DeliveryReported, SlackReplyPosted
from messages.sms import State, outbound_id
from tests import make
from tests.actors.helpers import settle, stored, thread, written
from tests.fakes import FakeWorkers
from workers.failures import Undecided
from workers.ports import SentText


async def lost(workers: FakeWorkers, number: int) -> SlackReplyPosted:
    """A reply "ok" whose answer is lost, and which the provider never had."""

    def no_answer(method: str) -> None:
        if method == "send":
            raise Undecided(None, "TimeoutError")

    workers.texting.before = no_answer
    message = written(workers, await thread(workers), number, "ok")
    await workers.handle(message)
    await settle(workers, 30)
    workers.texting.before = lambda method: None
    assert (await stored(workers, message)).state is State.UNKNOWN
    return message


async def has(workers: FakeWorkers, message: SlackReplyPosted) -> SentText:
    """The provider has a reply after all, since its call."""
    text = await stored(workers, message)
    sent = await workers.texting.send(line=make.LINE, contact=make.CONTACT, body="ok", media=[], callback="")
    late = SentText(sent.sid, sent.body, sent.status, None, text.claimed_at or workers.clock.now())
    workers.texting.taken[-1] = replace(workers.texting.taken[-1], sent=late)
    return late


async def test_a_text_that_is_listed_late_is_not_taken_for_the_next_one_with_equal_words(workers: FakeWorkers) -> None:
    first = await lost(workers, 1)
    workers.clock.forward(120)
    late = await has(workers, first)
    second = await lost(workers, 2)
    assert (await stored(workers, second)).sid is None
    report = DeliveryReported(
        sms=outbound_id(first.channel, first.ts), sid=late.sid, status="delivered", received_at=workers.clock.now()
    )
    await workers.handle(report)
    assert [(await stored(workers, each)).state for each in (first, second)] == [State.DELIVERED, State.UNKNOWN]


async def test_a_report_says_whose_a_listed_text_was_although_another_was_taken_for_it(workers: FakeWorkers) -> None:
    first = await lost(workers, 1)
    late = await has(workers, first)
    workers.clock.forward(5)
    second = written(workers, await thread(workers), 2, "ok")
    await workers.handle(second)
    await settle(workers)
    wrong = await stored(workers, second)
    await workers.ports.stores.texts.set_sid(wrong, late.sid)
    reports = [
        DeliveryReported(sms=wrong.id, sid=late.sid, status="sent", received_at=workers.clock.now()),
        DeliveryReported(
            sms=outbound_id(first.channel, first.ts), sid=late.sid, status="delivered", received_at=workers.clock.now()
        ),
    ]
    for report in reports:
        await workers.handle(report)
    await settle(workers)
    assert [(await stored(workers, each)).state for each in (first, second)] == [State.DELIVERED, State.UNKNOWN]
