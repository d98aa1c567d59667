"""Which files are sent with a reply, and what an agent learns about the others."""

from datetime import timedelta
from typing import Any

import pytest

from messages.formats.media_links import media_key, read_path
from messages.line import ReplyMode
from messages.orders.files import objection
from messages.process.settings import Settings
from messages.sms import SlackFile, State
from tests import make
from workers.sms.files import SERVED_FOR, links
from workers.sms.replies import ReplyDecision, decide_reply


def file(**fields: Any) -> SlackFile:
    """A picture of 1 kB."""
    url = "https://files.slack.com/files-pri/T1-F1/a.png"
    return SlackFile(
        **{"id": "F1", "name": "a.png", "mimetype": "image/png", "url_private": url, "size": 1000, **fields}
    )


def verdict(text: str, *files: SlackFile, mode: ReplyMode = ReplyMode.THREAD) -> ReplyDecision:
    """What becomes of a reply with files."""
    return decide_reply(text, text, files, mode)


def test_a_file_goes_out_with_a_text_and_without() -> None:
    assert verdict("Here it is", file()).state is State.WAITING
    assert verdict("", file()).state is State.WAITING
    assert verdict("").state is State.REFUSED


@pytest.mark.parametrize("text", ["// for us", "note: for us", "Note : x"])
def test_a_note_with_a_file_is_a_note(text: str) -> None:
    assert verdict(text, file()).state is State.NOTE


def test_on_a_buttons_only_line_no_file_goes_out() -> None:
    assert verdict("", file(), mode=ReplyMode.BUTTONS).state is State.UNSENT


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([file()] * 11, "at most 10 files, and this has 11"),
        ([file(size=3_000_000), file(size=2_100_000)], "the files have 5.1 MB, and a text can have at most 5 MB"),
        ([file(mimetype="application/zip", name="a.zip")], "“a.zip” is of a type (application/zip)"),
        ([file(mimetype="image/svg+xml")], "image/svg+xml"),
        ([file(mimetype="text/html")], "text/html"),
        ([file(mimetype="", name="")], "a file is of a type (unknown)"),
        ([file(), file(url_private="", name="far.png")], "can't read “far.png”"),
        ([file(url_private="", name="far.png", file_access="visible")], "can't read “far.png”: it is not stored"),
        ([file(url_private="", file_access="check_file_info")], "Slack does not let Clerk see a file"),
        ([file(url_private="", file_access="file_not_found")], "Slack does not let Clerk see a file"),
    ],
)
def test_what_the_provider_would_refuse_is_refused_before_in_words(files: list[SlackFile], words: str) -> None:
    assert words in objection(files)
    assert verdict("Here", *files).state is State.REFUSED
    assert verdict("Here", *files).words == objection(files)


def test_as_many_and_as_large_as_there_may_be_are_sent() -> None:
    assert objection([file(size=500_000)] * 10) == ""


def test_each_file_has_an_address_for_a_while() -> None:
    settings = Settings(public_url="https://clerk.example.org/")
    found = links([file(), file(url_private="https://files.slack.com/b", mimetype="video/mp4")], settings, make.NOW)
    key = media_key(settings.slack_signing_secret.get_secret_value())
    last = make.NOW + SERVED_FOR - timedelta(seconds=1)
    read = [read_path(each.removeprefix("https://clerk.example.org"), key, last) for each in found]
    assert [(each.url, each.content_type) for each in read] == [
        ("https://files.slack.com/files-pri/T1-F1/a.png", "image/png"),
        ("https://files.slack.com/b", "video/mp4"),
    ]
    secrets = (settings.slack_bot_token.get_secret_value(), settings.slack_signing_secret.get_secret_value())
    assert not any(secret in each for secret in secrets for each in found)
