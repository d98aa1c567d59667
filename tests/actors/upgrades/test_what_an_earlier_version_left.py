"""What the code of an earlier version left in MongoDB and in the queues goes on, nothing lost and nothing twice.

The files in before_versions were written by the code of dc69a66, the last whose messages and documents had no version:
its documents, the messages in its queues, an example of each kind of message, and what was in Slack and at Twilio.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest
from bson import json_util
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.uri_parser import parse_uri

from messages.base import QueueMessage
from messages.conversation import conversation_id
from messages.sms import State
from ops.documents.reader import KINDS
from tests import make
from tests.actors.helpers import texts_in_thread
from tests.fakes import FakeMessage, FakeWorkers, Nothing, Taken
from workers.mongo import Stores
from workers.mongo.unreadable import parsed
from workers.ports import SentText
from workers.runtime import HANDLERS
from workers.wiring import load_actors

LEFT: Final = Path(__file__).parent / "before_versions"


def lines(name: str) -> list[dict[str, Any]]:
    """The lines of a file as JSON."""
    return [json.loads(line) for line in (LEFT / name).read_text().splitlines()]


def message(body: Mapping[str, Any]) -> QueueMessage:
    """The message in an envelope."""
    return HANDLERS[body["actor_name"]].handles.model_validate(body["kwargs"]["message"])


EXAMPLES: Final = lines("kinds.jsonl")


@pytest.mark.parametrize("body", EXAMPLES, ids=lambda body: body["actor_name"])
def test_every_kind_of_message_of_before_is_still_read(body: dict[str, Any]) -> None:
    load_actors()
    read = message(body).model_dump(mode="json", exclude_unset=True)
    assert read == body["kwargs"]["message"]


def test_there_is_an_example_of_every_kind_of_message() -> None:
    load_actors()
    first: list[str] = json.loads((Path(make.__file__).parent / "decisions/messages/shapes.json").read_text())["1"]
    assert {body["actor_name"] for body in EXAMPLES} == {part for part in first if " " not in part}


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """The documents, with the names of their collections."""
    for line in (LEFT / "documents.jsonl").read_text().splitlines():
        found = json_util.loads(line, json_options=json_util.JSONOptions(tz_aware=True))
        yield found["collection"], found["document"]


def test_every_document_of_before_is_still_read() -> None:
    for collection, fields in documents():
        if (kind := KINDS.get(collection)) is not None:
            parsed(kind, collection, fields)


@pytest.fixture
def raw(mongo_url: str) -> Iterator[Database[dict[str, Any]]]:
    """The documents of before, as MongoDB has them."""
    with MongoClient[dict[str, Any]](mongo_url) as client:
        database = client[str(parse_uri(mongo_url)["database"])]
        for collection, fields in documents():
            database[collection].insert_one(fields)
        yield database


@pytest.fixture
async def workers(raw: Any, mongo_url: str) -> Any:
    """Workers of this version over what is left: documents, messages, and what Slack and the provider have."""
    async with Stores.opened(mongo_url) as stores:
        workers, outside = FakeWorkers(stores), json.loads((LEFT / "outside.json").read_text())
        workers.clock.time = datetime.fromisoformat(outside["now"])
        workers.slack.messages = [FakeMessage(what=Nothing(), **each) for each in outside["slack"]]
        for _ in workers.slack.messages:
            next(workers.slack._numbers)
        for each in outside["taken"]:
            sent = SentText(each.pop("sid"), each.pop("body"), "queued", None, datetime.fromisoformat(each.pop("at")))
            workers.texting.taken.append(Taken(sent=sent, **each))
        for body in lines("queued.jsonl"):
            workers.queue.waiting.append((workers.clock.now(), message(body)))
        yield workers


@pytest.mark.parametrize("lost", [False, True], ids=["with its messages", "without them"])
async def test_all_that_was_begun_is_finished_once(workers: FakeWorkers, lost: bool) -> None:
    posted, sent = len(workers.slack.messages), len(workers.texting.taken)
    if lost:  # the webhook's message alone: nothing else would find what it says
        workers.queue.waiting = [each for each in workers.queue.waiting if each[1].actor == "ingestion.receive"]
    await workers.drain(times=2)
    await workers.pass_time(1200, step=60)
    shown = [
        line
        for each in workers.slack.messages[posted:]
        if "/texts/" in each.post_id
        for line in each.what.text.splitlines()
    ]
    assert sorted(shown) == ["numbered, not filed", "stored, not numbered", "waits for the quiet", "waits in the queue"]
    assert [each.sent.body for each in workers.texting.taken[sent:]] == ["stored, not sent"]
    assert not [each for each in workers.slack.messages[posted:] if each.what.text == "Hello"]
    ids = [each.post_id for each in workers.slack.messages]
    assert len(ids) == len(set(ids))
    cards = {id.split("/")[0] for id in ids if id.endswith("/root")}
    assert cards == {conversation_id(make.LINE, f"+1555000222{number}") for number in range(2, 8)}
    assert texts_in_thread(workers)


async def test_what_was_decided_still_holds(workers: FakeWorkers) -> None:
    stores = workers.ports.stores
    solved, stopped = (conversation_id(make.LINE, f"+1555000222{number}") for number in (3, 4))
    ticket = await stores.tickets.newest(make.CONVERSATION)
    assert ticket is not None
    assert (ticket.subject, ticket.tags, ticket.assignees) == ("A lamp", ("lamp",), (make.AGENT,))
    assert {note.text for note in ticket.notes} == {"mind the cat", "call back"}
    conversation = await stores.conversations.get(stopped)
    assert conversation is not None and conversation.opted_out
    waited = await stores.tickets.newest(stopped)
    assert waited is not None and (waited.waiting_since is None, waited.waits_since) == (False, None)
    await workers.pass_time(5 * 24 * 3600, step=6 * 3600)
    ticket = await stores.tickets.newest(solved)
    assert ticket is not None and ticket.is_closed
    texts = await stores.texts.by_ids(["C0TEXTS-1772443800.001000", "C0TEXTS-1772443830.002000"])
    assert {text.state for text in texts} <= {State.SENT, State.QUEUED, State.DELIVERED}
