"""Faults on order: the next calls of a method are throttled, refused, broken, late or never answered."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send


class Fault(BaseModel):
    """What goes wrong with the next `times` calls of `method` (any, if empty), in `channel` (any, if empty).

    `drop` does what was asked and closes the connection without an answer; `hang` waits `seconds` first;
    `error` answers with `code` as Slack or Twilio would.
    """

    api: Literal["slack", "twilio"] = "slack"
    method: str = ""
    channel: str = ""
    kind: Literal["429", "500", "error", "hang", "drop"]
    code: str = ""
    seconds: float = 1.0
    times: int = 1


class Dropped(Response):
    """No answer at all: the connection ends in the middle of the headers' promise."""

    def __init__(self) -> None:
        super().__init__()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Begin an answer that never comes."""
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


@dataclass
class Faults:
    """The faults on order, first come first served."""

    waiting: list[Fault]

    def take(self, api: str, method: str, channel: str) -> Fault | None:
        """The fault for this call, if one is on order."""
        for fault in self.waiting:
            if fault.api == api and fault.method in {"", method} and fault.channel in {"", channel}:
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
                return fault
        return None

    async def around(
        self, api: str, method: str, channel: str, do: Callable[[], Response], refuse: Callable[[str], Response]
    ) -> tuple[Response, str | None]:
        """What a call answers, and the kind of fault that hit it; `do` is the call, `refuse` its error answer."""
        fault = self.take(api, method, channel)
        if fault is None:
            return do(), None
        answer: Response
        match fault.kind:
            case "429":
                body: dict[str, Any] = (
                    {"ok": False, "error": "ratelimited"}
                    if api == "slack"
                    else {"code": 20429, "message": "Too Many Requests", "status": 429}
                )
                answer = JSONResponse(body, 429, {"Retry-After": str(max(1, round(fault.seconds)))})
            case "500":
                answer = Response("internal error", 500)
            case "error":
                answer = refuse(fault.code)
            case "hang":
                await asyncio.sleep(fault.seconds)
                answer = do()
            case "drop":
                do()
                answer = Dropped()
        return answer, fault.kind
