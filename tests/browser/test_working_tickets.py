"""A contact texts and agents work the ticket, all of it on the page."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.browser.helpers import Desk
from tests.deployment import LINE, World, new_contact


def test_a_text_from_the_phone_becomes_a_card_with_the_text_as_it_was_written(desk: Desk) -> None:
    number = desk.contact()
    desk.text("Hi & <hello> *stars* :wave: <!channel> https://example.com")
    card = desk.cards(number)
    expect(card).to_have_count(1)
    expect(card).to_contain_text("Hi & <hello> *stars* :wave: <!channel> https://example.com")
    expect(card.get_by_role("link")).to_have_count(0)
    expect(card.get_by_text("nobody yet")).to_be_visible()
    desk.shoot("card")


def test_open_jumps_to_the_thread_with_the_text(desk: Desk) -> None:
    number = desk.contact()
    desk.text("Where is my order?")
    desk.open_thread(number)
    expect(desk.thread.get_by_text("Where is my order?").last).to_be_visible()
    expect(desk.thread.get_by_text("1 reply")).to_be_visible()
    expect(desk.page).to_have_url(re.compile(r"#/archives/C0TEXTS/p\d+$"))
    desk.page.reload()
    expect(desk.thread.get_by_role("heading", name=number)).to_be_visible()


def test_the_modal_shows_the_current_values_and_saves_the_changed_ones(desk: Desk) -> None:
    number = desk.contact()
    desk.text("My heating is off")
    desk.assign(number)
    modal = desk.modal
    expect(modal.get_by_role("heading", name=re.compile(r"Ticket #\d+"))).to_be_visible()
    expect(modal.get_by_role("button", name="Remove #texts")).to_be_visible()
    expect(modal.get_by_role("combobox", name="Status")).to_have_value("New")
    modal.get_by_role("combobox", name="Assignees").click()
    modal.get_by_role("option", name="Ben").click()
    modal.get_by_role("textbox", name="Subject").fill("Heating")
    modal.get_by_role("combobox", name="Status").click()
    expect(modal.get_by_role("option", name="Pending")).to_contain_text("Waiting for more information")
    desk.shoot("modal")
    modal.get_by_role("option", name="Pending").click()
    modal.get_by_role("textbox", name="New tags").fill("heating, urgent-visit")
    modal.get_by_role("textbox", name="Note").fill("Boiler is twelve years old")
    modal.get_by_role("button", name="Save").click()
    expect(modal).to_have_count(0)
    card = desk.cards(number).first
    for shown in ("Pending", "Heating", "@Ben", "urgent-visit"):
        expect(card).to_contain_text(shown)
    desk.assign(number)
    expect(modal.get_by_role("textbox", name="Subject")).to_have_value("Heating")
    expect(modal.get_by_role("button", name="Remove urgent-visit")).to_be_visible()
    expect(modal).to_contain_text("Boiler is twelve years old")


def test_invalid_input_gets_an_error_at_its_field_and_nothing_typed_is_lost(desk: Desk) -> None:
    number = desk.contact()
    desk.text("Hello")
    desk.assign(number)
    modal = desk.modal
    modal.get_by_role("textbox", name="Subject").fill("Kept while wrong")
    tags = modal.get_by_role("textbox", name="New tags")
    tags.fill("not?allowed")
    modal.get_by_role("button", name="Save").click()
    expect(modal.get_by_role("alert")).to_contain_text("a tag has only letters")
    expect(tags).to_be_focused()
    expect(tags).to_have_attribute("aria-invalid", "true")
    expect(modal.get_by_role("textbox", name="Subject")).to_have_value("Kept while wrong")
    desk.shoot("modal-error")
    tags.fill("allowed")
    expect(modal.get_by_role("alert")).to_have_count(0)
    modal.get_by_role("button", name="Save").click()
    expect(modal).to_have_count(0)
    expect(desk.cards(number).first).to_contain_text("Kept while wrong")


def test_a_reply_typed_in_the_thread_appears_there_with_its_mentions(desk: Desk) -> None:
    number = desk.contact()
    desk.text("Can you call me?")
    desk.open_thread(number)
    desk.reply("// @Ben could you call <them> & note it?")
    written = desk.thread.get_by_role("article").filter(has_text="could you call <them> & note it?")
    expect(written.get_by_text("@Ben", exact=True)).to_be_visible()
    expect(written).to_contain_text("Ada")
    expect(desk.thread.get_by_role("textbox", name="Reply in the thread")).to_have_value("")


def test_hide_collapses_the_card_and_only_the_person_who_hid_it_may_undo_it(desk: Desk) -> None:
    number = desk.contact()
    desk.text("Hide me")
    desk.open_thread(number)
    desk.press(desk.cards(number), "Hide")
    expect(desk.cards(number)).to_have_count(0)
    collapsed = desk.channel.get_by_role("article").filter(has_text=f"{number} · hidden by @Ada")
    expect(collapsed).to_be_visible()
    whisper = desk.slack.get_by_role("article").filter(has_text="Only visible to you").last
    expect(whisper).to_contain_text("Hidden for everyone here")
    desk.be("Ben")
    expect(desk.slack.get_by_text("Hidden for everyone here")).to_have_count(0)
    desk.be("Ada")
    desk.press(whisper, "Undo")
    expect(desk.cards(number)).to_have_count(1)


def test_a_slash_command_is_answered_to_its_author(desk: Desk) -> None:
    box = desk.slack.get_by_role("textbox", name="Message #texts")
    box.fill("/clerk help")
    box.press("Enter")
    answer = desk.channel.get_by_role("article").filter(has_text="Only visible to you").last
    expect(answer).to_be_visible()
    expect(box).to_have_value("")
    box.fill("/nonsense")
    box.press("Enter")
    expect(desk.page.get_by_text("/nonsense is not a valid command here")).to_be_visible()
    expect(box).to_have_value("/nonsense")


def test_a_time_that_clerk_can_not_read_opens_a_form_with_what_was_typed(desk: Desk) -> None:
    number = new_contact()
    box = desk.slack.get_by_role("textbox", name="Message #texts")
    box.fill(f"/clerk later {number} next tuesday: See you <soon>")
    box.press("Enter")
    expect(desk.modal).to_contain_text("“next tuesday” is no time that Clerk reads")
    expect(desk.modal.get_by_role("textbox", name="number")).to_have_value(number)
    expect(desk.modal.get_by_role("textbox", name="Text")).to_have_value("See you <soon>")
    day = f"{datetime.now(UTC) + timedelta(days=7):%Y-%m-%d}"
    desk.modal.get_by_label("Date").fill(day)
    desk.modal.get_by_label("Time").fill("09:00")
    desk.modal.get_by_role("button", name="Send").click()
    expect(desk.modal).to_have_count(0)
    answer = desk.channel.get_by_role("article").filter(has_text="Only visible to you").last
    expect(answer).to_contain_text("Planned for")


def test_the_slash_command_alone_opens_the_dashboard_which_counts_and_finds_tickets(desk: Desk) -> None:
    number = desk.contact("Dora")
    desk.text("List me")
    expect(desk.cards(number)).to_have_count(1)
    box = desk.slack.get_by_role("textbox", name="Message #texts")
    box.fill("/clerk")
    box.press("Enter")
    expect(desk.modal).to_contain_text(re.compile(r"New \([\d,]+\)"))
    desk.modal.get_by_role("textbox", name="Find tickets").fill(number)
    desk.modal.get_by_role("button", name="Search").click()
    found = desk.page.get_by_role("dialog", name="Found")
    expect(found).to_contain_text(number)
    desk.page.keyboard.press("Escape")
    expect(found).to_have_count(0)
    desk.page.keyboard.press("Escape")
    expect(desk.modal).to_have_count(0)


def test_a_notified_person_finds_the_card_in_an_unread_direct_message(desk: Desk, world: World) -> None:
    number = desk.contact()
    desk.text("One for Cleo")
    desk.assign(number)
    desk.modal.get_by_role("combobox", name="Notify users and channels").click()
    desk.modal.get_by_role("option", name="Cleo").click()
    desk.modal.get_by_role("button", name="Save").click()
    expect(desk.modal).to_have_count(0)
    expect(desk.cards(number).first).to_contain_text("@Cleo")
    world.text(number, "Are you there?")
    direct = desk.slack.get_by_role("navigation").get_by_role("button", name=re.compile("Clerk"))
    expect(desk.channel).to_contain_text("Are you there?")
    assert number not in str(world.messages("D0ADA")), "Ada is not told"
    desk.be("Cleo")
    expect(direct.get_by_label("1 unread")).to_be_visible()
    direct.click()
    expect(desk.slack.get_by_role("textbox", name="Message Clerk")).to_be_visible()
    expect(desk.cards(number).last).to_contain_text("Are you there?")
    expect(direct.get_by_label("1 unread")).to_have_count(0)


def test_a_picture_from_the_phone_is_shown_and_stop_is_answered_by_the_provider(desk: Desk) -> None:
    number = desk.contact("Pia")
    desk.phone.get_by_label("Attach a file").set_input_files("sandbox/static/parcel.png")
    expect(desk.phone.get_by_role("img", name="parcel.png")).to_be_visible()
    desk.composer.press("Enter")
    expect(desk.phone.get_by_role("img", name="Attached picture")).to_be_visible()
    expect(desk.cards(number)).to_contain_text("1 picture")
    desk.phone.get_by_role("button", name="STOP", exact=True).click()
    expect(desk.phone.get_by_text("You have successfully been unsubscribed")).to_be_visible()
    expect(desk.phone.get_by_role("button", name="Pia stop")).to_be_visible()
    desk.phone.get_by_role("button", name="START").click()
    expect(desk.phone.get_by_text("re-subscribed")).to_be_visible()
    assert LINE in desk.phone.inner_text()


def test_a_picture_attached_in_the_thread_reaches_the_phone(desk: Desk) -> None:
    number = desk.contact("Mo")
    desk.text("What does it look like?")
    expect(desk.cards(number)).to_have_count(1)
    desk.open_thread(number)
    picks = desk.thread.get_by_label("Attach a file")
    picks.set_input_files(["sandbox/static/parcel.png", "README.md"])
    desk.thread.get_by_role("button", name="Remove README.md").click()
    expect(desk.thread.get_by_role("img", name="parcel.png")).to_be_visible()
    desk.reply("Like this")
    sent = desk.thread.get_by_role("article").filter(has_text="Like this")
    expect(sent.get_by_role("img", name="parcel.png")).to_be_visible()
    bubble = desk.phone.get_by_role("article", name="Text to the contact").filter(has_text="Like this")
    expect(bubble).to_contain_text("Delivered")
    picture = bubble.get_by_role("img", name="Attached picture")
    expect(picture).to_be_visible()
    assert picture.evaluate("each => each.decode().then(() => each.naturalWidth)") > 0
    expect(desk.thread.get_by_role("img", name="parcel.png")).to_have_count(1)
