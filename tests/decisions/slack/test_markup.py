"""Text as Slack takes it: escaped, cut where it may be cut, dead."""

import html
import re
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from messages.formats.plain_words import visible
from tests import make
from workers.markup import clip_escaped, escape, listed, local_time, mention, split, unstyled

WHOLE = re.compile(r"(?:[^&<>]|&amp;|&lt;|&gt;)*")


def test_slacks_three_characters_are_escaped_and_nothing_else_is() -> None:
    assert escape("a & b <c> \"d\" 'e' &amp;") == "a &amp; b &lt;c&gt; \"d\" 'e' &amp;amp;"


def test_characters_that_no_text_can_show_are_shown_as_such_but_blanks_stay() -> None:
    assert escape("a\x00b\x1b\x7f\r\n\tc") == "a�b��\n\tc"


@given(make.written(400), st.integers(5, 60))
def test_a_split_text_is_whole_and_every_piece_is_within_the_limit_with_no_entity_cut(text: str, limit: int) -> None:
    pieces = split(text, limit)
    assert "".join(pieces) == escape(text)
    assert all(0 < len(piece) <= limit and WHOLE.fullmatch(piece) for piece in pieces)


@given(make.written(400), st.integers(7, 60))
def test_a_clipped_text_is_within_the_limit_and_begins_like_the_whole(text: str, limit: int) -> None:
    clipped = clip_escaped(text, limit)
    assert len(clipped) <= limit
    assert WHOLE.fullmatch(clipped)
    assert clipped == escape(text) or (clipped.endswith("…") and escape(text).startswith(clipped[:-1]))


@given(make.written(200))
def test_what_people_wrote_can_be_read_back(text: str) -> None:
    printable = visible(text)
    assert html.unescape(escape(text)) == html.unescape(printable) or "&" in text
    assert escape(text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == printable


@given(make.written(200))
def test_in_an_unstyled_text_neither_style_nor_emoji_code_nor_line_comes_alive(text: str) -> None:
    assert not re.search(r"[*_~`\n]|:[\w+'-]+:", unstyled(text))


@pytest.mark.parametrize(
    ("id", "shown"),
    [
        ("U0ADA", "<@U0ADA>"),
        ("W0ADA", "<@W0ADA>"),
        ("C0TEXTS", "<#C0TEXTS>"),
        ("G0PRIVATE", "<#G0PRIVATE>"),
        ("<!channel>", "&lt;!channel&gt;"),
        ("U0ADA>", "U0ADA&gt;"),
        ("u0ada", "u0ada"),
        ("", ""),
    ],
)
def test_only_ids_of_people_and_channels_become_mentions(id: str, shown: str) -> None:
    assert mention(id) == shown


@example(parts=["a" * 9] + ["a"] * 10, limit=20)
@given(parts=st.lists(st.text("ab", min_size=1, max_size=9), max_size=30), limit=st.integers(20, 100))
def test_a_list_shows_as_many_as_fit_and_counts_the_rest(parts: list[str], limit: int) -> None:
    row = listed(parts, limit)
    assert len(row) <= limit
    if not parts:
        assert row == "–"
    elif row == f"{len(parts)} of them":
        assert len(f"{parts[0]} and {len(parts) - 1} more") > limit
    else:
        shown, _, rest = row.partition(" and ")
        hidden = int(rest.removesuffix(" more")) if rest else 0
        assert shown.split(" ") == parts[: len(parts) - hidden]


def test_a_list_of_nothing_that_fits_says_how_many_there_are() -> None:
    assert listed(["x" * 50, "y" * 50], 20) == "2 of them"


def test_a_moment_is_shown_in_each_readers_own_zone_and_in_utc_to_old_clients() -> None:
    when = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    assert local_time(when) == "<!date^1772443800^{date_short_pretty} {time}|2026-03-02 09:30 UTC>"
