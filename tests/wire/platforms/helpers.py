"""A server that answers as Twilio's API does or in broken ways, and Clerk's client for it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from aiohttp.test_utils import RawTestServer

from workers.platforms.twilio.api import CALLS, TwilioApi

SID, TOKEN = "AC" + "0" * 32, "a-secret-token"
LINE, CONTACT, BODY = "+15550001111", "+15550002222", "the body of a text"
MESSAGES = f"/twilio/2010-04-01/Accounts/{SID}/Messages"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PNG = b"\x89PNG\r\n" + b"x" * 5000

type Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass
class SeenRequest:
    """A request as it came over the wire."""

    method: str
    path: str
    query: dict[str, str]
    form: list[tuple[str, str]]
    authorization: str | None


@dataclass
class FakeTwilio:
    """A server that answers with `answer` and keeps the requests."""

    answer: Handler
    url: str = ""
    seen: list[SeenRequest] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Keep the request, and answer it."""
        form = parse_qsl(await request.text(), keep_blank_values=True)
        authorization = request.headers.get("Authorization")
        self.seen.append(SeenRequest(request.method, request.path, dict(request.query), form, authorization))
        return await self.answer(request)

    async def hang(self, request: web.BaseRequest) -> web.StreamResponse:
        """An answer that does not come while the test lasts."""
        await self.ended.wait()
        raise web.HTTPGone


async def unasked(request: web.BaseRequest) -> web.StreamResponse:
    """The answer until a test sets another."""
    raise AssertionError(f"nothing should have come to {request.path}")


@asynccontextmanager
async def serving() -> AsyncIterator[FakeTwilio]:
    """A server on a free port. It releases all waiting callers at the end."""
    server = FakeTwilio(unasked)
    async with RawTestServer(server.handle) as real:
        server.url = f"http://127.0.0.1:{real.port}"
        yield server
        server.ended.set()


@asynccontextmanager
async def reaching(base_url: str, seconds: float = 5, sid: str = SID, token: str = TOKEN) -> AsyncIterator[TwilioApi]:
    """Twilio's API at an address, with a limit in seconds for each call."""
    api = TwilioApi(sid, token, base_url, timedelta(seconds=seconds))
    try:
        yield api
    finally:
        await api.close()


def replying(status: int, body: Any, **headers: str) -> Handler:
    """Always the same answer: JSON of a dict or a list, else the bytes as they are."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if isinstance(body, (dict, list)):
            return web.json_response(body, status=status, headers=headers)
        return web.Response(status=status, body=body, headers=headers)

    return answer


def error(code: int, status: int, message: str = "Error") -> dict[str, Any]:
    """An error as the API reports it (https://www.twilio.com/docs/usage/twilios-response)."""
    return {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }


def message(sid: str, at: datetime | None = NOW, **more: Any) -> dict[str, Any]:
    """A message as the API lists it (https://www.twilio.com/docs/messaging/api/message-resource)."""
    stamp = format_datetime(at) if at else None
    return {
        "sid": sid,
        "account_sid": SID,
        "api_version": "2010-04-01",
        "from": LINE,
        "to": CONTACT,
        "body": BODY,
        "direction": "outbound-api",
        "status": "queued",
        "num_media": "0",
        "num_segments": "1",
        "error_code": None,
        "error_message": None,
        "date_created": stamp,
        "date_sent": None,
        "date_updated": stamp,
        "price": None,
        "price_unit": "USD",
        "messaging_service_sid": None,
        "uri": f"/2010-04-01/Accounts/{SID}/Messages/{sid}.json",
        "subresource_uris": {},
        **more,
    }


def inbound(sid: str, at: datetime, **more: Any) -> dict[str, Any]:
    """A text from the contact, as the API lists it."""
    who = {"from": CONTACT, "to": LINE, "direction": "inbound", "status": "received", "date_sent": format_datetime(at)}
    return message(sid, at, **{**who, **more})


def paged(*pages: list[dict[str, Any]], key: str = "messages") -> Handler:
    """A list in pages, each of which names the next as the API does: relative to the host, with a token."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        number = int(request.query.get("Page", "0"))
        assert request.query.get("PageToken", "PA0") == f"PA{number}"
        here = request.path_qs.removeprefix("/twilio").partition("?")[0] + "?PageSize=1000&To=%2B15550002222"
        more = number + 1 < len(pages)
        return web.json_response(
            {
                key: pages[number],
                "page": number,
                "page_size": 1000,
                "start": 0,
                "end": len(pages[number]),
                "uri": here,
                "first_page_uri": f"{here}&Page=0",
                "previous_page_uri": None,
                "next_page_uri": f"{here}&Page={number + 1}&PageToken=PA{number + 1}" if more else None,
            }
        )

    return answer


def counted(method: str, outcome: str) -> float:
    """How many calls had this outcome."""
    return float(CALLS.labels(method, outcome)._value.get())
