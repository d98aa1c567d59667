"""The page's HTTP routes: JSON that shows the state, and actions that make the stand-ins send signed webhooks."""

import base64
import functools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
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
from sandbox.page import times
from sandbox.page.internals import ClockNotMoved, Internals
from sandbox.page.live_state import LiveState
from sandbox.slack.refusals import SlackRefusal
from sandbox.standins import StandIns
from sandbox.twilio.carrier import CarrierBehaviour

STATIC: Final = Path(__file__).parent.parent / "static"
_INTERNALS_OUT_OF_REACH: Final = JSONResponse({"status": 409, "body": "Clerk runs in another process"}, 409)


class PageApi:
    """The page, and the requests that it makes."""

    def __init__(self, standins: StandIns, live: LiveState, internals: Internals | None) -> None:
        self._standins = standins
        self._people = standins.people
        self._live = live
        self._internals = internals

    def routes(self) -> list[BaseRoute]:
        """The page's routes, below the mount."""
        actions = (
            *(self._text, self._click, self._submit, self._close, self._upload, self._reply, self._edit, self._delete),
            *(self._contact, self._dismiss, self._command, self._channel, self._home),
            *(self._faults, self._handling, self._window, self._targets, self._workers, self._clock),
        )
        return [
            Route("/", self._index),
            Mount("/static", StaticFiles(directory=STATIC)),
            Route("/state", self._state),
            Route("/events", self._events),
            Route("/record", self._record),
            Route("/emoji", self._emoji),
            Route("/window", self._windows),
            Route("/clock", self._time),
            Route("/faults", self._no_faults, methods=["DELETE"]),
            *(
                Route(f"/{action.__name__.removeprefix('_')}", _of_object(action), methods=["POST"])
                for action in actions
            ),
        ]

    # -- the state --------------------------------------------------------------------------------------------------

    async def _index(self, _: Request) -> Response:
        return FileResponse(STATIC / "index.html")

    async def _state(self, request: Request) -> Response:
        tagged = {"etag": self._live.tag}
        if request.headers.get("if-none-match") == tagged["etag"]:
            return Response(status_code=304, headers=tagged)
        return JSONResponse(self._live.state(), headers=tagged)

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

    # -- contacts ---------------------------------------------------------------------------------------------------

    async def _text(self, request: Request) -> Response:
        """Send a text from a contact; media are {content_type, data} in base64, or {content_type, url}."""
        body = await request.json()
        media = body.get("media", ())
        return await _answer_of(
            self._standins.twilio.receive(body["from"], body["to"], body.get("body", ""), media, body.get("sid"))
        )

    async def _contact(self, request: Request) -> Response:
        """Put a contact's name into the address book."""
        body = await request.json()
        self._standins.address_book[body["number"]] = str(body["name"])
        self._standins.record.change()
        return JSONResponse({"status": 200})

    # -- people in the workspace ------------------------------------------------------------------------------------

    async def _click(self, request: Request) -> Response:
        """Use a button or menu: in the Home if `home` says so, in a modal if `view_id` is given, else in a message."""
        body = await request.json()
        user, action, selected = body["user"], body["action_id"], body.get("selected")
        if body.get("home"):
            return await _answer_of(self._people.click_in_home(user, action, body.get("block_id"), selected))
        if "view_id" in body:
            return await _answer_of(
                self._people.click_in_view(user, body["view_id"], action, selected, body.get("values", {}))
            )
        return await _answer_of(self._people.click(user, body["channel"], body["ts"], action, selected))

    async def _home(self, request: Request) -> Response:
        """Open the app's Home."""
        body = await request.json()
        return await _answer_of(self._people.open_home(body["user"]))

    async def _submit(self, request: Request) -> Response:
        body = await request.json()
        return await _answer_of(self._people.submit(body["user"], body["view_id"], body.get("values", {})))

    async def _close(self, request: Request) -> Response:
        body = await request.json()
        view = self._standins.workspace.views.get(body["view_id"])
        return await _answer_of(self._people.close(body.get("user", view["user"] if view else ""), body["view_id"]))

    async def _upload(self, request: Request) -> Response:
        """Upload the file that a person chose in a modal."""
        body = await request.json()
        files = self._standins.workspace.files
        file = files.add(body["name"], base64.b64decode(body["data"]), body["user"])
        return JSONResponse({"status": 200, "id": file.id, "name": file.name})

    async def _reply(self, request: Request) -> Response:
        """Write a message; files are {name, data} in base64."""
        body = await request.json()
        files = [(each["name"], base64.b64decode(each["data"])) for each in body.get("files", ())]
        broadcast = bool(body.get("broadcast"))
        return await _answer_of(
            self._people.reply(
                body["user"], body["channel"], body.get("thread_ts"), body["text"], files=files, broadcast=broadcast
            )
        )

    async def _edit(self, request: Request) -> Response:
        body = await request.json()
        return await _answer_of(self._people.edit(body["user"], body["channel"], body["ts"], body["text"]))

    async def _delete(self, request: Request) -> Response:
        body = await request.json()
        return await _answer_of(self._people.delete(body["user"], body["channel"], body["ts"]))

    async def _dismiss(self, request: Request) -> Response:
        """Put away a message that only this person sees; the app is not told."""
        body = await request.json()
        self._standins.workspace.dismiss(body["user"], body["ts"])
        return JSONResponse({"status": 200})

    async def _command(self, request: Request) -> Response:
        body = await request.json()
        return await _answer_of(self._people.command(body["user"], body["channel"], body.get("text", "")))

    async def _channel(self, request: Request) -> Response:
        """Archive or unarchive a channel, invite or remove the bot."""
        body = await request.json()
        id, user = body["id"], body.get("user", next(iter(self._standins.workspace.people)))
        channel = self._standins.workspace.channels[id]
        if body.get("archived", channel.archived) != channel.archived:
            await self._people.archive(user, id, archived=body["archived"])
        if body.get("joined", channel.joined) != channel.joined:
            await (self._people.join(BOT, id) if body["joined"] else self._people.leave(BOT, id))
        return JSONResponse(channel.public_view())

    # -- faults -----------------------------------------------------------------------------------------------------

    async def _faults(self, request: Request) -> Response:
        fault = Fault.model_validate(await request.json())
        if fault.kind == "kill" and self._standins.faults.kill is None:
            return _INTERNALS_OUT_OF_REACH
        self._standins.faults.waiting.append(fault)
        self._standins.record.change()
        return JSONResponse(fault.model_dump())

    async def _no_faults(self, _: Request) -> Response:
        self._standins.faults.waiting.clear()
        self._standins.record.change()
        return JSONResponse({})

    async def _handling(self, request: Request) -> Response:
        """Change how the phone network treats texts to a number, or to all numbers."""
        body = await request.json()
        carrier, number = self._standins.twilio.carrier, body.pop("number", "")
        handling = CarrierBehaviour.model_validate({**carrier.of(number).model_dump(), **body})
        carrier.handling[number] = handling
        if not handling.held:
            carrier.release(number)
        self._standins.record.change()
        return JSONResponse(handling.model_dump())

    async def _windows(self, _: Request) -> Response:
        """Each line's quiet window; empty where Clerk runs in another process."""
        found = (await self._internals.snapshot()).windows if self._internals is not None else ()
        return JSONResponse([asdict(each) for each in found])

    async def _window(self, request: Request) -> Response:
        """Change how many seconds of quiet a line waits for."""
        body = await request.json()
        if self._internals is None:
            return _INTERNALS_OUT_OF_REACH
        await self._internals.set_window(body["line"], float(body["seconds"]))
        return JSONResponse({})

    async def _targets(self, request: Request) -> Response:
        """Let a line's tickets be due at the offered times, unless it has its own."""
        body = await request.json()
        if self._internals is None:
            return _INTERNALS_OUT_OF_REACH
        await self._internals.offer_targets(body["line"])
        return JSONResponse({})

    async def _time(self, _: Request) -> Response:
        """What the clock shows, and how far it is ahead."""
        return JSONResponse(self._shown())

    async def _clock(self, request: Request) -> Response:
        """Move the clock to `now`, `sunday`, `change`, on by an `hour`, `day` or `week`, or to a time in `zone`."""
        body, clock = await request.json(), self._standins.clock
        if self._internals is None:
            return _INTERNALS_OUT_OF_REACH
        zone = str(body.get("zone", next(iter(times.ZONES))))
        try:
            real = clock.real_now()
            found = times.destination(str(body["to"]), zone, real + clock.ahead, real)
            due = await self._internals.move_clock(found.at - real)
        except ValueError as error:
            return JSONResponse({"status": 409, "body": str(error)}, 409)
        except ClockNotMoved as error:
            return JSONResponse({"status": 409, "body": str(error)}, 409)
        self._standins.record.change()
        return JSONResponse({"status": 200, **self._shown(), "remark": found.remark, "due": due})

    def _shown(self) -> Json:
        clock = self._standins.clock
        return times.shown(clock.now(), clock.ahead)

    async def _workers(self, request: Request) -> Response:
        """Pause or resume the workers."""
        body = await request.json()
        if self._internals is None:
            return _INTERNALS_OUT_OF_REACH
        await self._internals.set_working(bool(body["working"]))
        return JSONResponse({})


def _of_object(action: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """The action, for requests that say what it needs; 400 and what is wrong for others."""

    async def answer(request: Request) -> Response:
        try:
            if not isinstance(await request.json(), dict):
                return _bad("the body must be a JSON object")
            return await action(request)
        except KeyError as missing:
            return _bad(f"{missing} is missing, or names nothing here")
        except (ValueError, TypeError, AttributeError) as error:
            return _bad(str(error))

    return answer


def _bad(why: str) -> Response:
    return JSONResponse({"status": 400, "body": why}, 400)


async def _answer_of(action: Awaitable[httpx.Response]) -> Response:
    """Tell the page what the gateway answered; 409 and the reason if Slack does not let a person do this."""
    try:
        answer = await action
    except SlackRefusal as refused:
        return JSONResponse({"status": 409, "body": refused.error}, 409)
    return JSONResponse({"status": answer.status_code, "body": answer.text})


@functools.cache
def _emoji_by_name() -> Json:
    """Emoji by their names in Slack."""
    names: dict[str, Any] = {}
    for character, data in emoji.EMOJI_DATA.items():
        for name in [data["en"], *data.get("alias", ())]:
            names.setdefault(name.strip(":"), character)
    return names
