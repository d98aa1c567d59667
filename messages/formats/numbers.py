"""Phone numbers as people type them. Pure."""

import re
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

MOST_WORDS: Final = 8
"""The most groups of digits in which a number may be typed."""

_GROUP: Final = re.compile(r"[(+]{0,2}[\d()./+‐-―-]*\d[\d()./‐-―-]*[:,]?")
_TYPED: Final = re.compile(r"[\d\s()+./‐-―-]+")
_LINKED: Final = re.compile(r"<tel:[^<>|]*\|([^<>]*)>|<tel:([^<>|]*)>")

_WRONG: Final = {
    ValidationResult.INVALID_COUNTRY_CODE: "the country code does not exist",
    ValidationResult.TOO_SHORT: "it is too short",
    ValidationResult.TOO_LONG: "it is too long",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "it has no area code",
    ValidationResult.INVALID_LENGTH: "numbers in that country have another length",
}


class NotANumber(ValueError):
    """The typed text is not a phone number; the message says why, and what to do."""


def parse(typed: str, line: str | None) -> str:
    """A typed number as E.164, in the line's country if it has no country code; NotANumber otherwise."""
    shown = f"“{typed.strip()[:40]}”"
    try:
        if not _TYPED.fullmatch(typed):
            raise NumberParseException(NumberParseException.NOT_A_NUMBER, "")
        number = phonenumbers.parse(typed, _region(line))
    except NumberParseException as error:
        if error.error_type == NumberParseException.INVALID_COUNTRY_CODE:
            raise NotANumber(f"{shown}: please begin with + and the country code, such as +15551234567.") from None
        raise NotANumber(f"{shown} is not a phone number, such as +15551234567.") from None
    found = phonenumbers.is_possible_number_with_reason(number)
    if found != ValidationResult.IS_POSSIBLE:
        raise NotANumber(f"{shown} is not a phone number: {_WRONG.get(found, 'it cannot be dialled')}.")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def split(typed: str, line: str | None) -> tuple[str, str]:
    """The number at the beginning of the typed text, as E.164, and the rest; NotANumber if it is unclear where it ends.

    A text that reached the wrong person can't be recalled, so Clerk never guesses where a number ends.
    """
    typed = _LINKED.sub(lambda match: match[1] or match[2], typed).strip()
    ends: list[int] = []
    for word in re.finditer(r"\S+", typed):
        if not _GROUP.fullmatch(word[0]) or len(ends) == MOST_WORDS:
            break
        ends.append(word.end())
        if word[0][-1] in ":,":
            return parse(typed[: word.end() - 1], line), typed[word.end() :].strip()
    if not ends:
        return parse(typed.partition(" ")[0], line), ""
    found = [(number, typed[end:].strip()) for end in ends if (number := _parsed_or_none(typed[:end], line))]
    if not found:
        return parse(typed[: ends[-1]], line), ""
    if len(found) > 1:
        raise NotANumber(f"It is not clear where the number ends. Please put a colon after it: “{found[0][0]}: …”.")
    return found[0]


def _parsed_or_none(typed: str, line: str | None) -> str | None:
    try:
        return parse(typed, line)
    except NotANumber:
        return None


def _region(line: str | None) -> str | None:
    """The line's country, to which a number without a country code belongs."""
    if line is None:
        return None
    return phonenumbers.region_code_for_country_code(phonenumbers.parse(line).country_code or 0)
