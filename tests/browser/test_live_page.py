"""The page follows what happens elsewhere, shows queues and calls, and lets Slack and Twilio fail."""

import base64
import re
from collections.abc import Callable, Iterator
from typing import Final

import pytest
from playwright.sync_api import BrowserContext, expect

from messages.process.settings import SANDBOX
from tests.browser.helpers import Desk
from tests.deployment import LINE, World, new_contact
from tests.servers import Program, answers, free_port, wait_until
from tests.system.helpers import marks

AS_CLERK: Final = {"authorization": f"Bearer {SANDBOX['slack_bot_token']}"}


def test_changes_by_programs_appear_without_a_reload_and_keep_what_is_typed(desk: Desk, world: World) -> None:
    desk.composer.fill("half a senten")
    desk.composer.evaluate("box => box.setSelectionRange(4, 8)")
    number = new_contact()
    world.text(number, "Sent by a program")
    expect(desk.cards(number)).to_contain_text("Sent by a program")
    expect(desk.composer).to_be_focused()
    expect(desk.composer).to_have_value("half a senten")
    assert desk.composer.evaluate("box => [box.selectionStart, box.selectionEnd]") == [4, 8]


@pytest.fixture
def window(world: World) -> Iterator[Callable[[float], None]]:
    """Set the debounce window in seconds; it is two again after the test."""

    def set_to(seconds: float) -> None:
        world.do("window", line=LINE, seconds=seconds)

    yield set_to
    set_to(2)


def test_a_busy_conversation_shows_a_countdown_and_is_announced_once(
    desk: Desk, window: Callable[[float], None]
) -> None:
    window(60)
    number = desk.contact("Busy")
    desk.text("First")
    expect(desk.cards(number)).to_have_count(1)
    desk.text("Second")
    desk.text("Third")
    pending = desk.machinery.get_by_role("list", name="Pending notifications").get_by_role("listitem")
    waiting = pending.filter(has_text="Busy")
    expect(waiting).to_contain_text("2 unannounced")
    expect(waiting.get_by_role("timer")).to_have_text(re.compile(r"0:[0-5]\d|1:00|now"))
    desk.shoot("countdown")
    window(2)
    expect(desk.older(number)).to_have_count(1)
    expect(waiting).to_have_count(0)
    summary = desk.cards(number)
    expect(summary).to_contain_text("Third")
    expect(summary).to_contain_text("+1 more")
    desk.open_thread(number)
    expect(desk.thread).to_contain_text(re.compile("First.*Second.*Third", re.DOTALL))


@pytest.mark.usefixtures("window")
def test_the_window_can_be_shortened_while_something_waits(desk: Desk) -> None:
    slider = desk.machinery.get_by_role("slider", name="Quiet for")
    slider.focus()
    slider.press("End")
    expect(desk.machinery.get_by_text("5:00", exact=True)).to_be_visible()
    number = desk.contact("Patient")
    desk.text("First")
    desk.text("Second")
    timer = desk.machinery.get_by_role("timer").first
    expect(timer).to_have_text(re.compile(r"[45]:\d\d"))
    slider.focus()
    slider.press("Home")
    expect(desk.older(number)).to_have_count(1)


def test_a_429_is_shown_and_loses_nothing(desk: Desk, world: World) -> None:
    number = desk.contact("Throttled")
    desk.text("First")
    expect(desk.cards(number)).to_have_count(1)
    desk.machinery.get_by_role("spinbutton", name="How many calls").fill("2")
    desk.machinery.get_by_role("button", name="429").click()
    expect(desk.machinery.get_by_text(re.compile("slack 429 ×[12]"))).to_be_visible()
    desk.text("Despite everything")
    log = desk.machinery.get_by_role("list", name="Events, newest first")
    expect(log.get_by_role("listitem").filter(has_text="429").first).to_be_visible()
    desk.announced(number, "Despite everything")
    desk.open_thread(number)
    expect(desk.thread.get_by_role("article").last).to_contain_text("Despite everything")
    assert world.violations() == []


