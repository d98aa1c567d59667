"""Where too many alerts come at once, one list stands for them: `STORMS` says when it begins, grows and ends. Pure.

An update makes no sound in Slack. So a list that has become twice as long as people last heard is posted anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from messages.deadlines.alert import LINE_FOR, Alert, AlertBoard, AlertStorm, StormState

MOST_AT_ONCE: Final = 5
WITHIN: Final = timedelta(minutes=5)
"""More alerts than that at one target in this time are a storm."""

FINISHED_WITHIN: Final = timedelta(seconds=20)
"""After this long the clock finds a list that is not posted or deleted."""


class Weather(StrEnum):
    """How many alerts stand at a target."""

    CALM = "calm"
    """Some, that came one after the other."""
    STORMY = "stormy"
    """More came at once than anybody reads."""
    GROWING = "growing"
    """Twice as many as when the list that stands for them was last posted."""
    EMPTY = "empty"
    LONG_EMPTY = "long empty"
    """None, and the list has said so for long enough."""


STORMS: Final[Mapping[tuple[StormState | None, Weather], StormState | None]] = MappingProxyType(
    {
        (None, Weather.CALM): None,
        (None, Weather.STORMY): StormState.RAGES,
        (None, Weather.GROWING): StormState.RAGES,
        (None, Weather.EMPTY): None,
        (None, Weather.LONG_EMPTY): None,
        (StormState.RAGES, Weather.CALM): StormState.RAGES,
        (StormState.RAGES, Weather.STORMY): StormState.RAGES,
        (StormState.RAGES, Weather.GROWING): StormState.RAGES,
        (StormState.RAGES, Weather.EMPTY): StormState.ENDED,
        (StormState.RAGES, Weather.LONG_EMPTY): StormState.ENDED,
        (StormState.ENDED, Weather.CALM): StormState.PAST,
        (StormState.ENDED, Weather.STORMY): StormState.PAST,
        (StormState.ENDED, Weather.GROWING): StormState.PAST,
        (StormState.ENDED, Weather.EMPTY): StormState.ENDED,
        (StormState.ENDED, Weather.LONG_EMPTY): StormState.PAST,
        (StormState.PAST, Weather.CALM): StormState.PAST,
        (StormState.PAST, Weather.STORMY): StormState.PAST,
        (StormState.PAST, Weather.GROWING): StormState.PAST,
        (StormState.PAST, Weather.EMPTY): StormState.PAST,
        (StormState.PAST, Weather.LONG_EMPTY): StormState.PAST,
    }
)
"""None: no storm. A past one is dropped once its list is deleted; another may begin then."""


def at_target(standing: Iterable[Alert], target: str) -> list[Alert]:
    """The alerts that stand at a target."""
    return [each for each in standing if target in each.targets]


def weather(storm: AlertStorm | None, there: Sequence[Alert], now: datetime) -> Weather:
    """How many alerts stand at a target."""
    if there:
        if storm is not None and storm.state is StormState.RAGES and len(there) >= 2 * _heard(storm):
            return Weather.GROWING
        lately = sum(each.posted_at is not None and each.posted_at > now - WITHIN for each in there)
        return Weather.STORMY if lately > MOST_AT_ONCE else Weather.CALM
    ended_at = storm.ended_at if storm is not None else None
    return Weather.LONG_EMPTY if ended_at is not None and ended_at + LINE_FOR <= now else Weather.EMPTY


def _heard(storm: AlertStorm) -> int:
    """How many alerts people have heard of; earlier versions posted a list once and noted the most that it listed."""
    return storm.heard or storm.most


def looked_at(board: AlertBoard, standing: Sequence[Alert], now: datetime) -> AlertBoard:
    """A line's board with the storms as they are now, and the time at which it is looked at again.

    It is the same object if nothing changed.
    """
    storms = {each.target: each for each in board.storms}
    targets = dict.fromkeys([*storms, *(target for each in standing for target in each.targets)])
    after = tuple(filter(None, (_storm(storms.get(each), each, standing, now) for each in targets)))
    return (
        board if after == board.storms else board.model_copy(update={"storms": after, "look_at": look_at(after, now)})
    )


def _storm(storm: AlertStorm | None, target: str, standing: Sequence[Alert], now: datetime) -> AlertStorm | None:
    there = at_target(standing, target)
    found = weather(storm, there, now)
    state = STORMS[storm.state if storm is not None else None, found]
    if state is None:
        return None
    known, count = storm or AlertStorm(target=target, began_at=now, heard=len(there)), len(there)
    update: dict[str, object] = {"state": state, "most": max(known.most, count)}
    update["ended_at"] = (known.ended_at or now) if state is not StormState.RAGES else None
    if state is StormState.RAGES and found is Weather.GROWING:
        update |= {"heard": count, "round": known.round + 1, "tidy": False}
    elif state is StormState.RAGES:
        update["heard"] = max(MOST_AT_ONCE + 1, min(_heard(known), count))
    return known.model_copy(update=update)


def look_at(storms: Iterable[AlertStorm], now: datetime) -> datetime | None:
    """When a board with these storms is to be looked at again; None if time changes nothing."""
    times: list[datetime] = []
    for each in storms:
        if each.state is StormState.PAST or not each.tidy:
            times.append(now + FINISHED_WITHIN)
        elif each.state is StormState.ENDED and each.ended_at is not None:
            times.append(each.ended_at + LINE_FOR)
    return min(times, default=None)


def storm_id(line: str, storm: AlertStorm) -> str:
    """The id of a storm, and of the first post that lists its alerts."""
    return f"{line}/alerts/{storm.target}/{storm.began_at:%Y-%m-%dT%H:%M:%S.%f}"


def list_id(line: str, storm: AlertStorm) -> str:
    """The id of the post that lists the alerts of a storm now."""
    return f"{storm_id(line, storm)}/{storm.round}" if storm.round else storm_id(line, storm)
