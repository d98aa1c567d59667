"""A command waits for a MongoDB that is busy, and says that one is away."""

import threading

import pytest

from ops.documents.reader import WITHIN, Documents, DocumentsAway
from tests.servers import free_port
from tests.wire_cutter import Wire

BUSY_FOR = 3 * WITHIN.total_seconds()
"""Longer than a command looks for a server."""


def test_a_server_that_answers_nobody_for_some_seconds_is_waited_for(mongo_url: str) -> None:
    with Wire(mongo_url) as wire:
        often = f"{wire.url}{'&' if '?' in wire.url else '?'}heartbeatFrequencyMS=500"
        with Documents(often) as documents:
            documents.version()
            wire.hold_back_answers()
            threading.Timer(BUSY_FOR, wire.let_through).start()
            assert documents.raw("tickets", {}, 1) == []


def test_a_server_that_is_not_there_is_said_to_be_away() -> None:
    with Documents(f"mongodb://127.0.0.1:{free_port()}/clerk") as documents, pytest.raises(DocumentsAway) as away:
        documents.version()
    assert "Connection refused" in str(away.value)
