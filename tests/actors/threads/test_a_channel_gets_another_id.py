"""A channel that Slack gives another id: its lines and threads go on there, nothing is posted or sent again."""

from dataclasses import replace

from messages.formats.thread_replies import ThreadReply
from messages.notification import ChannelMoved
from messages.ticket import ActOnTicket, Edit
from tests import make
from tests.actors.helpers import receive, settle, written
from tests.fakes import FakeWorkers
from workers.failures import Permanent

NEW = "C0SHARED"


def renamed(workers: FakeWorkers) -> None:
    """Slack knows the channel by its other id alone."""
    workers.slack.messages[:] = [
        replace(each, channel=NEW) if each.channel == make.CHANNEL else each for each in workers.slack.messages
    ]
    workers.slack.refused[make.CHANNEL] = Permanent("channel_not_found")


async def moved(workers: FakeWorkers) -> None:
    """The event comes twice, as any may."""
    for _ in range(2):
        await workers.handle(ChannelMoved(former=make.CHANNEL, channel=NEW))
    await workers.drain(times=2)
    await workers.pass_time(60)


async def test_lines_threads_cards_and_lists_go_on_under_the_other_id(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    workers.clock.forward(3600)
    await receive(workers, 2, after=1)
    stores = workers.ports.stores
    ticket = await stores.tickets.newest(make.CONVERSATION)
    assert ticket is not None
    edit = Edit(version=ticket.version, origin=make.CHANNEL, notify=(make.CHANNEL, "U0BEN"))
    await workers.handle(ActOnTicket(ticket=ticket.id, command=edit, by=make.AGENT, at=workers.clock.now()))
    await workers.drain()
    before = await stores.conversations.get(make.CONVERSATION)
    assert before is not None
    assert before.thread is not None
    ids = [each.post_id for each in workers.slack.messages]
    renamed(workers)
    await moved(workers)
    after = await stores.conversations.get(make.CONVERSATION)
    line, ticket = await stores.lines.get(make.LINE), await stores.tickets.get(ticket.id)
    assert after is not None
    assert after.thread is not None
    assert (after.thread.channel, after.thread.ts) == (NEW, before.thread.ts)
    assert line is not None
    assert line.channel == NEW
    assert ticket is not None
    assert ticket.notify == (NEW, "U0BEN")
    assert [each.post_id for each in workers.slack.messages] == ids
    workers.clock.forward(10)
    await receive(workers, 3, after=2)
    newest = workers.slack.kind("texts")[-1]
    assert (newest.channel, newest.thread_ts, newest.what.text) == (NEW, before.thread.ts, "text 3")
    roots = [each for each in workers.slack.messages if each.post_id.endswith("/root")]
    assert len(roots) == 1
    after = await stores.conversations.get(make.CONVERSATION)
    assert after is not None
    assert after.thread is not None
    assert NEW in (after.thread.permalink or "")


async def test_a_reply_from_before_is_not_sent_again_and_one_from_after_is_sent(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    conversation = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert conversation is not None
    assert conversation.thread is not None
    place = conversation.thread
    note = written(workers, place, 1, "// for us")
    await workers.handle(note)
    await settle(workers)
    renamed(workers)
    await moved(workers)
    listed = ThreadReply(user=note.user, ts=note.ts, text=note.text, thread_ts=place.ts)
    workers.slack.replies.append((NEW, listed))
    await workers.handle(written(workers, place.model_copy(update={"channel": NEW}), 2, "Sent once"))
    await settle(workers)
    assert [each.sent.body for each in workers.texting.taken] == ["Sent once"]
    ticket = await workers.ports.stores.tickets.newest(make.CONVERSATION)
    assert ticket is not None
    assert [each.text for each in ticket.notes] == ["for us"]
