"""A thread that can't be written to any more begins anew in the line's channel: nothing is lost, nothing repeated."""

from dataclasses import replace
from typing import Any

import pytest

from messages.conversation import Conversation
from messages.inbound import SmsReceived
from messages.sms import Media, WriteText
from tests import make
from tests.actors.helpers import receive, settle, thread, unattached, written
from tests.fakes import DiesAt, FakeMessage, FakeWorkers
from workers.failures import Ambiguous, Permanent, Temporary

NEW = "C0NEW"
SPELLINGS = [
    *("thread_not_found", "cannot_reply_to_message", "message_not_found", "invalid_thread_ts"),
    *("restricted_action_thread_locked", None),
]
PICTURE = Media(url="https://api.twilio.com/picture", content_type="image/png")


def purge(workers: FakeWorkers) -> None:
    """Delete every message, as a channel's retention policy does."""
    workers.slack.messages.clear()


async def move_line(workers: FakeWorkers) -> None:
    """Give the line another channel."""
    await workers.ports.stores.lines.save(make.line(channel=NEW))


def refuse(workers: FakeWorkers, code: str) -> None:
    """Let the first channel refuse every post."""
    workers.slack.refused[make.CHANNEL] = Permanent(code)


def shape(workers: FakeWorkers, channel: str) -> list[tuple[str, bool]]:
    """What a channel shows, in order: the kind of each message, and whether it is in the thread of the newest root."""
    mine = [each for each in workers.slack.messages if each.channel == channel]
    roots = [each.ts for each in mine if "/root" in each.post_id]
    return [(kind(each), each.thread_ts in roots) for each in mine]


def kind(message: FakeMessage) -> str:
    """What a message shows."""
    name = message.post_id.removeprefix(f"{make.CONVERSATION}/").strip("/").partition("/")[0]
    return name.partition("-")[0]  # the root of a second thread is root-1


ANEW = [("root", False), ("recap", True)]


@pytest.mark.parametrize("error", SPELLINGS)
async def test_a_thread_whose_messages_are_gone_begins_anew_with_a_card_the_last_texts_and_the_new_one(
    workers: FakeWorkers, error: str | None
) -> None:
    await receive(workers, 1)
    workers.slack.no_such_thread = error
    purge(workers)
    workers.clock.forward(86400)
    await receive(workers, 2, after=1)
    assert shape(workers, make.CHANNEL) == [*ANEW, ("texts", True)]
    root, recap, newest = workers.slack.messages
    assert "text 1" in recap.what.text
    assert "text 2" not in recap.what.text
    assert newest.what.text == "text 2"
    workers.clock.forward(10)
    await receive(workers, 3, after=2)
    assert shape(workers, make.CHANNEL) == [*ANEW, ("texts", True), ("texts", True)]
    assert workers.slack.messages[-1].thread_ts == root.ts


@pytest.mark.parametrize("code", ["is_archived", "channel_not_found", "not_in_channel", "restricted_action"])
async def test_a_line_that_was_moved_takes_its_conversations_along_when_their_channel_is_closed(
    workers: FakeWorkers, code: str
) -> None:
    place = await thread(workers)
    refuse(workers, code)
    await receive(workers, 2)
    assert "texts/2" not in str([each.post_id for each in workers.slack.messages])  # it may be repaired
    await move_line(workers)
    await receive(workers, 3, after=2)
    assert shape(workers, NEW)[:3] == [*ANEW, ("texts", True)]
    said = [line for each in workers.slack.messages if kind(each) == "texts" for line in each.what.text.splitlines()]
    assert said == ["Hello", "text 2", "text 3"]
    assert str(place.permalink) in workers.slack.kind("recap")[0].what.text


async def test_a_thread_goes_on_in_a_channel_that_accepts_it_although_the_line_has_another(
    workers: FakeWorkers,
) -> None:
    await receive(workers, 1)
    await move_line(workers)
    await receive(workers, 2, after=1)
    assert shape(workers, make.CHANNEL) == [("root", False), ("texts", True), ("texts", True)]
    assert shape(workers, NEW) == []


async def test_a_card_that_could_not_be_posted_before_the_line_was_moved_is_posted_where_it_is_now(
    workers: FakeWorkers,
) -> None:
    refuse(workers, "is_archived")
    await receive(workers, 1)
    assert workers.slack.messages == []
    await move_line(workers)
    await workers.pass_time(700)
    assert shape(workers, NEW) == [("root", False), ("texts", True)]


async def test_a_worker_that_dies_at_any_step_loses_and_repeats_nothing_in_the_new_thread(workers: FakeWorkers) -> None:
    """Each round is a contact of its own, whose worker dies a call later, until it survives."""
    workers.slack.no_such_thread = None
    survived, step = False, 0
    while not survived:
        contact = f"+1555000{4000 + step}"
        await receive(workers, 1, contact=contact)
        purge(workers)
        workers.clock.forward(3600)
        await workers.queue.publish(text(workers, contact, 2))
        survived = await drain_and_die(workers, step)
        await until_posted(workers, contact, 2)
        shown = [each for each in workers.slack.messages if "/card/" not in each.post_id]
        ids = [each.post_id.removeprefix(f"{make.LINE}:{contact}/") for each in shown]
        assert ids == ["root-1", "recap/1", "texts/2"], f"at step {step}"
        assert [each.thread_ts for each in shown] == [None, shown[0].ts, shown[0].ts], f"at step {step}"
        step += 5
    assert step > 20


