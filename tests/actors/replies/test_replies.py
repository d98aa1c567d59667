"""Replies that agents write in a thread: each message is delivered twice, and the contact gets it once."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from messages.conversation import Thread
from messages.inbound import DeliveryReported, SlackReplyPosted
from messages.sms import ResendText, SendTexts, Sms, State, WriteText, outbound_id
from messages.ticket import ActOnTicket, SetStatus, Status, Ticket
from tests import make
from tests.actors.helpers import lines, receive, settle, stored, thread, written
from tests.fakes import FakeWorkers
from workers.failures import Ambiguous, Refused, Temporary, TextingThrottled, Undecided, Unreachable
from workers.ports import Posted
from workers.sms.compose import ACCEPTED_BEFORE
from workers.sms.sending import Sending


async def reply(workers: FakeWorkers, place: Thread, number: int, text: str = "", **fields: Any) -> SlackReplyPosted:
    """A reply, handled twice with everything that follows within a few seconds."""
    message = written(workers, place, number, text, **fields)
    for _ in range(2):
        await workers.handle(message)
    await settle(workers)
    return message


def marks(workers: FakeWorkers, message: SlackReplyPosted) -> set[str]:
    """The reactions on a reply."""
    return workers.slack.reactions.get(Posted(message.channel, message.ts), set())


async def ticket(workers: FakeWorkers) -> Ticket:
    """The conversation's newest ticket."""
    found = await workers.ports.stores.tickets.newest(make.CONVERSATION)
    assert found is not None
    return found


async def report(workers: FakeWorkers, message: SlackReplyPosted, status: str, sid: str = "", **fields: Any) -> None:
    """The provider reports the state of a text, twice."""
    delivery = DeliveryReported(
        sms=outbound_id(message.channel, message.ts),
        sid=sid or workers.texting.taken[-1].sent.sid,
        status=status,
        received_at=workers.clock.now(),
        **fields,
    )
    for _ in range(2):
        await workers.handle(delivery)
    await settle(workers)


async def test_a_reply_is_sent_once_and_opens_and_assigns_the_ticket(workers: FakeWorkers) -> None:
    place = await thread(workers)
    message = await reply(workers, place, 1)
    assert workers.texting.bodies(make.CONTACT) == ["reply 1"]
    assert workers.texting.taken[0].callback.endswith(f"/twilio/status/{outbound_id(message.channel, message.ts)}")
    assert marks(workers, message) == {"outbox_tray"}
    assert ((await ticket(workers)).status, (await ticket(workers)).assignees) == (Status.OPEN, (make.AGENT,))


async def test_the_second_to_reply_does_not_take_the_ticket_from_the_first(workers: FakeWorkers) -> None:
    place = await thread(workers)
    await reply(workers, place, 1)
    await reply(workers, place, 2, user="U0BEN")
    assert (await ticket(workers)).assignees == (make.AGENT,)


async def test_a_reply_cancels_a_pending_notification_and_counts_as_a_text_of_the_conversation(
    workers: FakeWorkers,
) -> None:
    place = await thread(workers)
    workers.clock.forward(10)
    await receive(workers, 2)
    await reply(workers, place, 1)
    await workers.pass_time(170)
    assert workers.slack.kind("card") == []
    await receive(workers, 3)
    assert workers.slack.kind("card") == [], "180 s after the contact's text, but not after the reply"
    await workers.pass_time(200)
    assert len(workers.slack.kind("card")) == 1


async def test_a_reply_stored_just_before_the_next_one_is_sent_goes_first(workers: FakeWorkers) -> None:
    place = await thread(workers)
    first = written(workers, place, 1)
    await workers.handle(written(workers, place, 2, after=outbound_id(first.channel, first.ts)))
    workers.clock.forward(1)
    coming = [first]

    async def keep_as_another_worker_stores_it() -> bool:
        while coming:
            await workers.handle(coming.pop())
        return True

    async def fetch_earlier(text: Sms) -> bool:
        raise AssertionError(f"{text.id} does not wait in vain")

    found = await workers.ports.stores.texts.outbox(make.CONVERSATION)
    conversation = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert conversation is not None
    sending = Sending(make.CONVERSATION, workers.ports)
    await sending.run(found, conversation, keep_as_another_worker_stores_it, fetch_earlier)
    assert workers.texting.bodies(make.CONTACT) == ["reply 1", "reply 2"]


