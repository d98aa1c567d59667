"""An HTTP connection that waits for nobody: Uvicorn limits neither the time of a request nor the size of its head."""

import asyncio
from typing import Any, ClassVar, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_LIMIT: Final = 128 << 10
"""Bytes; a part of the body may come along with the head's last."""

TOO_LATE: Final = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Connection(HttpToolsProtocol):
    """Closed when a request does not come in time, or its head is too long."""

    request_within: ClassVar = 10.0
    """Seconds from the connection, or a later request's first byte, until head and body are there."""

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
        """Take bytes in, but no endless head."""
        if self._in_head:
            self._head_size += len(data)
        super().data_received(data)
        if self._in_head and self._head_size > HEAD_LIMIT and not self.transport.is_closing():
            self.send_400_response("The request's head is too long.")

    def on_headers_complete(self) -> None:
        """Go on to the body."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Wait for nothing more of this request."""
        self._stop_timeout()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
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
        """Give up what is due, or look again when it is: a timer for each request would cost more than this."""
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
    """A transport that writes what one turn of the event loop brings at once: an answer's head along with its body.

    Uvicorn writes them one by one, and the second packet costs about as much as all else that it does for an answer.
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
        """Close once all is written."""
        self._write()
        self._transport.close()

    def _write(self) -> None:
        held, self._held = self._held, []
        if held and not self._transport.is_closing():
            self._transport.write(b"".join(held))
