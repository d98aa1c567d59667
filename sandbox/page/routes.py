"""What the page asks for and does: JSON over HTTP, each deed through the stand-ins and their signed webhooks."""

import base64
import functools
import json
from collections.abc import AsyncIterator, Awaitable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import emoji
import httpx
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox.config import BOT
from sandbox.faults import Fault
from sandbox.json_object import Json
from sandbox.page.internals import Machinery
from sandbox.page.live_state import Live
from sandbox.slack.refusals import Refused
from sandbox.standins import StandIns
from sandbox.twilio.carrier import Handling

STATIC: Final = Path(__file__).parent.parent / "static"
_OUT_OF_REACH: Final = JSONResponse({"status": 409, "body": "Clerk's inside can't be reached from here"}, 409)


class PageApi:
    """The page and its requests."""

    def __init__(self, standins: StandIns, live: Live, machinery: Machinery | None) -> None:
        self._standins = standins
        self._hands = standins.hands
        self._live = live
        self._machinery = machinery

    def routes(self) -> list[BaseRoute]:
        """Where it is served, below the mount."""
        deeds = (
            *(self._text, self._click, self._submit, self._close, self._upload, self._reply, self._edit, self._delete),
            *(self._command, self._channel, self._faults, self._handling, self._window, self._workers),
        )
        return [
            Route("/", self._index),
            Mount("/static", StaticFiles(directory=STATIC)),
            Route("/state", self._state),
            Route("/events", self._events),
            Route("/record", self._record),
            Route("/emoji", self._emoji),
            Route("/window", self._windows),
            Route("/faults", self._no_faults, methods=["DELETE"]),
            *(Route(f"/{deed.__name__.removeprefix('_')}", deed, methods=["POST"]) for deed in deeds),
        ]

    # -- what there is ----------------------------------------------------------------------------------------------

    async def _index(self, _: Request) -> Response:
        return FileResponse(STATIC / "index.html")

    async def _state(self, _: Request) -> Response:
        return JSONResponse(self._live.state())

    async def _record(self, _: Request) -> Response:
        return JSONResponse([*self._standins.record.entries])

    async def _events(self, _: Request) -> Response:
        """Server-sent events: `all` once, then each `change`."""

        async def stream() -> AsyncIterator[str]:
            kind = "all"
            async for delta in self._live.deltas():
                yield f"event: {kind}\ndata: {json.dumps(delta)}\n\n"
                kind = "change"

        return StreamingResponse(stream(), media_type="text/event-stream", headers={"cache-control": "no-store"})

    async def _emoji(self, _: Request) -> Response:
        return JSONResponse(_emoji_by_name(), headers={"cache-control": "max-age=86400"})

    # -- what contacts do -------------------------------------------------------------------------------------------

    async def _text(self, request: Request) -> Response:
        """A contact writes; media are {content_type, data} in base64, or {content_type, url}."""
        asked = await request.json()
        media = asked.get("media", ())
        return await _tried(
            self._standins.twilio.receive(asked["from"], asked["to"], asked.get("body", ""), media, asked.get("sid"))
        )

    # -- what people in the workspace do ----------------------------------------------------------------------------

    async def _click(self, request: Request) -> Response:
        """Use a button or menu: of a modal if `view_id` is given, of a message otherwise."""
        asked = await request.json()
        user, action, selected = asked["user"], asked["action_id"], asked.get("selected")
        if "view_id" in asked:
            return await _tried(
                self._hands.click_in_view(user, asked["view_id"], action, selected, asked.get("values", {}))
            )
        return await _tried(self._hands.click(user, asked["channel"], asked["ts"], action, selected))

    async def _submit(self, request: Request) -> Response:
        asked = await request.json()
        return await _tried(self._hands.submit(asked["user"], asked["view_id"], asked.get("values", {})))

    async def _close(self, request: Request) -> Response:
        asked = await request.json()
        view = self._standins.workspace.views.get(asked["view_id"])
        return await _tried(self._hands.close(asked.get("user", view["user"] if view else ""), asked["view_id"]))

    async def _upload(self, request: Request) -> Response:
        """Upload a file that a person chose in a modal."""
        asked = await request.json()
        files = self._standins.workspace.files
        file = files.add(asked["name"], base64.b64decode(asked["data"]), asked["user"])
        return JSONResponse({"status": 200, "id": file.id, "name": file.name})

    async def _reply(self, request: Request) -> Response:
        """Write a message; files are {name, data} in base64."""
        asked = await request.json()
        files = [(each["name"], base64.b64decode(each["data"])) for each in asked.get("files", ())]
        broadcast = bool(asked.get("broadcast"))
        return await _tried(
            self._hands.reply(
                asked["user"], asked["channel"], asked.get("thread_ts"), asked["text"], files=files, broadcast=broadcast
            )
        )

    async def _edit(self, request: Request) -> Response:
        asked = await request.json()
        return await _tried(self._hands.edit(asked["user"], asked["channel"], asked["ts"], asked["text"]))

    async def _delete(self, request: Request) -> Response:
        asked = await request.json()
        return await _tried(self._hands.delete(asked["user"], asked["channel"], asked["ts"]))

    async def _command(self, request: Request) -> Response:
        asked = await request.json()
        return await _tried(self._hands.command(asked["user"], asked["channel"], asked.get("text", "")))

    async def _channel(self, request: Request) -> Response:
        """Archive or unarchive a channel, invite or remove the bot."""
        asked = await request.json()
        id, user = asked["id"], asked.get("user", next(iter(self._standins.workspace.people)))
        channel = self._standins.workspace.channels[id]
        if asked.get("archived", channel.archived) != channel.archived:
            await self._hands.archive(user, id, archived=asked["archived"])
        if asked.get("joined", channel.joined) != channel.joined:
            await (self._hands.join(BOT, id) if asked["joined"] else self._hands.leave(BOT, id))
        return JSONResponse(channel.described())

    # -- what goes wrong --------------------------------------------------------------------------------------------

    async def _faults(self, request: Request) -> Response:
        fault = Fault.model_validate(await request.json())
        if fault.kind == "kill" and self._standins.faults.kill is None:
            return _OUT_OF_REACH
        self._standins.faults.waiting.append(fault)
        self._standins.record.change()
        return JSONResponse(fault.model_dump())

    async def _no_faults(self, _: Request) -> Response:
        self._standins.faults.waiting.clear()
        self._standins.record.change()
        return JSONResponse({})

    async def _handling(self, request: Request) -> Response:
        """How the phone network treats texts to a number, or to all."""
        asked = await request.json()
        carrier, number = self._standins.twilio.carrier, asked.pop("number", "")
        handling = Handling.model_validate({**carrier.of(number).model_dump(), **asked})
        carrier.handling[number] = handling
        if not handling.held:
            carrier.release(number)
        self._standins.record.change()
        return JSONResponse(handling.model_dump())

    async def _windows(self, _: Request) -> Response:
        """Each line's window; nothing where Clerk's inside is out of reach."""
        found = (await self._machinery.snapshot()).windows if self._machinery is not None else ()
        return JSONResponse([asdict(each) for each in found])

    async def _window(self, request: Request) -> Response:
        """How many seconds of quiet a line waits for."""
        asked = await request.json()
        if self._machinery is None:
            return _OUT_OF_REACH
        await self._machinery.set_window(asked["line"], float(asked["seconds"]))
        return JSONResponse({})

    async def _workers(self, request: Request) -> Response:
        """Stop the workers, or let them go on."""
        asked = await request.json()
        if self._machinery is None:
            return _OUT_OF_REACH
        await self._machinery.set_working(bool(asked["working"]))
        return JSONResponse({})


async def _tried(deed: Awaitable[httpx.Response]) -> Response:
    """What the gateway answered, for the page; 409 and why where a person can't do such a thing."""
    try:
        answer = await deed
    except Refused as refused:
        return JSONResponse({"status": 409, "body": refused.error}, 409)
    return JSONResponse({"status": answer.status_code, "body": answer.text})


@functools.cache
def _emoji_by_name() -> Json:
    """Emoji by the names that Slack gives them."""
    names: dict[str, Any] = {}
    for character, data in emoji.EMOJI_DATA.items():
        for name in [data["en"], *data.get("alias", ())]:
            names.setdefault(name.strip(":"), character)
    return names
