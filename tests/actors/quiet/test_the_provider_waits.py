"""A text that the provider puts off by itself is said so in the thread, and is no failure."""

from messages.inbound import DeliveryReported
from messages.sms import State, outbound_id
from tests.actors.helpers import lines, settle, stored, thread, written
from tests.fakes import FakeWorkers
from workers.sms.replies import PUT_OFF


async def test_a_text_that_the_provider_sends_later_is_said_so_once_and_forgotten_when_it_is_sent(
    workers: FakeWorkers,
) -> None:
    message = written(workers, await thread(workers), 1)
    await workers.handle(message)
    await settle(workers)
    seen = []
    for status in ("queued", "scheduled", "scheduled", "sent", "delivered", "scheduled"):
        report = DeliveryReported(
            sms=outbound_id(message.channel, message.ts),
            sid=workers.texting.taken[0].sent.sid,
            status=status,
            received_at=workers.clock.now(),
        )
        for _ in range(2):
            await workers.handle(report)
            await settle(workers)
        text = await stored(workers, message)
        seen.append((text.state, text.words))
    waits = (State.QUEUED, PUT_OFF)
    assert seen == [(State.QUEUED, ""), waits, waits, (State.SENT, ""), *[(State.DELIVERED, "")] * 2]
    assert len(lines(workers)) == 1
    assert PUT_OFF in lines(workers)[0]
    assert "Last text to the contact" not in str(workers.slack.kind("root")[0].what.blocks)
