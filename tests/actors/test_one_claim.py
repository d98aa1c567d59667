"""What cannot be repeated is done once, whatever becomes of the answer, of the lookups and of the worker."""

from datetime import timedelta
from typing import Any

import pytest

from messages.conversation import Thread
from messages.deadlines.priority import Priority
from messages.inbound import DeliveryReported, SlackReplyPosted
from messages.notification import PostKind
from messages.sms import Media, ResendText, Sms, State, WriteText, outbound_id
from messages.ticket import ActOnTicket, Edit, SetPriority
from tests import make
from tests.actors.helpers import unattached
from tests.fakes import FakeWorkers
from workers.failures import (
    Ambiguous,
    CallError,
    Permanent,
    Temporary,
    TextingThrottled,
    Throttled,
    Undecided,
    Unreachable,
)
from workers.ports import Posted

FAILED_LOOKUPS = [
    Throttled(timedelta(seconds=1)),
    Temporary("service_unavailable"),
    Temporary("ClientConnectorError"),
    Temporary("token_revoked", timedelta(seconds=5)),
    Ambiguous("TimeoutError"),
]


class Script:
    """The faults of the next calls, by method, in order: an error, or None for a call that succeeds."""

    def __init__(self, **faults: list[CallError | None]) -> None:
        self._faults = faults

    def __call__(self, method: str, channel: str = "") -> None:
        """Fail as planned."""
        left = self._faults.get(method)
        if left and (fault := left.pop(0)) is not None:
            raise fault


async def text(workers: FakeWorkers, number: int, body: str = "", **fields: Any) -> None:
    """A contact's text, handled as far as it goes."""
    after = f"SM{number - 1}" if number > 1 else None
    given = {"sid": f"SM{number}", "body": body or f"text {number}", "received_at": workers.clock.now(), **fields}
    await workers.queue.publish(make.sms_received(after=after, **given))
    await workers.drain()


def thread(workers: FakeWorkers) -> list[str]:
    """What the thread says, in order."""
    return [each.what.text for each in workers.slack.messages if each.thread_ts is not None]


@pytest.mark.parametrize("failed", FAILED_LOOKUPS, ids=lambda error: error.code)
@pytest.mark.parametrize("place", [0, 1], ids=["root", "text"])
async def test_a_lost_answer_and_then_a_failed_lookup_post_nothing_twice(
    workers: FakeWorkers, failed: CallError, place: int
) -> None:
    answers: list[CallError | None] = [None, None]
    answers[place] = Ambiguous("TimeoutError")
    workers.slack.after = Script(post=answers)
    workers.slack.before = Script(find=[failed, failed])
    await text(workers, 1)
    await workers.pass_time(60, step=5)
    ids = [each.post_id for each in workers.slack.messages]
    assert ids == [f"{make.CONVERSATION}/root", f"{make.CONVERSATION}/texts/1"]


async def test_a_slack_that_is_slow_gets_no_copy(workers: FakeWorkers) -> None:
    """A post takes 45 seconds to appear: Clerk looks again and again, and does not post."""
    hidden: list[Any] = []

    def lose(method: str, channel: str) -> None:
        if method == "post" and "/texts/" in workers.slack.messages[-1].post_id and not hidden:
            hidden.append(workers.slack.messages.pop())
            raise Ambiguous("TimeoutError")

    workers.slack.after = lose
    await text(workers, 1)
    await workers.pass_time(45, step=3)
    assert thread(workers) == []
    workers.slack.messages.append(hidden[0])
    await text(workers, 2)
    await workers.pass_time(60, step=3)
    assert thread(workers) == ["text 1", "text 2"]


async def test_a_post_that_slack_never_had_is_made_after_minutes_and_looked_up_less_and_less(
    workers: FakeWorkers,
) -> None:
    finds: list[float] = []
    began = workers.clock.now()

    def before(method: str, channel: str) -> None:
        since = (workers.clock.now() - began).total_seconds()
        if method == "find":
            finds.append(since)
        if method == "post" and workers.slack.messages and not lost:
            lost.append(since)
            raise Ambiguous("TimeoutError")

    lost: list[float] = []
    workers.slack.before = before
    await text(workers, 1)
    await workers.pass_time(110, step=1)
    assert thread(workers) == []
    assert 4 < len(finds) < 12
    await workers.pass_time(20, step=1)
    assert thread(workers) == ["text 1"]


