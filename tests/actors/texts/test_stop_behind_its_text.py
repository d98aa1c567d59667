"""What a STOP means is told behind the STOP, whenever the thread is brought into line."""

from messages.conversation import SequenceTexts
from messages.notification import RenderConversation
from tests import make
from tests.fakes import FakeWorkers
from workers.redraw import redraw


async def test_what_a_stop_means_is_told_behind_the_stop(workers: FakeWorkers) -> None:
    await workers.handle(make.sms_received(sid="SM1", body="hello", received_at=workers.clock.now()))
    await workers.drain()
    await workers.handle(make.sms_received(sid="SM2", body="STOP", after="SM1", received_at=workers.clock.now()))
    workers.clock.forward(1)
    await workers.handle(SequenceTexts(conversation=make.CONVERSATION))
    [stop_text] = await workers.ports.stores.texts.unshown(make.CONVERSATION)
    assert stop_text.seq == 2
    await redraw(make.CONVERSATION, workers.ports)
    await workers.handle(RenderConversation(conversation=make.CONVERSATION))
    assert workers.slack.kind("outcome") == []
    await workers.drain()
    [told] = workers.slack.kind("outcome")
    [stop] = [each for each in workers.slack.kind("texts") if "STOP" in each.what.text]
    assert "opted out" in told.what.text
    assert workers.slack.messages.index(stop) < workers.slack.messages.index(told)
    assert await workers.ports.stores.texts.unshown(make.CONVERSATION) == []
