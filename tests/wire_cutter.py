"""A TCP connection to servers that can be cut and mended, made to wait in either direction, or said twice."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Self

import httpx

from tests.servers import free_port


class Wire:
    """Forwards a port of its own to a server, `url` being the server's with that port; while cut, it refuses.

    Of several servers, each connection goes to the next one that takes it, as a load balancer does it. `repeats` is
    asked for each connection whether another server gets the same bytes as well: what that one answers is thrown away.
    """

    def __init__(self, url: str, *others: str, repeats: Callable[[], bool] = lambda: False) -> None:
        self._servers = [_address(each) for each in (url, *others)]
        self._repeats = repeats
        self._port = free_port()
        self._listening = socket.create_server(("127.0.0.1", self._port))
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._may_ask, self._may_answer = threading.Event(), threading.Event()
        self._may_ask.set()
        self._may_answer.set()
        host, port = self._servers[0]
        self.url = url.replace(f"{host}:{port}", f"127.0.0.1:{self._port}")
        self._accept()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        self.let_through()

    def cut(self) -> None:
        """End every connection, and take no more."""
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        with self._lock:
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def mend(self) -> None:
        """Forward again, at the same port."""
        self._listening = socket.create_server(("127.0.0.1", self._port))
        self._accept()

    def hold_back_requests(self) -> None:
        """Keep what is sent to the server, until `let_through`."""
        self._may_ask.clear()

    def hold_back_answers(self) -> None:
        """Let what is sent go to the server, and keep what it says in return, until `let_through`."""
        self._may_answer.clear()

    def let_through(self) -> None:
        """Pass on what was held back, and whatever comes."""
        self._may_ask.set()
        self._may_answer.set()

    @contextlib.contextmanager
    def holding_back_answers(self) -> Iterator[None]:
        """What is sent goes to the server; what it says in return comes afterwards."""
        self.hold_back_answers()
        try:
            yield
        finally:
            self.let_through()

    def _accept(self) -> None:
        threading.Thread(target=self._serve, args=(self._listening,), daemon=True).start()

    def _serve(self, listening: socket.socket) -> None:
        while True:
            try:
                here, _ = listening.accept()
            except OSError:
                return
            there = self._connected()
            if there is None:
                here.close()
                continue
            twin = self._connected() if self._repeats() else None
            with self._lock:
                self._open |= {here, there, *([twin] if twin else [])}
            self._forward_from(here, [there, *([twin] if twin else [])], self._may_ask)
            self._forward_from(there, [here], self._may_answer)
            if twin is not None:
                self._forward_from(twin, [], self._may_answer)

    def _connected(self) -> socket.socket | None:
        """A connection to the next server that takes one; None if none does."""
        for _ in self._servers:
            self._servers.append(self._servers.pop(0))
            with contextlib.suppress(OSError):
                return socket.create_connection(self._servers[-1])
        return None

    def _forward_from(self, source: socket.socket, targets: list[socket.socket], once: threading.Event) -> None:
        threading.Thread(target=self._forward, args=(source, targets, once), daemon=True).start()

    def _forward(self, source: socket.socket, targets: list[socket.socket], once: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                once.wait()
                for target in targets:
                    target.sendall(data)
        for each in (source, *targets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._open -= {source, *targets}
        source.close()


def _address(url: str) -> tuple[str, int]:
    """The host and the port that a URL of HTTP, MongoDB or AMQP names."""
    found = httpx.URL(url.replace("mongodb://", "http://").replace("amqp://", "http://"))
    assert found.port is not None
    return found.host, found.port