async def test_where_nobody_can_look_people_are_told_and_the_thread_goes_on(workers: FakeWorkers) -> None:
    """Clerk is no member of the public channel: it may post there, and may not read."""
    workers.slack.after = Script(post=[None, Ambiguous("TimeoutError")])

    def before(method: str, channel: str) -> None:
        if method == "find":
            raise Permanent("not_in_channel")

    workers.slack.before = before
    await text(workers, 1)
    await text(workers, 2)
    await workers.pass_time(60, step=10)
    assert thread(workers) == ["text 1"], "nothing is said too early, and nothing posted twice"
    await workers.pass_time(90, step=10)
    first, said, last = thread(workers)
    assert (first, last) == ("text 1", "text 2")
    assert "may be missing here" in said
    assert "clerk trace SM1" in said
    assert "not_in_channel" in said


async def test_a_card_that_nobody_can_look_up_is_not_said_to_have_failed(workers: FakeWorkers) -> None:
    await text(workers, 1)
    ticket = await workers.ports.stores.tickets.newest(make.CONVERSATION)
    assert ticket is not None
    order = Edit(version=ticket.version, origin=make.CHANNEL, notify=("C0GENERAL",))
    await workers.handle(ActOnTicket(ticket=ticket.id, command=order, by=make.AGENT, at=workers.clock.now()))
    await workers.drain()

    def before(method: str, channel: str) -> None:
        if method == "find":
            raise Permanent("not_in_channel")

    workers.slack.before = before
    lost: list[str] = []

    def after(method: str, channel: str) -> None:
        if method == "post" and channel == "C0GENERAL" and not lost:
            lost.append(channel)
            raise Ambiguous("TimeoutError")

    workers.slack.after = after
    workers.clock.forward(1000)
    await text(workers, 2)
    await workers.pass_time(240, step=20)
    assert len([each for each in workers.slack.messages if each.channel == "C0GENERAL"]) == 1
    said = " ".join(thread(workers))
    assert "does not know whether it notified <#C0GENERAL>" in said
    assert "Could not notify" not in said


# -- what Slack does not accept ----------------------------------------------------------------------------------------


class Poisoned:
    """Makes a fake Slack refuse each post and update that contains some words."""

    def __init__(self, workers: FakeWorkers, words: str, error: CallError) -> None:
        self._words, self._error = words, error
        self._post, self._update = workers.slack.post, workers.slack.update
        workers.slack.post = self.post  # type: ignore[method-assign]
        workers.slack.update = self.update  # type: ignore[method-assign]

    async def post(self, channel: str, what: Any, **given: Any) -> Posted:
        """Post, or refuse."""
        self._refuse(what)
        return await self._post(channel, what, **given)

    async def update(self, at: Posted, what: Any) -> None:
        """Replace, or refuse."""
        self._refuse(what)
        await self._update(at, what)

    def _refuse(self, what: Any) -> None:
        if self._words in str(what.blocks) + what.text:
            raise self._error


@pytest.mark.parametrize("code", ["invalid_blocks", "msg_too_long", "msg_blocks_too_long", "blocked_by_dlp"])
async def test_a_text_that_slack_does_not_accept_is_said_and_the_thread_goes_on(
    workers: FakeWorkers, code: str
) -> None:
    await text(workers, 1)
    Poisoned(workers, "poison", Permanent(code))
    for number in range(2, 5):
        body = "poison" if number == 3 else ""
        await workers.handle(
            make.sms_received(sid=f"SM{number}", body=body or f"text {number}", after=f"SM{number - 1}")
        )
    await workers.drain()
    await workers.pass_time(10, step=1)
    assert thread(workers) == [
        "text 1",
        "text 2",
        f":warning: A text could not be shown here (Slack: {code}). `clerk trace SM3` shows it.",
        "text 4",
    ]


async def test_a_first_text_that_slack_does_not_accept_still_begins_a_thread(workers: FakeWorkers) -> None:
    Poisoned(workers, "poison", Permanent("invalid_blocks"))
    await text(workers, 1, "poison")
    await text(workers, 2)
    await workers.pass_time(10, step=1)
    assert len(workers.slack.kind("root")) == 1
    assert thread(workers)[-1] == "text 2"
    assert "clerk trace SM1" in thread(workers)[0]


