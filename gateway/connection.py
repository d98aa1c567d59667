"""An HTTP connection with limits: Uvicorn limits neither the time of a request nor the size of its head.

Uvicorn's own limit counts idle connections as well, so that some hundred of them would shut everybody out.
"""

import asyncio
from typing import Any, ClassVar, Final, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from gateway.crowd import ConnectionStage, Crowd

HEAD_LIMIT: Final = 128 << 10
"""Bytes; the last packet of the head may contain a part of the body."""

TOO_LATE: Final = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
NO_ROOM: Final = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class CrowdedState(ServerState):
    """What the connections of one server share."""

    def __init__(self, crowd: "Crowd[Connection]") -> None:
        super().__init__()
        self.crowd = crowd


class Connection(HttpToolsProtocol):
    """Closes when a request does not arrive in time, its head is too long, or others need the room."""

    first_byte_within: ClassVar = 5.0
    """Seconds from the connection to the first byte."""

    request_within: ClassVar = 10.0
    """Seconds from a request's first byte until head and body have arrived."""

    def __init__(self, config: uvicorn.Config, server_state: CrowdedState, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, server_state, *args, **kwargs)
        self._crowd = server_state.crowd
        self._stage = ConnectionStage.WAITING
        self._receiving = False
        self._due: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._in_head = True
        self._head_size = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(cast(asyncio.Transport, JoinedWrites(transport, self.loop)))
        self._start_timeout(self.first_byte_within)
        _close_for_others(self._crowd.join(self, self.client[0] if self.client else ""))

    def on_message_begin(self) -> None:
        """Wait for the rest of a request."""
        super().on_message_begin()
        self._receiving = True
        self._start_timeout(self.request_within)

    def data_received(self, data: bytes) -> None:
        """Accept bytes, but no endless head."""
        if self._in_head:
            self._head_size += len(data)
        super().data_received(data)
        if self._in_head and self._head_size > HEAD_LIMIT and not self.transport.is_closing():
            self.send_400_response("The request's head is too long.")
        self._note_stage()

    def on_headers_complete(self) -> None:
        """Expect the body from now on."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Stop the time limit: the request is complete."""
        self._receiving = False
        self._stop_timeout()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for another request."""
        super().on_response_complete()
        self._note_stage()

    def pause_writing(self) -> None:
        """Note that the sender does not read the answer."""
        super().pause_writing()
        self._note_stage()

    def resume_writing(self) -> None:
        """Note that the sender reads on."""
        super().resume_writing()
        self._note_stage()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the time limit and its timer, and make room."""
        self._crowd.leave(self)
        self._stop_timeout()
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def close_for_others(self) -> None:
        """Close, because others need the room."""
        if self._stage is ConnectionStage.RECEIVING and not self._in_head and not self.cycle.response_started:
            self.transport.write(NO_ROOM)
        elif self.transport.get_write_buffer_size():
            self.transport.abort()  # its sender does not read: to close would wait for that
            return
        self.transport.close()

    def _note_stage(self) -> None:
        """Tell the others what this connection is doing."""
        stage = self._stage_now()
        if stage is not self._stage:
            self._stage = stage
            _close_for_others(self._crowd.move(self, stage))

    def _stage_now(self) -> ConnectionStage:
        cycle = self.cycle
        if self.pipeline or (cycle is not None and not cycle.response_complete and not cycle.more_body):
            return ConnectionStage.WAITING if self.flow.write_paused else ConnectionStage.ANSWERING
        return ConnectionStage.RECEIVING if self._receiving else ConnectionStage.WAITING

    def _start_timeout(self, within: float) -> None:
        self._in_head, self._head_size = True, 0
        self._due = self.loop.time() + within
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


def _close_for_others(connection: Connection | None) -> None:
    if connection is not None:
        connection.close_for_others()


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
