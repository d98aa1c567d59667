"""Ordered faults: the next calls of a method are throttled, refused, broken, answered late or never answered."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send


class Fault(BaseModel):
    """What goes wrong with the next `times` calls of `method` (empty: any) in `channel` (empty: any).

    Slack's methods have Slack's names, or are `response_url`, `upload` or `download`. Twilio's are `messages.create`,
    `messages.list`, `messages.fetch`, `messages.update`, `numbers.list`, `account.fetch` and `media`, and `channel` is
    the number that a text goes to. `429` throttles for `seconds`; `500` breaks; `error` answers with `code` as Slack or
    Twilio would. `hang` waits `seconds` and then executes the call, unless the caller has left by then. `drop` executes
    the call and `refuse` does not; both close the connection without an answer. `kill` executes the call and kills the
    workers before they get the answer.
    """

    api: Literal["slack", "twilio"] = "slack"
    method: str = ""
    channel: str = ""
    kind: Literal["429", "500", "error", "hang", "drop", "refuse", "kill"]
    code: str = ""
    seconds: float = 1.0
    times: int = 1


class NoAnswer(Response):
    """No answer at all: the connection closes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Close the connection; where the server can't do that, start an answer that never ends."""
        transport = getattr(getattr(receive, "__self__", None), "transport", None)
        if transport is None:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        transport.abort()
        while (await receive())["type"] != "http.disconnect":
            continue


@dataclass
class OrderedFaults:
    """The ordered faults, oldest first; `kill` kills the workers, if they run in this process."""

    waiting: list[Fault] = field(default_factory=list)
    kill: Callable[[], Awaitable[None]] | None = None

    def take(self, api: str, method: str, channel: str) -> Fault | None:
        """Use up and return the first fault that fits this call, if there is one."""
        for fault in self.waiting:
            if fault.api == api and fault.method in {"", method} and fault.channel in {"", channel}:
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
                return fault
        return None

    async def apply(
        self,
        request: Request,
        api: str,
        method: str,
        channel: str,
        do: Callable[[], Response],
        refuse: Callable[[str], Response],
    ) -> tuple[Response, str | None]:
        """Answer a call; also the kind of fault that hit it. `do` executes the call, `refuse` makes an error answer."""
        fault = self.take(api, method, channel)
        if fault is None:
            return do(), None
        answer: Response
        match fault.kind:
            case "429":
                answer = _throttled(api, fault.seconds)
            case "500":
                answer = _broken(api)
            case "error":
                answer = refuse(fault.code)
            case "hang":
                answer = NoAnswer() if await _caller_leaves_within(request, fault.seconds) else do()
            case "drop":
                do()
                answer = NoAnswer()
            case "refuse":
                answer = NoAnswer()
            case "kill":
                assert self.kill is not None, "the page refuses this fault where it can't kill"
                do()
                await self.kill()
                answer = NoAnswer()
        return answer, fault.kind


async def _caller_leaves_within(request: Request, seconds: float) -> bool:
    """Wait; return True as soon as the caller disconnects. The request's body must have been read."""
    try:
        async with asyncio.timeout(seconds):
            while (await request.receive())["type"] != "http.disconnect":
                continue
    except TimeoutError:
        return False
    return True


def _throttled(api: str, seconds: float) -> Response:
    """https://docs.slack.dev/apis/web-api/rate-limits and https://www.twilio.com/docs/api/errors/20429"""
    body: dict[str, Any] = (
        {"ok": False, "error": "ratelimited"}
        if api == "slack"
        else {"code": 20429, "message": "Too Many Requests", "more_info": _more(20429), "status": 429}
    )
    return JSONResponse(body, 429, {"Retry-After": str(max(1, round(seconds)))})


def _broken(api: str) -> Response:
    if api == "slack":
        return Response("internal error", 500)
    return JSONResponse(
        {"code": 20500, "message": "Internal Server Error", "more_info": _more(20500), "status": 500}, 500
    )


def _more(code: int) -> str:
    return f"https://www.twilio.com/docs/errors/{code}"