async def test_a_reply_to_a_closed_ticket_is_sent_and_starts_a_ticket_in_the_same_thread(workers: FakeWorkers) -> None:
    place = await thread(workers)
    close = ActOnTicket(
        ticket=1, command=SetStatus(status=Status.CLOSED), by=make.AGENT, at=workers.clock.now() - timedelta(seconds=1)
    )
    await workers.handle(close)
    await workers.drain()
    await reply(workers, place, 1)
    new = await ticket(workers)
    assert (new.id, new.status, new.follows, new.assignees) == (2, Status.OPEN, 1, (make.AGENT,))
    assert workers.texting.bodies(make.CONTACT) == ["reply 1"]
    assert len(workers.slack.kind("root")) == 1


async def test_a_reply_waits_for_the_one_that_its_gateway_saw_before_it(workers: FakeWorkers) -> None:
    place = await thread(workers)
    first, second = written(workers, place, 1), written(workers, place, 2)
    await workers.handle(second.model_copy(update={"after": outbound_id(first.channel, first.ts)}))
    await settle(workers, 10)
    assert workers.texting.bodies(make.CONTACT) == []
    await workers.handle(first)
    await settle(workers)
    assert workers.texting.bodies(make.CONTACT) == ["reply 1", "reply 2"]


async def test_a_reply_does_not_wait_forever_for_one_that_was_lost(workers: FakeWorkers) -> None:
    place = await thread(workers)
    await reply(workers, place, 2, after=f"{place.channel}-1.0")
    await settle(workers, 40)
    assert workers.texting.bodies(make.CONTACT) == []
    await settle(workers, 6)
    assert workers.texting.bodies(make.CONTACT) == ["reply 2"]


@pytest.mark.parametrize(("outage", "sent"), [(400, ["reply 1"]), (1300, [])])
async def test_a_reply_is_kept_until_its_thread_is_known(workers: FakeWorkers, outage: float, sent: list[str]) -> None:
    """A worker died after it recorded the root, and before it recorded the thread."""
    place = await thread(workers)
    conversations = workers.ports.stores.conversations
    await conversations._collection.update_one({"_id": make.CONVERSATION}, {"$unset": {"thread": ""}})
    await workers.handle(message := written(workers, place, 1))
    await settle(workers, outage)
    assert workers.texting.bodies(make.CONTACT) == []
    assert [said.startswith("Clerk has not sent your reply yet") for _, said in workers.slack.whispers] == [True]
    await conversations.set_thread(make.CONVERSATION, place)
    await settle(workers, 12)
    assert workers.texting.bodies(make.CONTACT) == sent
    assert (await stored(workers, message)).late is (not sent), "a stale reply waits for a person's word"


@pytest.mark.parametrize("written_after", [5, 1300])
@pytest.mark.parametrize(("outage", "sent"), [(400, ["reply 1"]), (1300, [])])
async def test_a_reply_is_kept_while_nobody_can_look_up_the_root_of_its_thread(
    workers: FakeWorkers, written_after: float, outage: float, sent: list[str]
) -> None:
    """The root's answer was lost, and Slack lists nothing for longer than any reply used to wait."""

    def lost(method: str, channel: str) -> None:
        if method == "post":
            raise Ambiguous("TimeoutError")

    def silent(method: str, channel: str) -> None:
        if method == "find":
            raise Temporary("service_unavailable")

    workers.slack.after, workers.slack.before = lost, silent
    await workers.handle(make.sms_received(received_at=workers.clock.now()))
    await workers.drain()
    (root,) = workers.slack.kind("root")
    await workers.pass_time(written_after)
    await workers.handle(message := written(workers, Thread(channel=root.channel, ts=root.ts), 1))
    await workers.pass_time(outage)
    assert workers.texting.bodies(make.CONTACT) == []
    workers.slack.after = workers.slack.before = lambda method, channel: None
    await workers.pass_time(120)
    assert workers.texting.bodies(make.CONTACT) == sent
    assert (await stored(workers, message)).late is (not sent)


