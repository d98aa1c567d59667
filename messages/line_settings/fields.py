"""The settings of a line as fields of a form: how each is shown, and what becomes of what is typed. Pure.

`clerk lines set` takes the same settings, and what is wrong is said in its words.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from messages.answering import AutoKind
from messages.deadlines import alert_words, policy_words
from messages.line import Line
from messages.line_settings.words import NONE, changed_line
from messages.team import auto_replies

COMMAND_ONLY: Final[Mapping[str, str]] = {
    "channel": "who moves a line shows its tickets to the people of another channel, and Slack must take posts there"
}
"""The settings that no form has, and why."""


class FieldKind(StrEnum):
    """How a field is filled in."""

    TEXT = "text"
    LINES = "lines"
    CHOICE = "choice"
    CALENDAR = "calendar"
    PEOPLE = "people"


@dataclass(frozen=True)
class LineField:
    """A field: `setting` is the argument of `clerk lines set`, and `shown` what the field holds for a line.

    `given` are the arguments of `changed_line` for what is typed, or `changed` is what becomes of the line.
    """

    id: str
    setting: str
    label: str
    shown: Callable[[Line], str]
    kind: FieldKind = FieldKind.TEXT
    hint: str = ""
    may_be_blank: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    given: Callable[[str], dict[str, Any]] | None = None
    changed: Callable[[Line, str, datetime], Line] | None = None


def _number(name: str, counted: str) -> Callable[[str], dict[str, Any]]:
    def given(typed: str) -> dict[str, Any]:
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", typed, re.ASCII):
            raise ValueError(f"{typed or 'nothing'}: write a number of {counted}")
        return {name: float(typed)}

    return given


def _text(name: str, empty: str | None = None) -> Callable[[str], dict[str, Any]]:
    return lambda typed: {name: typed or (empty if empty is not None else typed)}


def _yes_or_no(name: str) -> Callable[[str], dict[str, Any]]:
    return lambda typed: {name: typed == "yes"}


def _said(yes: bool) -> str:
    return "yes" if yes else "no"


def _with_calendar(line: Line, typed: str, at: datetime) -> Line:
    return line.model_copy(update={"calendar": "" if typed == NONE else typed})


def _with_words(kind: AutoKind) -> Callable[[Line, str, datetime], Line]:
    def changed(line: Line, typed: str, at: datetime) -> Line:
        settings = auto_replies.setting(line.auto_replies, f"{kind}={typed or auto_replies.OFF}")
        return line.model_copy(update={"auto_replies": settings})

    return changed


def _with_time(name: str) -> Callable[[Line, str, datetime], Line]:
    def changed(line: Line, typed: str, at: datetime) -> Line:
        return line.model_copy(update={"auto_replies": auto_replies.setting(line.auto_replies, f"{name}={typed}")})

    return changed


def _with_targets(line: Line, typed: str, at: datetime) -> Line:
    lines = [policy_words.OFF, *_lines(typed)]
    return line.model_copy(update={"policy": policy_words.changed(line.policy, lines, at)})


def _with_alerts(line: Line, typed: str, at: datetime) -> Line:
    return line.model_copy(update={"alerts": alert_words.changed(line.alerts, [alert_words.OFF, *_lines(typed)])})


def _lines(typed: str) -> list[str]:
    return [each.strip() for each in typed.splitlines() if each.strip()]


def _automatic() -> Iterator[LineField]:
    for kind in AutoKind:
        hint = f"Blank: nothing. Clerk fills in {', '.join(f'{{{each}}}' for each in auto_replies.PLACEHOLDERS[kind])}."
        yield LineField(
            f"auto.{kind}",
            "auto",
            f"What it says by itself: {kind}",
            lambda line, kind=kind: " ".join(line.auto_replies.words(kind).split()),  # type: ignore[misc]
            FieldKind.LINES,
            hint,
            may_be_blank=True,
            changed=_with_words(kind),
        )
    for name, (attribute, most, counted, _) in auto_replies.TIMES.items():
        yield LineField(
            f"auto.{name}",
            "auto",
            f"{name} ({counted})",
            lambda line, attribute=attribute: str(getattr(line.auto_replies, attribute)),  # type: ignore[misc]
            hint=f"From 1 to {most}.",
            changed=_with_time(name),
        )


FIELDS: Final[tuple[LineField, ...]] = (
    LineField(
        "name", "name", "Name", lambda line: line.name, hint="What agents see.", may_be_blank=True, given=_text("name")
    ),
    LineField(
        "reply_mode",
        "reply_mode",
        "Replies",
        lambda line: line.reply_mode.value,
        FieldKind.CHOICE,
        options={"thread": "Every message in the thread is a reply", "buttons": "Only what is sent with a button"},
        given=_text("reply_mode"),
    ),
    LineField(
        "other_organisations",
        "other_organisations",
        "People of other organisations may write to contacts",
        lambda line: _said(line.other_organisations),
        FieldKind.CHOICE,
        options={"no": "No", "yes": "Yes"},
        given=_yes_or_no("other_organisations"),
    ),
    LineField(
        "debounce",
        "debounce",
        "Texts that follow the first one",
        lambda line: line.mode.value,
        FieldKind.CHOICE,
        options={"leading+trailing": "Are announced as well", "leading": "Are not announced"},
        given=_text("mode"),
    ),
    LineField(
        "window",
        "window",
        "Window: seconds of quiet before texts are announced",
        lambda line: f"{line.window.total_seconds():g}",
        given=_number("window", "seconds"),
    ),
    LineField(
        "cap",
        "cap",
        "Cap: seconds after which they are announced even without quiet",
        lambda line: f"{line.cap.total_seconds():g}",
        given=_number("cap", "seconds"),
    ),
    LineField(
        "solved_for",
        "solved_for",
        "Hours until a Solved ticket is closed",
        lambda line: f"{line.solved_for / timedelta(hours=1):g}",
        given=_number("solved_for", "hours"),
    ),
    LineField(
        "opt_out",
        "opt_out",
        "Words that opt out",
        lambda line: line.opt_out or "default",
        FieldKind.LINES,
        "us, toll-free, none, WORD,WORD (and after a colon those that opt in again), or default",
        may_be_blank=True,
        given=_text("opt_out", "default"),
    ),
    LineField(
        "calendar",
        "calendar",
        "Hours",
        lambda line: line.calendar or NONE,
        FieldKind.CALENDAR,
        changed=_with_calendar,
    ),
    LineField(
        "quiet",
        "quiet",
        "In the contact's night",
        lambda line: line.quiet.value,
        FieldKind.CHOICE,
        options={
            "off": "Nothing is different",
            "warn": "People are told, and what is automatic waits",
            "hold": "All texts wait",
        },
        given=_text("quiet"),
    ),
    LineField(
        "quiet_hours",
        "quiet_hours",
        "When it is night",
        lambda line: f"{line.quiet_hours.begins}-{line.quiet_hours.ends}",
        hint="Where the contact is, such as 21:00-08:00.",
        given=_text("quiet_hours"),
    ),
    LineField(
        "quiet_sundays",
        "quiet_sundays",
        "It is night all Sunday long",
        lambda line: _said(line.quiet_hours.sundays),
        FieldKind.CHOICE,
        options={"no": "No", "yes": "Yes"},
        given=_yes_or_no("quiet_sundays"),
    ),
    LineField(
        "zone",
        "zone",
        "Time zone",
        lambda line: line.zone,
        hint="Such as Europe/Berlin, for contacts of whom nobody knows where they are; blank: unknown.",
        may_be_blank=True,
        given=_text("zone", NONE),
    ),
    LineField(
        "hold",
        "hold",
        "Seconds for which a reply can be taken back",
        lambda line: f"{line.hold.total_seconds():g}",
        given=_text("hold"),
    ),
    LineField(
        "on_call",
        "on_call",
        "On call while it is closed, in this order",
        lambda line: ",".join(line.on_call),
        FieldKind.PEOPLE,
        may_be_blank=True,
        given=_text("on_call", NONE),
    ),
    LineField(
        "sla",
        "sla",
        "Targets, one on each row",
        lambda line: "\n".join(policy_words.as_typed(line.policy)),
        FieldKind.LINES,
        "preset, or PRIORITY.CLOCK=TIME with CLOCK of first, next, resolution, such as urgent.first=15m",
        may_be_blank=True,
        changed=_with_targets,
    ),
    LineField(
        "alert",
        "alert",
        "Alerts, one on each row",
        lambda line: "\n".join(alert_words.as_typed(line.alerts)),
        FieldKind.LINES,
        "escalation=U0123ABCD,C0123ABCD, escalate-after=30m, unanswered-after=2h, unassigned-after=1h, nag=30m",
        may_be_blank=True,
        changed=_with_alerts,
    ),
    *_automatic(),
)
"""The fields in the order in which the form has them."""

BY_ID: Final[Mapping[str, LineField]] = {each.id: each for each in FIELDS}
_PAIR: Final = ("window", "cap")
_OPTION: Final = re.compile(r"^--[a-z-]+:? ?")


def digest(value: str) -> str:
    """What tells one value of a field from another, in few characters."""
    return hashlib.sha256(value.strip().encode()).hexdigest()[:10]


def shown(line: Line) -> dict[str, str]:
    """What each field holds for a line."""
    return {each.id: each.shown(line) for each in FIELDS}


def labels(ids: Iterable[str]) -> str:
    """Fields by what people call them."""
    return ", ".join(BY_ID[id].label for id in ids)


def wrong(line: Line, values: Mapping[str, str], changed: Collection[str], at: datetime) -> dict[str, str]:
    """What is wrong with the changed ones of a form's values, by field; of a window and a cap, `values` has both."""
    errors: dict[str, str] = {}
    for id in changed:
        try:
            if id in _PAIR:
                applied(line, dict.fromkeys(_PAIR, values[id]), at)
            else:
                applied(line, {id: values[id]}, at)
        except ValueError as error:
            errors[id] = _OPTION.sub("", str(error))
    if errors.keys().isdisjoint(_PAIR) and not set(_PAIR).isdisjoint(changed):
        try:
            applied(line, {each: values[each] for each in _PAIR}, at)
        except ValueError as error:
            errors["cap" if "cap" in changed else "window"] = (
                str(error).replace("--cap", "the cap").replace("--window", "the window")
            )
    return errors


def applied(line: Line, values: Mapping[str, str], at: datetime) -> Line:
    """A line with other values of some fields; ValueError, with the reason, if one of them can't be."""
    given: dict[str, Any] = {}
    for id, value in values.items():
        found = BY_ID[id]
        if found.changed is not None:
            line = found.changed(line, value.strip(), at)
        elif found.given is not None:
            given |= found.given(value.strip())
    return changed_line(line, **given) if given else line
