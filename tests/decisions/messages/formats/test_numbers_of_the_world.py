"""Numbers of every country in every usual spelling: the number that was typed, or a refusal; never another one."""

import contextlib
import re
from collections.abc import Iterator

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from messages.formats.numbers import NotANumber, SeveralNumbers, parse, possible_contacts, split, split_contact

US = "+15550001111"
SAMPLE = ("AE", "AU", "CI", "CN", "DE", "FR", "GB", "HU", "IT", "KZ", "NO", "US")
TYPES = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE, PhoneNumberType.TOLL_FREE)
DASHES = "-‐‑‒–—―−－"
BLANKS = " \u00a0\u2007\u2009\u202f\u3000"
FULL_WIDTH = str.maketrans("0123456789+()", "０１２３４５６７８９＋（）")


def example(region: str, kind: int) -> PhoneNumber | None:
    """libphonenumber's example of a kind of number, if the country has that kind."""
    return phonenumbers.example_number_for_type(region, kind)


def written(number: PhoneNumber, form: int) -> str:
    return phonenumbers.format_number(number, form)


def e164(number: PhoneNumber) -> str:
    return written(number, PhoneNumberFormat.E164)


def spellings(number: PhoneNumber) -> Iterator[str]:
    """A number in every usual spelling with its country code."""
    plain, full = e164(number), written(number, PhoneNumberFormat.INTERNATIONAL)
    yield from (plain, full, written(number, PhoneNumberFormat.RFC3966), full.replace(" ", "."), full.replace(" ", "/"))
    yield from (full.replace(" ", dash) for dash in DASHES)
    yield from (full.replace(" ", blank) for blank in BLANKS)
    yield from (full.translate(FULL_WIDTH), f"({plain[:3]}) {plain[3:]}", f"[{plain[:3]}] {plain[3:]}", f"{plain} ")
    yield from (f"<tel:{plain}|{full}>", f"<tel:{plain}>", f"<tel:{plain}|Ann>", f"sms:{plain}", f"tel: {full}")
    yield from (f"\u202a{full}\u202c", f"\u2068{full}\u2069", full.replace(" ", "  "), full.replace(" ", " – "))


EVERY = sorted(phonenumbers.SUPPORTED_REGIONS)
MOBILES = [number for region in EVERY if (number := example(region, PhoneNumberType.MOBILE))]
NUMBERS = [number for region in EVERY for kind in TYPES if (number := example(region, kind))]
SPELLINGS = len(list(spellings(MOBILES[0])))


def test_a_mobile_number_of_every_country_is_that_number_as_people_write_it() -> None:
    for number in MOBILES:
        whole = e164(number)
        for form, line in ((PhoneNumberFormat.INTERNATIONAL, US), (PhoneNumberFormat.NATIONAL, whole)):
            assert split(f"{written(number, form)} hello 2 you", line) == (whole, "hello 2 you")


def test_with_a_colon_every_kind_of_number_is_taken_in_every_spelling() -> None:
    some = [number for region in SAMPLE for kind in TYPES if (number := example(region, kind))]
    for number in some:
        for spelled in spellings(number):
            assert split(f"{spelled}: 7 apples", US) == (e164(number), "7 apples"), spelled


TEXTS = st.sampled_from(["hello 2 you", "7 apples", "12:30 works", "1,000 apples", "2024 was good", "- hi", "42", "👋"])


@given(st.sampled_from(NUMBERS), st.integers(1, SPELLINGS), TEXTS, st.sampled_from(["", ",", ";", ":", "\n", "\r\n"]))
def test_what_is_parsed_is_the_number_typed_or_a_refusal(
    number: PhoneNumber, spelling: int, text: str, mark: str
) -> None:
    whole, spelled = e164(number), list(spellings(number))[spelling - 1]
    try:
        found, rest = split(f"{spelled}{mark} {text}", US)
    except NotANumber as refusal:
        assert not isinstance(refusal, SeveralNumbers)
        for hint in re.findall(r"“(\+[^:…]*)", str(refusal)):
            assert re.sub(r"\D", "", hint).startswith(whole[1:])
    else:
        assert (found, rest) == (whole, text)


