"""What operators type about a line, and its settings in words. Pure.

What is wrong with a setting is a ValueError, whose text says which and what to do.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from pydantic import ValidationError

from messages.answering import AutoKind, AutoReplies
from messages.deadlines import alert_words, policy_words
from messages.deadlines.alert import MOST_ESCALATED
from messages.line import LONGEST_HOLD, Line, QuietHours
from messages.opt_outs import described, setting
from messages.quiet import in_words, zone_named
from messages.team.auto_replies import examples

_CHANNEL: Final = re.compile(r"[CG][A-Z0-9]{2,}")

_USER: Final = re.compile(r"[UW][A-Z0-9]{2,}")

_HOURS: Final = re.compile(r"(\d{1,2}:\d\d)\s*[-–]\s*(\d{1,2}:\d\d)")

NONE: Final = "none"
"""What `--calendar` takes for a line that is always open, and `--zone` for one of which nobody says where it is."""

LONGEST: Final = 86_400
NAME_LIMIT: Final = 80


def changed_line(line: Line, **given: Any) -> Line:
    """A line with the settings that are given, where those that are None stay as they are."""
    changes = {name: value for name, value in given.items() if value is not None}
    if not _CHANNEL.fullmatch(changes.get("channel", "C00")):
        raise ValueError(
            f"--channel {changes['channel']}: give the channel's id, such as C0123ABCD (channel details, bottom)"
        )
    for name in ("window", "cap"):
        if name in changes and not 0 < changes[name] <= LONGEST:
            raise ValueError(f"--{name} {changes[name]:g}: seconds, more than 0 and at most {LONGEST} (a day)")
    if "solved_for" in changes:
        if not 1 <= changes["solved_for"] <= 28 * 24:
            raise ValueError(f"--solved-for {changes['solved_for']:g}: hours, between 1 hour and 28 days (672 hours)")
        changes["solved_for"] *= 3600
    if "hold" in changes:
        changes["hold"] = _hold(changes["hold"])
    try:
        words: dict[str, Any] = {"opt_out": setting(changes.pop("opt_out"))} if "opt_out" in changes else {}
    except ValueError as error:
        raise ValueError(f"--opt-out: {error}") from None
    words |= _quiet(line, changes)
    if "on_call" in changes:
        words["on_call"] = _on_call(changes.pop("on_call"))
    if len(name := changes.get("name", "")) > NAME_LIMIT or not name.isprintable():
        raise ValueError(f"--name: one line of at most {NAME_LIMIT} characters")
    try:
        changed = Line.model_validate({**line.model_dump(), **changes, **words})
    except ValidationError as error:
        raise ValueError("; ".join(f"{each['loc'][0]}: {each['msg']}" for each in error.errors())) from None
    if changed.cap < changed.window:
        raise ValueError("--cap must not be less than --window")
    return changed


def _quiet(line: Line, changes: dict[str, Any]) -> dict[str, Any]:
    """The settings about nights, out of those that are given; ValueError if one is wrong."""
    hours, sundays, zone = (changes.pop(name, None) for name in ("quiet_hours", "quiet_sundays", "zone"))
    found: dict[str, Any] = {}
    if zone is not None:
        found["zone"] = "" if zone == NONE else zone_named(zone)
        if zone != NONE and not found["zone"]:
            raise ValueError(f"--zone {zone}: there is no such time zone. Write it as Europe/Berlin, or none")
    if hours is None and sundays is None:
        return found
    night = line.quiet_hours.model_dump() | ({} if sundays is None else {"sundays": sundays})
    if hours is not None:
        given = _HOURS.fullmatch(hours.strip())
        if given is None:
            raise ValueError(f"--quiet-hours {hours}: write from when to when it is night, as 21:00-08:00")
        night |= {"begins": given[1].zfill(5), "ends": given[2].zfill(5)}
    try:
        return found | {"quiet_hours": QuietHours.model_validate(night)}
    except ValidationError as error:
        first = error.errors()[0]
        is_ours = first["type"] == "value_error"
        why = first["msg"].removeprefix("Value error, ") if is_ours else "times are from 00:00 to 24:00"
        raise ValueError(f"--quiet-hours {hours}: {why}") from None


_SECONDS: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?s?")


def _hold(text: str) -> float:
    """Seconds for which a reply can be taken back, from a text such as 5s; ValueError if it is none in bounds."""
    longest = LONGEST_HOLD.total_seconds()
    found = _SECONDS.fullmatch(text.strip())
    if found is None or float(found[1]) > longest:
        raise ValueError(f"--hold {text}: seconds, such as 5s: between 0 (send at once) and {longest:g}")
    return float(found[1])


def _on_call(text: str) -> tuple[str, ...]:
    """Who is on call, in order, from member IDs between commas; nobody from `none`; ValueError if one is no ID."""
    if text.strip() == NONE:
        return ()
    people = tuple(dict.fromkeys(each.strip() for each in text.split(",")))
    wrong = next((each for each in people if not _USER.fullmatch(each)), None)
    if wrong is not None or len(people) > MOST_ESCALATED:
        raise ValueError(
            f"--on-call {text}: give Slack member IDs in order, such as U0123ABCD,U0456EFGH (at most "
            f"{MOST_ESCALATED}), or none"
        )
    return people


def settings_in_words(line: Line) -> str:
    """The settings of a line in one line, but for what it answers by itself, and its targets."""
    replies = "every message in the thread is a reply" if line.reply_mode == "thread" else "replies by button only"
    others = ", other organisations too" if line.other_organisations else ""
    hold = f", held {line.hold.total_seconds():g} s to be taken back" if line.hold else ""
    return (
        f"debounce {line.mode}, window {line.window.total_seconds():g} s, cap {line.cap.total_seconds():g} s; "
        f"{replies}{hold}{others}; opt-out {described(line)}; Solved for {line.solved_for / timedelta(hours=1):g} h; "
        f"{f'hours of {line.calendar}' if line.calendar else 'always open'}; {in_words(line)}"
        f"{f'; on call {", ".join(line.on_call)}' if line.on_call else ''}"
    )


def automatic_in_words(line: Line) -> Iterator[str]:
    """What a line answers by itself, as contacts may get it."""
    for example in examples(line.auto_replies, line.label):
        after = _after(line.auto_replies, example.kind)
        yield f"answers by itself{after}: {example}"


def _after(settings: AutoReplies, kind: AutoKind) -> str:
    match kind:
        case AutoKind.WAITING:
            return f" after {settings.waiting_after} open minutes"
        case AutoKind.NUDGE:
            asked, solved = _days(settings.nudge_after), _days(settings.solve_after)
            return f" once a ticket is Pending for {asked}, which is Solved {solved} later"
        case _:
            return ""


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def targets_in_words(line: Line) -> Iterator[str]:
    """By when a line's tickets are answered and solved, one sentence a priority."""
    return (f"due for {each}" for each in policy_words.described(line.policy))


def on_call_in_words(line: Line) -> Iterator[str]:
    """Who is on call for a line, if anybody is."""
    if line.on_call:
        yield f"on call while it is closed, one after the other: {', '.join(line.on_call)}"


def alerts_in_words(line: Line) -> Iterator[str]:
    """Whom a line tells of what is late, and when, as far as somebody has set it."""
    return alert_words.described(line.alerts)
