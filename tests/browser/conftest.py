"""A real browser on the sandbox page of a `clerk run`; where there is no Chromium, the summary says so."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.helpers import WITHIN, Desk
from tests.deployment import World
from tests.servers import Program, answers, free_port, wait_until

FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES: Final = (
    "chromium-headless-shell",
    "chrome-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "chrome",
)
"""Browsers, the quickest first: a whole Chromium also draws its own windows, headless or not.

(https://developer.chrome.com/blog/chrome-headless-shell)
"""

MISSING: Final = "browser tests not run: no Chromium"
CHROMIUM: Final = next(filter(None, map(shutil.which, NAMES)), None)


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark, wherever the run starts from."""
    config.addinivalue_line("markers", "browser: drives a real browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a browser."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason=MISSING))


@pytest.fixture(scope="package")
def address() -> Iterator[str]:
    """The sandbox page of a `clerk run` without other servers, with a window of two seconds and a cap of six."""
    port = free_port()
    with tempfile.TemporaryDirectory() as data:
        settings = {
            "CLERK_DATA_DIR": data,
            "CLERK_DEBOUNCE_SECONDS": "2",
            "CLERK_DEBOUNCE_CAP_SECONDS": "6",
            "CLERK_LOG_FORMAT": "json",
        }
        process = Program("browser-clerk-run", ["-m", "ops", "run", "--port", str(port)], settings)
        process.log.unlink(missing_ok=True)
        process.start()
        try:
            wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), "clerk run is ready", 60)
            yield f"http://127.0.0.1:{port}/sandbox"
        finally:
            process.stop()


@pytest.fixture
def world(address: str) -> Iterator[World]:
    """The sandbox behind the page, used through its API."""
    outside = World(address)
    yield outside
    outside.close()


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """A browser for this folder: Playwright's event loop must end before the tests of another one start theirs."""
    assert CHROMIUM is not None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.path.realpath(CHROMIUM), args=[*FLAGS])
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A new browser context with empty storage."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", color_scheme="light")
    context.set_default_timeout(WITHIN)
    yield context
    context.close()


@pytest.fixture
def desk(context: BrowserContext, address: str, world: World) -> Iterator[Desk]:
    """The open page; a test fails if the browser logged an error or sent a request to another host."""
    for view in world.state()["views"]:
        world.do("close", user=view["user"], view_id=view["id"])
    desk = Desk(context.new_page(), address)
    desk.open()
    yield desk
    assert desk.complaints == []
    assert desk.elsewhere == []
