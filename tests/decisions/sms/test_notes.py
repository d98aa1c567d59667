"""What counts as an internal note."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.sms.plain_text import is_note, plain, without_prefix

NOTES = [
    "// call her back",
    "//",
    "note: call her back",
    "Note: x",
    "NOTE : x",
    "note:",
    "  \n\t// x",
    "\u00a0note: x",
    "\u200b\u200e\ufeff// x",
    "\u200f\u202bnote: x",
    "/\u200b/ x",
    "n\u2060ote: x",
    "\u3164// x",
    "*note:* x",
    "*note*: x",
    "_//_ x",
    "~note:~ x",
    "`//` x",
    "`note:` x",
    "```// x```",
    "&gt; note: x",
    "&gt;&gt; // x",
    "> note: x",
    "• // x",
    "- note: x",
    "(note: x)",
    "[note: x]",
    "“note: x”",
    "／／ x",
    "ｎｏｔｅ：x",
    "note：x",
    ":memo: note: x",
    ":our_logo: // x",
    "📝 note: x",
    "<@U123> note: x",
    "<@U123> <!here> // x",
    "<#C123|general> note: x",
    "note:wave: x",
    "<@U123> note:5:30 is fine",
    "<@U123> NOTE :5:30 is fine",
    ":our_logo: <@U123> &gt; note:5:30 is fine",
    "<@U123> *note*:5:30 is fine",
    "<@U123> <https://example.org|note:5:30>",
    "note::wave: x",
    "//<https://example.org|example.org>",
    "<https://example.org|//example.org>",
    "<//x>",
]
TEXTS = [
    "",
    "hello",
    "https://example.org",
    "<https://example.org>",
    "<http://example.org|example.org>",
    "http://example.org // the site",
    "see // there",
    "a note: b",
    "noted: x",
    "Notes are kept: x",
    "Note that we are closed",
    "keynote: x",
    "denote: x",
    "/ x",
    "1/2",
    "and/or",
    "<@U123> hello",
    ":wave: hello",
    "*hello* // there",
]


@pytest.mark.parametrize("text", NOTES)
def test_what_was_meant_as_a_note_is_one(text: str) -> None:
    assert is_note(text)


@pytest.mark.parametrize("text", TEXTS)
def test_what_was_meant_for_the_contact_is_not_a_note(text: str) -> None:
    assert not is_note(text)


@pytest.mark.parametrize(
    ("markup", "note"),
    [
        ("// call her back", "call her back"),
        ("*NOTE :*  call _her_ back", "call her back"),
        ("&gt; ／／call her back", "call her back"),
        ("//", ""),
        ("// a // b", "a // b"),
        ("no prefix", "no prefix"),
    ],
)
def test_a_note_is_kept_without_its_prefix(markup: str, note: str) -> None:
    assert without_prefix(plain(markup, {})) == note


blanks = st.text(st.characters(categories=["Zs", "Zl", "Zp", "Cf", "Cc"]), max_size=5)
prefixes = st.sampled_from(["//", "note:", "Note:", "NOTE:", "nOtE :"])
wrapped = st.sampled_from(
    ["{}", "*{}*", "_{}_", "~{}~", "`{}`", "```{}```", "&gt; {}", "• {}", "<@U1> {}", ":memo: {}"]
)


rests = st.one_of(st.text(max_size=20), st.from_regex(r"[0-9a-z_+-]{1,3}:[0-9a-z: ]{0,5}", fullmatch=True))
"""What follows a prefix; some of it looks as if the prefix's colon began an emoji."""


@given(blanks, prefixes, wrapped, rests)
def test_a_note_stays_one_whatever_surrounds_its_prefix(before: str, prefix: str, around: str, rest: str) -> None:
    assert is_note(before + around.format(prefix) + rest)
    assert is_note(around.format(before + prefix) + " " + rest)


@given(st.text())
def test_what_would_be_sent_with_a_prefix_is_a_note(text: str) -> None:
    if plain(text, {}).lower().startswith(("//", "note:")):
        assert is_note(text)
    without_prefix(text)


def test_a_very_long_message_is_judged_in_no_time() -> None:
    assert not is_note("\u200b" * 20_000 + "x")
    assert not is_note("\u3164" * 20_000 + "x")
    assert is_note("\u200b*_ " * 10_000 + "//")