def test_queues_fill_while_the_workers_are_stopped_and_nothing_is_lost(desk: Desk, world: World) -> None:
    workers = desk.machinery.get_by_role("button", name="Stop")
    try:
        workers.click()
        expect(desk.machinery.get_by_text("workers stopped")).to_be_visible()
        number = desk.contact("Waiting")
        desk.text("Is anybody there?")
        expect(desk.machinery.get_by_text(re.compile(r"· [1-9]\d* queued"))).to_be_visible()
        expect(desk.cards(number)).to_have_count(0)
    finally:
        world.do("workers", working=True)
    expect(desk.cards(number)).to_contain_text("Is anybody there?")


def test_workers_killed_after_slack_carried_out_a_call_do_not_repeat_it(desk: Desk, world: World) -> None:
    number = desk.contact("Kay")
    kill = desk.machinery.get_by_role("button", name="Kill at Slack")
    log = desk.machinery.get_by_role("list", name="Events, newest first")
    kill.click()
    expect(desk.machinery.get_by_text("slack kill")).to_be_visible()
    desk.text("Does this survive?")
    expect(log.get_by_role("listitem").filter(has_text="killed").first).to_be_visible()
    expect(desk.cards(number)).to_have_count(1)
    desk.open_thread(number)
    kill.click()
    expect(desk.machinery.get_by_text("slack kill")).to_be_visible()
    desk.text("And this?")
    expect(desk.thread.get_by_role("article").last).to_contain_text("And this?")
    expect(desk.machinery.get_by_text("slack kill")).to_have_count(0)
    texts = ["Does this survive?", "And this?"]
    wait_until(lambda: world.texts_in_thread(number) == texts, "each text is in the thread once", 60)
    assert world.violations() == []
    desk.shoot("killed")


def test_workers_killed_after_the_provider_took_a_text_do_not_send_it_again(desk: Desk, world: World) -> None:
    number = desk.contact("Tex")
    desk.text("Hello?")
    expect(desk.cards(number)).to_have_count(1)
    desk.machinery.get_by_role("button", name="Kill at text").click()
    expect(desk.machinery.get_by_text("twilio kill")).to_be_visible()
    desk.open_thread(number)
    desk.reply("Sent once")
    bubble = desk.phone.get_by_role("article", name="Text to the contact").filter(has_text="Sent once")
    expect(bubble).to_contain_text("Delivered")
    wait_until(lambda: "white_check_mark" in marks(world, "Sent once"), "the mark says so", 60)
    assert len([each for each in world.state()["texts"] if each["body"] == "Sent once"]) == 1


def test_the_timeline_shows_webhooks_queue_messages_and_calls_of_a_conversation(desk: Desk) -> None:
    number = desk.contact("Traced")
    desk.text("Follow me")
    expect(desk.cards(number)).to_have_count(1)
    desk.machinery.get_by_role("button", name="Traced").click()
    log = desk.machinery.get_by_role("list", name="Events, newest first")
    for happened in ("/twilio/sms", "ingestion.receive", "chat.postMessage"):
        expect(log.get_by_role("listitem").filter(has_text=happened).first).to_be_visible()
    desk.shoot("timeline")


def test_a_text_to_the_contact_shows_its_state_and_why_it_failed(desk: Desk, address: str) -> None:
    number = desk.contact("Fay")
    account = SANDBOX["twilio_account_sid"]
    credentials = f"{account}:{SANDBOX['twilio_auth_token']}".encode()
    desk.machinery.get_by_role("combobox", name="How the next text fails").select_option("30005")
    for body, fate in (("First try", "Not delivered"), ("Second try", "Delivered")):
        if fate == "Not delivered":
            desk.machinery.get_by_role("button", name="Fail", exact=True).click()
            expect(desk.machinery.get_by_text("text 30005")).to_be_visible()
        sent = desk.page.request.post(
            f"{address}/twilio/2010-04-01/Accounts/{account}/Messages.json",
            headers={"authorization": f"Basic {base64.b64encode(credentials).decode()}"},
            form={"From": LINE, "To": number, "Body": body},
        )
        assert sent.status == 201
        bubble = desk.phone.get_by_role("article", name="Text to the contact").filter(has_text=body)
        expect(bubble).to_contain_text(fate)
    failed = desk.phone.get_by_role("article").filter(has_text="First try")
    expect(failed).to_contain_text("error 30005")
    desk.shoot("fates")


