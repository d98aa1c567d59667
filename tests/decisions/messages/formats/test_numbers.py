"""Numbers as people type them: one number or a clear refusal, never a guess."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.formats.numbers import NotANumber, parse, split
from tests import make
from tests.make import LINE


@pytest.mark.parametrize(
    "typed",
    [
        "+15551234567",
        "+1 555 123 4567",
        "(555) 123-4567",
        "555.123.4567",
        "555 123 4567",
        "1-555-123-4567",
        "5551234567",
        "<tel:+15551234567|555-123-4567>",
        "<tel:+15551234567>",
    ],
)
def test_any_spelling_of_a_number_is_that_number_and_the_rest_is_the_text(typed: str) -> None:
    assert split(f"  {typed} hello 2 you ", LINE) == ("+15551234567", "hello 2 you")
    assert split(f"{typed}: 4 apples", LINE) == ("+15551234567", "4 apples")
    assert split(typed, LINE) == ("+15551234567", "")


def test_a_number_without_its_country_is_one_of_the_lines_country() -> None:
    assert parse("020 7946 0000", "+442079460001") == "+442079460000"
    assert parse("+442079460000", LINE) == "+442079460000"
    with pytest.raises(NotANumber, match="country code"):
        parse("020 7946 0000", None)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("hello", "not a phone number"),
        ("", "not a phone number"),
        ("123 hello", "too short"),
        ("+1555123456789 hello", "too long"),
        ("555-1234 hello", "no area code"),
        ("+999123456789 hello", "country code"),
        ("+49 30 1234 5678 hello", "colon"),
        ("9" * 3000, "not a phone number"),
        ("1 " * 3000, "phone number"),
    ],
)
def test_text_that_is_not_a_number_is_refused_with_a_helpful_reason(typed: str, why: str) -> None:
    with pytest.raises(NotANumber, match=why):
        split(typed, LINE)


def test_where_a_number_may_end_in_two_places_none_is_guessed() -> None:
    with pytest.raises(NotANumber, match="not clear"):
        split("+4930123456 7 apples", LINE)
    assert split("+4930123456: 7 apples", LINE) == ("+4930123456", "7 apples")


@given(st.text("0123456789+-(). :,ab<>|tel", max_size=60) | make.written(200), st.sampled_from([LINE, None]))
def test_whatever_is_typed_gives_a_dialable_number_or_a_short_refusal(typed: str, line: str | None) -> None:
    try:
        number, rest = split(typed, line)
    except NotANumber as refusal:
        assert 0 < len(str(refusal)) < 200
    else:
        assert parse(number, None) == number
        assert rest == rest.strip()
        assert typed.rstrip().endswith(rest) or "<tel:" in typed
