"""All documents go out into a file and in again, in both forms, however many there are."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bson import json_util
from pymongo import MongoClient
from pymongo.errors import AutoReconnect, NetworkTimeout
from pymongo.uri_parser import parse_uri

from messages.process.settings import Settings
from messages.release import DOCUMENTS
from messages.ticket import Status
from ops.commands.export import SAY_EVERY, export, progress, running
from ops.commands.import_ import import_
from ops.commands.options import Invalid
from ops.documents.embedded_mongo import EmbeddedMongo
from ops.documents.reader import Documents, persistently
from ops.documents.transfer import NotAnExport, check, export_to, import_from
from ops.environment import FILE
from ops.running.journal import Journal
from tests import make
from tests.documents.multitude import LEFT, PLAIN, exported
from tests.servers import ROOT
from workers.mongo import Stores

pytestmark = pytest.mark.server

FEW = 20
"""How many documents an aggregation may read here; the embedded server's own limit takes minutes to reach."""


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of a `clerk run` whose documents an earlier version wrote."""
    monkeypatch.setenv("CLERK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("CLERK_MONGO_URL", raising=False)
    with EmbeddedMongo(tmp_path / "data" / FILE) as mongo, MongoClient[dict[str, Any]](mongo.url) as client:
        for line in LEFT.read_text().splitlines():
            found = json_util.loads(line, json_options=json_util.JSONOptions(tz_aware=True))
            client.get_default_database()[found["collection"]].insert_one(found["document"])
    return tmp_path / "data"


def stored(url: str) -> dict[str, list[Any]]:
    """Every document, by collection; without those of the deployment."""
    with Documents(url) as documents:
        names = documents.counts(leave_out={"processes", "trail", "migrations"})
        return {name: list(documents.every(name)) for name in names}


def is_migrated(document: dict[str, Any]) -> bool:
    """Whether it is a ticket that an import changes: its contact had opted out, and so nobody waits on it any more."""
    return document.get("wait_ended_at") is not None


def test_a_team_moves_from_the_embedded_form_to_a_mongodb_and_back(
    data: Path, tmp_path: Path, mongo_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sequence of docs/operations.md, Moving, as its commands do it."""
    out, back = tmp_path / "clerk.jsonl.gz", tmp_path / "back.jsonl"
    export(out)
    monkeypatch.setenv("CLERK_MONGO_URL", mongo_url)
    for _ in range(2):
        import_(out)
    assert "49 documents imported in" in capsys.readouterr().out
    moved = stored(mongo_url)
    assert sum(map(len, moved.values())) == 49
    export(back)
    monkeypatch.delenv("CLERK_MONGO_URL")
    monkeypatch.setenv("CLERK_DATA_DIR", str(tmp_path / "new"))
    import_(back)
    with EmbeddedMongo(data / FILE) as first, EmbeddedMongo(tmp_path / "new" / FILE) as last:
        assert moved == stored(last.url)
        for name, before in stored(first.url).items():
            assert [each["_id"] for each in before] == [each["_id"] for each in moved[name]]
            pairs = zip(before, moved[name], strict=True)
            assert [old for old, new in pairs if old != new and not is_migrated(new)] == []
        with Documents(last.url) as stores:
            assert stores.version_of_documents() == DOCUMENTS


