"""A document that this version can't read is left and named, and everything else goes on."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
import structlog
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.uri_parser import parse_uri

from messages.base import QueueMessage
from messages.conversation import SequenceTexts, conversation_id
from messages.inbound import SlackReplyPosted
from messages.notification import ConsiderNotifying, RenderConversation
from messages.sms import Direction, SendTexts, State
from messages.ticket import ActOnTicket, FileTexts, Status
from tests import make
from tests.actors.helpers import receive, texts_in_thread
from tests.fakes import FakeWorkers, Queue
from workers import clock
from workers.ingestion import missed
from workers.mongo.unreadable import Unreadable

OTHER: Final = "+15550003333"
OF_OTHER: Final = conversation_id(make.LINE, OTHER)
LATE: Final = make.NOW - timedelta(minutes=5)

type Raw = Database[dict[str, Any]]


@pytest.fixture
def raw(mongo_url: str) -> Iterator[Raw]:
    """The documents as MongoDB has them."""
    with MongoClient[dict[str, Any]](mongo_url) as client:
        yield client[str(parse_uri(mongo_url)["database"])]


async def all_due(workers: FakeWorkers, contact: str, number: int) -> None:
    """A contact with something of each kind that the clock looks for."""
    stores, conversation = workers.ports.stores, conversation_id(make.LINE, contact)
    whose = {"contact": contact, "conversation": conversation}
    await stores.conversations.ensure(make.LINE, contact, make.NOW)
    await stores.conversations.request_pass(conversation, LATE)
    await stores.texts.add(make.sms(**whose, id=f"SM{number}", seq=1, due_at=LATE))
    await stores.texts.add(
        make.sms(
            **whose,
            id=f"out{number}",
            direction=Direction.OUTBOUND,
            state=State.WAITING,
            due_at=LATE,
            ts="1.0",
        )
    )
    await stores.tickets.add(make.ticket(**whose, id=number, due_at=LATE, close_at=LATE, status=Status.SOLVED))


def woken(workers: FakeWorkers) -> list[QueueMessage]:
    """What is in the queue."""
    return [message for _, message in workers.queue.waiting]


EXPECTED: Final = {SequenceTexts, SendTexts, ConsiderNotifying, ActOnTicket, RenderConversation}

POISON: Final = [
    ("sms", "SM1", {"direction": "sideways"}, {SequenceTexts}),
    ("sms", "out1", {"state": "of a newer version"}, {SendTexts}),
    ("tickets", 1, {"status": {"of": "a newer version"}}, {ConsiderNotifying, ActOnTicket}),
    ("conversations", make.CONVERSATION, {"debounce.considered": "many"}, {RenderConversation}),
]


@pytest.mark.parametrize(("collection", "id", "broken", "unwoken"), POISON, ids=lambda value: str(value)[:12])
async def test_one_document_that_can_not_be_read_keeps_nothing_else_that_is_due(
    workers: FakeWorkers, raw: Raw, collection: str, id: Any, broken: dict[str, Any], unwoken: set[type[QueueMessage]]
) -> None:
    for number, contact in enumerate((make.CONTACT, OTHER), 1):
        await all_due(workers, contact, number)
    raw[collection].update_one({"_id": id}, {"$set": broken})
    for times in (1, 2):
        workers.queue.waiting.clear()
        with structlog.testing.capture_logs() as logs:
            await clock.sweep(workers.ports)
        of_broken = {type(each) for each in woken(workers) if getattr(each, "conversation", "") == make.CONVERSATION}
        closing = {each.ticket for each in woken(workers) if isinstance(each, ActOnTicket)}
        assert EXPECTED - of_broken - {ActOnTicket} == unwoken - {ActOnTicket}
        assert closing == ({2} if ActOnTicket in unwoken else {1, 2})
        assert {type(each) for each in woken(workers) if getattr(each, "conversation", "") == OF_OTHER} == EXPECTED - {
            ActOnTicket
        }
        said = [each for each in logs if each["event"].startswith("a document can't be read")]
        assert len(said) == (1 if times == 1 else 0)
        assert not said or str(next(iter(broken.values()))) not in str(said)
        assert not said or make.CONTACT not in str(said)
        workers.clock.forward(120)
    [noted] = raw["unreadable"].find()
    assert (noted["collection"], noted["document"]) == (collection, id)
    left = raw[collection].find_one({"_id": id})
    assert left is not None
    name, _, part = next(iter(broken)).partition(".")
    assert (left[name][part] if part else left[name]) == next(iter(broken.values()))


async def test_what_can_not_be_read_is_postponed_like_the_rest_so_that_it_keeps_no_place(
    workers: FakeWorkers, raw: Raw
) -> None:
    for number in range(1, 4):
        await all_due(workers, f"+1555000444{number}", number)
    raw["sms"].update_many({"_id": {"$in": ["SM1", "SM2"]}}, {"$set": {"direction": "sideways"}})
    due = workers.ports.stores.texts.due
    first = await due(make.NOW, make.at(30), limit=3)
    second = await due(make.NOW, make.at(30), limit=3)
    assert len({text.id for text in (*first, *second)}) == 4


async def test_a_conversation_with_a_broken_text_waits_and_goes_on_when_it_can_be_read(
    workers: FakeWorkers, raw: Raw
) -> None:
    await receive(workers, 1)
    raw["sms"].update_one({"body": "text 1"}, {"$set": {"direction": "sideways"}})
    for kind in (SequenceTexts, FileTexts, ConsiderNotifying, RenderConversation, SendTexts):
        await workers.handle(kind(conversation=make.CONVERSATION))
    await receive(workers, 1, contact=OTHER)
    assert len(texts_in_thread(workers)) == 2
    raw["sms"].update_one({"body": "text 1", "contact": make.CONTACT}, {"$set": {"direction": "inbound"}})
    await receive(workers, 2, after=1)
    await workers.pass_time(120)
    assert sorted(texts_in_thread(workers)) == ["text 1", "text 1", "text 2"]


async def test_what_says_more_than_that_there_is_something_to_do_is_not_dropped(workers: FakeWorkers, raw: Raw) -> None:
    await receive(workers, 1)
    conversation = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert conversation is not None
    assert conversation.thread is not None
    raw["conversations"].update_one({"_id": make.CONVERSATION}, {"$set": {"posted": "many"}})
    reply = SlackReplyPosted(
        event_id="Ev1",
        channel=conversation.thread.channel,
        ts="9.000001",
        thread_ts=conversation.thread.ts,
        user=make.AGENT,
        text="hello",
        received_at=make.NOW,
    )
    with pytest.raises(Unreadable) as caught:
        await workers.handle(reply)
    assert make.CONTACT not in str(caught.value)


async def test_a_broken_line_or_inbox_keeps_no_other_from_being_compared(workers: FakeWorkers, raw: Raw) -> None:
    for number in ("+15550000001", "+15550000002"):
        await workers.ports.stores.lines.add(make.line(id=number))
    await missed.take_in_missed(workers.ports)
    raw["lines"].update_one({"_id": "+15550000001"}, {"$set": {"channel": 7}})
    raw["inboxes"].update_one({"_id": "+15550000002"}, {"$set": {"seen_at": "long ago"}})
    workers.clock.forward(600)
    asked: list[str] = []
    workers.texting.before = lambda method: asked.append(method)
    await missed.take_in_missed(workers.ports)
    assert asked == ["received"]


class PickyQueue(Queue):
    """A queue that fails for one kind of message as nobody expects."""

    kind: type[QueueMessage] = ConsiderNotifying

    async def publish(self, message: QueueMessage, *, delay: timedelta | None = None) -> None:
        """Fail, or take a message."""
        if isinstance(message, self.kind):
            raise ValueError("a fault of ours")
        await super().publish(message, delay=delay)


async def test_whatever_goes_wrong_with_one_kind_of_work_the_clock_goes_on_with_the_others(
    workers: FakeWorkers,
) -> None:
    await all_due(workers, make.CONTACT, 1)
    workers.queue = PickyQueue(workers.clock)
    ports = replace(workers.ports, publisher=workers.queue)
    with structlog.testing.capture_logs() as logs:
        await clock.sweep(ports)
    assert {type(each) for each in woken(workers)} == EXPECTED - {ConsiderNotifying}
    assert any("ValueError" in str(each.get("error")) for each in logs)


async def test_the_clock_goes_on_after_anything(workers: FakeWorkers) -> None:
    """It once ended, unseen, with the first error that was no outage."""
    rounds = 0

    class Enough(BaseException):
        pass

    async def wait(_: float) -> None:
        nonlocal rounds
        rounds += 1
        if rounds >= 6:
            raise Enough

    def broken() -> Any:
        raise ValueError("a fault of ours")

    ports = replace(workers.ports, now=broken)
    with structlog.testing.capture_logs() as logs, pytest.raises(BaseExceptionGroup) as caught:
        await clock.run(ports, timedelta(seconds=15), wait)
    assert caught.group_contains(Enough)
    assert len([each for each in logs if each["log_level"] == "error"]) >= 5


async def test_what_is_due_on_a_line_that_was_removed_wakes_nobody_until_the_line_is_back(workers: FakeWorkers) -> None:
    await all_due(workers, make.CONTACT, 1)
    line = await workers.ports.stores.lines.get(make.LINE)
    assert line is not None
    await workers.ports.stores.lines.remove(make.LINE)
    for _ in range(3):
        await clock.sweep(workers.ports)
        assert {type(each) for each in woken(workers)} <= {ActOnTicket}
        workers.queue.waiting.clear()
        workers.clock.forward(600)
    await workers.ports.stores.lines.add(line)
    await clock.sweep(workers.ports)
    assert {type(each) for each in woken(workers)} == EXPECTED


async def test_a_broken_part_of_a_tickets_past_is_named_like_any_document(workers: FakeWorkers, raw: Raw) -> None:
    raw["history"].insert_one({"_id": "000000000007/000000001", "ticket": 7, "order": "once", "version": "many"})
    with pytest.raises(Unreadable):
        await workers.ports.stores.past.of_order("once")
    [noted] = raw["unreadable"].find()
    assert (noted["collection"], noted["document"]) == ("history", "000000000007/000000001")
