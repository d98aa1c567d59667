"""Documents that can't be read, and what waits on removed lines: `clerk doctor` and /ops name them."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.uri_parser import parse_uri

from messages.base import Document
from ops.checks import documents as checks
from ops.checks.finding import Verdict
from ops.commands.processes.run import end_server_with
from ops.console.problems import of_unreadable
from ops.documents.reader import KINDS, Documents
from tests import make
from tests.servers import ROOT
from workers.mongo.collection import stored
from workers.mongo.unreadable import Unreadable, parsed


@pytest.fixture
def raw(mongo_url: str) -> Iterator[Database[dict[str, Any]]]:
    """The documents as MongoDB has them."""
    with MongoClient[dict[str, Any]](mongo_url) as client:
        yield client[str(parse_uri(mongo_url)["database"])]


@pytest.fixture
def documents(mongo_url: str) -> Iterator[Documents]:
    """The documents as an operator has them."""
    with Documents(mongo_url) as found:
        yield found


def test_what_a_process_left_is_named_until_it_can_be_read_or_is_gone(
    raw: Database[dict[str, Any]], documents: Documents
) -> None:
    raw["conversations"].insert_one({**stored(make.conversation()), "posted": "many"})
    raw["tickets"].insert_one({**stored(make.ticket()), "status": "of a newer version"})
    for collection, id in (("conversations", make.CONVERSATION), ("tickets", 7), ("sms", "gone"), ("unknown", 1)):
        raw["unreadable"].insert_one({"_id": f"{collection}/{id}", "collection": collection, "document": id})
    found = documents.unreadable(100)
    assert [(each.collection, each.id) for each in found] == [("conversations", make.CONVERSATION), ("tickets", 7)]
    said = [finding.found for finding in checks.of_unreadable(found)]
    assert said == [f"conversations/{make.CONVERSATION}: posted (int_parsing)", "tickets/7: status (enum)"]
    assert all(finding.state is Verdict.BAD for finding in checks.of_unreadable(found))
    shown = " ".join(problem.found for problem in of_unreadable(found))
    assert "tickets/7" in shown
    assert make.CONTACT not in shown
    raw["conversations"].update_one({}, {"$set": {"posted": 1}})
    raw["tickets"].delete_one({})
    assert documents.unreadable(100) == []


def test_what_an_operator_looks_at_is_shown_without_what_can_not_be_read(
    raw: Database[dict[str, Any]], documents: Documents
) -> None:
    raw["lines"].insert_many([stored(make.line()), {"_id": "+15550009999", "channel": 7}])
    assert [line.id for line in documents.lines()] == [make.LINE]
    assert [each.id for each in documents.unreadable(100)] == ["+15550009999"]


def test_what_waits_on_a_line_that_was_removed_is_said_and_on_others_not(
    raw: Database[dict[str, Any]], documents: Documents
) -> None:
    raw["lines"].insert_one(stored(make.line()))
    gone = "+15550008888"
    for line in (make.LINE, gone):
        raw["sms"].insert_one({**stored(make.sms(id=f"SM{line}", line=line, due_at=make.NOW)), "place": line})
        raw["tickets"].insert_one({**stored(make.ticket(id=int(line), line=line, due_at=make.NOW)), "slot": line})
    raw["sms"].insert_one({**stored(make.sms(id="later", line=gone, due_at=make.at(60))), "place": "later"})
    assert documents.stranded(make.NOW) == {gone: 2}
    [finding] = checks.of_stranded(documents.stranded(make.NOW))
    assert finding.state is Verdict.ADVICE
    assert gone in finding.found
    raw["lines"].insert_one(stored(make.line(id=gone)))
    assert documents.stranded(datetime.now(UTC)) == {}


KIND_AND_FIELD = [(name, field) for name, kind in KINDS.items() for field in kind.model_fields if field != "id"]


@given(st.sampled_from(KIND_AND_FIELD), st.text(min_size=12))
def test_whatever_is_wrong_with_a_document_is_told_without_a_word_of_its_content(
    which: tuple[str, str], secret: str
) -> None:
    collection, field = which
    kind: type[Document] = KINDS[collection]
    broken = {"_id": "+15550001111:+15557654321", field: {"never": [secret]}}
    with pytest.raises(Unreadable) as caught:
        parsed(kind, collection, broken)
    assert repr(secret)[1:-1] not in str(caught.value)
    assert "+15557654321" not in str(caught.value)
    assert field in str(caught.value) or "missing" in str(caught.value)


async def test_the_server_ends_with_a_task_that_it_needs_and_says_so() -> None:
    async def dies() -> None:
        raise ValueError

    async def ends() -> None: ...

    async def lasts() -> None:
        await asyncio.Event().wait()

    for work, how in ((dies, "ValueError"), (ends, "None"), (lasts, "")):
        server = uvicorn.Server(uvicorn.Config("none"))
        with structlog.testing.capture_logs() as logs:
            task = asyncio.create_task(work(), name="clock")
            ended = end_server_with(task, server)
            await asyncio.wait([task], timeout=None if how else 0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert server.should_exit == bool(how)
        assert ended == (["clock"] if how else [])
        assert [str(each["error"]).startswith(how) for each in logs] == ([True] if how else [])


DIES = """
import threading, time
from dramatiq.asyncio import EventLoopThread
from ops.running.thread_death import end_with_needed_threads

class Broken({base}):
    def __init__(self):
        threading.Thread.__init__(self)

    def run(self):
        raise ValueError("what a contact wrote")

end_with_needed_threads()
thread = Broken()
threading.Thread.start(thread)
thread.join()
time.sleep({seconds})
print("it goes on")
"""


@pytest.mark.parametrize(("base", "goes_on"), [("EventLoopThread", False), ("threading.Thread", True)])
def test_a_process_ends_with_a_thread_that_it_needs_and_only_then(base: str, goes_on: bool) -> None:
    program = DIES.format(base=base, seconds=0 if goes_on else 60)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == (0 if goes_on else 1)
    assert ("it goes on" in said) == goes_on
    assert "a thread died" in said
    assert "ValueError" in said
    assert "what a contact wrote" not in said