async def test_a_text_at_which_slack_fails_without_end_is_said_after_some_tries(workers: FakeWorkers) -> None:
    await text(workers, 1)
    Poisoned(workers, "poison", Ambiguous("internal_error"))
    await text(workers, 2, "poison")
    await text(workers, 3)
    await workers.pass_time(420, step=15)
    assert thread(workers)[0] == "text 1"
    assert "(Slack: internal_error)" in thread(workers)[1]
    assert thread(workers)[2:] == ["text 3"]


async def test_a_card_at_which_slack_fails_without_end_is_posted_without_its_text(workers: FakeWorkers) -> None:
    Poisoned(workers, "poison", Ambiguous("internal_error"))
    await text(workers, 1, "poison")
    await workers.pass_time(600, step=15)
    assert len(workers.slack.kind("root")) == 1
    await text(workers, 2)
    await workers.pass_time(420, step=15)
    assert thread(workers)[-1] == "text 2"


async def test_while_slack_fails_at_everything_no_text_is_given_up(workers: FakeWorkers) -> None:
    await text(workers, 1)

    def fail(method: str, channel: str) -> None:
        raise Ambiguous("internal_error")

    workers.slack.before = fail
    await text(workers, 2)
    await workers.pass_time(1200, step=30)
    workers.slack.before = lambda method, channel: None
    await workers.pass_time(300, step=15)
    assert thread(workers) == ["text 1", "text 2"]


async def test_an_archived_channel_is_no_poison(workers: FakeWorkers) -> None:
    await text(workers, 1)
    workers.slack.refused[make.CHANNEL] = Permanent("is_archived")
    await text(workers, 2)
    await workers.pass_time(30)
    del workers.slack.refused[make.CHANNEL]
    await workers.pass_time(660, step=60)
    assert thread(workers) == ["text 1", "text 2"]


# -- shares of files ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("failed", FAILED_LOOKUPS, ids=lambda error: error.code)
async def test_a_lost_share_and_then_a_failed_lookup_share_nothing_twice(
    workers: FakeWorkers, failed: CallError
) -> None:
    workers.texting.kept["https://m/1"] = b"picture"
    workers.slack.after = Script(share=[Ambiguous("TimeoutError")])
    workers.slack.before = Script(shared=[failed, failed])
    await text(workers, 1, media=(Media(url="https://m/1", content_type="image/png"),))
    await workers.pass_time(300, step=10)
    assert len([each for each in workers.slack.messages if each.files]) == 1
    assert await unattached(workers) == []


# -- hiding ------------------------------------------------------------------------------------------------------------


async def test_an_undo_while_the_card_is_deleted_brings_it_back(workers: FakeWorkers) -> None:
    await text(workers, 1)
    workers.clock.forward(200)
    await text(workers, 2)
    [post] = workers.slack.kind("card")
    posts = workers.ports.stores.posts
    known = await posts.get(post.post_id)
    assert known is not None
    hidden = await posts.set(known, hidden_by=make.AGENT, hidden_during=2)
    await posts.show_again(hidden, None)
    await posts.set_removed(hidden)
    await workers.slack.delete(Posted(post.channel, post.ts))
    await workers.ports.stores.conversations.request_pass(make.CONVERSATION, workers.clock.now())
    await workers.pass_time(60)
    assert len(workers.slack.kind("card")) == 1
    shown = await posts.get(post.post_id)
    assert shown is not None
    assert (shown.kind, shown.removed, shown.ts is not None) == (PostKind.CARD, False, True)


async def test_a_card_in_an_archived_channel_is_drawn_again_once_it_can_be(workers: FakeWorkers) -> None:
    await text(workers, 1)
    ticket = await workers.ports.stores.tickets.newest(make.CONVERSATION)
    assert ticket is not None

    def archived(method: str, channel: str) -> None:
        if method == "update":
            raise Permanent("is_archived")

    workers.slack.before = archived
    urgent = SetPriority(priority=Priority.URGENT)
    order = ActOnTicket(ticket=ticket.id, command=urgent, by=make.AGENT, at=workers.clock.now())
    await workers.handle(order)
    await workers.drain()
    workers.slack.before = lambda method, channel: None
    await workers.pass_time(700, step=50)
    assert "*Priority*\\nUrgent" in str(workers.slack.kind("root")[0].what.blocks)


# -- texts to a contact ------------------------------------------------------------------------------------------------


