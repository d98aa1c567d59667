"""Strangers who hold connections and send nothing, or half of something, shut nobody out."""

import contextlib
import re
import select
import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from gateway.connection import CrowdedState
from gateway.crowd import Crowd
from tests.servers import wait_until
from tests.wire.gateway.helpers import Served, sms_form


class Holders:
    """Connections that begin with `begun`, each opened again when the gateway closes it, twice on the average."""

    def __init__(self, port: int, count: int, begun: bytes, addresses: int) -> None:
        self._to, self._begun, self._addresses = ("127.0.0.1", port), begun, addresses
        self.opened, self._most = 0, 3 * count
        self._selector = selectors.DefaultSelector()
        self._ended = threading.Event()
        for number in range(count):
            self._open(number)
        self._thread = threading.Thread(target=self._hold)
        self._thread.start()

    def _open(self, number: int) -> None:
        connection = socket.socket()
        connection.bind((f"127.0.0.{2 + number % self._addresses}", 0))
        connection.settimeout(10)
        connection.connect(self._to)
        with contextlib.suppress(ConnectionError):  # closed already, which its next event tells
            connection.sendall(self._begun)
        connection.setblocking(False)
        self._selector.register(connection, selectors.EVENT_READ, number)
        self.opened += 1

    def _hold(self) -> None:
        while not self._ended.is_set():
            for key, _ in self._selector.select(0.1):
                connection: Any = key.fileobj
                try:
                    closed = connection.recv(65536) == b""
                except OSError:
                    closed = True
                if closed:
                    self._selector.unregister(connection)
                    connection.close()
                    if self.opened < self._most:
                        self._open(key.data)

    def end(self) -> None:
        self._ended.set()
        self._thread.join(20)
        for key in list(self._selector.get_map().values()):
            connection: Any = key.fileobj
            connection.close()
        self._selector.close()


@contextmanager
def holding(gateway: Served, count: int, begun: bytes = b"", addresses: int = 1) -> Iterator[Holders]:
    holders = Holders(gateway.port, count, begun, addresses)
    try:
        yield holders
    finally:
        holders.end()


class Small(Served):
    """A gateway that holds few connections."""

    def __init__(self, most: int, receiving: int) -> None:
        super().__init__()
        self._server.server_state = CrowdedState(Crowd(most, receiving))


def text(gateway: Served, number: int) -> int:
    """The answer to a genuine text, over a connection of its own."""
    return gateway.twilio(sms_form(MessageSid=f"SM{number}"), connection="close").status_code


def test_six_hundred_idle_connections_opened_again_when_closed_keep_no_genuine_text_out() -> None:
    with Served() as gateway, holding(gateway, 600) as holders:
        answers: list[int] = []
        while holders.opened < 1200:
            answers.append(text(gateway, len(answers)))
        assert set(answers) == {200}
        assert len(gateway.publisher.take()) == len(answers)


@pytest.mark.parametrize(
    ("begun", "addresses"),
    [
        (b"", 1),
        (b"", 8),
        (b"POST /twilio/sms HTTP/1.1\r\nHo", 1),
        (b"POST /twilio/sms HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhello", 1),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 8),
    ],
    ids=["nothing", "from many", "half a head", "half a body", "a request before"],
)
def test_more_than_it_may_hold_close_for_whoever_comes_next(begun: bytes, addresses: int) -> None:
    with Small(300, 200) as gateway, holding(gateway, 450, begun, addresses) as holders:
        wait_until(lambda: holders.opened > 460, "the gateway closes some")
        answers = [text(gateway, number) for number in range(10)]
        assert set(answers) == {200}


def test_a_request_that_came_in_part_and_must_go_is_told_so() -> None:
    half = b"POST /twilio/sms HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhello"
    with Small(10, 2) as gateway, contextlib.ExitStack() as stack:
        both = [stack.enter_context(socket.create_connection(("127.0.0.1", gateway.port))) for _ in range(2)]
        for each in both:
            each.sendall(half)
        told = select.select(both, [], [], 20)[0][0]
        assert re.match(rb"HTTP/1\.1 503 ", told.recv(65536))


def test_answers_that_nobody_reads_hold_no_room_that_others_need() -> None:
    with Small(2, 2) as gateway, contextlib.ExitStack() as stack:
        for address in ("127.0.0.2", "127.0.0.3"):
            connection = stack.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.bind((address, 0))
            connection.connect(("127.0.0.1", gateway.port))
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 2000)

        def is_answered() -> bool:
            with contextlib.suppress(httpx.TransportError):
                return text(gateway, 0) == 200
            return False

        wait_until(is_answered, "a genuine text is answered")
