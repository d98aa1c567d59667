"""What `clerk run` acknowledged is on the disk: both its databases commit with `synchronous=FULL`."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ops.documents.embedded_mongo import _Engine
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
