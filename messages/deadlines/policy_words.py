"""A line's policy as operators type it, and as it is said. Pure.

No clock runs on a line until somebody gives it a target. A ticket without a priority has those of Normal.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from messages.calendar import Calendar, is_open, next_change
from messages.deadlines.clocks import ClockKind, HoursCounted
from messages.deadlines.lateness import length
from messages.deadlines.policy import Policy, Target
from messages.deadlines.priority import Priority

SHORTEST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(days=366)

OFF: Final = "off"
PRESET: Final = "preset"

PRIORITIES: Final = (Priority.URGENT, Priority.HIGH, Priority.NORMAL, Priority.LOW)
"""The priorities that have targets, in the order in which they are said."""

KINDS: Final[Mapping[str, ClockKind]] = {
    "first": ClockKind.FIRST_RESPONSE,
    "next": ClockKind.NEXT_RESPONSE,
    "resolution": ClockKind.RESOLUTION,
}
"""What operators call the clocks."""

_SAID: Final[Mapping[ClockKind, str]] = {
    ClockKind.FIRST_RESPONSE: "first answer",
    ClockKind.NEXT_RESPONSE: "next answer",
    ClockKind.RESOLUTION: "solved",
}

_HOUR: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)


def _offered(first: timedelta, following: timedelta, resolution: timedelta) -> Mapping[ClockKind, Target]:
    within = zip(KINDS.values(), (first, following, resolution), strict=True)
    return {kind: Target(within=each) for kind, each in within}


OFFERED: Final[Mapping[Priority, Mapping[ClockKind, Target]]] = {
    Priority.URGENT: _offered(15 * _MINUTE, 30 * _MINUTE, 4 * _HOUR),
    Priority.HIGH: _offered(1 * _HOUR, 2 * _HOUR, 8 * _HOUR),
    Priority.NORMAL: _offered(4 * _HOUR, 8 * _HOUR, 24 * _HOUR),
    Priority.LOW: _offered(8 * _HOUR, 16 * _HOUR, 40 * _HOUR),
}
"""The targets that are offered, all in open hours."""

_TARGET: Final = re.compile(r"([a-z]+)(?:\.([a-z]+))?")
_DURATION: Final = re.compile(r"(?:([0-9]{1,4})h)?(?:([0-9]{1,6})m(?:in)?)?")
_SHARE: Final = re.compile(r"([0-9]{1,3})%")

type Targets = Mapping[Priority, Mapping[ClockKind, Target]]


def changed(now: Policy, typed: Sequence[str], at: datetime) -> Policy:
    """The policy after what was typed at `at`; ValueError, with the reason, if one of it can't be.

    The version grows with every change, and is no smaller than the time's seconds: a line that is removed and added
    again must get none that its tickets know.
    """
    targets: Targets = now.targets
    for each in typed:
        targets = setting(targets, each)
    after = {priority: dict(of) for priority, of in targets.items() if of}
    if after == now.targets:
        return now
    return Policy(targets=after, version=max(now.version + 1, int(at.timestamp())))


def setting(now: Targets, typed: str) -> Targets:
    """The targets after `preset`, `off`, `warn=75%`, `PRIORITY=off`, `PRIORITY.CLOCK=off` or `PRIORITY.CLOCK=WITHIN`.

    ValueError, with the reason, if it is none of these.
    """
    name, equals, value = ("".join(each.split()).lower() for each in typed.partition("="))
    if name in {OFF, PRESET} and not equals:
        return {} if name == OFF else OFFERED
    if not equals or not value or name in {OFF, PRESET}:
        raise ValueError(f"{typed}: {_USAGE}")
    if name == "warn":
        warn = _share(value)
        if not any(now.values()):
            raise ValueError("warn: there is no target yet of which Clerk could warn. Give one first, or preset")
        return {
            priority: {kind: target.model_copy(update={"warn": warn}) for kind, target in of.items()}
            for priority, of in now.items()
        }
    found = _TARGET.fullmatch(name)
    if found is None:
        raise ValueError(f"{typed}: {_USAGE}")
    priority = _priority(found[1])
    of = now.get(priority, {})
    if found[2] is None:
        if value != OFF:
            raise ValueError(f"{name}: say which clock, as {name}.first=15m, or {name}=off")
        return {**now, priority: {}}
    kind = KINDS.get(found[2])
    if kind is None:
        raise ValueError(f"{name}: there is no clock {found[2]}. There are {', '.join(KINDS)}")
    if value == OFF:
        return {**now, priority: {each: target for each, target in of.items() if each is not kind}}
    return {**now, priority: {**of, kind: _target(name, value, of.get(kind))}}


_USAGE: Final = (
    "give preset, off, warn=75%, PRIORITY=off, PRIORITY.CLOCK=off or PRIORITY.CLOCK=TIME, as urgent.first=15m"
)


def _priority(typed: str) -> Priority:
    if typed == Priority.NONE:
        raise ValueError("none: a ticket without a priority has the targets of normal. Set those")
    if typed not in PRIORITIES:
        raise ValueError(f"{typed}: there is no priority {typed}. There are {', '.join(PRIORITIES)}")
    return Priority(typed)


def _target(name: str, value: str, before: Target | None) -> Target:
    """A target as typed: the time, and perhaps the hours and the share; what is not said stays as it was before."""
    within, *rest = value.split("/")
    counts, warn = (before.counts, before.warn) if before else (HoursCounted.OPEN, Target(within=_HOUR).warn)
    for each in rest:
        if each in HoursCounted:
            counts = HoursCounted(each)
        elif each.endswith("%"):
            warn = _share(each)
        else:
            raise ValueError(f"{name}: {each or 'nothing'} behind / is neither open, calendar, nor a share such as 75%")
    return Target(within=_duration(name, within), warn=warn, counts=counts)


def _duration(name: str, typed: str) -> timedelta:
    found = _DURATION.fullmatch(typed)
    if found is None or not typed:
        days = " A day of open hours is as long as the line is open: write hours." if typed.endswith("d") else ""
        raise ValueError(f"{name}: write a time such as 15m, 4h or 1h30m.{days}")
    within = timedelta(hours=int(found[1] or 0), minutes=int(found[2] or 0))
    if not SHORTEST <= within <= LONGEST:
        raise ValueError(f"{name}: from one minute to 366 days (8784h)")
    return within


def _share(typed: str) -> float:
    found = _SHARE.fullmatch(typed)
    if found is None or not 0 < int(found[1]) < 100:
        raise ValueError("warn: the share of the time after which Clerk warns, from 1% to 99%, such as 75%")
    return int(found[1]) / 100


def as_typed(policy: Policy) -> Iterator[str]:
    """What operators type for the targets of a policy, one text a target."""
    for priority in PRIORITIES:
        of = policy.targets.get(priority, {})
        for name, kind in KINDS.items():
            if (target := of.get(kind)) is not None:
                conditions = f"{target.counts.value}/{round(target.warn * 100)}%"
                yield f"{priority.value}.{name}={typed_length(target.within)}/{conditions}"


def typed_length(amount: timedelta) -> str:
    """A length of time as it is typed, such as 1h30m; what is less than a minute counts as one."""
    hours, minutes = divmod(max(1, -(-amount // _MINUTE)), 60)
    return f"{f'{hours}h' if hours else ''}{f'{minutes}m' if minutes else ''}"


def described(policy: Policy) -> Iterator[str]:
    """What a policy asks for, one sentence a priority; nothing if it has no targets.

    What is the same for all targets of a priority is said once, behind them.
    """
    for priority in PRIORITIES:
        if of := policy.targets.get(priority):
            label = "Normal, and no priority" if priority is Priority.NORMAL else priority.label
            alike = len({_conditions(each) for each in of.values()}) == 1
            parts = [
                f"{_SAID[kind]} in {length(of[kind].within)}{'' if alike else f' ({_conditions(of[kind])})'}"
                for kind in KINDS.values()
                if kind in of
            ]
            conditions = f" ({_conditions(next(iter(of.values())))})" if alike else ""
            yield f"{label}: {', '.join(parts)}{conditions}"


def said_in_short(policy: Policy) -> str:
    """The times of a policy's targets by priority, as `Urgent 15 min / 30 min / 4 h`: first, next, resolution."""
    return "; ".join(
        f"{priority.label} {' / '.join(length(of[kind].within) if kind in of else '–' for kind in KINDS.values())}"
        for priority in PRIORITIES
        if (of := policy.targets.get(priority))
    )


def _conditions(target: Target) -> str:
    hours = "open hours" if target.counts is HoursCounted.OPEN else "day and night"
    return f"{hours}, warns at {round(target.warn * 100)}%"


def inert(policy: Policy, calendar: str, calendars: Iterable[Calendar], now: datetime) -> Iterator[str]:
    """What of a policy does nothing, or not what it seems to, on a line that names this calendar (blank: none)."""
    counted = [target for of in policy.targets.values() for target in of.values()]
    if all(target.counts is HoursCounted.CALENDAR for target in counted):
        return
    if not calendar:
        yield "open hours are all hours, nights and Sundays too, since the line has no calendar and is always open"
    for each in calendars:
        if each.id == calendar and not is_open(each, now) and next_change(each, now) is None:
            yield f"nothing is ever due, since the calendar {each.id} never opens"
