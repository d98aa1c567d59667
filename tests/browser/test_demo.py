"""`clerk demo` on a running `clerk run`, watched on the page."""

import re

from playwright.sync_api import expect

from tests.browser.helpers import Desk
from tests.commands import clerk_in_process, clerk_program


def test_the_demo_plays_to_its_end_on_the_page(desk: Desk, address: str) -> None:
    played = clerk_program({}, "demo", "--speed", "20", "--url", address.removesuffix("/sandbox"))
    assert played.returncode == 0, played.stdout
    assert "Now it is your turn" in played.stdout
    card = desk.cards("+15557770001").first
    for shown in ("Solved", "High", "Order 4471 is late", "delivery", "@Ada"):
        expect(card).to_contain_text(shown)
    expect(desk.cards("+15557770003")).to_contain_text(re.compile(r"\+3 more|This is how it came"))
    expect(desk.phone.get_by_role("button", name=re.compile("^Tom .*stop$"))).to_be_visible()
    expect(desk.phone.get_by_role("article").filter(has_text="sorry about that")).to_contain_text("Delivered")
    desk.shoot("morning")


def test_without_a_sandbox_the_demo_says_what_to_start() -> None:
    played = clerk_in_process({}, "demo", "--url", "http://127.0.0.1:9")
    assert played.returncode == 1
    assert "start `clerk run` first" in " ".join(played.stdout.split())
