"""When a text that is written in a form goes out: what its fields mean, or what is wrong with them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from messages.formats.later import meant, objection_to_time
from messages.planned import When


class SendChoice(StrEnum):
    """What a form offers as the time to send."""

    NOW = "now"
    MORNING = "morning"
    """Tomorrow at 9:00."""
    OPENING = "opening"
    """When the line opens next."""
    AWAKE = "awake"
    """When the contact's night ends."""
    AT = "at"
    """At the date and time that are picked."""


MORNING: Final = "09:00"

UNKNOWN: Final = "unknown"
"""When a contact's night ends, in a form that does not know the contact yet."""

PICK_DATE: Final = "Please pick a date, or another time to send."
PICK_TIME: Final = "Please pick a time, or another time to send."
NOT_PICKED: Final = "You picked a date or time: please pick “At the date and time below” for it to count."


@dataclass(frozen=True)
class SendTime:
    """When a text goes out, and in which zone that is meant (None: as Clerk finds it); None: now."""

    when: When | None = None
    zone: str | None = None


def send_time(
    choice: str | None,
    date: str | None,
    clock: str | None,
    zone: str | None,
    opening: str,
    asked_at: datetime,
    awake: str = "",
) -> SendTime | Mapping[str, str]:
    """What the fields of a form mean, or the errors in them by block_id.

    `zone` is the one that the form showed, `opening` when the line opens and `awake` when the contact's night ends, as
    YYYY-MM-DD HH:MM in that zone; blank if the form did not offer it. If `awake` is UNKNOWN, Clerk finds it later, and
    by day the text leaves at once.
    """
    match choice or SendChoice.NOW:
        case SendChoice.NOW:
            return {"send": NOT_PICKED} if date or clock else SendTime()
        case SendChoice.MORNING:
            found = When(day="tomorrow", clock=MORNING)
        case SendChoice.OPENING if opening:
            found = _at(opening)
        case SendChoice.AWAKE if awake == UNKNOWN:
            return SendTime(When(awake=True))
        case SendChoice.AWAKE if awake:
            found = _at(awake)
        case SendChoice.AT:
            errors = {"date": "" if date else PICK_DATE, "time": "" if clock else PICK_TIME}
            if not (date and clock):
                return {field: words for field, words in errors.items() if words}
            found = When(day=date, clock=clock)
        case _:
            return {"send": "Please pick when to send it."}
    if zone is not None and (wrong := objection_to_time(meant(found, asked_at, zone).placed.instant, asked_at)):
        return {"time" if choice == SendChoice.AT else "send": wrong}
    return SendTime(found, zone)


def _at(wall: str) -> When:
    day, _, clock = wall.partition(" ")
    return When(day=day, clock=clock)
