"""Whom a line's alerts reach, and when: as operators type it, and as it is said. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from pydantic import ValidationError

from messages.deadlines.alert import MOST_ESCALATED, AlertSettings
from messages.deadlines.lateness import length
from messages.deadlines.policy_words import typed_length

OFF: Final = "off"

_DURATION: Final = re.compile(r"(?:([0-9]{1,3})h)?(?:([0-9]{1,5})m(?:in)?)?")
_TARGET: Final = re.compile(r"[UWCG][A-Z0-9]{2,}")

_USAGE: Final = (
    "give escalation=U0123ABCD,C0123ABCD (or off), escalate-after=30m, unanswered-after=2h (or off), "
    "unassigned-after=1h (or off), nag=30m (or off), or off for what it is by itself"
)


def changed(now: AlertSettings, typed: Sequence[str]) -> AlertSettings:
    """The settings after what was typed; ValueError, with the reason, if one of it can't be."""
    fields = now.model_dump()
    for each in typed:
        name, equals, value = (part.strip() for part in each.partition("="))
        if name.lower() == OFF and not equals:
            fields = AlertSettings().model_dump()
        elif equals and name.lower() in _SETTINGS:
            field, read = _SETTINGS[name.lower()]
            fields[field] = read(name, value)
        else:
            raise ValueError(f"{each}: {_USAGE}")
    try:
        return AlertSettings.model_validate(fields)
    except ValidationError as error:
        raise ValueError("; ".join(_reason(each) for each in error.errors())) from None


def _reason(error: Any) -> str:
    field = str(error["loc"][0]) if error["loc"] else ""
    if field == "escalation":
        return f"escalation: at most {MOST_ESCALATED} people and channels"
    return f"times are {str(error['msg']).removeprefix('Value error, ')}"


def _people(name: str, value: str) -> tuple[str, ...]:
    if value.lower() == OFF:
        return ()
    ids = [each.strip() for each in value.split(",") if each.strip()]
    for each in ids:
        if _TARGET.fullmatch(each) is None:
            raise ValueError(f"{name}: {each} is no id of a Slack user or channel, such as U0123ABCD or C0123ABCD")
    if not ids:
        raise ValueError(f"{name}: name people or channels by their ids, or off")
    return tuple(dict.fromkeys(ids))


def _time(name: str, value: str) -> float:
    found = _DURATION.fullmatch(value.lower().replace(" ", ""))
    if found is None or not value:
        raise ValueError(f"{name}: write a time such as 30m, 4h or 1h30m")
    return timedelta(hours=int(found[1] or 0), minutes=int(found[2] or 0)).total_seconds()


def _time_or_off(name: str, value: str) -> float | None:
    return None if value.lower() == OFF else _time(name, value)


def _time_or_never(name: str, value: str) -> float:
    if value.lower() == OFF:
        return 0.0
    if (after := _time(name, value)) == 0:
        raise ValueError(f"{name}: between one minute and 28 days, or off")
    return after


_SETTINGS: Final[Mapping[str, tuple[str, Callable[[str, str], Any]]]] = {
    "escalation": ("escalation", _people),
    "escalate-after": ("escalate_after", _time),
    "unanswered-after": ("unanswered_after", _time_or_off),
    "unassigned-after": ("unassigned_after", _time_or_off),
    "nag": ("nag", _time_or_never),
}


def as_typed(settings: AlertSettings) -> Iterator[str]:
    """What operators type for what is particular about a line's alerts, one text each."""
    by_itself = AlertSettings()
    if settings.escalation:
        yield f"escalation={','.join(settings.escalation)}"
    for name, (field, _) in _SETTINGS.items():
        after = getattr(settings, field)
        if field != "escalation" and after != getattr(by_itself, field):
            yield f"{name}={typed_length(after) if after else OFF}"


def described(settings: AlertSettings) -> Iterator[str]:
    """What is particular about a line's alerts, a sentence each; nothing if they are as they are by themselves."""
    if settings.escalation:
        after = length(settings.escalate_after)
        yield f"tells {', '.join(settings.escalation)} of what is late for {after} open time, and nobody does anything"
    if settings.unanswered_after is not None:
        yield f"tells of contacts who have waited for {length(settings.unanswered_after)} open time"
    if settings.unassigned_after is not None:
        yield f"tells of tickets on which nobody has been for {length(settings.unassigned_after)} open time"
    if not settings.nag:
        yield "repeats no alert"
    elif settings != AlertSettings():
        yield f"repeats an alert after {length(settings.nag)}, twice and four times that"


def inert(settings: AlertSettings) -> Iterator[str]:
    """What of a line's settings about alerts does nothing."""
    if not settings.escalation and settings.escalate_after != AlertSettings().escalate_after:
        yield "escalate-after does nothing without an escalation list: name people or channels with escalation=..."