def test_a_reaction_on_a_message_is_shown_with_its_author(desk: Desk, world: World, address: str) -> None:
    world.do("reply", user="U0BEN", channel="C0GENERAL", thread_ts=None, text="Please mark me")
    message = world.messages("C0GENERAL")[-1]
    marked = desk.page.request.post(
        f"{address}/slack/api/reactions.add",
        headers=AS_CLERK,
        form={"channel": "C0GENERAL", "timestamp": message["ts"], "name": "white_check_mark"},
    )
    assert marked.json()["ok"], marked.json()
    desk.slack.get_by_role("button", name="general").click()
    shown = desk.channel.get_by_role("article").filter(has_text="Please mark me").last
    expect(shown.get_by_role("img", name="white check mark, by Clerk")).to_be_visible()


def test_a_person_can_edit_and_delete_their_own_message(desk: Desk) -> None:
    desk.slack.get_by_role("button", name="general").click()
    box = desk.slack.get_by_role("textbox", name="Message #general")
    box.fill("Typo in hte middle")
    box.press("Enter")
    written = desk.channel.get_by_role("article").filter(has_text="in hte middle")
    written.hover()
    written.get_by_role("button", name="More message actions").click()
    written.get_by_role("menuitem", name="Edit message").click()
    edited = desk.channel.get_by_role("textbox", name="Edit message")
    edited.fill("Typo in the middle")
    edited.press("Enter")
    mended = desk.channel.get_by_role("article").filter(has_text="Typo in the middle (edited)")
    mended.hover()
    mended.get_by_role("button", name="More message actions").click()
    mended.get_by_role("menuitem", name="Delete message").click()
    expect(desk.channel.get_by_text("in the middle")).to_have_count(0)


def test_a_call_that_slack_refuses_for_its_form_is_shown_in_red(desk: Desk, address: str) -> None:
    refused = desk.page.request.post(
        f"{address}/slack/api/chat.postMessage",
        headers=AS_CLERK,
        data={
            "channel": "C0GENERAL",
            "text": "x",
            "blocks": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
        },
    )
    assert refused.json()["error"] == "invalid_blocks"
    notice = desk.page.get_by_role("status").filter(has_text="Refused as invalid_blocks")
    expect(notice).to_be_visible()
    notice.get_by_role("button", name="Dismiss").click()
    expect(notice).to_have_count(0)


def test_when_the_sandbox_restarts_the_page_says_so_and_catches_up(context: BrowserContext) -> None:
    port = free_port()
    sandbox = Program("browser-sandbox", ["-m", "sandbox", "--port", str(port), "--gateway", "http://127.0.0.1:9"], {})
    address = f"http://127.0.0.1:{port}/sandbox"
    desk = Desk(context.new_page(), address)
    try:
        sandbox.start()
        wait_until(lambda: answers(f"{address}/state"), "the sandbox serves", 60)
        desk.open()
        expect(desk.machinery.get_by_text("Clerk runs elsewhere")).to_be_visible()
        desk.composer.fill("Nobody takes this")
        desk.composer.press("Enter")
        expect(desk.page.get_by_text("Clerk answered 502")).to_be_visible()
        expect(desk.composer).to_have_value("Nobody takes this")
        sandbox.stop()
        expect(desk.page.get_by_text("reconnecting…")).to_be_visible()
        sandbox.start()
        expect(desk.page.get_by_text("live", exact=True)).to_be_visible()
        expect(desk.phone.get_by_role("article")).to_have_count(0)
        expect(desk.composer).to_have_value("Nobody takes this")
    finally:
        sandbox.stop()
