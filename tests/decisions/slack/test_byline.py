"""Under whose name a contact's words are: the contact's, and nobody else's."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.formats.byline import LIMIT, NO_NUMBER, byline
from tests import make
from workers.slack import blocks, cards


@pytest.mark.parametrize(
    ("name", "id", "shown"),
    [
        ("", "+15550002222", "+15550002222"),
        ("Ann Lee", "+15550002222", "Ann Lee · +15550002222"),
        ("  Ann\n Lee ", "+15550002222", "Ann Lee · +15550002222"),
        ("Tom & Jerry", "+15550002222", "Tom ＆ Jerry · +15550002222"),
        ("Ann 🎉 Lee", "+15550002222", "Ann 🎉 Lee · +15550002222"),
        (":tada: party", "+15550002222", "∶tada: party · +15550002222"),
        ("مريم", "+15550002222", "مريم · +15550002222"),
        ("<!channel>", "+15550002222", "‹!channel› · +15550002222"),
        ("<@U0ADA> @here", "+15550002222", "‹＠U0ADA› ＠here · +15550002222"),
        ("<b>Bob</b>", "+15550002222", "‹b›Bob‹/b› · +15550002222"),
        ("<https://evil.example|Ann>", "+15550002222", "‹https://evil.example∣Ann› · +15550002222"),
        ("*Ann* _Lee_ ~x~ `y`", "+15550002222", "∗Ann∗ ˍLeeˍ ∼x∼ ˋyˋ · +15550002222"),
        ("\u202eevil\u202c", "+15550002222", "evil · +15550002222"),
        ("Ben · +15550003333", "+15550002222", "Ben · +15550003333 · +15550002222"),
        ("👍" * 100, "+15550002222", "👍" * 64 + "… · +15550002222"),
        ("", "24365", "24365"),
        ("", "ACME", f"ACME · {NO_NUMBER}"),
        ("The bank", "ACME", f"The bank · {NO_NUMBER}"),
        ("Slackbot", "+15550002222", "Slackbot · +15550002222"),
        ("", "Slackbot", f"Slackbot · {NO_NUMBER}"),
        ("\u200b\u2063", "+15550002222", "+15550002222"),
        ("x" * 300, "+15550002222", "x" * 64 + "… · +15550002222"),
    ],
)
def test_a_contact_is_named_with_the_number(name: str, id: str, shown: str) -> None:
    assert byline(make.contact(name=name, id=id)).name == shown


@given(make.written(300), st.just(make.CONTACT) | make.written(100))
def test_no_name_is_long_or_empty_or_comes_alive_or_passes_for_somebody_elses(name: str, id: str) -> None:
    shown = byline(make.contact(name=name, id=id)).name
    assert 0 < len(shown) <= LIMIT
    assert shown == shown.strip()
    assert not re.search(r"[<>&@#|*_~`\n\r\x00\u202e]|:[^\s:]+:", shown)
    assert shown.endswith((NO_NUMBER, make.CONTACT)) or re.fullmatch(r"\+?[0-9]+|.* · \+?[0-9]+", shown)


def test_contacts_words_have_the_name_and_what_changes_or_is_clerks_has_none() -> None:
    who = byline(make.contact(name="Ann"))
    post, _ = blocks.texts([make.sms()], who)
    assert post.byline == who
    card = cards.Card(make.ticket(), make.contact(name="Ann"), make.line(), make.sms(), 0, None, root=True)
    assert cards.card(card).byline is None
    assert blocks.outcome(make.sms(words="Not sent")).byline is None
