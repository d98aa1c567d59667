"""Slack's markup as plain text."""

from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.formats.plain_words import with_line_ends
from workers.sms.emoji_names import character
from workers.sms.plain_text import find_mentions, plain

NAMES = {"U123": "Ada", "W9": "Grace Hopper", "C123": "orders"}


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        (":wave: <https://example.org|see this> &amp; <@U123>", "👋 see this (https://example.org) & Ada"),
        ("<@U123> and <@W9|grace>", "Ada and Grace Hopper"),
        ("<@U404|bob> or <@U405>", "bob or someone"),
        ("in <#C123|general>, <#C123>, <#C124>, <#C123|>", "in #general, #orders, #channel, #orders"),
        ("<!here> <!channel> <!everyone|everyone>", "@here @channel @everyone"),
        ("<!subteam^S1|@support> <!subteam^S1>", "@support @team"),
        ("due <!date^1392734382^{date_short}|Feb 18, 2014>", "due Feb 18, 2014"),
        ("<!something^new|of Slack's> <!new>", "of Slack's @new"),
        ("&lt;b&gt; &amp;amp; &amp;lt; &nbsp;", "<b> &amp; &lt; &nbsp;"),
        ("a\u00a0b\r\nc", "a b\nc"),
        ("  padded \n", "padded"),
        ("", ""),
    ],
)
def test_mentions_and_entities_become_words(markup: str, text: str) -> None:
    assert plain(markup, NAMES) == text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<https://example.org>", "https://example.org"),
        ("<https://example.org|example.org>", "example.org"),
        ("<https://example.org/|https://example.org>", "https://example.org"),
        ("<http://example.org/a_b?c=1&amp;d=2|example.org/a_b?c=1&amp;d=2>", "example.org/a_b?c=1&d=2"),
        ("<https://example.org/?a=1&amp;b=2|the *form*>", "the form (https://example.org/?a=1&b=2)"),
        ("<https://example.org|:tada: done>", "🎉 done (https://example.org)"),
        ("<mailto:ada@example.org|ada@example.org>", "ada@example.org"),
        ("<mailto:ada@example.org|write to us>", "write to us (ada@example.org)"),
        ("<tel:+15550001111|+1 (555) 000-1111>", "+1 (555) 000-1111"),
        ("<tel:+15550001111|call us>", "call us (+15550001111)"),
        ("see _<https://example.org/_a_|_a_>_", "see a (https://example.org/_a_)"),
        ("https://example.org/_a_/*b*", "https://example.org/_a_/*b*"),
        ("*https://example.org/a*", "https://example.org/a"),
    ],
)
def test_a_link_is_written_once_with_its_label_if_that_says_more(markup: str, text: str) -> None:
    assert plain(markup, NAMES) == text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("*bold* _italic_ ~strike~ `code`", "bold italic strike code"),
        ("*_both_* _*again*_ (*so*), *a b c*!", "both again (so), a b c!"),
        ("```\nx = *1* :wave:\n```", "x = *1* :wave:"),
        ("`:wave: *b* &amp; <https://example.org>`", ":wave: *b* & https://example.org"),
        ("*<@U123>* _:wave:_", "Ada 👋"),
        ("2*3*4 snake_case_name ~10 or ~20", "2*3*4 snake_case_name ~10 or ~20"),
        ("5*6* cm, a_b_ c, x~y~ z", "5*6* cm, a_b_ c, x~y~ z"),
        ("* a\n* b", "* a\n* b"),
        ("**bold** __init__ ~~no~~", "**bold** __init__ ~~no~~"),
        ("*a\nb*", "*a\nb*"),
        ("4* or 5* hotels, 3 * 4 * 5", "4* or 5* hotels, 3 * 4 * 5"),
        ("&gt; quoted\n• one\n    ◦ two\n1. three", "> quoted\n• one\n    ◦ two\n1. three"),
        ("it`s a`b", "it`s a`b"),
        ("``` ```", ""),
    ],
)
def test_marks_go_only_where_slack_would_render_them(markup: str, text: str) -> None:
    assert plain(markup, NAMES) == text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        (":+1: :thumbsup: :-1:", "👍 👍 👎"),
        (":+1::skin-tone-3: :wave::skin-tone-6:", "👍🏼 👋🏿"),
        (":simple_smile: :slightly_smiling_face: :heart:", "🙂 🙂 ❤️"),
        (":flag-us: :flag-de: :us: :flag-england:", "🇺🇸 🇩🇪 🇺🇸 🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
        (":man-shrugging: :woman-facepalming::skin-tone-2:", "🤷‍♂️ 🤦🏻‍♀️"),
        (":female-technologist: :male-doctor: :woman_in_lotus_position:", "👩‍💻 👨‍⚕️ 🧘‍♀️"),
        (":man-woman-girl-boy: :woman-heart-man:", "👨‍👩‍👧‍👦 👩‍❤️‍👨"),
        (":large_red_square: :large_blue_circle: :hugging_face: :white_check_mark:", "🟥 🔵 🤗 ✅"),
        (":tada::skin-tone-3:", "🎉"),
        (":party_parrot: :flag-zz: :skin-tone-9:", ":party_parrot: :flag-zz: :skin-tone-9:"),
        ("thanks:wave: :wave::smile:", "thanks👋 👋😄"),
        ("at 10:100:30, a:b:c", "at 10:100:30, a:b:c"),
    ],
)
def test_emoji_names_become_emoji_and_others_stay(markup: str, text: str) -> None:
    assert plain(markup, NAMES) == text


