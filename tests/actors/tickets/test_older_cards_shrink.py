"""Of a ticket's notifications in one channel the newest is whole; older ones are one line, and cost nothing."""

import json
from datetime import timedelta

import pytest

from messages.notification import HidePost, PostKind, ShowPost, UndoHide
from messages.ticket import ActOnTicket, Edit, SetStatus, Status
from tests import make
from tests.actors.helpers import receive
from tests.fakes import DiesAt, FakeMessage, FakeWorkers
from tests.mongo_commands import CommandCount, stores_heard_by
from workers.failures import Permanent, Temporary, Throttled
from workers.slack.cards import NEWER
from workers.slack.reconcile.cards_pass import SHRINKING


def is_whole(message: FakeMessage) -> bool:
    """Whether a message is a whole card."""
    return "ticket.priority" in json.dumps(message.what.blocks)


def has_link_to(message: FakeMessage, newer: FakeMessage) -> bool:
    """Whether a message is one line that leads to another message."""
    link = f"<https://team.slack.com/archives/{newer.channel}/p{newer.ts.replace('.', '')}|{NEWER}>"
    return not is_whole(message) and link in str(message.what.blocks)


async def announced(workers: FakeWorkers, number: int) -> FakeMessage:
    """A contact's text that is announced at once, and its card."""
    workers.clock.forward(200)
    await receive(workers, number)
    return workers.slack.kind("card")[-1]


async def change_status(workers: FakeWorkers, status: Status) -> None:
    """An agent changes the ticket."""
    workers.clock.forward(1)
    command = SetStatus(status=status)
    order = f"{status} {workers.clock.now()}"
    await workers.handle(ActOnTicket(ticket=1, command=command, by=make.AGENT, at=workers.clock.now(), order=order))
    await workers.drain()


async def with_cards_of_before(workers: FakeWorkers, count: int) -> list[FakeMessage]:
    """A ticket with this many cards that an earlier version posted and left whole; oldest first."""
    await receive(workers, 1)
    newest = await announced(workers, 2)
    posts = workers.ports.stores.posts
    known = await posts.get(newest.post_id)
    assert known is not None
    debounce = (await workers.ports.stores.conversations.get(make.CONVERSATION)).debounce  # type: ignore[union-attr]
    assert debounce.latest is not None
    moved = debounce.latest.model_copy(update={"number": count})
    changed = debounce.model_copy(update={"version": debounce.version + 1, "latest": moved})
    wish = make.lost_wish(workers.clock.now())
    await workers.ports.stores.conversations.save_debounce(make.CONVERSATION, debounce, changed, wish)
    await posts._collection.delete_one({"_id": known.id})
    workers.slack.messages.remove(newest)
    shown = []
    for number in range(2, count + 1):
        id = f"{make.CONVERSATION}/card/{number}/{make.CHANNEL}"
        message = FakeMessage(make.CHANNEL, f"{1000 + number}.000000", newest.what, id, None)
        workers.slack.messages.append(message)
        old = {"id": id, "ts": message.ts, "announcement": number, "first": 0, "last": 0, "permalink": None}
        await posts.claim(known.model_copy(update=old))
        shown.append(message)
    return shown


async def test_when_a_newer_notification_is_posted_the_older_ones_shrink_to_a_line_with_a_link_to_it(
    workers: FakeWorkers,
) -> None:
    await receive(workers, 1)
    (root,) = workers.slack.kind("root")
    assert is_whole(root)
    first = await announced(workers, 2)
    assert is_whole(first)
    assert has_link_to(root, first)
    assert "New" in root.what.text
    second = await announced(workers, 3)
    assert has_link_to(first, second)
    assert has_link_to(root, second)
    assert "text 2" in first.what.text
    assert is_whole(second)
    await change_status(workers, Status.PENDING)
    assert "Pending" in root.what.text
    assert "Pending" in second.what.text


