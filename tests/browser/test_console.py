"""The console as an operator uses it, in a real browser with the real broker."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pymongo import MongoClient
from pymongo.uri_parser import parse_uri

from messages.calendar import Closure
from tests import make
from tests.browser.helpers import SQUEEZED, WITHIN, barriers
from tests.servers import ARTEFACTS, depths
from tests.wire.ops.helpers import TOKEN, console, declare, letter, put
from workers.mongo.collection import stored

SHOTS = ARTEFACTS / "console"
PLACES = ("", "calls", "queues", "queues/tickets", "dead", "pending", "tickets", "lines", "search?q=nothing", "none")


@pytest.fixture
def address(amqp_url: str, mongo_url: str) -> Iterator[str]:
    declare(amqp_url)
    with console(amqp_url, mongo_url) as address:
        yield address


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def page(chromium: Browser, address: str, complaints: list[str]) -> Iterator[Page]:
    """A browser that has signed in; a test fails if it logged an error."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(WITHIN)
    page = context.new_page()
    page.goto(f"{address}/ops/queues")
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.get_by_label("Token").fill(TOKEN)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Queues")).to_be_visible()
    page.wait_for_load_state()  # its script runs
    yield page
    context.close()
    assert complaints == []


def test_a_wrong_token_is_refused_and_the_right_one_leads_to_the_requested_page(
    chromium: Browser, address: str
) -> None:
    page = chromium.new_page()
    page.set_default_timeout(WITHIN)
    page.goto(f"{address}/ops/queues")
    expect(page.get_by_label("Token")).to_be_focused()
    page.keyboard.type("guess")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("That is not the token.")
    expect(page).to_have_url(f"{address}/ops/")
    assert barriers(page) == []
    expect(page.get_by_label("Token")).to_be_focused()
    page.keyboard.type(TOKEN)
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="Console")).to_be_visible()
    page.close()


def test_changes_appear_without_a_reload(page: Page, amqp_url: str) -> None:
    row = page.get_by_role("row", name="slack")
    expect(row.get_by_role("cell").nth(4)).to_have_text("0")
    put(amqp_url, "slack.XQ", [letter(1), letter(2)])
    expect(row.get_by_role("cell").nth(4)).to_have_text("2")


def test_dead_letters_can_be_replayed_by_keyboard(page: Page, amqp_url: str) -> None:
    put(amqp_url, "slack.XQ", [letter(1), letter(2), letter(3)])
    page.get_by_role("link", name="Dead letters").press("Enter")
    page.get_by_label("Select 00000000-0000-0000-0000-000000000002").press("Space")
    page.get_by_role("button", name="Replay selected").press("Enter")
    expect(page.get_by_text("1 of 1 replayed")).to_be_visible()
    assert (depths(amqp_url)["slack"], depths(amqp_url)["slack.XQ"]) == (1, 2)


def test_nothing_is_dropped_before_the_operator_confirms(page: Page, amqp_url: str) -> None:
    put(amqp_url, "slack.XQ", [letter(1), letter(2)])
    question = page.get_by_role("dialog", name="Drop all 2 for good? You can't undo this.")
    page.get_by_role("link", name="Dead letters").click()
    page.get_by_role("button", name="Drop all").press("Enter")
    expect(question.get_by_role("button", name="Cancel")).to_be_focused()
    assert barriers(page) == []
    page.keyboard.press("Enter")
    expect(question).to_have_count(0)
    assert depths(amqp_url)["slack.XQ"] == 2
    page.get_by_label("Select 00000000-0000-0000-0000-000000000002").check()
    page.get_by_role("button", name="Drop selected").click()
    expect(page.get_by_role("dialog", name="Drop 1 dead letter for good?")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Drop all").click()
    question.get_by_role("button", name="Drop all").click()
    expect(page.get_by_text("2 of 2 dropped")).to_be_visible()
    assert depths(amqp_url)["slack.XQ"] == 0


def test_a_selection_survives_the_live_updates(page: Page, amqp_url: str) -> None:
    put(amqp_url, "slack.XQ", [letter(1), letter(2)])
    page.get_by_role("link", name="Dead letters").click()
    box = page.get_by_label("Select 00000000-0000-0000-0000-000000000001")
    box.check()
    page.get_by_role("heading", name="Dead letters").click()
    with page.expect_response(lambda answer: answer.url.endswith("/ops/dead")):
        pass
    expect(box).to_be_checked()


def test_one_dead_letter_is_shown_and_leads_to_its_cause(page: Page, amqp_url: str) -> None:
    cause = "0123456789abcdef0123456789abcdef"
    options = {"reason": "Permanent: is_archived", "died_at": 1, "correlation_id": cause}
    put(amqp_url, "slack.XQ", [letter(1, options=options)])
    page.get_by_role("link", name="Dead letters").click()
    page.get_by_role("link", name="00000000").click()
    expect(page.get_by_text("Permanent: is_archived")).to_be_visible()
    page.get_by_role("link", name=cause).click()
    expect(page.get_by_text("slack.render is among the dead letters of slack")).to_be_visible()


def test_paging_through_many_dead_letters_is_quick(page: Page, amqp_url: str) -> None:
    put(amqp_url, "slack.XQ", [letter(number) for number in range(12_000)])
    page.goto(page.url.replace("/queues", "/dead"))
    expect(page.get_by_text("12000 in total")).to_be_visible()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("51–100 of 5000")).to_be_visible()
    expect(page.get_by_role("row")).to_have_count(51)


def test_the_search_field_is_a_keystroke_away(page: Page) -> None:
    page.keyboard.press("/")
    expect(page.get_by_label("Search")).to_be_focused()
    page.keyboard.type("no such thing")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing found")).to_be_visible()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 800), ("light", 390)])
def test_every_page_fits_its_window(
    chromium: Browser, address: str, amqp_url: str, mongo_url: str, scheme: str, width: int
) -> None:
    with MongoClient[dict[str, Any]](mongo_url) as client:
        database = client[str(parse_uri(mongo_url)["database"])]
        database["lines"].insert_one(stored(make.line(calendar="shop", on_call=("U0ADA", "U0BEN"))))
        over = datetime.now(UTC) + timedelta(days=2)
        closed = Closure(since=make.NOW, until=over, why="training of all who answer, in the hall")
        database["calendars"].insert_one(stored(make.calendar(closures=(closed,))))
    put(amqp_url, "slack.XQ", [letter(number) for number in range(60)])
    put(amqp_url, "tickets", [letter(100, queue_name="tickets")])
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if scheme == "dark" else "light"
    )
    context.set_default_timeout(WITHIN)
    page = context.new_page()
    page.goto(f"{address}/ops/")
    assert barriers(page) == []
    page.get_by_label("Token").fill(TOKEN)
    page.keyboard.press("Enter")
    expect(page.get_by_text("No worker serves the queues ingestion, tickets")).to_be_visible()
    SHOTS.mkdir(parents=True, exist_ok=True)
    rules = ["color-contrast"] if scheme == "dark" else []
    for name in PLACES:
        page.goto(f"{address}/ops/{name}")
        assert barriers(page, *rules) == [], name
        page.screenshot(path=SHOTS / f"{name.replace('/', '-').split('?')[0] or 'overview'}-{width}-{scheme}.png")
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider == 0, name
        assert page.evaluate(SQUEEZED) == [], name
        assert ("U0ADA, U0BEN" in page.inner_text("main")) is (name == "lines")
    context.close()
