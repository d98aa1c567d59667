"""What agents do in the thread and on the cards of a line that was removed is answered in words, and sends nothing."""

from messages.notification import HidePost, OpenModal, ShowPost, UndoHide
from messages.sms import outbound_id
from messages.ticket import ActOnTicket, Command, SetStatus, Status, Take
from messages.views import OpenReply
from tests import make
from tests.actors.helpers import settle, thread, written
from tests.fakes import FakeWorkers


def told(workers: FakeWorkers) -> list[str]:
    """What was told in private."""
    return [words for _, words in workers.slack.whispers]


async def test_a_reply_is_not_sent_and_its_author_is_told_once(workers: FakeWorkers) -> None:
    place = await thread(workers)
    await workers.ports.stores.lines.remove(make.LINE)
    message = written(workers, place, 1)
    for _ in range(2):
        await workers.handle(message)
    await settle(workers)
    (words,) = told(workers)
    assert words.startswith(f"Not sent: {make.LINE} is no longer one of Clerk's lines")
    assert workers.texting.taken == []
    assert await workers.ports.stores.texts.get(outbound_id(message.channel, message.ts)) is None


async def test_a_reply_is_sent_again_once_the_line_is_back(workers: FakeWorkers) -> None:
    place = await thread(workers)
    await workers.ports.stores.lines.remove(make.LINE)
    await workers.handle(written(workers, place, 1))
    await workers.ports.stores.lines.add(make.line())
    await workers.handle(written(workers, place, 2))
    await settle(workers)
    assert workers.texting.bodies(make.CONTACT) == ["reply 2"]


async def test_a_click_is_answered_and_changes_nothing(workers: FakeWorkers) -> None:
    await thread(workers)
    before = await workers.ports.stores.tickets.newest(make.CONVERSATION)
    assert before is not None
    await workers.ports.stores.lines.remove(make.LINE)
    now = workers.clock.now()
    commands: tuple[Command, ...] = (Take(), SetStatus(status=Status.SOLVED))
    for number, command in enumerate(commands, 1):
        await workers.handle(ActOnTicket(ticket=before.id, command=command, by=make.AGENT, at=now))
        await workers.drain()
        assert len(told(workers)) == number
    assert all(f"{make.LINE} is no longer" in words for words in told(workers))
    assert await workers.ports.stores.tickets.get(before.id) == before


async def test_a_click_that_opens_a_form_says_so_and_does_not_say_that_the_ticket_is_gone(workers: FakeWorkers) -> None:
    await thread(workers)
    await workers.ports.stores.lines.remove(make.LINE)
    ticket = await workers.ports.stores.tickets.newest(make.CONVERSATION)
    assert ticket is not None
    for kind in (OpenModal, OpenReply):
        order = kind(
            trigger_id="1.2",
            ticket=ticket.id,
            user=make.AGENT,
            received_at=workers.clock.now(),
            response_url="https://hooks.slack.com/x",
        )
        await workers.handle(order)
        await workers.drain()
    assert [f"{make.LINE} is no longer one of Clerk's lines" in words for words in told(workers)] == [True, True]
    assert workers.slack.views == []


async def test_hide_show_and_undo_are_answered_once_and_change_nothing(workers: FakeWorkers) -> None:
    await thread(workers)
    root = workers.slack.kind("root")[0]
    before = await workers.ports.stores.posts.get(root.post_id)
    assert before is not None
    await workers.ports.stores.lines.remove(make.LINE)
    place = {"channel": root.channel, "ts": root.ts, "by": make.AGENT}
    orders = (
        HidePost(**place, response_url="https://hooks.slack.com/x", order="hide"),
        ShowPost(**place, order="show"),
        UndoHide(post=root.post_id, by=make.AGENT, response_url="https://hooks.slack.com/x", order="undo"),
    )
    for number, order in enumerate(orders, 1):
        for _ in range(2):
            await workers.handle(order)
            await workers.drain()
        assert len(told(workers)) == number
    assert all(f"Nothing was changed: {make.LINE} is no longer" in words for words in told(workers))
    after = await workers.ports.stores.posts.get(root.post_id)
    assert after == before.model_copy(update={"orders": ("hide", "show", "undo")})


async def test_an_undo_or_show_that_has_nothing_to_do_is_answered(workers: FakeWorkers) -> None:
    await thread(workers)
    root = workers.slack.kind("root")[0]
    url = "https://hooks.slack.com/x"
    await workers.handle(UndoHide(post=root.post_id, by=make.AGENT, response_url=url, order="undo"))
    await workers.handle(UndoHide(post="gone", by=make.AGENT, response_url=url, order="other"))
    await workers.handle(HidePost(channel="C0", ts="1.0", by=make.AGENT, response_url=url))
    await workers.handle(ShowPost(channel="C0", ts="1.0", by=make.AGENT))
    await workers.drain()
    assert [words.partition(": ")[0] for words in told(workers)] == ["Nothing was changed"] * 4