@pytest.mark.parametrize("where", [{"thread_ts": "1700000000.000100"}, {"channel": "C0ELSEWHERE"}], ids=str)
async def test_a_reply_in_a_thread_that_is_not_clerks_is_ignored(workers: FakeWorkers, where: dict[str, str]) -> None:
    place = await thread(workers)
    began = place.model_copy(update={"ts": f"{workers.clock.now().timestamp():.6f}"})
    await workers.handle(written(workers, began, 1, **where))
    assert workers.queue.waiting == []


async def test_a_reply_below_a_later_notification_is_not_sent_and_its_author_is_informed(workers: FakeWorkers) -> None:
    place = await thread(workers)
    workers.clock.forward(200)
    await receive(workers, 2)
    (card,) = workers.slack.kind("card")
    await reply(workers, place.model_copy(update={"ts": card.ts}), 1)
    assert workers.texting.taken == []
    assert [(who, "own thread" in said) for who, said in workers.slack.whispers] == [(make.AGENT, True)]


async def test_a_reply_whose_answer_was_lost_is_looked_up_and_not_sent_again(workers: FakeWorkers) -> None:
    place = await thread(workers)

    def lost(method: str) -> None:
        workers.texting.after = lambda method: None
        raise Undecided(None, "TimeoutError")

    workers.texting.after = lost
    message = await reply(workers, place, 1)
    await settle(workers, 5)
    assert workers.texting.bodies(make.CONTACT) == ["reply 1"]
    assert (await stored(workers, message)).state is State.QUEUED


async def test_resend_sends_nothing_that_the_provider_already_lists(workers: FakeWorkers) -> None:
    place = await thread(workers)

    def away(method: str) -> None:
        if workers.texting.taken:
            raise Undecided(None, "TimeoutError")

    workers.texting.after = workers.texting.before = away
    message = written(workers, place, 1)
    await workers.handle(message)
    await settle(workers, 30)
    assert (await stored(workers, message)).state is State.UNKNOWN
    workers.texting.after = workers.texting.before = lambda method: None
    await workers.handle(ResendText(sms=outbound_id(message.channel, message.ts), by="U0BEN"))
    await settle(workers)
    assert workers.texting.bodies(make.CONTACT) == ["reply 1"]
    assert (await stored(workers, message)).state is State.QUEUED
    assert "not sent again" in workers.slack.whispers[-1][1]


async def test_the_outcome_is_known_although_a_worker_died_after_it_stored_the_sid(workers: FakeWorkers) -> None:
    place = await thread(workers)

    def lost(method: str) -> None:
        if method == "send":
            raise Undecided(None, "TimeoutError")

    workers.texting.after = lost
    message = written(workers, place, 1)
    await workers.handle(message)
    await settle(workers, 1)
    text = await stored(workers, message)
    assert text.state is State.SENDING
    await workers.ports.stores.texts.set_sid(text, workers.texting.taken[0].sent.sid)
    await settle(workers, 30)
    assert (await stored(workers, message)).state is State.QUEUED
    assert workers.texting.bodies(make.CONTACT) == ["reply 1"]


async def test_a_reply_that_the_provider_never_lists_is_marked_unknown_within_half_a_minute(
    workers: FakeWorkers,
) -> None:
    place = await thread(workers)

    def lost(method: str) -> None:
        workers.texting.before = lambda method: None
        raise Undecided(None, "TimeoutError")

    workers.texting.before = lost
    message = await reply(workers, place, 1)
    await reply(workers, place, 2)
    await settle(workers, 22)
    assert (await stored(workers, message)).state is State.UNKNOWN
    assert marks(workers, message) == {"grey_question"}
    (said,) = workers.slack.kind("outcome")
    assert "ticket.resend" in str(said.what.blocks)
    assert workers.texting.bodies(make.CONTACT) == ["reply 2"], "the next one was not delayed forever"
    await settle(workers, 60)
    again = ResendText(sms=outbound_id(message.channel, message.ts), by="U0BEN")
    for _ in range(2):
        await workers.handle(again)
    await settle(workers)
    assert workers.texting.bodies(make.CONTACT) == ["reply 2", "reply 1"]
    await workers.handle(again)
    await settle(workers)
    assert len(workers.texting.taken) == 2
    assert workers.slack.whispers[-1][0] == "U0BEN"
    assert "not sent again" in workers.slack.whispers[-1][1]


