"""What Clerk writes to the disk is its owner's alone, whatever the umask."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from messages.process.private_files import make_private, touch_private
from ops.documents import data_folder
from ops.documents.embedded_mongo import EmbeddedMongo
from ops.documents.reader import Documents
from ops.documents.transfer import check, export_to
from sandbox.config import SandboxConfig
from sandbox.standins import StandIns
from sandbox.state.folder import StateFolder


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """The umask of a careless machine."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    """The modes of a folder and all in it, by name."""
    return {each.name: oct(stat.S_IMODE(each.lstat().st_mode)) for each in (folder, *folder.rglob("*"))}


def test_the_embedded_documents_and_their_export_are_private_and_those_of_before_become_so(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for name in ("sandbox", "sandbox/bytes"):
        (data / name).mkdir(mode=0o755, parents=True)
    for name in ("sandbox/state.json", "sandbox/bytes/F1", "clerk.sqlite"):
        (data / name).touch(mode=0o644)
    data.chmod(0o755)
    with EmbeddedMongo(data / "clerk.sqlite") as mongo, Documents(mongo.url) as documents:
        documents.database["contacts"].insert_one({"_id": "+15550200001", "name": "Ada"})
        found = modes(data)
        for name in ("clerk.jsonl", "clerk.jsonl.gz"):
            file = tmp_path / name
            (tmp_path / f"{name}.part").touch(mode=0o644)
            export_to(file, documents, lambda: None)
            assert check(file) == {"contacts": 1}
            assert modes(tmp_path)[name] == "0o600"
    assert {"clerk.sqlite", "clerk.sqlite-wal", "clerk.sqlite-shm"} <= found.keys()
    folders = {"data", "sandbox", "bytes"}
    assert found == {name: "0o700" if name in folders else "0o600" for name in found}


def test_a_new_folder_is_private_from_the_beginning(tmp_path: Path) -> None:
    with EmbeddedMongo(tmp_path / "new" / "clerk.sqlite"):
        assert set(modes(tmp_path / "new").values()) == {"0o700", "0o600"}


def test_a_folder_that_holds_other_things_keeps_its_mode_and_theirs(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "program").touch(mode=0o755)
    (tmp_path / "clerk.sqlite").touch(mode=0o644)
    data_folder.prepare(tmp_path)
    assert modes(tmp_path) == {tmp_path.name: "0o755", "program": "0o755", "clerk.sqlite": "0o600"}


def test_what_a_link_leads_to_is_left_as_it_is(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.touch(mode=0o644)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "clerk").symlink_to(elsewhere)
    make_private(tmp_path / "data")
    assert oct(stat.S_IMODE(elsewhere.stat().st_mode)) == "0o644"


def test_sqlite_gives_its_other_files_the_mode_of_the_first(tmp_path: Path) -> None:
    file = tmp_path / "clerk.sqlite"
    touch_private(file)
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE t (x)")
    connection.commit()
    found = modes(tmp_path)
    connection.close()
    assert {found[f"clerk.sqlite{ending}"] for ending in ("", "-wal", "-shm")} == {"0o600"}


async def test_the_sandboxs_state_is_private(tmp_path: Path) -> None:
    url = "http://127.0.0.1:1"
    config = SandboxConfig(
        gateway_url=url,
        public_url=url,
        base_url=url,
        slack_bot_token="xoxb-x",
        slack_signing_secret="x",
        twilio_account_sid="ACx",
        twilio_auth_token="x",
        lines={"+15550001111": "C1"},
    )
    standins = StandIns(config)
    await StateFolder(standins, tmp_path / "kept").save()
    await standins.close()
    assert modes(tmp_path / "kept") == {"kept": "0o700", "bytes": "0o700", "state.json": "0o600"}