@given(
    st.sampled_from(NUMBERS),
    st.sampled_from(NUMBERS),
    st.sampled_from(
        [" ", ", ", ",", "; ", ";", " & ", "&amp;", " and ", " und ", " / ", "/", "\n", " + ", " (Ann), ", " or ", "|"]
    ),
    st.sampled_from([PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.E164]),
    st.sampled_from([" hello both", ": hello both", "\nhello both", ""]),
)
def test_no_number_of_a_list_is_texted_the_other(
    one: PhoneNumber, other: PhoneNumber, between: str, form: int, text: str
) -> None:
    typed = f"{written(one, form)}{between}{written(other, form)}{text}"
    with pytest.raises(NotANumber):
        split(typed, US)
    with pytest.raises(NotANumber):
        parse(typed, US)


@pytest.mark.parametrize(
    "typed",
    [
        "+12025550143, +12025550144 hello both",
        "2025550143 2025550144 hi",
        "+12025550143 and +12025550144 hi",
        "(202) 555-0143, (202) 555-0144: hi",
        "+12025550143 +12025550144: hello both",
        "+12025550143,+12025550144 hello",
        "+12025550143; +12025550144 hi",
        "+12025550143+12025550144 hi",
        "2025550143/2025550144 hi",
        "555 123 4567 555 123 4568 hi",
        "<tel:+12025550143|+12025550143> <tel:+12025550144|+12025550144> hi",
    ],
)
def test_two_numbers_are_refused_in_words(typed: str) -> None:
    with pytest.raises(SeveralNumbers, match="one number at a time"):
        split(typed, US)


BETWEEN = [
    *("-", "—", "•", "·", "*", "|", ">", "&gt;", "=>", "//", "、", "、 ", "#", "@", "~", "…", "2.", "2)"),
    *("or", "as well as", "und auch", "и", "или", "ve", "lub", "és", "και", "和", "と", "와", "و", "puis", "dan"),
    *(
        "，",
        "；",
        "،",
        "\t",
        "\n2.",
        "(2)",
        "#2",
        "to",
        "and also to",
        "cc:",
        "along with",
        "sowie",
        "und an",
        "y también a",
    ),
    *(
        "et aussi à",
        "e também",
        "en ook",
        "oraz",
        "и также",
        "och även, och",
        "それと",
        "그리고",
        "และ",
        "וגם",
        "atau",
        "at",
    ),
    *("Ben", "Ben:", ", Ann Lee,", "and Ben", "(Ben)"),
]
"""Signs and words between the numbers of a list."""


@pytest.mark.parametrize("between", BETWEEN)
@pytest.mark.parametrize("around", ["{}", "*{}*", "“{}”", '"{}"', "'{}'", "_{}_", "«{}»", "`{}`", "({})"])
def test_no_sign_or_word_between_two_numbers_hides_the_second(between: str, around: str) -> None:
    with pytest.raises(SeveralNumbers, match="one number at a time"):
        split(f"+12025550143 {between} {around.format('+12025550144')} hello both", US)


@pytest.mark.parametrize("between", [", ", " and ", " und ", "\n", "\t", "，", " & ", " ", "; "])
@pytest.mark.parametrize("other", ["0172 1234568", "00491721234568", "07700 900123", "555-0144", "0412 345 678"])
def test_a_second_number_as_another_country_writes_it_or_without_area_code_is_refused(between: str, other: str) -> None:
    with pytest.raises(SeveralNumbers, match="one number at a time"):
        split(f"+12025550143{between}{other} hello both", US)


@pytest.mark.parametrize(
    "text",
    [
        *("- 5 left", "*123456* is your code", "“2025” was good", "(5) five", "<https://x|y>", "(2) two, #3 three"),
        *(
            "01.12.2026 10:00 is fine",
            "2026-12-01 10:00",
            "12/01/2026",
            "1234567 is your code",
            "to 5 people",
            "at 10:30",
        ),
        *(
            "call +12025550199",
            "Tel: +12025550199",
            "please ring 2025550199",
            "Order: 2025550144 is here",
            "Hi Ben, 20 min",
        ),
    ],
)
def test_a_text_that_begins_with_signs_or_digits_is_a_text(text: str) -> None:
    assert split(f"+12025550143 {text}", US) == ("+12025550143", text)


