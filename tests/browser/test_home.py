"""The app's Home on the sandbox page: a person opens it, sees what they have to do, and acts in it."""

from playwright.sync_api import expect

from tests.browser.helpers import Desk, barriers


def test_a_person_opens_the_home_and_switches_themselves_away_and_back(desk: Desk) -> None:
    number = desk.contact()
    desk.text("Is the blue one still there?")
    desk.press(desk.cards(number).first, "Take it")
    desk.slack.get_by_role("navigation").get_by_role("button", name="Home").click()
    home = desk.slack.get_by_role("region", name="Home of the app")
    expect(home.get_by_role("heading", name="Your open tickets")).to_be_visible()
    home.get_by_role("button", name="Away…").click()
    desk.modal.get_by_role("textbox").fill("soon")
    desk.modal.get_by_role("button", name="Save").click()
    expect(desk.modal.get_by_text("You have no hours that say when you are back.")).to_be_visible()
    desk.modal.get_by_role("textbox").fill("2h lunch")
    desk.modal.get_by_role("button", name="Save").click()
    home.get_by_role("button", name="I am back").click()
    expect(home.get_by_text("You are back: you get notifications again.")).to_be_visible()
    expect(home.get_by_text(number)).to_be_visible()
    assert barriers(desk.page) == []
    desk.be("Ben")
    expect(home.get_by_role("button", name="Look again")).to_be_visible()
    expect(home.get_by_text(number)).to_have_count(0)
    desk.be("Ada")
