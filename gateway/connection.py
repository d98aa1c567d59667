"""An HTTP connection with limits: Uvicorn limits neither the time of a request nor the size of its head."""

import asyncio
from typing import Any, ClassVar, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_LIMIT: Final = 128 << 10
"""Bytes; the last packet of the head may contain a part of the body."""

TOO_LATE: Final = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Connection(HttpToolsProtocol):
    """Closes when a request does not arrive in time, or its head is too long."""

    request_within: ClassVar = 10.0
    """Seconds from the connection, or from a later request's first byte, until head and body have arrived."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._due: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._in_head = True
        self._head_size = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(cast(asyncio.Transport, JoinedWrites(transport, self.loop)))
        self._start_timeout()

    def on_message_begin(self) -> None:
        """Wait for the rest of a later request."""
        super().on_message_begin()
        if self._due is None:
            self._start_timeout()

    def data_received(self, data: bytes) -> None:
        """Accept bytes, but no endless head."""
        if self._in_head:
            self._head_size += len(data)
        super().data_received(data)
        if self._in_head and self._head_size > HEAD_LIMIT and not self.transport.is_closing():
            self.send_400_response("The request's head is too long.")

    def on_headers_complete(self) -> None:
        """Expect the body from now on."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Stop the time limit: the request is complete."""
        self._stop_timeout()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the time limit and its timer."""
        self._stop_timeout()
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def _start_timeout(self) -> None:
        self._in_head, self._head_size = True, 0
        self._due = self.loop.time() + self.request_within
        if self._timer is None:
            self._check_timeout()

    def _stop_timeout(self) -> None:
        self._due = None

    def _check_timeout(self) -> None:
        """Close if the time is up, else check again then; a timer for each request would cost more."""
        self._timer = None
        if self._due is None:
            return
        if self.loop.time() < self._due:
            self._timer = self.loop.call_at(self._due, self._check_timeout)
            return
        if not self._in_head and not self.cycle.response_started:
            self.transport.write(TOO_LATE)
        self.transport.close()


class JoinedWrites:
    """A transport that joins all writes of one event loop turn: a response's head and its body.

    Uvicorn writes them one by one, and the second packet costs as much as all its other work for a response.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._held: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write soon, in order."""
        if not self._held:
            self._loop.call_soon(self._write)
        self._held.append(data)

    def close(self) -> None:
        """Write everything, then close."""
        self._write()
        self._transport.close()

    def _write(self) -> None:
        held, self._held = self._held, []
        if held and not self._transport.is_closing():
            self._transport.write(b"".join(held))
