"""Commands compare the times of documents with the sandbox's clock, where a `clerk run` has moved it."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Final

import pytest

from messages.process.settings import Settings
from ops.documents.data_folder import claimed
from ops.environment import documents_now
from tests.servers import free_port

MONTH: Final = timedelta(days=30)
ANSWERS: Final = {"/sandbox/state": {"lines": ["+15550001111"]}, "/sandbox/clock": {"ahead": MONTH.total_seconds()}}


class SandboxAMonthAhead(BaseHTTPRequestHandler):
    """A sandbox, as far as its clock goes."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(ANSWERS[self.path]).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def sandbox() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), SandboxAMonthAhead) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def is_ahead(folder: Path) -> bool:
    """Whether commands in this folder go by a clock that is far ahead of the machine's."""
    return documents_now(Settings(data_dir=folder)) - datetime.now(UTC) > MONTH / 2


def test_a_command_goes_by_the_clock_of_the_sandbox_that_uses_its_folder(tmp_path: Path, sandbox: str) -> None:
    assert not is_ahead(tmp_path)
    with claimed(tmp_path, sandbox):
        assert is_ahead(tmp_path)
    assert not is_ahead(tmp_path)
    with claimed(tmp_path, f"http://127.0.0.1:{free_port()}"):
        assert not is_ahead(tmp_path)
