"""What happens in the actors' tests, and what they look at."""

from datetime import timedelta
from typing import Any

from messages.conversation import Thread
from messages.inbound import SlackReplyPosted, SmsReceived
from messages.sms import Sms, outbound_id
from tests import make
from tests.fakes import FakeWorkers
from workers.ports import ListedText


async def receive(workers: FakeWorkers, number: int, after: int | None = None, contact: str = make.CONTACT) -> None:
    """A contact's text, handled twice with all that follows."""
    message = SmsReceived(
        sid=f"SM{contact[-4:]}{number}",
        line=make.LINE,
        contact=contact,
        body=f"text {number}",
        received_at=workers.clock.now(),
        after=f"SM{contact[-4:]}{after}" if after is not None else None,
    )
    for _ in range(2):
        await workers.handle(message)
    await workers.drain(times=2)


def texts_in_thread(workers: FakeWorkers) -> list[str]:
    """The contact's texts in the thread, in order."""
    return [line for message in workers.slack.kind("texts") for line in message.what.text.splitlines()]


def listed(workers: FakeWorkers, number: int, **fields: object) -> ListedText:
    """The contact's `number`-th text, received now, as the provider lists it."""
    given = {"contact": make.CONTACT, "body": f"text {number}", "media": (), "at": workers.clock.now(), **fields}
    text = ListedText(sid=f"SM{number}", **given)  # type: ignore[arg-type]
    workers.texting.inbound.append((make.LINE, text))
    return text


async def thread(workers: FakeWorkers) -> Thread:
    """The conversation's thread, which a text from the contact begins."""
    await workers.handle(make.sms_received(received_at=workers.clock.now()))
    await workers.drain()
    conversation = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert conversation is not None
    assert conversation.thread is not None
    return conversation.thread


def written(workers: FakeWorkers, place: Thread, number: int, text: str = "", **fields: Any) -> SlackReplyPosted:
    """The `number`-th reply in a thread, written now."""
    ts = f"{workers.clock.now().timestamp() + number / 1000:.6f}"
    given = {"event_id": f"Ev{number}", "channel": place.channel, "thread_ts": place.ts, "ts": ts, **fields}
    return make.reply_posted(text=text or f"reply {number}", received_at=workers.clock.now(), **given)


async def settle(workers: FakeWorkers, seconds: float = 2) -> None:
    """Handle everything that is due within some seconds."""
    until = workers.clock.now() + timedelta(seconds=seconds)
    while (due := min((at for at, _ in workers.queue.waiting), default=until)) < until:
        workers.clock.time = max(workers.clock.now(), due)
        await workers.drain()
    workers.clock.time = until


async def stored(workers: FakeWorkers, message: SlackReplyPosted) -> Sms:
    """The text that a reply became."""
    text = await workers.ports.stores.texts.get(outbound_id(message.channel, message.ts))
    assert text is not None
    return text


def lines(workers: FakeWorkers) -> list[str]:
    """Clerk's messages in the thread about replies."""
    return [each.what.text for each in workers.slack.kind("outcome")]


async def unattached(workers: FakeWorkers) -> list[str]:
    """The texts whose attachments a pass still has to bring into the thread."""
    texts = await workers.ports.stores.texts.of_pass(make.CONVERSATION, ())
    return [text.id for text in texts if text.unattached is not None]
