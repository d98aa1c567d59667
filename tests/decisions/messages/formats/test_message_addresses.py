"""The addresses of Slack's messages: what those of one channel have in common."""

import pytest

from messages.formats.slack_urls import message_name, place_of_messages

ARCHIVES = "https://ghostbusters.slack.com/archives/C1H9RESGA"


def test_the_addresses_of_a_channels_messages_differ_in_their_ends() -> None:
    place = place_of_messages(f"{ARCHIVES}/p135854651500008", "C1H9RESGA", "1358546515.00008")
    assert place == f"{ARCHIVES}/"
    assert f"{place}{message_name('1358546517.000023')}" == f"{ARCHIVES}/p1358546517000023"


@pytest.mark.parametrize(
    "link",
    [
        "",
        f"{ARCHIVES}/p1358546515000009",
        f"{ARCHIVES}/p1358546515000008?thread_ts=1358546515.000008&cid=C1H9RESGA",
        "https://ghostbusters.slack.com/archives/C0OTHER/p1358546515000008",
        "https://ghostbusters.slack.com/messages/p1358546515000008",
        "https://ghostbusters.slack.com/archives/C1H9RESGA?message=p1358546515000008",
    ],
)
def test_an_address_of_another_form_says_nothing_about_others(link: str) -> None:
    assert place_of_messages(link, "C1H9RESGA", "1358546515.000008") is None
