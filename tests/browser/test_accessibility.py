"""Everybody can use the sandbox page: axe finds no barrier in any state, and the keyboard reaches everything."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.helpers import Desk, barriers
from tests.deployment import World

FOCUSED = "() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText ?? ''"


@pytest.fixture
def checked(desk: Desk) -> Iterator[Callable[..., None]]:
    """Look for barriers in the present state, in some also in the dark; the test fails at the end and names each."""
    found: list[str] = []

    def check(state: str, *, dark: bool = False) -> None:
        found.extend(f"{state}: {each}" for each in barriers(desk.page))
        if not dark:
            return
        desk.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        found.extend(f"{state}, in the dark: {each}" for each in barriers(desk.page, "color-contrast"))
        desk.page.emulate_media(color_scheme="light", reduced_motion="reduce")

    yield check
    assert found == []


def test_no_state_of_the_page_has_a_barrier(desk: Desk, world: World, checked: Callable[..., None]) -> None:
    number = desk.contact("Axel")
    desk.text("First")
    expect(desk.cards(number)).to_have_count(1)
    desk.text("Second")
    desk.phone.get_by_role("button", name="STOP", exact=True).click()
    expect(desk.phone.get_by_text("You have successfully been unsubscribed")).to_be_visible()
    checked("a channel with a card")
    desk.phone.get_by_role("button", name="Add a contact").click()
    desk.announced(number, "STOP")
    desk.open_thread(number)
    desk.reply("Can you read this?")
    expect(desk.thread.get_by_text("Only visible to you").or_(desk.thread.get_by_text("opted out"))).not_to_have_count(
        0
    )
    checked("a thread and a form for a contact", dark=True)
    desk.slack.get_by_role("button", name="Channel settings").click()
    checked("a menu")
    desk.page.keyboard.press("Escape")
    desk.assign(number)
    desk.modal.get_by_role("combobox", name="Status").click()
    checked("a list in a modal")
    desk.modal.get_by_role("option", name="Open").click()
    desk.modal.get_by_role("textbox", name="New tags").fill("not?allowed")
    desk.modal.get_by_role("button", name="Save").click()
    expect(desk.modal.get_by_role("alert")).to_be_visible()
    checked("a modal with an error", dark=True)
    desk.page.keyboard.press("Escape")
    expect(desk.modal).to_have_count(0)
    world.do("faults", api="slack", method="views.open", kind="error", code="invalid_blocks")
    world.do("workers", working=False)
    try:
        expect(desk.machinery.get_by_text("workers stopped")).to_be_visible()
        checked("stopped workers", dark=True)
    finally:
        world.do("workers", working=True)
    desk.machinery.get_by_role("button", name="cancel").click()
    desk.page.set_viewport_size({"width": 390, "height": 800})
    checked("a telephone")


def test_a_list_closes_when_the_focus_leaves_it(desk: Desk) -> None:
    number = desk.contact()
    desk.text("Pick something")
    desk.assign(number)
    for name, after in (("Status", "Tab"), ("Priority", "Shift+Tab")):
        desk.modal.get_by_role("combobox", name=name).click()
        expect(desk.modal.get_by_role("listbox", name=name)).to_be_visible()
        desk.page.keyboard.press(after)
        expect(desk.modal.get_by_role("listbox")).to_have_count(0)
    desk.page.keyboard.press("Escape")
    desk.slack.get_by_role("button", name="Channel settings").click()
    expect(desk.slack.get_by_role("menu")).to_be_visible()
    desk.composer.click()
    expect(desk.slack.get_by_role("menu")).to_have_count(0)


def test_the_first_key_leads_past_the_bars_to_the_first_card(desk: Desk) -> None:
    number = desk.contact()
    desk.text("Reach me")
    expect(desk.cards(number)).to_have_count(1)
    desk.page.reload()
    expect(desk.cards(number)).to_have_count(1)
    desk.page.keyboard.press("Tab")
    assert desk.page.evaluate(FOCUSED) == "Skip to the messages"
    desk.page.keyboard.press("Enter")
    expect(desk.channel).to_be_focused()
    desk.page.keyboard.press("Tab")
    assert desk.page.evaluate("() => document.activeElement.closest('article') !== null")


def test_what_only_one_person_sees_can_be_put_away(desk: Desk) -> None:
    box = desk.slack.get_by_role("textbox", name="Message #texts")
    box.fill("/clerk help")
    box.press("Enter")
    private = desk.channel.get_by_role("article").filter(has_text="Only visible to you")
    expect(private.last).to_be_visible()
    count = private.count()
    private.last.get_by_role("button", name="Dismiss message").click()
    expect(private).to_have_count(count - 1)