def test_an_import_into_a_running_clerk_is_refused_unless_it_is_forced(
    data: Path, tmp_path: Path, mongo_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "clerk.jsonl"
    export(file)
    monkeypatch.setenv("CLERK_MONGO_URL", mongo_url)
    with MongoClient[dict[str, Any]](mongo_url) as client:
        at = {name: datetime.now(UTC) for name in ("started_at", "told_at", "seen_at")}
        process = {"_id": "w", "kind": "worker", "host": "h", "pid": 1, "documents": DOCUMENTS, **at}
        database = client[str(parse_uri(mongo_url)["database"])]
        database["processes"].insert_one(process)
        with pytest.raises(Invalid, match=r"Clerk is running \(1 worker\): stop it first"):
            import_(file)
        assert not database["sms"].find_one({})
        import_(file, force=True)
        assert database["sms"].find_one({})
    export(tmp_path / "again.jsonl")
    assert "Clerk is running (1 worker)" in capsys.readouterr().err


def test_a_clerk_run_is_running_while_it_has_its_journal(tmp_path: Path) -> None:
    settings, nowhere = Settings(data_dir=tmp_path), Documents("mongodb://127.0.0.1:1/clerk")
    assert running(nowhere, settings) == ""
    journal = Journal(tmp_path)
    journal.start()
    assert running(nowhere, settings) == f"a `clerk run` uses {tmp_path}"
    journal.close()
    assert running(nowhere, settings) == ""
    nowhere.close()


def test_an_export_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "newer.jsonl"
    file.write_text(f'{{"clerk": 1, "release": "9.9.9", "documents": {DOCUMENTS + 1}, "collections": {{}}}}\n')
    with pytest.raises(NotAnExport, match=r"written by Clerk 9\.9\.9, a newer version"):
        check(file)


@pytest.fixture
async def many(tmp_path: Path) -> Any:
    """An embedded server with more tickets than an aggregation may read."""
    with EmbeddedMongo(tmp_path / FILE, most_aggregated=FEW) as mongo:
        async with Stores.opened(mongo.url) as stores:
            for number in range(1, 2 * FEW + 1):
                await stores.tickets.add(
                    make.ticket(id=number, conversation=f"c{number}", status=list(Status)[number % 2])
                )
            yield mongo.url, stores


async def test_any_number_of_documents_is_counted_and_exported(many: tuple[str, Stores], tmp_path: Path) -> None:
    url, stores = many
    with Documents(url) as documents:
        assert documents.tickets_by_status()[Status.NEW] == documents.tickets_by_status()[Status.OPEN] == FEW
        assert documents.counts()["tickets"] == 2 * FEW
        assert [each["_id"] for each in documents.every("tickets", page=7)] == list(range(1, 2 * FEW + 1))
        written = export_to(tmp_path / "all.jsonl", documents, lambda: None)
    assert written == check(tmp_path / "all.jsonl")
    assert written["tickets"] == 2 * FEW
    assert await stores.tickets.count_in_status(Status.OPEN, 1000) == FEW


def test_nothing_of_clerks_counts_by_reading_a_whole_collection() -> None:
    found = [
        str(path)
        for top in ("workers", "ops", "gateway")
        for path in (ROOT / top).rglob("*.py")
        if re.search(r"count_documents\(|\.aggregate\(|\.distinct\(", path.read_text())
    ]
    assert found == []


def test_progress_is_said_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("exported", 2 * SAY_EVERY) as advance:
        for _ in range(SAY_EVERY):
            advance()
    assert "exported: 10,000 of 20,000 documents\n" in capsys.readouterr().err


def test_a_page_or_a_batch_is_tried_again_while_the_server_is_busy() -> None:
    """The embedded server once did not answer in time after 140,000 documents, and the import ended."""
    pauses: list[float] = []
    answers: list[Any] = [NetworkTimeout("slow"), AutoReconnect("operation cancelled"), 7]

    def call() -> int:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return int(answer)

    assert persistently(call, pauses.append) == 7
    assert len(pauses) == 2
    answers[:] = [AutoReconnect("away")] * 5
    with pytest.raises(AutoReconnect):
        persistently(call, pauses.append)


MOVED = int(os.environ.get("CLERK_TEST_MOVED", "400"))
"""How many documents are moved from the embedded form to a MongoDB and back; 200,000 take a while."""


def _by_id(file: Path) -> dict[tuple[str, str], Any]:
    """Every document of an export, by collection and id."""
    with file.open(encoding="utf-8") as lines:
        found = [json_util.loads(line, json_options=PLAIN) for line in lines]
    return {
        (each["collection"], str(each["document"]["_id"])): each["document"] for each in found if "document" in each
    }


def test_a_multitude_moves_to_a_mongodb_and_back_document_by_document(
    tmp_path: Path, mongo_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, first, second, third = (tmp_path / name for name in ("made.jsonl", "1.jsonl", "2.jsonl", "3.jsonl"))
    made.write_text("".join(f"{line}\n" for line in exported(MOVED)), encoding="utf-8")
    monkeypatch.setenv("CLERK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("CLERK_MONGO_URL", raising=False)
    import_(made)
    export(first)
    monkeypatch.setenv("CLERK_MONGO_URL", mongo_url)
    import_(first)
    export(second)
    monkeypatch.delenv("CLERK_MONGO_URL")
    monkeypatch.setenv("CLERK_DATA_DIR", str(tmp_path / "new"))
    import_(second)
    export(third)
    expected, moved = _by_id(made), _by_id(first)
    assert len(expected) == MOVED
    assert moved.keys() == expected.keys()
    assert [id for id, each in moved.items() if each != expected[id] and not is_migrated(each)] == []
    assert moved == _by_id(second) == _by_id(third)


def test_an_import_replaces_what_is_there_and_leaves_the_rest(tmp_path: Path, mongo_url: str) -> None:
    file = tmp_path / "made.jsonl"
    file.write_text("".join(f"{line}\n" for line in exported(120)), encoding="utf-8")
    expected = {id: found for (name, id), found in _by_id(file).items() if name == "contacts"}
    with MongoClient[dict[str, Any]](mongo_url, tz_aware=True) as client, Documents(mongo_url) as documents:
        contacts = client.get_default_database()["contacts"]
        contacts.insert_many([{"_id": min(expected), "name": "changed meanwhile"}, {"_id": "another"}])
        assert sum(import_from(file, documents, lambda: None).values()) == 120
        assert {each["_id"]: each for each in contacts.find()} == {**expected, "another": {"_id": "another"}}
