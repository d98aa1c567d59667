"""The page in the dark, on a narrow screen, by keyboard alone, and to a screen reader."""

from typing import Any, Final

from playwright.sync_api import BrowserContext, expect

from tests.browser.helpers import Desk

BRIGHTNESS: Final = """() => {
  const canvas = document.createElement('canvas').getContext('2d');
  canvas.fillStyle = getComputedStyle(document.querySelector('main > section')).backgroundColor;
  canvas.fillRect(0, 0, 1, 1);
  return Math.max(...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3));
}"""

ABOVE_THE_OTHERS: Final = """() => {
  const lanes = document.querySelector('.lanes');
  return lanes.scrollHeight - lanes.clientHeight;
}"""
"""By how many pixels the timeline's lanes stand over what is below them."""

NAMELESS: Final = """() => {
  const silent = ['presentation', 'listbox', 'option', 'list', 'status', 'dialog'];
  const names = (node) => [node.getAttribute('aria-label'), node.innerText, node.title, node.labels?.[0]?.innerText];
  return [...document.querySelectorAll('button, a, input, select, textarea, [role]')]
    .filter((node) => node.checkVisibility() && !silent.includes(node.getAttribute('role')))
    .filter((node) => !names(node).some((name) => name?.trim()))
    .map((node) => node.outerHTML.slice(0, 120));
}"""

INSIDE: Final = """() => document.activeElement === document.body
  || document.querySelector('dialog').contains(document.activeElement)"""

FOCUSED: Final = """() => {
  const node = document.activeElement;
  return node.getAttribute('aria-label') ?? node.innerText ?? '';
}"""


def tab_to(desk: Desk, name: str, most: int = 60) -> None:
    """Press Tab until the control with this name has the focus."""
    for _ in range(most):
        desk.page.keyboard.press("Tab")
        if name in desk.page.evaluate(FOCUSED):
            return
    raise AssertionError(f"Tab does not reach {name}")


def a_worked_ticket(desk: Desk) -> str:
    number = desk.contact()
    desk.text("Could you look into this?")
    expect(desk.cards(number)).to_have_count(1)
    desk.open_thread(number)
    return number


def test_the_page_is_dark_if_the_system_is_or_if_one_switches_it(desk: Desk) -> None:
    a_worked_ticket(desk)
    assert desk.page.evaluate(BRIGHTNESS) > 230
    desk.page.emulate_media(color_scheme="dark")
    assert desk.page.evaluate(BRIGHTNESS) < 60
    desk.shoot("dark")
    desk.page.get_by_role("button", name="Theme: Same as the system").click()
    expect(desk.page.get_by_role("button", name="Theme: Light")).to_be_visible()
    assert desk.page.evaluate(BRIGHTNESS) > 230
    desk.page.emulate_media(color_scheme="light")
    desk.page.get_by_role("button", name="Theme: Light").click()
    expect(desk.page.get_by_role("button", name="Theme: Dark")).to_be_visible()
    assert desk.page.evaluate(BRIGHTNESS) < 60
    desk.page.reload()
    expect(desk.page.get_by_role("button", name="Theme: Dark")).to_be_visible()


def test_at_800_pixels_everything_is_reachable_and_nothing_overflows(desk: Desk) -> None:
    number = a_worked_ticket(desk)
    desk.page.set_viewport_size({"width": 800, "height": 720})
    expect(desk.thread).to_be_visible()
    expect(desk.composer).to_be_visible()
    assert desk.page.evaluate("() => document.documentElement.scrollWidth") == 800
    desk.shoot("narrow-thread")
    desk.thread.get_by_role("button", name="Close thread").click()
    expect(desk.cards(number)).to_be_visible()
    desk.assign(number)
    expect(desk.modal.get_by_role("button", name="Save")).to_be_in_viewport()
    desk.shoot("narrow-modal")


def test_a_phone_wide_screen_shows_one_side_at_a_time(desk: Desk) -> None:
    for _ in range(2):
        desk.contact()
        desk.text("One more lane")
    number = a_worked_ticket(desk)
    desk.page.set_viewport_size({"width": 400, "height": 800})
    assert desk.page.evaluate(ABOVE_THE_OTHERS) <= 0
    expect(desk.thread).to_be_visible()
    expect(desk.phone).to_be_hidden()
    desk.page.get_by_role("button", name="Phone", exact=True).click()
    expect(desk.composer).to_be_visible()
    assert desk.page.evaluate("() => document.documentElement.scrollWidth") == 400
    assert number in desk.phone.inner_text()


