"""Texts that no webhook brought are found in the provider's list and taken in, once and in order."""

from datetime import timedelta

import pytest

from messages.process.publishing import Unpublished
from messages.sms import Media
from tests import make
from tests.actors.helpers import listed, texts_in_thread
from tests.fakes import FakeWorkers
from workers.failures import TextingThrottled, Unreachable
from workers.ingestion import missed

PICTURE = Media(url="https://api.twilio.com/Media/ME1", content_type="image/png")


async def began(workers: FakeWorkers) -> None:
    """Clerk has run for a while and seen one text by webhook."""
    await missed.take_in_missed(workers.ports)
    workers.clock.forward(600)
    first = listed(workers, 1)
    await workers.handle(make.sms_received(sid="SM1", body=first.body, received_at=first.at))
    await workers.drain()
    workers.clock.forward(61)
    assert await missed.take_in_missed(workers.ports) == 0


async def test_texts_missed_by_the_gateway_are_in_their_thread_once_and_in_order(
    workers: FakeWorkers,
) -> None:
    await began(workers)
    for number in range(2, 7):
        listed(workers, number, media=(PICTURE,) if number == 4 else ())
    for _ in range(6):
        workers.clock.forward(40)
        await missed.take_in_missed(workers.ports)
        while due := workers.queue.due():
            await workers.handle(workers.queue.take(due[-1]))
    shown = texts_in_thread(workers)
    assert [text for text in shown if text.startswith("text")] == [f"text {number}" for number in range(1, 7)]
    kept = await workers.ports.stores.texts.get("SM4")
    assert kept is not None
    assert kept.media == (PICTURE,)


async def test_a_text_that_waits_for_busy_workers_is_taken_in_once(workers: FakeWorkers) -> None:
    await began(workers)
    listed(workers, 2)
    found = []
    for _ in range(5):
        workers.clock.forward(61)
        found.append(await missed.take_in_missed(workers.ports))
    assert found == [1, 0, 0, 0, 0]
    await workers.drain()
    assert texts_in_thread(workers) == ["text 1", "text 2"]


async def test_texts_from_lost_queues_are_taken_in_again(workers: FakeWorkers) -> None:
    await began(workers)
    listed(workers, 2)
    workers.clock.forward(91)
    assert await missed.take_in_missed(workers.ports) == 1
    workers.queue.waiting.clear()
    await workers.ports.stores.inboxes.forget_taken()
    workers.clock.forward(61)
    assert await missed.take_in_missed(workers.ports) == 1
    await workers.drain()
    assert texts_in_thread(workers) == ["text 1", "text 2"]


async def test_a_text_whose_webhook_may_still_come_is_left_to_it(workers: FakeWorkers) -> None:
    await began(workers)
    workers.clock.forward(61)
    listed(workers, 2)
    assert await missed.take_in_missed(workers.ports) == 0
    workers.clock.forward(61)
    assert await missed.take_in_missed(workers.ports) == 1


async def test_texts_older_than_the_line_are_not_taken_in(workers: FakeWorkers) -> None:
    listed(workers, 1)
    workers.clock.forward(3600)
    assert await missed.take_in_missed(workers.ports) == 0
    workers.clock.forward(3600)
    assert await missed.take_in_missed(workers.ports) == 0


async def test_a_text_of_the_second_in_which_the_line_is_first_looked_at_is_taken_in(workers: FakeWorkers) -> None:
    workers.clock.forward(0.7)
    begun = workers.clock.now()
    assert await missed.take_in_missed(workers.ports) == 0
    listed(workers, 1, at=begun.replace(microsecond=0))
    workers.clock.forward(61)
    assert await missed.take_in_missed(workers.ports) == 1
    await workers.drain()
    assert texts_in_thread(workers) == ["text 1"]


async def test_several_clocks_together_ask_once_a_minute_for_each_line(workers: FakeWorkers) -> None:
    asked: list[str] = []
    workers.texting.before = asked.append
    for _ in range(5):
        for _ in range(3):
            await missed.take_in_missed(workers.ports)
        workers.clock.forward(30)
    assert len(asked) == 3


@pytest.mark.parametrize(
    "error", [Unreachable(None, "refused"), TextingThrottled(20429, timedelta(seconds=90))], ids=str
)
async def test_a_provider_that_does_not_answer_is_asked_again(workers: FakeWorkers, error: Exception) -> None:
    await began(workers)
    listed(workers, 2)

    def refuse(method: str) -> None:
        workers.texting.before = lambda method: None
        raise error

    workers.texting.before = refuse
    workers.clock.forward(61)
    assert await missed.take_in_missed(workers.ports) == 0
    workers.clock.forward(61)
    assert await missed.take_in_missed(workers.ports) == (0 if isinstance(error, TextingThrottled) else 1)
    workers.clock.forward(61)
    await missed.take_in_missed(workers.ports)
    await workers.drain()
    assert texts_in_thread(workers) == ["text 1", "text 2"]


async def test_a_text_that_could_not_be_published_is_found_again(workers: FakeWorkers) -> None:
    await began(workers)
    listed(workers, 2)
    workers.clock.forward(61)
    workers.queue.broken = True
    with pytest.raises(Unpublished):
        await missed.take_in_missed(workers.ports)
    workers.queue.broken = False
    workers.clock.forward(61)
    assert await missed.take_in_missed(workers.ports) == 1
