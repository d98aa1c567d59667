"""The link that `clerk run` prints: it signs in once, and its code stays in no address and no request."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import uvicorn
from playwright.sync_api import Browser, expect
from playwright.sync_api import Request as BrowserRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from ops.console.pages import HERE
from ops.console.signing_in.one_time_links import OneTimeLinks
from ops.console.signing_in.session import Authentication, Token
from tests.browser.helpers import WITHIN
from tests.servers import free_port, wait_until


def page_of(text: str) -> Response:
    return HTMLResponse(f"<!doctype html><html lang=en><title>{text}</title><h1>{text}</h1>")


@contextmanager
def served(links: OneTimeLinks) -> Iterator[str]:
    """A console with one page, behind the token."""

    def overview(_: Request) -> Response:
        return page_of("Overview")

    inside = Starlette(routes=[Route("/", overview), Mount("/static", StaticFiles(directory=HERE / "static"))])
    console = Authentication(inside, Token("a-token"), lambda _: page_of("Sign in"), secure=False, links=links)
    port = free_port()
    app = Starlette(routes=[Mount("/ops", console)])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started, "the console is served")
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(20)


def _note(asked: list[str], request: BrowserRequest) -> None:
    asked.append(request.url)


def test_a_link_signs_in_once_and_its_code_is_seen_nowhere(chromium: Browser) -> None:
    links = OneTimeLinks()
    with served(links) as address:
        link = links.new(address)
        code = link.partition("#")[2]
        for heading in ("Overview", None):
            context = chromium.new_context()
            context.set_default_timeout(WITHIN)
            page = context.new_page()
            asked: list[str] = []
            page.on("request", partial(_note, asked))
            page.goto(link)
            if heading is None:
                expect(page.get_by_role("alert")).to_contain_text("used before")
                assert context.cookies() == []
            else:
                expect(page.get_by_role("heading", name=heading)).to_be_visible()
                assert page.url == f"{address}/ops/"
                page.go_back()
            assert code not in page.url
            assert [url for url in asked if code in url.partition("#")[0]] == []
            context.close()
