"""What is typed behind a number goes to one contact, or its author is asked: nobody gets another one's number."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumber, PhoneNumberFormat

from messages.conversation import BlockContact, NameContact, PlaceContact
from messages.formats.later import only_number, read_later, unread
from messages.formats.numbers import NotANumber, SeveralNumbers, split, split_contact
from messages.formats.recipients.lists import makes_list
from messages.sms import WriteTyped
from tests import make
from tests.make import AGENT, CHANNEL, NOW
from workers.sms.compose import parse_typed
from workers.tickets.blocking import parse_block
from workers.tickets.naming import parse_name, parse_zone

US = "+15550001111"
REGIONS = ("AE", "AU", "BR", "CI", "CN", "DK", "FR", "GB", "HU", "IN", "IT", "NG", "NO", "TR", "US")
MARKS = st.sampled_from(
    [",", ", ", " , ", ";", "; ", " / ", " + ", " & ", " &amp; ", " | ", "、", "，", "；", "، ", " • "]
)
JOINING = """
and, AND, or, plus, also, und, oder, et, y, e, o, og, och, en, i, a, и, или, ve, és, lub, oraz, και, और, و, או, 和,
그리고, และ, và, atau, dan
"""
ANDS = st.sampled_from([f" {each.strip()} " for each in JOINING.split(",")])
TAILS = st.sampled_from(
    [
        *("", "Ben ", "Ben Miller (sales): ", "Dr. Ann Lee, ", "the other one is ", "to ben at ", "call Ben at "),
        *(
            "my colleague from the shop, whom you met, has ",
            "unser Kollege im Büro nebenan hat ",
            "我的同事 ",
            "mi hermana: ",
        ),
        *("der anden er ", "order 17 for ", "2) ", "« ", "\nAnn\n", "at 10:30, on 01.12.2026: "),
    ]
)
WHOLE = (PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.E164)


def mobile(region: str) -> PhoneNumber:
    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    assert number is not None
    return number


def written(number: PhoneNumber, form: int) -> str:
    return phonenumbers.format_number(number, form)


FORMS = st.sampled_from([*WHOLE, PhoneNumberFormat.NATIONAL])
BEHIND = st.sampled_from([" hello both", ": hi", "! hi", ".", "", "\nhi", ") hi"])


@given(st.sampled_from(REGIONS), st.sampled_from(REGIONS), MARKS | ANDS, TAILS, FORMS, FORMS, BEHIND)
def test_a_sign_of_a_list_and_then_a_number_is_refused_whatever_is_between(
    region: str, other: str, sign: str, tail: str, form: int, other_form: int, behind: str
) -> None:
    line = written(mobile(region), PhoneNumberFormat.E164)
    second = mobile(other if other_form in WHOLE else region)
    typed = f"{written(mobile(region), form)}{sign}{tail}{written(second, other_form)}{behind}"
    with pytest.raises(NotANumber):
        split(typed, line)


NAMES = [
    "Ben",
    "ben",
    "Ben Miller",
    "Ann Lee, Ben",
    "(Ben) Miller",
    "Ben & Ann",
    "Ben,",
    "李雷",
    "Зоя",
    "मीना",
    "und Ben",
    "Ben and Ann",
]


@given(st.sampled_from(REGIONS), st.sampled_from(NAMES), FORMS, st.sampled_from([" ", ": ", ", ", " (", "\n"]), BEHIND)
def test_a_name_and_then_a_number_is_refused(region: str, name: str, form: int, sign: str, behind: str) -> None:
    first, second = written(mobile(region), PhoneNumberFormat.E164), written(mobile(region), form)
    with pytest.raises(SeveralNumbers):
        split(f"{first} {name}{sign}{second}{behind}", US)


@given(st.sampled_from(REGIONS), MARKS | ANDS | st.just(" "), TAILS, FORMS, BEHIND)
def test_behind_a_colon_all_is_text(region: str, sign: str, tail: str, form: int, behind: str) -> None:
    first = written(mobile(region), PhoneNumberFormat.E164)
    text = f"{sign}{tail}{written(mobile(region), form)}{behind}"
    assert split(f"{first}:{text}", US) == (first, text.strip())
    assert split(f"{first} : {text}", US) == (first, text.strip())


REFUSED = [
    "+12025550143, Ben 2025550144 hi",
    "+12025550143 and the other one is +12025550144 hi",
    "+12025550143 Ben and the other one is +12025550144 hi",
    "+12025550143 Ben Miller, Ann Lee +12025550144 hi",
    "+12025550143 ben miller, ann lee 202-555-0144 hi",
    "+12025550143 +12025550144! hi",
    "+12025550143, Ben: 2025550144is new",
    "+12025550143 as well as the one of my sister, +12025550144",
    "+12025550143, call me at +12025550144",
    "+12025550143, Ben <tel:+12025550144|202-555-0144> hi",
    "+4520123456, Lars 20 12 34 57 hej",
    "+12025550143\nBen: 2025550144\nhi both",
]


@pytest.mark.parametrize("typed", REFUSED)
def test_what_may_be_a_list_is_refused_and_the_words_say_how_to_type_it(typed: str) -> None:
    with pytest.raises(SeveralNumbers, match="one number at a time") as refused:
        split(typed, US)
    assert f"put a colon after the first: “{typed[:11]}".rstrip(",") in str(refused.value)
    number, _, text = typed.partition(" ")
    number, text = number.rstrip(","), text.strip()
    if "\n" not in typed:
        assert split(f"{number}: {text}", US) == (number, text)


@pytest.mark.parametrize(
    "text",
    [
        *("call me at +12025550144", "call us at 202 555 0144", "Please call Ann at 202-555-0144, she is in till 5."),
        *("order 2025550144 is ready", "Order no. 2025550144 is ready", "your parcel 2025550144 arrived"),
        *("our new number is 2025550144", "We have moved. Our phone: 202 555 0144", "Hi Ben, please ring 2025550144"),
        *("Ihre Bestellung 2025550144 ist da", "llámenos al 202 555 0144", "Bitte rufen Sie 202 555 0144 an"),
        *("请致电2025550144", "позвоните по 202 555 0144", "I will call you from 2025550144 at five"),
        *(
            "hello Ben, how are you today? 2025550144",
            "see you at 10:30 on 01.12.2026",
            "https://x.example/2025550144 x y z",
        ),
    ],
)
def test_usual_texts_that_name_a_number_need_no_colon(text: str) -> None:
    assert split(f"+12025550143 {text}", US) == ("+12025550143", text)


@pytest.mark.parametrize("text", ["hello", "see you at 10:30 on 01.12.2026 10:00", "your code is 1234567", "12 or 13?"])
def test_a_comma_before_a_text_without_another_number_is_no_list(text: str) -> None:
    assert split(f"+12025550143, {text}", US) == ("+12025550143", text)


@pytest.mark.parametrize(
    "typed", ["+5215512345678 +12025550144 hi", "+5215512345678 Ben 2025550144", "+5215512345678, Ben 2025550144"]
)
def test_a_known_contact_whose_number_is_in_no_list_gets_no_other_ones_number(typed: str) -> None:
    """As in Mexico, where a card shows the 1 that was dialled before mobile numbers."""
    order = WriteTyped(sms="t1", typed=typed, by=AGENT, at=NOW, channel=CHANNEL)
    answer = parse_typed(order, [make.line()], {"+5215512345678"})
    assert isinstance(answer, str)
    assert "Nothing was sent" in answer
    with_colon = parse_typed(
        order.model_copy(update={"typed": "+5215512345678: Ben 2025550144"}), [make.line()], {"+5215512345678"}
    )
    assert not isinstance(with_colon, str)
    assert (with_colon.contact, with_colon.text) == ("+5215512345678", "Ben 2025550144")


def test_a_contact_that_is_no_number_is_not_followed_by_one() -> None:
    with pytest.raises(SeveralNumbers, match=r"“SUPPORT: …”"):
        split_contact("SUPPORT Ben 2025550144", {"SUPPORT"}, US)
    assert split_contact("SUPPORT: Ben 2025550144", {"SUPPORT"}, US) == ("SUPPORT", "Ben 2025550144")


@pytest.mark.parametrize("typed", REFUSED)
def test_every_command_that_takes_a_number_and_words_asks(typed: str) -> None:
    lines, said = [make.line()], {"by": AGENT, "at": NOW, "channel": CHANNEL, "typed": typed}
    answers = [
        parse_typed(WriteTyped(sms="t1", **said), lines),
        parse_name(NameContact(**said), lines, ()),
        parse_zone(PlaceContact(**said), lines, ()),
        parse_block(BlockContact(**said, block=True), lines, ()),
    ]
    assert all("one number at a time" in str(answer) and isinstance(answer, str) for answer in answers), answers


@pytest.mark.parametrize(
    "typed", ["+12025550143, 2025550144", "+12025550143 и +12025550144", "+12025550143 / 2025550144"]
)
def test_before_a_time_stands_one_number(typed: str) -> None:
    with pytest.raises(NotANumber, match="one number at a time") as refused:
        only_number(typed, US)
    assert "colon" not in str(refused.value)


@pytest.mark.parametrize("typed", REFUSED)
def test_a_form_with_what_was_typed_has_no_number_if_there_may_be_several(typed: str) -> None:
    assert isinstance(read_later(typed), str)
    assert unread(typed, US).number == ""
    assert "0144" in unread(typed, US).text or typed.startswith("+45")
    assert unread("+12025550143 call me at +12025550144 tomorrow", US).number == "+12025550143"


@given(st.text(max_size=300))
def test_whatever_stands_between_two_numbers_is_judged_once(between: str) -> None:
    assert makes_list(f", {between}")
    assert makes_list(f" and {between}")
    assert makes_list(between) in {True, False}
