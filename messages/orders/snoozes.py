"""What the card's menu, its form and the words after `/clerk snooze` mean. Pure."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from messages.calendar import wall_time
from messages.deadlines.snooze import NOTE_LIMIT, SetSnooze
from messages.formats.later import meant
from messages.formats.moments.grammar import AT, CLOCK, DATE, END, SPAN, WEEKDAY, clock_of, day_named, span_of
from messages.planned import LATEST, When

PICK: Final = "pick"
"""The choice that opens the form."""

MENU: Final[Mapping[str, str]] = {
    "1h": "Snooze for 1 hour",
    "3h": "Snooze for 3 hours",
    "tomorrow": "Snooze until tomorrow",
    "mon": "Snooze until next Monday",
    PICK: "Snooze until…",
}
"""What the card's menu offers, in order. An overflow menu has at most five options
(https://docs.slack.dev/reference/block-kit/block-elements/overflow-menu-element)."""

CHOICES: Final[Mapping[str, When]] = {
    "1h": When(after=timedelta(hours=1)),
    "3h": When(after=timedelta(hours=3)),
    "tomorrow": When(day="tomorrow"),
    "mon": When(day="mon"),
}
"""Until when each of them means; a day without a time is when the line opens."""

TIMES: Final = "`2h`, `9:00`, `today 5pm`, `tomorrow`, `tomorrow 9:00`, `mon`, `mon 9:00` or `2026-12-24 9:00`"
USAGE: Final = (
    f"Which ticket should wait, and until when? Type `/clerk snooze #12 tomorrow`. A time is {TIMES}; a day alone "
    "means when the line opens. What you wait for may follow: `/clerk snooze #12 tomorrow: the part`."
)
UNSNOOZE_USAGE: Final = "Which ticket should wake? Type `/clerk unsnooze #12`."

_NUMBER: Final = re.compile(r"#?\s?([1-9]\d{0,8})(?=\s|$)", re.ASCII)
_SPAN: Final = re.compile(rf"(?:(?:in|for)\s+)?{SPAN}{END}", re.IGNORECASE | re.ASCII)
_WHEN: Final = re.compile(
    rf"(?:until\s+)?(?:(?P<day>today(?=,?\s+{AT}{CLOCK})|tomorrow|(?:next\s+)?(?:{WEEKDAY})|{DATE})"
    rf"(?:,?\s+{AT}(?P<clock>{CLOCK}))?|{AT}(?P<only>{CLOCK})){END}",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True)
class TypedSnooze:
    """A ticket's number, until when it is to be snoozed, and what somebody waits for."""

    ticket: int
    when: When
    note: str = ""


def read_number(typed: str) -> int | None:
    """The number that is typed alone, as `#12` or `12`."""
    found = _NUMBER.fullmatch(typed.strip())
    return int(found[1]) if found else None


def read_snooze(typed: str) -> TypedSnooze | str:
    """What is typed after `/clerk snooze`, or the answer that says how to write it."""
    words = " ".join(html.unescape(typed).split())
    number = _NUMBER.match(words)
    rest = words[number.end() :].strip() if number else ""
    if number is None or (found := _SPAN.match(rest) or _WHEN.match(rest)) is None:
        return USAGE
    when = _when(found)
    note = _note(rest[found.end() :])
    if isinstance(when, str) or note is None:
        return when if isinstance(when, str) else USAGE
    return TypedSnooze(int(number[1]), when, note)


def _when(found: re.Match[str]) -> When | str:
    parts = found.groupdict()
    if "days" in parts:
        return When(after=span_of(parts))
    try:
        day = day_named((parts["day"] or "").lower().removeprefix("next").strip())
    except ValueError as error:
        return f"Nothing was snoozed. {error}"
    clock = parts["clock"] or parts["only"]
    if clock is not None and (parts["day"] or "").lower().startswith("next"):
        return USAGE  # on a Monday, nobody knows which one is meant
    return When(day=day, clock=clock_of(clock) if clock else None)


def _note(rest: str) -> str | None:
    """What somebody waits for; None if a part of it may be meant as a time: a colon before it tells it apart."""
    if not rest.startswith((":", ",", ";")) and any(each.isdigit() for each in rest):
        return None
    return rest.lstrip(" :,;").strip()[:NOTE_LIMIT].strip()


PICK_DATE: Final = "Please pick a date."
PASSED: Final = "That time has passed."
TOO_FAR: Final = f"At most {LATEST.days} days ahead, please."


def picked(day: str | None, clock: str | None, zone: str, asked_at: datetime) -> When | Mapping[str, str]:
    """What the pickers of the form mean, where clocks show `zone`, or the errors in them by block_id."""
    if not day:
        return {"date": PICK_DATE}
    when = When(day=day, clock=clock or None)
    if when.clock is None:
        today = wall_time(asked_at, zone).date()
        ahead = date.fromisoformat(day) - today
        return {"date": PASSED if ahead <= timedelta() else TOO_FAR} if not 0 < ahead.days <= LATEST.days else when
    instant = meant(when, asked_at, zone).placed.instant
    if instant <= asked_at:
        return {"time": PASSED}
    return {"date": TOO_FAR} if instant - asked_at > LATEST else when


def snooze_of(when: When, zone: str | None, note: str, *, wake_on_text: bool) -> SetSnooze:
    """The order that a form gives."""
    return SetSnooze(when=when, zone=zone, note=" ".join(note.split())[:NOTE_LIMIT], wake_on_text=wake_on_text)
