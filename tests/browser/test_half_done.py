"""Drafts survive a reload, and a link button without an address yet leads there once it has one."""

import httpx
from playwright.sync_api import expect

from messages.process.settings import SANDBOX
from tests.browser.helpers import Desk
from tests.deployment import CHANNEL, World
from tests.servers import PLAIN

AS_CLERK = {"authorization": f"Bearer {SANDBOX['slack_bot_token']}"}


def test_drafts_survive_a_reload(desk: Desk) -> None:
    number = desk.contact("Nils")
    desk.text("Where is it?")
    desk.assign(number)
    desk.modal.get_by_role("textbox", name="Subject").fill("A lost parcel")
    desk.modal.get_by_role("combobox", name="Priority").click()
    desk.modal.get_by_role("option", name="High").click()
    desk.page.reload()
    expect(desk.modal.get_by_role("textbox", name="Subject")).to_have_value("A lost parcel")
    expect(desk.modal.get_by_role("combobox", name="Priority")).to_have_value("High")
    desk.modal.get_by_role("button", name="Save").click()
    expect(desk.modal).to_have_count(0)
    expect(desk.cards(number)).to_contain_text("A lost parcel")
    expect(desk.cards(number)).to_contain_text("High")
    desk.open_thread(number)
    desk.thread.get_by_role("textbox", name="Reply in the thread").fill("Let me loo")
    desk.page.reload()
    expect(desk.thread.get_by_role("textbox", name="Reply in the thread")).to_have_value("Let me loo")


def test_a_click_on_a_link_button_without_an_address_yet_leads_there_once_it_is_known(desk: Desk, world: World) -> None:
    with httpx.Client(base_url=f"{desk.address}/slack/api/", headers=AS_CLERK, trust_env=False, verify=PLAIN) as slack:
        button = {"type": "button", "text": {"type": "plain_text", "text": "Later"}, "action_id": "test.later"}
        first = slack.post("chat.postMessage", json={"channel": CHANNEL, "text": "x", "blocks": actions(button)}).json()
        slack.post("chat.postMessage", json={"channel": CHANNEL, "text": "In here", "thread_ts": first["ts"]})
        with desk.page.expect_response("**/click"):
            desk.channel.get_by_role("button", name="Later").last.click()
        expect(desk.thread).to_have_count(0)
        asked = {"channel": CHANNEL, "message_ts": first["ts"]}
        button["url"] = slack.get("chat.getPermalink", params=asked).json()["permalink"]
        slack.post("chat.update", json={"channel": CHANNEL, "ts": first["ts"], "text": "x", "blocks": actions(button)})
    expect(desk.thread).to_contain_text("In here")


def actions(*elements: object) -> list[object]:
    return [{"type": "actions", "elements": elements}]
