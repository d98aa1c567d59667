"""The sandbox as one ASGI application: both stand-ins, the page, and what the page does."""

import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox.config import Sandbox
from sandbox.faults import Fault, Faults
from sandbox.hands import Hands
from sandbox.record import Record
from sandbox.slack_api import SlackApi
from sandbox.twilio_api import TwilioApi
from sandbox.workspace import Refused, Workspace

STATIC: Final = Path(__file__).parent / "static"


def build(config: Sandbox, clock: Callable[[], float] = time.time) -> Starlette:
    """The sandbox, to be mounted at /sandbox (or served there by itself)."""
    record, faults = Record(), Faults([])
    http = httpx.AsyncClient(timeout=20, trust_env=False, limits=httpx.Limits(max_connections=200))
    workspace = Workspace(config, record, clock)
    twilio = TwilioApi(config, record, faults, http)
    slack = SlackApi(workspace, record, faults)
    page = _Page(config, workspace, twilio, Hands(workspace, record, http), record, faults)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await http.aclose()

    return Starlette(
        routes=[
            *page.routes(),
            *slack.routes(),
            *twilio.routes(),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        lifespan=lifespan,
    )


class _Page:
    """The page and the requests that it makes."""

    def __init__(
        self,
        config: Sandbox,
        workspace: Workspace,
        twilio: TwilioApi,
        hands: Hands,
        record: Record,
        faults: Faults,
    ) -> None:
        self._config = config
        self._workspace = workspace
        self._twilio = twilio
        self._hands = hands
        self._record = record
        self._faults = faults

    def routes(self) -> list[Route]:
        return [
            Route("/", self._index),
            Route("/state", self._state),
            Route("/events", self._events),
            Route("/record", self._entries),
            Route("/faults", self._fault, methods=["POST"]),
            Route("/channel", self._channel, methods=["POST"]),
            Route("/text", self._text, methods=["POST"]),
            Route("/click", self._click, methods=["POST"]),
            Route("/submit", self._submit, methods=["POST"]),
            Route("/close", self._close, methods=["POST"]),
            Route("/reply", self._reply, methods=["POST"]),
            Route("/command", self._command, methods=["POST"]),
        ]

    async def _index(self, _: Request) -> Response:
        return FileResponse(STATIC / "index.html")

    async def _state(self, _: Request) -> Response:
        return JSONResponse(self._everything())

    async def _entries(self, _: Request) -> Response:
        return JSONResponse(list(self._record.entries))

    async def _events(self, _: Request) -> Response:
        async def stream() -> AsyncIterator[str]:
            async for _ in self._record.changes():
                yield f"data: {json.dumps(self._everything())}\n\n"

        return StreamingResponse(stream(), media_type="text/event-stream", headers={"cache-control": "no-store"})

    def _everything(self) -> dict[str, Any]:
        workspace = self._workspace
        return {
            "lines": [*self._config.lines],
            "people": [{"id": each.id, "name": each.name} for each in self._config.people if not each.deactivated],
            "channels": [
                {**each.described(), "messages": [*each.messages.values()]} for each in workspace.channels.values()
            ],
            "ephemerals": workspace.ephemerals,
            "views": [*workspace.views.values()],
            "texts": [*self._twilio.texts.values()],
            "violations": [each for each in self._record.entries if each["kind"] == "violation"],
        }

    async def _fault(self, request: Request) -> Response:
        fault = Fault.model_validate(await request.json())
        self._faults.waiting.append(fault)
        return JSONResponse(fault.model_dump())

    async def _channel(self, request: Request) -> Response:
        """Archive or unarchive a channel, invite or remove the bot."""
        asked = await request.json()
        channel = self._workspace.channels[asked["id"]]
        channel.archived = bool(asked.get("archived", channel.archived))
        channel.joined = bool(asked.get("joined", channel.joined))
        return JSONResponse(channel.described())

    async def _text(self, request: Request) -> Response:
        asked = await request.json()
        return _passed(
            await self._twilio.receive(
                asked["from"], asked["to"], asked.get("body", ""), asked.get("media", ()), asked.get("sid")
            )
        )

    async def _click(self, request: Request) -> Response:
        asked = await request.json()
        return await _tried(
            self._hands.click(asked["user"], asked["channel"], asked["ts"], asked["action_id"], asked.get("selected"))
        )

    async def _submit(self, request: Request) -> Response:
        asked = await request.json()
        return await _tried(self._hands.submit(asked["user"], asked["view_id"], asked.get("values", {})))

    async def _close(self, request: Request) -> Response:
        self._workspace.close_view((await request.json())["view_id"])
        return JSONResponse({})

    async def _reply(self, request: Request) -> Response:
        asked = await request.json()
        return await _tried(self._hands.reply(asked["user"], asked["channel"], asked.get("thread_ts"), asked["text"]))

    async def _command(self, request: Request) -> Response:
        asked = await request.json()
        return await _tried(self._hands.command(asked["user"], asked["channel"], asked.get("text", "")))


async def _tried(answer: Any) -> Response:
    try:
        return _passed(await answer)
    except Refused as refused:
        return JSONResponse({"status": 409, "body": refused.error}, 409)


def _passed(answer: httpx.Response) -> Response:
    """What the gateway answered, for the page."""
    return JSONResponse({"status": answer.status_code, "body": answer.text})
