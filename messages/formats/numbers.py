"""Phone numbers as people type them. Pure.

A text that reached the wrong person can't be recalled, so what is typed is one number, or is refused in words.
Whether a number exists is libphonenumber's word
(https://github.com/google/libphonenumber/blob/master/FAQ.md).
"""

import html
import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
)

from messages.formats.recipients.lists import makes_list

MOST_GROUPS: Final = 12
"""The most groups of digits and signs in which a number may be typed."""

SHORTEST: Final = 7
"""Fewer digits, after a number, are part of the text unless they are a valid number themselves."""

FEWEST: Final = 4
"""No number to text has fewer digits."""

TRUNK: Final = 9
"""This many digits that begin with 0 are a number as some country writes it, and no date."""

SHOWN: Final = 40

_WRONG: Final = {
    ValidationResult.INVALID_COUNTRY_CODE: "the country code does not exist",
    ValidationResult.TOO_SHORT: "it is too short",
    ValidationResult.TOO_LONG: "it is too long",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "it has no area code",
    ValidationResult.INVALID_LENGTH: "numbers in that country have another length",
}

_NUMBER: Final = re.compile(r"\(*+\+?[()./~ -]*+\d[\d()./~ -]*+")
_BESIDE: Final = re.compile(r"[^\d+()./~ -]")
_SIGNS: Final = re.compile(r"[()./~ -]+")
_SCHEME: Final = re.compile(r"\s*(?:tel|sms|smsto|callto|phone):(?://)?\s*", re.IGNORECASE)
_INVISIBLE: Final = r"\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
"""What phones put around a number that is copied."""

_LINK: Final = r"<(?:tel|sms):(?P<address>[^<>|]*)(?:\|(?P<label>[^<>]*))?>"
_GROUP: Final = re.compile(
    rf"\s*(?P<typed>{_LINK}|[(\[（［{_INVISIBLE}]*[+＋﹢]?[^\s,;:&|<>+＋﹢，；：｜＆、،؛︰﹕]+)"
    r"(?:[^\S\r\n]*(?P<mark>[,;:|&，；：｜＆、،؛︰﹕])(?P<stuck>(?=\S))?)?"
)
_MARKS: Final = str.maketrans("，；：｜＆、،؛︰﹕", ",;:|&,,;::")
_LINE_END: Final = re.compile(r"\s*[\n\r\v\f\x85\u2028\u2029]")
_QUOTES: Final = dict.fromkeys(map(ord, "\"'*_`“”„‟«»‘’‚‹›「」『』"), " ")
"""What may be put around a number."""

_START: Final = re.compile(r"<(?:tel|sms):|[(（\[［]{0,3}+[+＋﹢]?[(（\[［]{0,3}+\d++")
"""Where a number may begin in a text."""

SEARCHED: Final = 4000
"""In so many characters of a text a second number is looked for: more than a text may have."""

PLACES: Final = 100
"""At most so many places of a text are tried. Who types more numbers than that is asked for a colon."""

_WINDOW: Final = 200

_EXTENSION: Final = re.compile(
    r"[;,\s]*(?:(?:ext(?:ension)?\b[.:=]?|x(?=\d))\s*\d|(?:isub|postd|phone-context)=)", re.IGNORECASE
)
"""What follows a number that is more than a phone number (https://www.rfc-editor.org/rfc/rfc3966)."""

_SPELLING: Final = {
    **dict.fromkeys("＋﹢", "+"),
    **dict.fromkeys("．․·•∙・", "."),
    **dict.fromkeys("／⁄∕", "/"),
    **dict.fromkeys("−ー", "-"),
    **dict.fromkeys("～∼⁓", "~"),
}
_DATE: Final = re.compile(r"(?:\d{4}([./-])\d{1,2}\1\d{1,2}|\d{1,2}([./-])\d{1,2}\2\d{4})(?!\d)", re.ASCII)
_CATEGORIES: Final = {"Pd": "-", "Zs": " ", "Cf": "", "Ps": "(", "Pe": ")"}
"""Dashes, blanks, invisible characters and brackets of every kind."""


class NotANumber(ValueError):
    """The typed text is not a phone number; the message says why, and what to do."""


class SeveralNumbers(NotANumber):
    """The typed text begins with more than one phone number, or may: `second` is one of them, behind the `first`."""

    def __init__(self, second: str, first: str | None = None) -> None:
        self.objection = f"Give one number at a time: “{second}” looks like a second one."
        hint = f" If it is part of what you write, put a colon after the first: “{first}: …”." if first else ""
        super().__init__(self.objection + hint)


class Likeness(IntEnum):
    """How sure it is that digits are a phone number."""

    PLAUSIBLE = 1
    """They have the length and the beginning of the country's numbers."""
    VALID = 2
    """They are in a range that the country has given out."""