async def begun(workers: FakeWorkers) -> Thread:
    """The conversation's thread, begun by a text of the contact's."""
    await text(workers, 1)
    conversation = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert conversation is not None
    assert conversation.thread is not None
    return conversation.thread


async def reply(workers: FakeWorkers, place: Thread) -> SlackReplyPosted:
    """A reply of an agent's, handled; it is sent a second later."""
    ts = f"{workers.clock.now().timestamp():.6f}"
    message = make.reply_posted(
        channel=place.channel, thread_ts=place.ts, ts=ts, text="On it", received_at=workers.clock.now()
    )
    await workers.handle(message)
    return message


async def document(workers: FakeWorkers, message: SlackReplyPosted) -> Sms:
    """The text that a reply became."""
    found = await workers.ports.stores.texts.get(outbound_id(message.channel, message.ts))
    assert found is not None
    return found


async def seconds_later(workers: FakeWorkers, seconds: float) -> None:
    """Let some seconds pass, each handling what is due."""
    await workers.pass_time(seconds, step=1)


async def test_resend_refuses_in_words_while_the_list_cannot_be_asked(workers: FakeWorkers) -> None:
    message = await reply(workers, await begun(workers))
    workers.texting.after = Script(send=[Undecided(None, "TimeoutError")])

    def away(method: str) -> None:
        if method == "find":
            raise Unreachable(None, "http_503")

    workers.texting.before = away
    await seconds_later(workers, 30)
    unknown = await document(workers, message)
    assert (unknown.state, unknown.attempts) == (State.UNKNOWN, 1)
    assert "could not be asked" in unknown.words
    assert "does not list it" not in unknown.words
    for _ in range(2):
        await workers.handle(ResendText(sms=unknown.id, by=make.AGENT, attempt=1))
    await seconds_later(workers, 5)
    assert workers.texting.bodies(make.CONTACT) == ["On it"]
    assert "can't be asked" in workers.slack.whispers[-1][1]
    workers.texting.before = lambda method: None
    await workers.handle(ResendText(sms=unknown.id, by=make.AGENT, attempt=1))
    await seconds_later(workers, 5)
    assert workers.texting.bodies(make.CONTACT) == ["On it"]
    assert (await document(workers, message)).state is State.QUEUED


async def test_an_order_to_resend_is_carried_out_once_however_late_it_comes_again(workers: FakeWorkers) -> None:
    message = await reply(workers, await begun(workers))

    def never(method: str) -> None:
        if method == "send":
            raise Undecided(None, "TimeoutError")

    workers.texting.before = never
    await seconds_later(workers, 90)
    order = ResendText(sms=(await document(workers, message)).id, by=make.AGENT, attempt=1)
    await workers.handle(order)
    await seconds_later(workers, 40)
    again = await document(workers, message)
    assert (again.state, again.attempts) == (State.UNKNOWN, 2)
    workers.texting.before = lambda method: None
    await workers.handle(order)
    await seconds_later(workers, 5)
    assert workers.texting.bodies(make.CONTACT) == []
    button = next(each for each in workers.slack.kind("outcome") if "/2/" in each.post_id)
    assert '"attempt": 2' in str(button.what.blocks)


@pytest.mark.parametrize("failed", [Unreachable(None, "refused"), TextingThrottled(20429, timedelta(seconds=1))])
async def test_a_resend_that_was_not_done_forgets_no_earlier_attempt(workers: FakeWorkers, failed: CallError) -> None:
    """The first text is listed late, while the second call is refused: it is found before there is a third."""
    message = await reply(workers, await begun(workers))
    workers.texting.after = Script(send=[Undecided(None, "TimeoutError")])
    workers.texting.before = Script(send=[None, failed])
    late: list[Any] = []

    def hide(method: str) -> None:
        if method == "send":
            late.append(workers.texting.taken.pop())
            raise Undecided(None, "TimeoutError")

    workers.texting.after = hide
    await seconds_later(workers, 90)
    workers.texting.after = lambda method: None
    await workers.handle(ResendText(sms=(await document(workers, message)).id, by=make.AGENT, attempt=1))
    await workers.drain()
    workers.texting.taken.append(late[0])
    await seconds_later(workers, 10)
    assert workers.texting.bodies(make.CONTACT) == ["On it"]
    assert (await document(workers, message)).state is State.QUEUED


