"""The sandbox page as a person uses it: controls are found by their names, never by their markup."""

import re
from functools import cache
from importlib.resources import files
from typing import Any, Final

from playwright.sync_api import ConsoleMessage, Error, Locator, Page, Request, expect

from tests.deployment import LINE, new_contact
from tests.servers import ARTEFACTS, PATIENCE

WITHIN: Final = 60_000 * PATIENCE
"""Milliseconds that something is given to appear."""

expect.set_options(timeout=WITHIN)


VIOLATIONS: Final = """async (rules) => (await axe.run({ resultTypes: ['violations'], ...rules })).violations
  .flatMap(({ id, nodes }) => nodes.map(({ html, any }) => `${id}: ${html.slice(0, 120)} ${any[0]?.message ?? ''}`))"""

SQUEEZED: Final = """() => [...document.querySelectorAll('.rows :is(td, th) *')]
  .filter((node) => (node.offsetWidth < 24 && node.innerText?.length > 3)
    || (node.offsetHeight > 40 && /^\\w{2,12}$/.test(node.innerText ?? '')))
  .map((node) => node.outerHTML.slice(0, 120))"""
"""What stands letter below letter, or is one short word on more than one line."""


@cache
def _axe() -> str:
    """The script of axe-core (https://github.com/dequelabs/axe-core), as the package axe-playwright-python ships it."""
    return files("axe_playwright_python").joinpath("axe.min.js").read_text()


def barriers(page: Page, *rules: str) -> list[str]:
    """What keeps some people from using a page as it is now, as far as axe, or the rules named, can tell."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_axe())
    found: list[Any] = page.evaluate(VIOLATIONS, {"runOnly": [*rules]} if rules else {})
    return [str(each) for each in found]


class Desk:
    """A page and its address; `complaints` are the browser's errors, `elsewhere` the requests to other hosts."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        self.elsewhere: list[str] = []
        page.set_default_timeout(WITHIN)
        page.on("console", self._hear)
        page.on("pageerror", self._err)
        page.on("request", self._ask)

    def open(self) -> None:
        """Load the page, and wait until it is up to date."""
        self.page.goto(self.address)
        expect(self.page.get_by_text("live", exact=True)).to_be_visible()
        expect(self.composer).to_be_visible()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _err(self, error: Error) -> None:
        self.complaints.append(error.message)

    def _ask(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.elsewhere.append(request.url)

    # -- the phone --------------------------------------------------------------------------------------------------

    @property
    def phone(self) -> Locator:
        """The phone on the left."""
        return self.page.get_by_role("region", name="Phone")

    @property
    def composer(self) -> Locator:
        """Where the contact writes."""
        return self.phone.get_by_role("textbox", name=f"Text {LINE}")

    def contact(self, name: str = "Nora") -> str:
        """Add a contact that no test has used to the address book, and hold their phone; the number."""
        number = new_contact()
        self.phone.get_by_role("button", name="Add a contact").click()
        self.phone.get_by_role("textbox", name="Name").press_sequentially(name)
        self.phone.get_by_role("textbox", name="Number").press_sequentially(number)
        self.phone.get_by_role("button", name="Add", exact=True).click()
        expect(self.phone.get_by_role("button", name=name, pressed=True)).to_be_visible()
        return number

    def text(self, body: str) -> None:
        """The contact texts; the bubble appears once the provider has the text."""
        self.composer.fill(body)
        self.composer.press("Enter")
        expect(self.phone.get_by_role("article").filter(has_text=body).last).to_be_visible()

    # -- the workspace ----------------------------------------------------------------------------------------------

    @property
    def slack(self) -> Locator:
        """The workspace on the right."""
        return self.page.get_by_role("region", name="Slack")

    @property
    def channel(self) -> Locator:
        """The messages of the channel that is open."""
        return self.slack.get_by_role("log", name=re.compile("^Messages in (#|Clerk)"))

    @property
    def thread(self) -> Locator:
        """The thread that is open."""
        return self.page.get_by_role("complementary", name="Thread")

    @property
    def modal(self) -> Locator:
        """The modal that is open."""
        return self.page.get_by_role("dialog")

    @property
    def machinery(self) -> Locator:
        """The strip below."""
        return self.page.get_by_role("region", name="Machinery")

    def cards(self, number: str) -> Locator:
        """A contact's cards in the channel."""
        return self.channel.get_by_role("article").filter(has=self.page.get_by_role("heading", name=number))

    def older(self, number: str) -> Locator:
        """A contact's cards that a newer one has made one line."""
        lines = self.channel.get_by_role("article").filter(has_text="see the newest notification")
        return lines.filter(has_text=number)

    def announced(self, number: str, says: str) -> None:
        """Wait until a contact's one card says this: a click on one that a newer one is just making a line is lost."""
        expect(self.cards(number).filter(has_text=says)).to_have_count(1)
        expect(self.cards(number)).to_have_count(1)

    def press(self, card: Locator, button: str) -> None:
        """Use a card's button."""
        card.get_by_role("button", name=button, exact=True).click()

    def open_thread(self, number: str, within: int = WITHIN) -> None:
        """Go to a contact's thread by its card's link button, once it leads there."""
        card = self.cards(number).first
        expect(card.get_by_role("button", name="Open", exact=True)).to_have_attribute(
            "title", re.compile("^Opens "), timeout=within
        )
        self.press(card, "Open")
        expect(self.thread.get_by_text(number).first).to_be_visible()

    def assign(self, number: str) -> None:
        """Open the modal of a contact's ticket."""
        self.press(self.cards(number).first, "Assign")
        expect(self.modal).to_be_visible()

    def reply(self, text: str) -> None:
        """Write in the thread that is open."""
        box = self.thread.get_by_role("textbox", name="Reply in the thread")
        box.fill(text)
        box.press("Enter")

    def be(self, name: str) -> None:
        """Act as another agent."""
        self.page.get_by_role("group", name="Act as").get_by_role("button", name=name).click()

    # -- looks ------------------------------------------------------------------------------------------------------

    def shoot(self, name: str) -> None:
        """Keep a picture of the page."""
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=ARTEFACTS / f"page-{name}.png")
