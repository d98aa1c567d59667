"""The card shows that the last text to the contact failed, and why, until a later one succeeds."""

from messages.inbound import DeliveryReported
from messages.sms import outbound_id
from tests import make
from tests.actors.helpers import settle, thread, written
from tests.fakes import FakeWorkers

MARK = "Last text to the contact"


def card(workers: FakeWorkers) -> str:
    """What the card shows."""
    return str(workers.slack.kind("root")[0].what.blocks)


async def test_a_card_shows_that_the_last_text_failed_until_a_later_one_succeeds(workers: FakeWorkers) -> None:
    place = await thread(workers)
    first = written(workers, place, 1)
    await workers.handle(first)
    await settle(workers)
    assert MARK not in card(workers)
    report = DeliveryReported(
        sms=outbound_id(first.channel, first.ts),
        sid=workers.texting.taken[0].sent.sid,
        status="undelivered",
        error_code=30005,
        received_at=workers.clock.now(),
    )
    for _ in range(2):
        await workers.handle(report)
        await workers.drain()
    (words,) = [each.what.text for each in workers.slack.kind("outcome")]
    assert MARK in card(workers)
    assert words.partition("> ")[2][:40] in card(workers)
    note = written(workers, place, 2, text="// call them")
    await workers.handle(note)
    await settle(workers)
    assert MARK in card(workers), "a note is no text"
    await workers.handle(written(workers, place, 3))
    await settle(workers)
    assert MARK not in card(workers)
    await workers.handle(written(workers, place, 4, text=" "))
    await settle(workers)
    assert f"{MARK}* · Not sent" in card(workers)
    conversation = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert conversation is not None
    assert conversation.outcome is not None