def test_mentioned_lists_the_ids_that_need_names() -> None:
    found = find_mentions("<@U1|ada> <@W2> `<@U1>` <#C1|general> <#C2> <#C3|> <!here> <@u3> <https://example.org|<@U4>")
    assert found.users == {"U1", "W2", "U4"}
    assert found.channels == {"C2", "C3"}


words = st.text(st.characters(codec="utf-8", exclude_characters="<>&*_~`:\0\r\u00a0"))
pieces = [
    *("<@U123>", "<@U1|x>", "<#C123|g>", "<!here>", "<!date^1^x|y>", "<https://a.b|c>", "<mailto:a@b|a@b>", "&amp;"),
    *(":wave:", ":+1::skin-tone-3:", ":", "*", "_", "~", "`", "```", "//", "note:", "&lt;", "&gt;", *"<>|&\0\n"),
]
markups = st.lists(st.sampled_from(pieces) | st.text(max_size=6), max_size=30).map("".join)


@given(words)
def test_plain_words_stay_as_they_are_and_so_does_the_result(text: str) -> None:
    assert plain(text, NAMES) == with_line_ends(text).strip()
    assert plain(plain(text, NAMES), NAMES) == plain(text, NAMES)


@given(st.text(st.characters(codec="utf-8", exclude_characters="*_~`:\0\r\u00a0")))
def test_whatever_is_typed_without_marks_arrives_as_typed(text: str) -> None:
    assert plain(escape(text, quote=False), NAMES) == text.strip()


@given(markups)
def test_any_markup_becomes_text(markup: str) -> None:
    text = plain(markup, NAMES)
    assert "\0" not in text
    assert text == text.strip()
    find_mentions(markup)


@given(st.lists(st.sampled_from(["<@U123>", "<#C9>", "<!here>", "<https://a.b|c>", ":wave:", "a", " ", "&lt;", "*"])))
def test_nothing_of_slacks_is_left(parts: list[str]) -> None:
    text = plain(" ".join(parts), NAMES)
    assert not any(each in text for each in ("<@", "<#", "<!", "<http", "&lt;", ":wave:", "U123", "C9"))


@given(st.text())
def test_any_name_is_an_emoji_or_none(name: str) -> None:
    assert character(name, 3) is None or character(name)


def test_a_very_long_message_is_read_in_no_time() -> None:
    for markup in ("*a " * 5_000, "`" * 15_000, "_" * 15_000, "<" * 15_000, ":a" * 7_000, "```a" * 5_001):
        assert plain(markup, NAMES)