async def until_posted(workers: FakeWorkers, contact: str, number: int) -> None:
    """Let time pass until a contact's texts are in the thread, five minutes at most."""
    for _ in range(10):
        conversation = await workers.ports.stores.conversations.get(f"{make.LINE}:{contact}")
        if conversation is not None and conversation.posted == number and conversation.redraw.due_at is None:
            return
        await workers.pass_time(30, step=30)


def text(workers: FakeWorkers, contact: str, number: int) -> SmsReceived:
    """A contact's text that follows the one before."""
    return make.sms_received(
        sid=f"SM{contact[-4:]}{number}",
        contact=contact,
        body=f"text {number}",
        received_at=workers.clock.now(),
        after=f"SM{contact[-4:]}{number - 1}",
    )


async def drain_and_die(workers: FakeWorkers, step: int) -> bool:
    """Handle what is due; the first worker that renders dies at this step. Whether it survived."""
    fate, survived = DiesAt(step), True
    while due := workers.queue.due():
        message = workers.queue.take(due[0])
        if message.actor != "slack.render" or not survived:
            await workers.handle(message)
        elif not await workers.handle_or_die(message, fate):
            survived = False
            workers.clock.forward(25)
            await workers.queue.publish(message)
    return survived


@pytest.mark.parametrize(
    "error", [Temporary("service_unavailable"), Ambiguous("TimeoutError"), Permanent("cant_delete_message")]
)
async def test_a_loose_message_that_can_not_be_deleted_at_once_is_not_left_as_the_text(
    workers: FakeWorkers, error: Exception
) -> None:
    await receive(workers, 1)
    workers.slack.no_such_thread = None
    purge(workers)
    left = [error]

    def before(method: str, channel: str) -> None:
        if method == "delete" and left:
            raise left.pop()

    workers.slack.before = before
    await receive(workers, 2, after=1)
    await workers.pass_time(60, step=5)
    stays = [("texts", False)] if isinstance(error, Permanent) else []
    assert shape(workers, make.CHANNEL) == [*stays, *ANEW, ("texts", True)]


