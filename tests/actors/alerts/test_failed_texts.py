"""Who wrote a text that did not arrive is alerted, once."""

from messages.inbound import DeliveryReported
from tests import make
from tests.actors.helpers import settle, stored, thread, written
from tests.fakes import FakeWorkers


async def test_the_author_of_a_text_that_did_not_arrive_is_alerted_once(workers: FakeWorkers) -> None:
    message = written(workers, await thread(workers), 1)
    await workers.handle(message)
    await settle(workers)
    text, now = await stored(workers, message), workers.clock.now()
    for status in ("undelivered", "failed", "undelivered"):
        failed = DeliveryReported(sms=text.id, sid=text.sid or "", status=status, error_code=30005, received_at=now)
        for _ in range(2):
            await workers.handle(failed)
        await settle(workers)
    await workers.pass_time(600, step=60)
    told = [each for each in workers.slack.messages if each.post_id.startswith("alert/")]
    assert [each.channel for each in told] == [f"D{make.AGENT[1:]}"]
    assert "did not arrive" in str(told[0].what.blocks)
