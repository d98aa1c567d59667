"""What `clerk run` acknowledged is on the disk: both its databases commit with `synchronous=FULL`.

An import can be repeated, so it is on the disk only when it has ended.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from messages.process.settings import Settings
from ops.documents.embedded_mongo import _Engine
from ops.environment import FILE, with_mongo
from ops.running.journal import Journal

OFTEN = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}
"""https://www.sqlite.org/pragma.html#pragma_synchronous"""


def pragmas(connection: sqlite3.Connection) -> tuple[str, str]:
    (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
    (journal_mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    return OFTEN[synchronous], str(journal_mode)


@pytest.mark.parametrize(("durable", "synchronous"), [(True, "FULL"), (False, "NORMAL")])
def test_the_embedded_documents_are_on_the_disk_when_a_write_returns(
    durable: bool, synchronous: str, tmp_path: Path
) -> None:
    engine = _Engine(str(tmp_path / "clerk.sqlite"), durable=durable)
    with closing(engine._create_sqlite_connection()) as connection:
        assert pragmas(connection) == (synchronous, "wal")


def test_the_journal_is_on_the_disk_when_a_webhook_is_answered(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    with closing(journal._connection) as connection:
        assert pragmas(connection) == ("FULL", "wal")


def test_what_an_import_stored_is_in_the_file_once_it_has_ended(tmp_path: Path) -> None:
    with with_mongo(Settings(data_dir=tmp_path), durable=False) as stored:
        assert stored.mongo_url is not None
        with MongoClient[dict[str, Any]](stored.mongo_url.get_secret_value()) as client:
            client.get_default_database()["sms"].insert_many([{"_id": str(number)} for number in range(10)])
            assert (tmp_path / f"{FILE}-wal").exists()
    assert not (tmp_path / f"{FILE}-wal").exists()
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        assert connection.execute("SELECT count(*) FROM documents").fetchone() == (10,)
