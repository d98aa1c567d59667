"""Commands beside a `clerk run`: they ask it, and start and import no second one of what it has."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from messages.process.settings import Settings
from ops.documents import data_folder
from ops.documents.embedded_mongo import EmbeddedMongo
from ops.environment import FILE, with_mongo
from tests.commands import clerk_in_process
from tests.servers import ROOT

OF_DOCUMENTS: Final = (
    ("lines", "list"),
    ("lines", "add", "+15550001111", "--channel", "C0TEXTS"),
    ("calendars", "list"),
    ("agents", "list"),
    ("planned", "list"),
    ("sla",),
)
OF_QUEUES: Final = (("queues",), ("dead", "list"), ("peek", "sms"))

UNUSED: Final = ("dramatiq", "mongoeco", "numpy", "pika", "shapely", "uvicorn")
"""What a `clerk run` has in its memory, and a command that asks one has no use for."""

IMPORTED: Final = """import atexit, sys
unused = sys.argv.pop().split()
atexit.register(lambda: print("imported:", *[each for each in unused if each in sys.modules]))
from ops.__main__ import main
main()"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The data folder of a run that serves its documents."""
    with data_folder.claimed(tmp_path, "http://127.0.0.1:1") as note, EmbeddedMongo(tmp_path / FILE) as mongo:
        note(mongo.url)
        yield tmp_path


def imported(folder: Path, command: tuple[str, ...], *unused: str) -> list[str]:
    """What of this a command imports, if it ends."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("CLERK_")}
    ended = subprocess.run(
        [sys.executable, "-c", IMPORTED, *command, " ".join(unused)],
        cwd=ROOT,
        env={**others, "CLERK_DATA_DIR": str(folder), "CLERK_OPS_TOKEN": "mine"},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert "Traceback" not in ended.stderr
    assert "imported:" in ended.stdout, ended.stderr
    return ended.stdout.rpartition("imported:")[2].split()


@pytest.mark.parametrize("command", OF_DOCUMENTS, ids=" ".join)
def test_a_command_about_documents_asks_the_run_and_imports_no_engine(command: tuple[str, ...], folder: Path) -> None:
    assert imported(folder, command, *UNUSED) == []


@pytest.mark.parametrize("command", OF_QUEUES, ids=" ".join)
def test_a_command_about_queues_imports_no_driver_of_a_database_or_broker(
    command: tuple[str, ...], folder: Path
) -> None:
    assert imported(folder, command, *UNUSED, "phonenumbers", "pymongo") == []


def test_what_a_command_changes_is_what_the_run_has(folder: Path) -> None:
    where = {"CLERK_DATA_DIR": str(folder)}
    assert clerk_in_process(where, "lines", "add", "+15550001111", "--channel", "C0TEXTS").returncode == 0
    with with_mongo(Settings(data_dir=folder)) as stored:
        assert stored.mongo_url is not None
        assert stored.mongo_url.get_secret_value() == data_folder.documents_of_run(folder)
    assert "+15550001111" in clerk_in_process(where, "lines", "list").stdout


def test_a_run_that_serves_no_documents_now_is_not_asked(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as ended:
        port = ended.getsockname()[1]
    with data_folder.claimed(tmp_path, "http://127.0.0.1:1") as note:
        assert data_folder.documents_of_run(tmp_path) is None
        note(f"mongodb://127.0.0.1:{port}/clerk")
        assert data_folder.documents_of_run(tmp_path) is None
        assert data_folder.url_of_run(tmp_path) == "http://127.0.0.1:1"
        assert "No lines yet" in clerk_in_process({"CLERK_DATA_DIR": str(tmp_path)}, "lines", "list").stdout
    assert data_folder.documents_of_run(tmp_path) is None