@dataclass(frozen=True)
class _Group:
    """Digits and signs without a blank: as they were typed up to `end`, and in ASCII (`spelled`).

    `rest` is where the text begins if the number ends here. `mark` is the sign that ends the number, a line's end or a
    link included; `stuck` if no blank follows it.
    """

    spelled: str
    end: int
    rest: int
    mark: str
    stuck: bool


def parse(typed: str, line: str | None) -> str:
    """A typed number as E.164, in the line's country if it has no country code; NotANumber otherwise."""
    typed = _without_scheme(typed)
    return _only_number(typed, _groups(typed), _region(line))


def split(typed: str, line: str | None) -> tuple[str, str]:
    """The number at the beginning of the typed text, as E.164, and the rest; NotANumber if it is unclear where it ends.

    A colon says where the number ends. Without one it ends where that makes a valid number, and what may be the number
    of another recipient is refused.
    """
    typed = _without_scheme(typed)
    region, groups = _region(line), _groups(typed)
    if not groups:
        first = typed.partition(" ")[0]
        return _only_number(first, _groups(first), region), ""
    last = groups[-1]
    if last.mark and (not last.stuck or _ends_at_stuck_mark(typed, groups, region)):
        number, count = _only_number(typed[: last.end], groups, region), len(groups)
    else:
        number, count = _first(typed, groups, region)
    end = groups[count - 1]
    if end.mark != ":":
        _refuse_second(typed, groups[:count], region)
        if _EXTENSION.match(typed, end.end):
            raise NotANumber(f"A text can't go to an extension, only to “{_named(groups[:count])}” itself.")
    return number, typed[end.rest :].strip()


def _ends_at_stuck_mark(typed: str, groups: Sequence[_Group], region: str | None) -> bool:
    """Whether a sign without a blank behind it ends the number: the one in 12:30 or 1,000 does not, behind a number."""
    earlier = any(_likeness(_joined(groups[:count]), region) for count in range(1, len(groups)))
    follows_digit = typed[groups[-1].rest : groups[-1].rest + 1].isdigit()
    return _likeness(_joined(groups), region) is not None and not (earlier and follows_digit)


def why_no_line(address: str) -> str | None:
    """Why an address at the provider can't be one of the team's lines; None if it is a phone number or nearly one."""
    address = address.strip()
    if scheme := re.match(r"([A-Za-z]{2,20}):", address):
        kind = {"whatsapp": "WhatsApp", "rcs": "RCS", "messenger": "Messenger"}.get(scheme[1].lower(), scheme[1])
        return None if scheme[1].lower() in {"tel", "sms"} else f"Clerk has lines for SMS and MMS alone, not for {kind}"
    if re.fullmatch(r"MG[0-9a-f]{32}", address):
        return "a Messaging Service is no line: each number of its pool can be one"
    if re.fullmatch(r"[0-9]{3,8}", address):
        return "a short code can't be a line"
    named = re.search(r"[^\W\d_]", address) and not re.match(r"[(（]*[+＋﹢]", address)
    return "a name can't be a line: nobody can text it" if named else None


_UNTEXTABLE: Final = frozenset(
    {
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.PAGER,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
    }
)
"""The kinds of numbers behind which is no person with a phone. A fixed line may well be one that gets texts."""


def is_full_number(contact: str) -> bool:
    """Whether a sender is a whole phone number, and no short code or name."""
    return re.fullmatch(rf"\+[0-9]{{{SHORTEST},15}}", contact) is not None


def is_textable(contact: str) -> bool:
    """Whether a phone number is of a kind that people text from; one of an unknown kind is."""
    try:
        return phonenumbers.number_type(phonenumbers.parse(contact)) not in _UNTEXTABLE
    except NumberParseException:
        return False


def possible_contacts(typed: str) -> list[str]:
    """Every beginning of a typed text that may be what a card shows as the contact, the longest first."""
    typed = _unlinked(typed)
    words = list(re.finditer(r"\S+", typed))[:MOST_GROUPS]
    return list(dict.fromkeys(typed[: word.end()].removesuffix(":") for word in reversed(words)))


def split_contact(typed: str, known: Collection[str], line: str | None = None) -> tuple[str, str] | None:
    """The known contact that a typed text names exactly at its beginning, and the rest; None if there is none.

    SeveralNumbers if another number follows, unless a colon says that the rest is text.
    """
    found = next((each for each in possible_contacts(typed) if each in known), None)
    if found is None:
        return None
    rest = _unlinked(typed)[len(found) :]
    regions = {_region(line), _home(found, None)}
    if not rest.startswith(":") and (second := _second(rest, regions)) and makes_list(second.between):
        raise SeveralNumbers(_named(second.groups), found[:SHOWN])
    return found, rest.removeprefix(":").strip()


