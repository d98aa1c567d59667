"""A link of `clerk run` signs in once, and its code is in no request line."""

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from ops.console.signing_in.one_time_links import OneTimeLinks
from ops.console.signing_in.session import Authentication, Token


async def page(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("the page")(scope, receive, send)


def sign_in(_: Request) -> Response:
    return PlainTextResponse("sign in")


@pytest.fixture
def links() -> OneTimeLinks:
    return OneTimeLinks()


@pytest.fixture
def client(links: OneTimeLinks) -> httpx.AsyncClient:
    app = Authentication(page, Token("a-token"), sign_in, secure=False, links=links)
    transport = httpx.ASGITransport(app, root_path="/ops")
    return httpx.AsyncClient(base_url="http://clerk", transport=transport)


async def test_a_link_signs_in_once(client: httpx.AsyncClient, links: OneTimeLinks) -> None:
    address, _, code = links.new("http://clerk").partition("#")
    assert address == "http://clerk/ops/enter"
    shown = await client.get(address)
    assert "/ops/static/enter.js" in shown.text
    assert (await client.get("/ops/")).text == "sign in"
    entered = await client.post("/ops/sign-in", data={"code": code})
    assert (entered.status_code, entered.headers["location"]) == (303, "/ops/")
    assert (await client.get("/ops/")).text == "the page"
    again = await client.post("/ops/sign-in", data={"code": code})
    assert again.status_code == 403
    assert "used before" in again.text
    assert "set-cookie" not in again.headers


@pytest.mark.parametrize("code", ["", "a-token", "é\ud800"])
async def test_what_is_no_link_does_not_sign_in(client: httpx.AsyncClient, links: OneTimeLinks, code: str) -> None:
    links.new("http://clerk")
    assert not links.take(code)
    answer = await client.post("/ops/sign-in", data={"code": code.encode("utf-8", "replace").decode()})
    assert answer.status_code == 403