@pytest.mark.parametrize(
    "error", [TextingThrottled(20429, timedelta(seconds=5)), Unreachable(None, "refused")], ids=str
)
async def test_replies_that_were_certainly_not_sent_are_sent_later_in_order(
    workers: FakeWorkers, error: Exception
) -> None:
    place = await thread(workers)
    calls = []

    def before(method: str) -> None:
        calls.append(method)
        if len(calls) <= 2:
            raise error

    workers.texting.before = before
    for number in (1, 2, 3):
        await workers.handle(written(workers, place, number))
    await settle(workers, 2)
    if isinstance(error, TextingThrottled):
        assert calls == ["send"], "no call to the provider before the time that it named"
    await settle(workers, 12)
    assert workers.texting.bodies(make.CONTACT) == ["reply 1", "reply 2", "reply 3"]


@pytest.mark.parametrize(
    ("length", "is_sent", "seconds"), [(1505, False, 2), (161, False, 2), (160, False, 0), (1505, True, 0)]
)
async def test_the_next_text_waits_a_moment_behind_a_long_one(
    workers: FakeWorkers, length: int, is_sent: bool, seconds: int
) -> None:
    """The phone gets the parts of a long text later than a short one that follows."""
    place = await thread(workers)
    called: list[datetime] = []
    workers.texting.before = lambda method: called.append(workers.ports.now()) if method == "send" else None
    first = written(workers, place, 1, "x" * length)
    await workers.handle(first)
    await settle(workers, 1)
    if is_sent:
        await report(workers, first, "sent")
    start = workers.ports.now()
    await workers.handle(written(workers, place, 2, "yes"))
    await settle(workers, 5)
    assert workers.texting.bodies(make.CONTACT) == ["x" * length, "yes"]
    assert called[1] >= called[0] + timedelta(seconds=seconds)
    assert (called[1] - start <= timedelta(seconds=1)) == (seconds == 0)


async def test_a_throttled_text_is_tried_again_after_one_two_four_seconds_and_so_on(workers: FakeWorkers) -> None:
    place = await thread(workers)
    calls: list[datetime] = []

    def before(method: str) -> None:
        calls.append(workers.ports.now())
        if len(calls) <= 7:
            raise TextingThrottled(20429)

    workers.texting.before = before
    message = written(workers, place, 1)
    await workers.handle(message)
    await settle(workers, 200)
    assert [(later - sooner).total_seconds() for sooner, later in pairwise(calls)] == [1, 2, 4, 8, 16, 30, 30]
    assert workers.texting.bodies(make.CONTACT) == ["reply 1"]
    assert (await stored(workers, message)).state is State.QUEUED


async def test_a_refusal_for_an_opt_out_marks_the_contact_and_stops_what_follows(workers: FakeWorkers) -> None:
    place = await thread(workers)

    def refuse(method: str) -> None:
        raise Refused(21610, "http_400")

    workers.texting.before = refuse
    message = await reply(workers, place, 1)
    assert (await workers.ports.stores.opt_outs.of(make.LINE, make.CONTACT)).out
    assert marks(workers, message) == {"x"}
    workers.texting.before = lambda method: None
    await reply(workers, place, 2)
    assert workers.texting.taken == []
    assert len(lines(workers)) == 2
    assert all("START" in said for said in lines(workers))


async def test_reports_in_any_order_and_twice_end_in_the_furthest_state(workers: FakeWorkers) -> None:
    place = await thread(workers)
    message = await reply(workers, place, 1)
    for status in ("delivered", "sent", "queued"):
        await report(workers, message, status)
    assert (await stored(workers, message)).state is State.DELIVERED
    assert marks(workers, message) == {"white_check_mark"}