def _unlinked(typed: str) -> str:
    """A typed text with Slack's links of numbers as they were typed."""
    return re.sub(_LINK, lambda link: link["label"] or link["address"], typed).strip()


def _only_number(typed: str, groups: Sequence[_Group], region: str | None) -> str:
    """All of a typed text as one number, in E.164; NotANumber if it is none."""
    whole = _joined(groups) if groups and not typed[groups[-1].end :].strip() else _spelled(typed).strip()
    try:
        return _e164(_read(whole, region)[0])
    except NotANumber:
        _refuse_several(typed, groups, region)
        raise


def _first(typed: str, groups: Sequence[_Group], region: str | None) -> tuple[str, int]:
    """The number that begins a typed text, and how many groups it has; NotANumber if that is unclear."""
    counts: dict[Likeness, list[int]] = {likeness: [] for likeness in Likeness}
    for count, group in enumerate(groups, 1):
        likeness = _likeness(_joined(groups[:count]), region)
        if likeness and not _SIGNS.fullmatch(group.spelled):
            counts[likeness].append(count)
    ends = counts[Likeness.VALID] or counts[Likeness.PLAUSIBLE]
    if len(ends) > 1:
        longest = _named(groups[: ends[-1]])
        raise NotANumber(f"It is not clear where the number ends. Please put a colon after it: “{longest}: …”.")
    if not ends:
        return _only_number(typed[: groups[-1].end], groups, region), len(groups)
    return _only_number(typed[: groups[ends[0] - 1].end], groups[: ends[0]], region), ends[0]


def _groups(typed: str) -> list[_Group]:
    """The groups of digits and signs with which a typed text begins, up to the sign that ends the number."""
    groups: list[_Group] = []
    at = 0
    while len(groups) < MOST_GROUPS and (match := _GROUP.match(typed, at)):
        address, label = match["address"], match["label"]
        link = address is not None
        spelled = _spelled(match["typed"] if not link else label if re.search(r"\d", label or "") else address).strip()
        if not (_NUMBER.fullmatch(spelled) or _SIGNS.fullmatch(spelled)) or (groups and spelled.lstrip("(")[:1] == "+"):
            break
        end, mark, stuck = match.end("typed"), (match["mark"] or "").translate(_MARKS), match["stuck"] is not None
        rest = end if mark in "&|" else match.end()
        if not mark and (link or _LINE_END.match(typed, end)):
            mark = "\n"
        groups.append(_Group(spelled, end, rest, mark, stuck))
        at = match.end()
        if mark:
            break
    return groups


def _joined(groups: Sequence[_Group]) -> str:
    return " ".join(group.spelled for group in groups)


def _named(groups: Sequence[_Group]) -> str:
    """A number for a hint: as it was typed, never a part of it."""
    spelled = " ".join(_joined(groups).split()).rstrip("/.~ -")
    return spelled if len(spelled) <= SHOWN else re.sub(r"[^\d+]", "", spelled)[:SHOWN]


def _refuse_several(typed: str, groups: Sequence[_Group], region: str | None) -> None:
    """SeveralNumbers if a typed text that is no number begins with several."""
    for count, group in enumerate(groups, 1):
        if not _SIGNS.fullmatch(group.spelled) and _likeness(_joined(groups[:count]), region):
            _refuse_second(typed, groups[:count], region)
    parts = [part for part in _joined(groups).split("/") if _likeness(part, region)]
    if len(parts) > 1:
        raise SeveralNumbers(parts[1].strip())


def _refuse_second(typed: str, groups: Sequence[_Group], region: str | None) -> None:
    """SeveralNumbers if another number follows the one that these groups make, and is not surely part of a text."""
    second = _second(typed[groups[-1].end :], {region, _home(_joined(groups), region)})
    if second is not None and makes_list(second.between):
        raise SeveralNumbers(_named(second.groups), _named(groups))


@dataclass(frozen=True)
class _Second:
    """A number that follows another one, and what is between them."""

    between: str
    groups: Sequence[_Group]


def _second(behind: str, regions: Collection[str | None]) -> _Second | None:
    """The first other number in what is typed behind a number, of one of these regions if it has no country code."""
    text = html.unescape(behind).translate(_QUOTES)[:SEARCHED]
    at = places = 0
    while start := _START.search(text, at):
        at, places = start.end(), places + 1
        if date := _DATE.match(text, start.start()):
            at = date.end()
            continue
        groups = _groups(_without_text(text[start.start() : start.start() + _WINDOW]))
        for count in range(1, len(groups) + 1):
            spelled = _joined(groups[:count])
            if places > PLACES or any(_is_another(spelled, region) for region in regions):
                return _Second(text[: start.start()], groups[:count])
    return None


