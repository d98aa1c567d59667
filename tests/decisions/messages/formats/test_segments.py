"""How many segments a text takes, against a count of every way to divide it."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.formats.segments import Encoding, Segments, segments
from messages.sms import LIMIT

BASIC = [
    *range(0x20, 0x5B),
    *range(0x61, 0x7B),
    *(0x0A, 0x0D, 0x5F, 0xA1, 0xA3, 0xA4, 0xA5, 0xA7, 0xBF),
    *(0xC4, 0xC5, 0xC6, 0xC7, 0xC9, 0xD1, 0xD6, 0xD8, 0xDC, 0xDF, 0xE0, 0xE4, 0xE5, 0xE6, 0xE8, 0xE9, 0xEC),
    *(0xF1, 0xF2, 0xF6, 0xF8, 0xF9, 0xFC),
    *(0x393, 0x394, 0x398, 0x39B, 0x39E, 0x3A0, 0x3A3, 0x3A6, 0x3A8, 0x3A9),
]
ALPHABET = {chr(code) for code in BASIC if code != 0x60}
EXTENSION = set("\x0c^{}\\[~]|€")


def fewest(text: str) -> int:
    """The oracle: the best of all ways to divide a text."""
    gsm = set(text) <= ALPHABET | EXTENSION
    alone, room = (160, 153) if gsm else (70, 67)
    size = [1 + (each in EXTENSION) if gsm else len(each.encode("utf-16-le", "surrogatepass")) // 2 for each in text]
    upto = [0, *accumulate(size)]
    if upto[-1] <= alone:
        return 1 if text else 0
    best = [0]
    for end in range(1, len(upto)):
        best.append(1 + min(best[at] for at in range(max(0, end - room), end) if upto[end] - upto[at] <= room))
    return best[-1]


def test_the_alphabet_is_that_of_the_standard() -> None:
    assert len(ALPHABET) == 127  # and the escape, which is not a character
    for character in [*map(chr, range(0x2200)), "\ud800", "\uffff", *"𐀀😀"]:
        one = segments(character * 100)
        if character in EXTENSION:
            assert one == Segments(2, Encoding.GSM_7, 100)
        elif character in ALPHABET:
            assert one == Segments(1, Encoding.GSM_7, 100)
        elif character <= "\uffff":
            assert one == Segments(2, Encoding.UCS_2, 100)
        else:
            assert one == Segments(4, Encoding.UCS_2, 200)


@pytest.mark.parametrize(
    ("text", "count", "encoding", "characters"),
    [
        ("", 0, Encoding.GSM_7, 0),
        ("a" * 160, 1, Encoding.GSM_7, 160),
        ("a" * 161, 2, Encoding.GSM_7, 161),
        ("a" * 306, 2, Encoding.GSM_7, 306),
        ("a" * 307, 3, Encoding.GSM_7, 307),
        ("€" * 80, 1, Encoding.GSM_7, 80),
        ("€" * 81, 2, Encoding.GSM_7, 81),
        ("€" * 152, 2, Encoding.GSM_7, 152),
        ("€" * 153, 3, Encoding.GSM_7, 153),  # 76 to a segment: the 153rd place stays empty
        ("ç" * 70, 1, Encoding.UCS_2, 70),
        ("ç" * 71, 2, Encoding.UCS_2, 71),
        ("😀" * 35, 1, Encoding.UCS_2, 70),
        ("😀" * 36, 2, Encoding.UCS_2, 72),
        ("😀" * 66, 2, Encoding.UCS_2, 132),
        ("😀" * 67, 3, Encoding.UCS_2, 134),  # 33 to a segment: no pair is cut
        ("a" * 159 + "’", 3, Encoding.UCS_2, 160),
        ("a" * LIMIT, 11, Encoding.GSM_7, LIMIT),
    ],
)
def test_a_text_is_counted(text: str, count: int, encoding: Encoding, characters: int) -> None:
    assert segments(text) == Segments(count, encoding, characters)


@given(st.text(st.sampled_from("ab€[\n"), max_size=500) | st.text(st.sampled_from("aç😀€"), max_size=250))
def test_the_count_is_the_best_of_all_divisions(text: str) -> None:
    assert segments(text).count == fewest(text)


@given(st.text(), st.text())
def test_a_longer_text_never_takes_fewer_segments(text: str, more: str) -> None:
    one, both = segments(text), segments(text + more)
    assert both.count >= one.count
    assert both.characters == one.characters + segments(more).characters