async def test_a_report_that_comes_before_the_sid_is_stored_settles_the_text(workers: FakeWorkers) -> None:
    place = await thread(workers)

    def lost(method: str) -> None:
        raise Undecided(None, "TimeoutError")

    workers.texting.after = lost
    message = await reply(workers, place, 1)
    assert (await stored(workers, message)).sid is None
    await report(workers, message, "delivered")
    text = await stored(workers, message)
    assert (text.state, text.sid) == (State.DELIVERED, workers.texting.taken[0].sent.sid)
    assert marks(workers, message) == {"white_check_mark"}


async def test_a_report_of_a_failure_says_in_the_thread_what_to_do(workers: FakeWorkers) -> None:
    place = await thread(workers)
    message = await reply(workers, place, 1)
    await report(workers, message, "undelivered", error_code=30005)
    assert marks(workers, message) == {"x"}
    (said,) = lines(workers)
    assert "no longer in service" in said


async def test_an_edit_is_not_sent_and_its_author_is_informed_once(workers: FakeWorkers) -> None:
    place = await thread(workers)
    message = await reply(workers, place, 1)
    change = make.reply_changed(message, deleted=False, received_at=workers.clock.now())
    for _ in range(3):
        await workers.handle(change)
    await settle(workers)
    assert workers.texting.bodies(make.CONTACT) == ["reply 1"]
    assert [(who, "Write another reply" in said) for who, said in workers.slack.whispers] == [(make.AGENT, True)]


async def test_a_note_is_never_sent_whatever_happens_to_it(workers: FakeWorkers) -> None:
    place = await thread(workers)
    message = await reply(workers, place, 1, "// ask ben")
    await report(workers, message, "queued", sid="SMx")
    await workers.handle(ResendText(sms=outbound_id(message.channel, message.ts), by=make.AGENT))
    await workers.pass_time(60)
    assert workers.texting.taken == []
    assert [note.text for note in (await ticket(workers)).notes] == ["ask ben"]
    assert marks(workers, message) == {"memo"}


async def test_a_modal_submitted_again_with_another_text_sends_the_first_and_says_so(
    workers: FakeWorkers,
) -> None:
    place = await thread(workers)
    first = WriteText(
        sms="view-V1",
        line=make.LINE,
        contact=make.CONTACT,
        text="nine o'clock",
        by="U0ADA",
        at=workers.clock.now(),
        channel=place.channel,
    )
    second = first.model_copy(update={"at": first.at + timedelta(seconds=4)})
    for message in (first, first, second):
        await workers.handle(message)
        await settle(workers)
    whispers = [text for _, text in workers.slack.whispers]
    assert len(whispers) == 1
    await workers.handle(second.model_copy(update={"text": "ten o'clock"}))
    await settle(workers)
    assert workers.texting.bodies(make.CONTACT) == ["nine o'clock"]
    assert [text for _, text in workers.slack.whispers] == [*whispers, ACCEPTED_BEFORE]


async def test_the_clock_makes_up_for_a_lost_wake_up(workers: FakeWorkers) -> None:
    place = await thread(workers)
    await workers.handle(written(workers, place, 1))
    workers.queue.waiting.clear()
    await workers.pass_time(45)
    assert workers.texting.bodies(make.CONTACT) == ["reply 1"]


async def test_only_one_message_waits_for_an_absent_provider_however_many_replies_wait(
    workers: FakeWorkers,
) -> None:
    place = await thread(workers)
    calls = []

    def before(method: str) -> None:
        calls.append(method)
        if len(calls) == 1:
            raise TextingThrottled(20429, timedelta(seconds=60))

    workers.texting.before = before
    for number in range(1, 9):
        await reply(workers, place, number)
    assert len([message for _, message in workers.queue.waiting if isinstance(message, SendTexts)]) == 1
    await settle(workers, 120)
    assert workers.texting.bodies(make.CONTACT) == [f"reply {number}" for number in range(1, 9)]