async def test_an_answer_that_was_lost_and_a_thread_that_is_gone_leave_no_loose_text(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    workers.slack.no_such_thread = None
    purge(workers)
    lost: list[Any] = [Ambiguous("TimeoutError")]

    def after(method: str, channel: str) -> None:
        if method == "post" and lost:
            raise lost.pop()

    workers.slack.after = after
    await receive(workers, 2, after=1)
    await workers.pass_time(60, step=5)
    assert shape(workers, make.CHANNEL) == [*ANEW, ("texts", True)]


@pytest.mark.parametrize("error", SPELLINGS)
async def test_a_picture_whose_thread_is_gone_follows_its_text_into_the_new_one(
    workers: FakeWorkers, error: str | None
) -> None:
    await receive(workers, 1)
    workers.slack.no_such_thread = error
    workers.texting.kept[PICTURE.url] = b"picture"

    def before(method: str, channel: str) -> None:
        if method == "share":  # the thread goes between the text and its picture
            workers.slack.before = lambda method, channel: None
            purge(workers)

    workers.slack.before = before
    await workers.handle(
        make.sms_received(sid="SM2", after="SM22221", media=(PICTURE,), received_at=workers.clock.now())
    )
    await workers.drain()
    await workers.pass_time(60, step=5)
    assert shape(workers, make.CHANNEL) == [*ANEW, ("files", True)]
    (files,) = workers.slack.kind("files")
    assert [workers.slack.files[id].content for id in files.files] == [b"picture"]
    assert await unattached(workers) == []


async def test_a_slack_that_puts_every_reply_outside_its_thread_gets_one_root_and_not_one_after_another(
    workers: FakeWorkers,
) -> None:
    await receive(workers, 1)
    workers.slack.no_such_thread = None
    purge(workers)

    def before(method: str, channel: str) -> None:
        if method == "post":
            for each in workers.slack.messages:
                each.channel = "C0SOMEWHERE"

    workers.slack.before = before
    await receive(workers, 2, after=1)
    await workers.pass_time(300)
    assert len(workers.slack.kind("root")) == 1


async def test_who_writes_in_a_thread_that_was_left_is_told_where_the_conversation_continues(
    workers: FakeWorkers,
) -> None:
    place = await thread(workers)
    refuse(workers, "is_archived")
    await move_line(workers)
    await receive(workers, 2)
    conversation = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert conversation is not None
    assert conversation.thread is not None
    message = written(workers, place, 1)
    for _ in range(2):
        await workers.handle(message)
        await settle(workers)
    told = [words for _, words in workers.slack.whispers]
    assert len(told) == 1
    assert told[0].startswith("Not sent: this conversation continues in another thread")
    assert str(conversation.thread.permalink) in told[0]
    assert workers.texting.bodies(make.CONTACT) == []


async def test_a_reply_below_a_loose_text_is_answered(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    place = await thread(workers)
    workers.slack.no_such_thread = None
    purge(workers)
    stuck = [Permanent("cant_delete_message")]

    def before(method: str, channel: str) -> None:
        if method == "delete" and stuck:
            raise stuck.pop()

    workers.slack.before = before
    await receive(workers, 3)
    loose = next(each for each in workers.slack.messages if kind(each) == "texts" and each.thread_ts is None)
    await workers.handle(written(workers, place.model_copy(update={"ts": loose.ts}), 1))
    await settle(workers)
    assert [words.partition(",")[0] for _, words in workers.slack.whispers] == [
        "Not sent: this conversation continues in another thread"
    ]


async def test_a_reply_in_the_new_thread_reaches_the_contact(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    purge(workers)
    await receive(workers, 2, after=1)
    place = await thread(workers)
    await workers.handle(written(workers, place, 1, text="we are here"))
    await settle(workers)
    assert workers.texting.bodies(make.CONTACT) == ["we are here"]


async def test_a_text_from_a_modal_begins_the_thread_anew_and_is_shown_there(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    refuse(workers, "is_archived")
    await move_line(workers)
    write = WriteText(
        sms="view-V1",
        line=make.LINE,
        contact=make.CONTACT,
        text="from the modal",
        by=make.AGENT,
        at=workers.clock.now(),
        channel=NEW,
    )
    await workers.handle(write)
    await settle(workers)
    assert workers.texting.bodies(make.CONTACT) == ["from the modal"]
    assert shape(workers, NEW) == [*ANEW, ("line", True), ("written", True)]


async def test_cards_in_a_channel_that_was_left_are_not_redrawn_for_ever(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    workers.clock.forward(200)
    await receive(workers, 2, after=1)
    assert len(workers.slack.kind("card")) == 1
    refuse(workers, "is_archived")
    workers.slack.before = closed
    await move_line(workers)
    await receive(workers, 3, after=2)
    await workers.pass_time(60)
    conversation = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert conversation is not None
    assert (conversation.posted, conversation.redraw.due_at) == (3, None)
    assert await workers.ports.stores.tickets.unsettled(make.CONVERSATION, "slack") == []


def closed(method: str, channel: str) -> None:
    """Let the first channel refuse changes, too."""
    if channel == make.CHANNEL and method in {"update", "delete"}:
        raise Permanent("is_archived")


async def test_a_text_of_which_nobody_could_tell_whether_it_was_shown_is_shown_in_the_new_thread(
    workers: FakeWorkers,
) -> None:
    await receive(workers, 1)
    workers.slack.before = lost_and_deleted
    await receive(workers, 2, after=1)
    await workers.pass_time(200)
    assert await workers.ports.stores.posts.get(f"{make.CONVERSATION}/texts/2/instead") is not None  # it was given up
    refuse(workers, "channel_not_found")
    await move_line(workers)
    await workers.pass_time(700)
    assert [each.what.text for each in workers.slack.messages if each.channel == NEW and kind(each) == "texts"] == [
        "text 2"
    ]


def lost_and_deleted(method: str, channel: str) -> None:
    """Let the first channel be deleted while a text is on its way there: neither answer nor lookup."""
    if channel == make.CHANNEL and method == "post":
        raise Ambiguous("TimeoutError")
    if channel == make.CHANNEL and method == "find":
        raise Permanent("channel_not_found")


class RecordedMeanwhile:
    """Documents in which the conversation's thread is recorded right after it was first looked for."""

    def __init__(self, stores: Any) -> None:
        self._stores, self._asked = stores, False

    def __getattr__(self, name: str) -> Any:
        return self if name == "conversations" else getattr(self._stores, name)

    async def by_thread(self, channel: str, ts: str) -> Conversation | None:
        """Nothing at first."""
        if self._asked:
            found: Conversation | None = await self._stores.conversations.by_thread(channel, ts)
            return found
        self._asked = True
        return None

    async def get(self, id: str) -> Conversation | None:
        """The conversation."""
        found: Conversation | None = await self._stores.conversations.get(id)
        return found


async def test_a_reply_that_comes_while_its_thread_is_recorded_is_sent(workers: FakeWorkers) -> None:
    place = await thread(workers)
    stores: Any = RecordedMeanwhile(workers.ports.stores)
    await workers.handle(written(workers, place, 1, "quick"), replace(workers.ports, stores=stores))
    await settle(workers, 5)
    assert workers.slack.whispers == []
    assert workers.texting.bodies(make.CONTACT) == ["quick"]