@pytest.mark.parametrize("hostile", ["(", "0", "(0", "to ", "Ann ", "a: ", "2) ", "#2 ", "&amp;"])
def test_what_is_long_and_hostile_is_read_in_one_go(hostile: str) -> None:
    """Going back at each sign would take minutes: the test would not end."""
    with contextlib.suppress(NotANumber):
        split(f"+12025550143 {hostile * 60_000}", US)


@pytest.mark.parametrize("mark", [":", ",", ";", "：", "，", "；", "、", "،", ": ", "： ", "， ", " ： "])
def test_a_sign_ends_the_number_as_keyboards_of_any_language_have_it(mark: str) -> None:
    assert split(f"+12025550143{mark}你好", US) == ("+12025550143", "你好")


def test_a_colon_of_any_width_says_where_the_number_ends() -> None:
    assert split("+4930123456： 7 apples", US) == ("+4930123456", "7 apples")


def test_a_number_behind_a_colon_is_text() -> None:
    assert split("+12025550143: 2025550144 is new", US) == ("+12025550143", "2025550144 is new")


@pytest.mark.parametrize(
    ("typed", "line", "whole"),
    [
        ("+47 412 34 567", US, "+4741234567"),
        ("+31 (0)6 1234 5678", US, "+31612345678"),
        ("+48 512 345 678", US, "+48512345678"),
        ("+971 50 123 4567", US, "+971501234567"),
        ("+86 138 0013 8000", US, "+8613800138000"),
        ("0172 1234568", "+4930123456", "+491721234568"),
        ("01512 3456789", "+4930123456", "+4915123456789"),
        ("0412 345 678", "+61412345678", "+61412345678"),
        ("250 1234", "+12462501234", "+12462501234"),
    ],
)
def test_the_end_that_makes_a_valid_number_wins(typed: str, line: str, whole: str) -> None:
    assert split(f"{typed} hei", line) == (whole, "hei")


def test_a_time_of_day_after_a_number_is_not_part_of_it() -> None:
    with pytest.raises(NotANumber, match="not clear"):
        split("+56600123456 12:30 works", US)
    assert split("+12025550143 12:30 works", US) == ("+12025550143", "12:30 works")


def test_the_hint_names_the_longest_number_as_it_was_typed() -> None:
    with pytest.raises(NotANumber, match=re.escape("“+49 30 1234 5678: …”")):
        split("+49 30 1234 5678 hello", US)


@pytest.mark.parametrize("typed", ["+4741234: hei", "0412 345 678 hi", "+47 412 34 567 8: hei", "0049 30 123456 hi"])
def test_a_number_that_no_country_has_is_refused_even_with_a_colon(typed: str) -> None:
    with pytest.raises(NotANumber, match="is not a phone number: "):
        split(typed, US)


@pytest.mark.parametrize("typed", ["2025550143 ext. 5 hi", "2025550143 x5", "tel:+1-202-555-0143;ext=5 hi"])
def test_an_extension_is_refused(typed: str) -> None:
    with pytest.raises(NotANumber, match="extension"):
        split(typed, US)


def test_a_contact_is_named_by_exactly_what_a_card_shows() -> None:
    known = {"My Bank", "68849", "+5215512345678"}
    assert possible_contacts("My Bank: Big Bank") == ["My Bank: Big Bank", "My Bank: Big", "My Bank", "My"]
    assert split_contact("My Bank: Big Bank", known) == ("My Bank", "Big Bank")
    assert split_contact(" 68849 My Bank ", known) == ("68849", "My Bank")
    assert split_contact("<tel:+5215512345678|+5215512345678> Ana", known) == ("+5215512345678", "Ana")
    assert split_contact("688 49 My Bank", known) is None
    assert split_contact("", known) is None