def test_every_control_of_the_top_bar_is_within_the_narrowest_window(desk: Desk) -> None:
    desk.page.set_viewport_size({"width": 320, "height": 640})  # https://www.w3.org/WAI/WCAG22/Understanding/reflow
    bar = desk.page.get_by_role("banner")
    controls = bar.get_by_role("button").all()
    assert len(controls) >= 7
    around = bar.bounding_box()
    assert around is not None
    for each in controls:
        box = each.bounding_box()
        assert box is not None
        assert box["x"] >= 0, each
        assert box["x"] + box["width"] <= 320, each
        assert box["y"] + box["height"] <= around["y"] + around["height"], each
    desk.shoot("narrowest")


def test_a_ticket_can_be_worked_by_keyboard_alone(desk: Desk) -> None:
    number = desk.contact()
    desk.composer.focus()
    desk.page.keyboard.type("Keyboards only")
    desk.page.keyboard.press("Enter")
    expect(desk.cards(number)).to_have_count(1)
    last = desk.cards(number).last
    last.get_by_role("button", name="Open", exact=True).focus()
    tab_to(desk, "Assign")
    desk.page.keyboard.press("Enter")
    expect(desk.modal).to_be_visible()
    expect(desk.modal.get_by_role("combobox", name="Notify users and channels")).to_be_focused()
    desk.page.keyboard.press("Escape")
    expect(desk.modal).to_have_count(0)
    expect(last.get_by_role("button", name="Assign")).to_be_focused()
    desk.page.keyboard.press("Enter")
    expect(desk.modal).to_be_visible()
    tab_to(desk, "Status")
    desk.page.keyboard.type("solv")
    desk.page.keyboard.press("Enter")
    expect(desk.modal.get_by_role("combobox", name="Status")).to_have_value("Solved")
    for _ in range(12):
        desk.page.keyboard.press("Tab")
        assert desk.page.evaluate(INSIDE)
    desk.modal.get_by_role("textbox", name="Subject").press("Enter")
    expect(desk.modal).to_have_count(0)
    expect(desk.cards(number).first).to_contain_text("Solved")


def test_the_focus_is_visible(desk: Desk) -> None:
    desk.page.keyboard.press("Tab")
    outline = desk.page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_every_control_has_a_name_and_every_picture_says_what_it_shows(desk: Desk) -> None:
    number = a_worked_ticket(desk)
    assert desk.page.evaluate(NAMELESS) == []
    desk.assign(number)
    assert desk.page.evaluate(NAMELESS) == []
    assert (
        desk.page.evaluate("() => [...document.images].filter((each) => each.getAttribute('alt') === null).length") == 0
    )


def test_nothing_jumps_while_the_page_loads_or_something_arrives(context: BrowserContext, address: str) -> None:
    page = context.new_page()
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver((list) => list.getEntries().forEach((each) => {"
        "if (!each.hadRecentInput) window.shift += each.value; })).observe({ type: 'layout-shift', buffered: true });"
    )
    desk = Desk(page, address)
    desk.open()
    shift: Any = page.evaluate("() => window.shift")
    assert shift < 0.05


def test_the_page_may_load_and_run_nothing_but_its_own_files(desk: Desk, address: str) -> None:
    answer = desk.page.request.get(address)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    ran = desk.page.evaluate(
        """async () => {
          const node = document.createElement('p');
          node.innerHTML = '<img src="/sandbox/none" onerror="window.ran = true">';
          document.body.append(node);
          await new Promise((done) => node.firstChild.addEventListener('error', done));
          return Boolean(window.ran);
        }"""
    )
    assert not ran
    desk.complaints.clear()
    desk.elsewhere.clear()


def test_another_site_may_not_act_here(desk: Desk, address: str) -> None:
    refused = desk.page.request.post(f"{address}/command", headers={"sec-fetch-site": "cross-site"}, data={})
    assert refused.status == 403
