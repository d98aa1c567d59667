"""A person takes the clock of the sandbox in hand: a solved ticket is closed days later, at once."""

import re

from playwright.sync_api import Page, expect

from tests.browser.helpers import Desk, barriers
from tests.deployment import World

SHOWN = re.compile(r"^(Sun|Mon|Tues|Wednes|Thurs|Fri|Satur)day \d+ \w{3} \d{4}, \d\d:\d\d in New York: now$")
FOCUSED = "() => document.activeElement.innerText ?? ''"


def fits(page: Page) -> bool:
    """Whether nothing is wider than the window."""
    return bool(page.evaluate("() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_a_solved_ticket_is_closed_when_the_clock_is_moved_and_the_page_goes_back_to_now(
    desk: Desk, world: World
) -> None:
    number = desk.contact("Tess")
    desk.text("My parcel is late")
    expect(desk.cards(number)).to_have_count(1)
    world.assign(number, status="solved")
    expect(desk.cards(number).first).to_contain_text("Solved")
    desk.page.get_by_role("button", name="Clock: now").focus()
    desk.page.keyboard.press("Enter")
    bar = desk.page.get_by_role("region", name="Clock")
    expect(bar.get_by_role("status")).to_have_text(SHOWN)
    try:
        bar.get_by_role("button", name="A week on").focus()
        desk.page.keyboard.press("Enter")
        expect(bar.get_by_role("status")).to_contain_text("in New York: 1 week ahead of now")
        assert desk.page.evaluate(FOCUSED) == "A week on"
        expect(desk.cards(number).first).to_contain_text("Closed")
        bar.get_by_role("combobox", name="In").select_option("Lord Howe")
        expect(bar.get_by_role("status")).to_contain_text("in Lord Howe: 1 week ahead of now")
        found = barriers(desk.page)
        desk.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        found += barriers(desk.page, "color-contrast")
        wide = [width for width in (390, 800, 1280, 1920) if not _fits_at(desk.page, width)]
        assert (found, wide) == ([], [])
        expect(desk.machinery).to_be_visible()
        phones = {size: _of_a_phone(desk.page, *size) for size in ((390, 800), (320, 640))}
        assert phones == dict.fromkeys(phones, (True, [])), "with the clock and the machinery open"
        desk.page.set_viewport_size({"width": 1280, "height": 800})
        desk.shoot("clock")
        desk.text("Is it there?")
    finally:
        bar.get_by_role("button", name="Back to now").click()
    expect(bar.get_by_role("status")).to_contain_text("in Lord Howe: now")
    desk.text("Hello?")
    desk.page.set_viewport_size({"width": 1280, "height": 800})
    desk.announced(number, "Hello?")
    desk.open_thread(number)
    expect(desk.thread.get_by_text("Hello?")).to_be_visible()


ROOM = """() => [...document.querySelectorAll('main > section')].map((each) => each.offsetHeight)"""
CUT = """() => [...document.querySelectorAll('.machinery .card')]
  .filter((each) => each.scrollHeight > each.clientHeight + 1).map((each) => each.innerText)"""
"""What of the machinery is not shown whole."""


def _of_a_phone(page: Page, width: int, height: int) -> tuple[bool, list[str]]:
    """Whether a phone's window leaves half of it to the phone or the workspace, and what of the machinery is cut."""
    page.set_viewport_size({"width": width, "height": height})
    return max(page.evaluate(ROOM)) >= 0.45 * height, page.evaluate(CUT)


def _fits_at(page: Page, width: int) -> bool:
    page.set_viewport_size({"width": width, "height": 800})
    return fits(page)