def _without_text(text: str) -> str:
    """The number that a text begins with, without the letters and signs behind it."""
    if text.startswith("<"):
        return text
    return _BESIDE.split(_spelled(text), maxsplit=1)[0]


def _is_another(spelled: str, region: str | None) -> bool:
    """Whether what follows a number is another one, and not digits of a text."""
    digits = sum(map(str.isdigit, spelled))
    if digits < FEWEST:
        return False
    likeness = _likeness(spelled, region)
    if likeness is Likeness.VALID:
        return True
    of_some_country = spelled.lstrip("(").startswith("+") or (spelled.lstrip("(").startswith("0") and digits >= TRUNK)
    return digits >= SHORTEST and (likeness is not None or of_some_country or _is_local(spelled, region))


def _is_local(spelled: str, region: str | None) -> bool:
    """Whether signs divide digits as in a number that lacks its area code."""
    try:
        found = phonenumbers.is_possible_number_with_reason(phonenumbers.parse(spelled, region))
    except NumberParseException:
        return False
    return found == ValidationResult.IS_POSSIBLE_LOCAL_ONLY and re.fullmatch(r"\d{3}[ .-]\d{4}", spelled) is not None


def _likeness(spelled: str, region: str | None) -> Likeness | None:
    """How much a number in ASCII is one; None if it is none."""
    try:
        return _read(spelled, region)[1]
    except NotANumber:
        return None


def _read(spelled: str, region: str | None) -> tuple[PhoneNumber, Likeness]:
    """A number in ASCII, and how sure it is; NotANumber if it is none."""
    shown = " ".join(spelled.split())
    shown = f"“{shown[: SHOWN - 1]}…”" if len(shown) > SHOWN else f"“{shown}”"
    try:
        if not _NUMBER.fullmatch(spelled):
            raise NumberParseException(NumberParseException.NOT_A_NUMBER, "")
        number = phonenumbers.parse(spelled, region)
    except NumberParseException as error:
        if error.error_type == NumberParseException.INVALID_COUNTRY_CODE:
            raise NotANumber(f"{shown}: please begin with + and the country code, such as +15551234567.") from None
        raise NotANumber(f"{shown} is not a phone number, such as +15551234567.") from None
    found = phonenumbers.is_possible_number_with_reason(number)
    if found != ValidationResult.IS_POSSIBLE:
        raise NotANumber(f"{shown} is not a phone number: {_WRONG.get(found, 'it cannot be dialled')}.")
    if phonenumbers.is_valid_number(number):
        return number, Likeness.VALID
    if not _is_plausible(number):
        raise NotANumber(f"{shown} is not a phone number: no number of that length in that country begins like this.")
    return number, Likeness.PLAUSIBLE


def _is_plausible(number: PhoneNumber) -> bool:
    """Whether a number fits the general pattern of a region with its country code."""
    code, national = number.country_code or 0, phonenumbers.national_significant_number(number)
    for region in phonenumbers.region_codes_for_country_code(code):
        known = (
            PhoneMetadata.metadata_for_nongeo_region(code)
            if region == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY
            else PhoneMetadata.metadata_for_region(region)
        )
        pattern = known.general_desc.national_number_pattern if known and known.general_desc else None
        if pattern and re.fullmatch(pattern, national):
            return True
    return False


def _home(spelled: str, region: str | None) -> str | None:
    """The region of a number in ASCII; None if it is no number of a region."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(spelled, region))
    except NumberParseException:
        return None


def _e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _spelled(typed: str) -> str:
    """Typed characters in ASCII as far as they can be part of a number."""
    return "".join(map(_character, typed))


def _character(typed: str) -> str:
    if typed.isascii():
        return {"[": "(", "]": ")"}.get(typed, " " if typed.isspace() else typed)
    if typed in _SPELLING:
        return _SPELLING[typed]
    category = unicodedata.category(typed)
    return str(unicodedata.digit(typed)) if category == "Nd" else _CATEGORIES.get(category, typed)


def _without_scheme(typed: str) -> str:
    return _SCHEME.sub("", typed.strip(), count=1) if _SCHEME.match(typed) else typed.strip()


def _region(line: str | None) -> str | None:
    """The line's region, to which a number without a country code belongs: one of several that share the code."""
    if line is None:
        return None
    try:
        number = phonenumbers.parse(line)
    except NumberParseException:
        return None
    return phonenumbers.region_code_for_number(number) or phonenumbers.region_code_for_country_code(
        number.country_code or 0
    )
