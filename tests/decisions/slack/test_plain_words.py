"""What contacts write: line ends of every kind, and nothing that can't be shown or reaches beyond its text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.formats.plain_words import visible, with_line_ends, without_trial_prefix
from tests import make
from workers.markup import unstyled
from workers.slack import blocks, cards
from workers.sms.plain_text import plain

LINE_ENDS = ["\n", "\r\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029"]
RTL = "שלום (world) مرحبا 123 — \u200fabc\u200e \u061c42"
SIGNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize("end", LINE_ENDS)
def test_a_line_end_of_any_kind_is_a_line_end(end: str) -> None:
    text = make.sms(body=f"line one{end}line two")
    card = cards.Card(make.ticket(), make.contact(), make.line(), text, 0, None, root=True)
    assert "line one\nline two" in cards.card(card).text
    assert blocks.texts([text])[0].text == "line one\nline two"
    assert "�" not in str(cards.card(card)) + str(blocks.texts([text]))
    assert plain(f"line one{end}line two", {}) == "line one\nline two"
    assert unstyled(f"one{end}two") == "one two"


@pytest.mark.parametrize("control", [*map(chr, range(9)), *map(chr, range(0x0E, 0x20)), "\x7f", "\x80", "\x9f"])
def test_other_control_characters_are_shown_as_such(control: str) -> None:
    assert visible(f"a{control}b") == "a�b"


def test_right_to_left_text_stays_as_it_is() -> None:
    for text in (RTL, f"\u2067{RTL}\u2069 ok", f"\u202b{RTL}\u202c ok", "\u2068+1 202\u2069", "👩‍👩‍👧 ️❤️"):
        assert visible(text) == text


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
        ("a \u202eb\u202c c", "a b c"),
        ("\u202a\u202db\u202c\u202c", "\u202ab\u202c"),
        ("a \u202bb", "a \u202bb\u202c"),
        ("a \u2067b\nc", "a \u2067b\u2069\nc"),
        ("a\u202c \u2069b", "a b"),
    ],
)
def test_nothing_disguises_a_word_or_reaches_beyond_its_line(written: str, shown: str) -> None:
    assert visible(written) == shown


@given(st.text(st.sampled_from(SIGNS + "ab \nש"), max_size=30))
def test_every_line_ends_as_it_began(text: str) -> None:
    shown = visible(text)
    assert not re.search("[\u202d\u202e]", shown)
    assert re.sub(f"[{SIGNS}]", "", shown) == re.sub(f"[{SIGNS}]", "", text)
    assert visible(shown) == shown
    for line in shown.split("\n"):
        depth: list[str] = []
        for character in line:
            if character in "\u202a\u202b\u2066\u2067\u2068":
                depth.append("\u202c" if character in "\u202a\u202b" else "\u2069")
            elif character in "\u202c\u2069":
                assert depth.pop() == character
        assert depth == []


@given(st.lists(st.sampled_from([*LINE_ENDS, "a", " "]), max_size=20))
def test_no_line_end_is_lost_or_made(parts: list[str]) -> None:
    text = " ".join(parts)
    assert with_line_ends(text).count("\n") == sum(part in LINE_ENDS for part in parts)


def test_a_contacts_signs_do_not_reach_into_clerks_words() -> None:
    card = cards.Card(make.ticket(), make.contact(), make.line(), make.sms(body="a \u202bb"), 0, None, root=True)
    assert "a \u202bb\u202c · Ticket" in cards.card(card).text


def test_the_words_of_a_trial_account_are_not_the_agents() -> None:
    assert without_trial_prefix("Sent from your Twilio trial account - On our way") == "On our way"
    assert without_trial_prefix("On our way") == "On our way"