async def test_two_texts_in_one_post_that_slack_does_not_accept_are_both_said(workers: FakeWorkers) -> None:
    await text(workers, 1)
    Poisoned(workers, "poison", Permanent("invalid_blocks"))
    for number in (2, 3):
        await workers.handle(make.sms_received(sid=f"SM{number}", body="poison", after=f"SM{number - 1}"))
    await workers.drain()
    await workers.pass_time(10, step=1)
    assert [line.rpartition("trace ")[2] for line in thread(workers)[1:]] == ["SM2` shows it.", "SM3` shows it."]


async def test_a_pass_that_lost_the_race_for_a_refused_post_continues(workers: FakeWorkers) -> None:
    """Another worker tries a post again between Slack's refusal and the write of it: nobody forgets the post."""
    await text(workers, 1)
    posts, id = workers.ports.stores.posts, f"{make.CONVERSATION}/texts/2"
    refuse = workers.slack.post

    async def refused(channel: str, what: Any, **given: Any) -> Posted:
        if given["post_id"] == id:
            post = await posts.get(id)
            assert post is not None
            await posts.set(post, called_at=workers.clock.now() + timedelta(seconds=1))
            raise Permanent("invalid_blocks")
        return await refuse(channel, what, **given)

    workers.slack.post = refused  # type: ignore[method-assign]
    await text(workers, 2)
    conversation = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert conversation is not None
    assert conversation.redraw.due_at is not None


class LateUpdates:
    """Makes a fake Slack answer no update at first: these take effect when the test says so."""

    def __init__(self, workers: FakeWorkers) -> None:
        self._update, self.late, self.silent = workers.slack.update, list[tuple[Posted, Any]](), True
        workers.slack.update = self.update  # type: ignore[method-assign]

    async def update(self, at: Posted, what: Any) -> None:
        """Replace, or answer nothing."""
        if self.silent:
            self.late.append((at, what))
            raise Ambiguous("TimeoutError")
        await self._update(at, what)

    async def take_effect(self) -> None:
        """What was not answered happens now."""
        for at, what in self.late:
            await self._update(at, what)


async def _wrote(workers: FakeWorkers) -> None:
    """An agent's text from a command, which one of our posts shows with its state."""
    order = WriteText(
        sms="W1", line=make.LINE, contact=make.CONTACT, text="hello", by=make.AGENT, at=workers.clock.now()
    )
    await workers.queue.publish(order)
    await workers.drain()


@pytest.mark.parametrize("late_after", [0, 45, 100])
@pytest.mark.parametrize("kind", ["root", "written"])
async def test_an_update_that_takes_effect_late_does_not_stay_over_a_later_one(
    workers: FakeWorkers, kind: str, late_after: int
) -> None:
    await text(workers, 1)
    updates = LateUpdates(workers)
    await (_wrote(workers) if kind == "written" else text(workers, 2))
    await workers.pass_time(15, step=5)
    assert updates.late
    updates.silent = False
    await workers.queue.publish(
        ActOnTicket(ticket=1, command=SetPriority(priority=Priority.HIGH), by="U1", at=make.NOW)
    )
    await workers.drain()
    if kind == "written":
        sid = workers.texting.taken[-1].sent.sid
        report = DeliveryReported(sms="W1", sid=sid, status="delivered", received_at=workers.clock.now())
        await workers.queue.publish(report)
    await workers.pass_time(max(late_after, 5), step=5)
    right = [each.what.blocks for each in workers.slack.kind(kind)]
    await updates.take_effect()
    assert [each.what.blocks for each in workers.slack.kind(kind)] != right
    await workers.pass_time(150, step=15)
    assert [each.what.blocks for each in workers.slack.kind(kind)] == right
    conversation = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert conversation is not None
    assert conversation.redraw.due_at is None
    assert await workers.ports.stores.texts.unshown(make.CONVERSATION) == []


async def test_a_text_whose_post_slack_refuses_to_change_after_a_late_answer_is_done_with(workers: FakeWorkers) -> None:
    await text(workers, 1)
    updates = LateUpdates(workers)
    await _wrote(workers)
    await workers.pass_time(15, step=5)
    assert updates.late
    Poisoned(workers, "hello", Permanent("cant_update_message"))
    await workers.pass_time(180, step=15)
    assert await workers.ports.stores.texts.unshown(make.CONVERSATION) == []
