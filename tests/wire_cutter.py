"""A TCP connection to a server that can be cut and mended, or made to wait for its answers."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Self

import httpx


class Wire:
    """Forwards a port of its own to a server, `url` being the server's with that port; while cut, it refuses."""

    def __init__(self, url: str) -> None:
        there = httpx.URL(url.replace("mongodb://", "http://").replace("amqp://", "http://"))
        assert there.port is not None
        self._to = (there.host, there.port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._port = self._listening.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._may_answer = threading.Event()
        self._may_answer.set()
        self.url = url.replace(f"{there.host}:{there.port}", f"127.0.0.1:{self._port}")
        self._accept()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()

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

    @contextlib.contextmanager
    def holding_back_answers(self) -> Iterator[None]:
        """What is sent goes to the server; what it says in return comes afterwards."""
        self._may_answer.clear()
        try:
            yield
        finally:
            self._may_answer.set()

    def _accept(self) -> None:
        threading.Thread(target=self._serve, args=(self._listening,), daemon=True).start()

    def _serve(self, listening: socket.socket) -> None:
        while True:
            try:
                here, _ = listening.accept()
            except OSError:
                return
            try:
                there = socket.create_connection(self._to)
            except OSError:
                here.close()
                continue
            with self._lock:
                self._open |= {here, there}
            for way in ((here, there, None), (there, here, self._may_answer)):
                threading.Thread(target=self._forward, args=way, daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket, once: threading.Event | None) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if once is not None:
                    once.wait()
                target.sendall(data)
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._open -= {source, target}
        source.close()