async def test_a_card_that_is_hidden_while_it_shrinks_is_deleted(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    first = await announced(workers, 2)

    async def it_is_hidden() -> None:
        await workers.handle(HidePost(channel=first.channel, ts=first.ts, by=make.AGENT, order="hide"))

    workers.slack.meanwhile = it_is_hidden
    second = await announced(workers, 3)
    assert workers.slack.kind("card") == [second]


async def test_an_older_card_keeps_what_it_announced(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    first = await announced(workers, 2)
    workers.clock.forward(10)
    await receive(workers, 3)
    assert "text 3" in first.what.text, "the newest notification follows the conversation"
    await workers.pass_time(200)
    second = workers.slack.kind("card")[-1]
    assert has_link_to(first, second)
    assert "text 2" in first.what.text


async def test_a_card_in_another_channel_or_of_another_ticket_shrinks_nothing(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    (root,) = workers.slack.kind("root")
    edit = Edit(version=1, origin=make.CHANNEL, notify=("U0BEN",))
    await workers.handle(ActOnTicket(ticket=1, command=edit, by=make.AGENT, at=workers.clock.now()))
    await workers.drain()
    in_person = await announced(workers, 2)
    assert in_person.channel == "D0BEN"
    assert is_whole(root)
    assert is_whole(in_person)
    await change_status(workers, Status.CLOSED)
    of_next = await announced(workers, 3)
    assert is_whole(of_next)
    assert is_whole(in_person)
    assert has_link_to(root, of_next), "the root shows the present ticket"


async def test_a_root_is_whole_again_on_show_or_when_the_newer_card_is_hidden(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    (root,) = workers.slack.kind("root")
    card = await announced(workers, 2)
    for _ in range(2):
        await workers.handle(ShowPost(channel=root.channel, ts=root.ts, by=make.AGENT, order="show"))
        await workers.drain()
    assert is_whole(root)
    newer = await announced(workers, 3)
    assert has_link_to(root, newer)
    assert has_link_to(card, newer)
    await workers.handle(HidePost(channel=newer.channel, ts=newer.ts, by=make.AGENT, order="hide"))
    await workers.drain()
    assert newer not in workers.slack.messages
    assert is_whole(root)
    await workers.handle(UndoHide(post=newer.post_id, by=make.AGENT, order="undo"))
    await workers.drain()
    assert has_link_to(root, workers.slack.kind("card")[-1])


async def test_a_late_hide_of_a_card_that_has_shrunk_takes_it_away_and_undo_brings_it_back(
    workers: FakeWorkers,
) -> None:
    await receive(workers, 1)
    older = await announced(workers, 2)
    await announced(workers, 3)
    await workers.handle(HidePost(channel=older.channel, ts=older.ts, by=make.AGENT, order="hide"))
    await workers.drain()
    assert older not in workers.slack.messages
    hidden = await workers.ports.stores.posts.get(older.post_id)
    assert hidden is not None
    assert (hidden.kind, hidden.removed) == (PostKind.PAST_CARD, True), "no pass reads it"
    await workers.handle(UndoHide(post=older.post_id, by=make.AGENT, order="undo"))
    await workers.drain()
    assert [each.post_id for each in workers.slack.messages].count(older.post_id) == 1


async def test_a_text_costs_the_same_with_many_earlier_cards_as_with_few(
    mongo_url: str,
) -> None:
    counting = CommandCount()
    async with stores_heard_by(counting, mongo_url) as stores:
        await stores.lines.add(make.line())
        workers = FakeWorkers(stores)
        await receive(workers, 1)
        costs = []
        for number in range(2, 32, 2):
            await announced(workers, number)
            workers.clock.forward(5)
            calls: list[str] = []
            workers.slack.after = lambda method, channel, calls=calls: calls.append(method)
            counting.take()
            await receive(workers, number + 1)
            costs.append((counting.take(), sorted(calls)))
    assert costs[-1] == costs[3], costs
    assert costs[-1][1] == ["post", "update"], "the text, and the newest card"


async def test_cards_of_an_earlier_version_shrink_once_and_some_in_each_pass(workers: FakeWorkers) -> None:
    old = await with_cards_of_before(workers, 3 * SHRINKING + 5)
    updated: list[str] = []
    update = workers.slack.update

    async def counted(at, what):  # type: ignore[no-untyped-def]
        updated.append(at.ts)
        await update(at, what)

    workers.slack.update = counted  # type: ignore[method-assign]
    for passes in range(1, 5):
        updated.clear()
        await change_status(workers, Status.PENDING if passes % 2 else Status.ON_HOLD)
        assert len(updated) <= SHRINKING + 2
    assert [is_whole(each) for each in old] == [False] * (len(old) - 1) + [True]
    assert all(has_link_to(each, old[-1]) for each in old[:-1])
    updated.clear()
    await change_status(workers, Status.OPEN)
    assert len(updated) == 2


@pytest.mark.parametrize(
    ("method", "error"),
    [
        ("permalink", Throttled(timedelta(seconds=60))),
        ("update", Throttled(timedelta(seconds=60))),
        ("update", Temporary("service_unavailable")),
        ("update", Permanent("is_archived")),
    ],
)
async def test_older_cards_that_slack_does_not_change_now_shrink_later_and_stop_nothing(
    workers: FakeWorkers, method: str, error: Exception
) -> None:
    await receive(workers, 1)
    older = await announced(workers, 2)

    def before(called: str, channel: str) -> None:
        if called == method:
            raise error

    workers.slack.before = before
    newer = await announced(workers, 3)
    assert is_whole(newer)
    assert is_whole(older)
    workers.slack.before = lambda method, channel: None
    await workers.pass_time(700)
    assert has_link_to(older, newer)


async def test_a_card_that_slack_will_not_change_is_left_alone(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    older = await announced(workers, 2)
    workers.slack.messages.remove(older)
    await announced(workers, 3)
    post = await workers.ports.stores.posts.get(older.post_id)
    assert post is not None
    assert post.kind is PostKind.PAST_CARD


async def test_older_cards_shrink_at_whatever_step_a_worker_dies(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    older = await announced(workers, 2)
    step, lived = 0, False
    number = 3
    while not lived:
        workers.clock.forward(200)
        text = make.sms_received(sid=f"SM{number}", body=f"text {number}", received_at=workers.clock.now())
        await workers.handle(text)
        lived = True
        while due := workers.queue.due():
            lived = await workers.handle_or_die(workers.queue.take(due[0]), DiesAt(step)) and lived
        await workers.pass_time(120, step=30)
        newer = workers.slack.kind("card")[-1]
        assert f"text {number}" in newer.what.text
        assert has_link_to(older, newer), f"it died at step {step}"
        assert is_whole(newer)
        older = newer
        step += 7
        number += 1
    assert step > 20
