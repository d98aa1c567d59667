"""`clerk lines`: the team's phone numbers."""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Final, Literal

from cyclopts import App
from pydantic import ValidationError
from rich.console import Console
from rich.text import Text

from messages.answering import AutoKind
from messages.formats.numbers import NotANumber, parse, why_no_line
from messages.line import LONGEST_HOLD, Line, QuietHours
from messages.opt_outs import described, setting
from messages.process.settings import SLACK_API, Settings
from messages.quiet import in_words, zone_named
from messages.team.auto_replies import examples, inert
from messages.team.auto_replies import setting as automatic
from ops.checks import slack
from ops.checks.finding import Verdict
from ops.commands.options import AsJson, Invalid
from ops.documents.seed import new_line
from ops.environment import on_stores
from ops.examples import examples_of
from workers.mongo import Stores

lines = App(
    name="lines", help="List, add, change and remove the team's phone numbers.", help_epilogue=examples_of("lines")
)

_CHANNEL: Final = re.compile(r"[CG][A-Z0-9]{2,}")

_ADDED: Final = re.compile(r"\+[0-9]+")

_HOURS: Final = re.compile(r"(\d{1,2}:\d\d)\s*[-–]\s*(\d{1,2}:\d\d)")

NONE: Final = "none"
"""What `--calendar` takes for a line that is always open, and `--zone` for one of which nobody says where it is."""

LONGEST: Final = 86_400
NAME_LIMIT: Final = 80


def number(text: str) -> str:
    """A phone number as E.164; Invalid, with the reason, if the text is not one."""
    if reason := why_no_line(text):
        raise Invalid(f"{text}: {reason}. Give a phone number with its country code, such as +15550001111")
    try:
        return parse(text, None)
    except NotANumber as error:
        if "+" not in text:
            raise Invalid(f"{text}: not a phone number with its country code, such as +15550001111") from None
        raise Invalid(f"{text}: {error}") from None


def _named(text: str) -> str:
    """The number of a line that is to be changed; an earlier version may have added one that is refused today."""
    return text if _ADDED.fullmatch(text) else number(text)


def _changed(line: Line, **given: Any) -> Line:
    changes = {name: value for name, value in given.items() if value is not None}
    if not _CHANNEL.fullmatch(changes.get("channel", "C00")):
        raise Invalid(
            f"--channel {changes['channel']}: give the channel's id, such as C0123ABCD (channel details, bottom)"
        )
    for name in ("window", "cap"):
        if name in changes and not 0 < changes[name] <= LONGEST:
            raise Invalid(f"--{name} {changes[name]:g}: seconds, more than 0 and at most {LONGEST} (a day)")
    if "solved_for" in changes:
        if not 1 <= changes["solved_for"] <= 28 * 24:
            raise Invalid(f"--solved-for {changes['solved_for']:g}: hours, between 1 hour and 28 days (672 hours)")
        changes["solved_for"] *= 3600
    if "hold" in changes:
        changes["hold"] = _hold(changes["hold"])
    try:
        words: dict[str, Any] = {"opt_out": setting(changes.pop("opt_out"))} if "opt_out" in changes else {}
    except ValueError as error:
        raise Invalid(f"--opt-out: {error}") from None
    words |= _quiet(line, changes)
    if len(name := changes.get("name", "")) > NAME_LIMIT or not name.isprintable():
        raise Invalid(f"--name: one line of at most {NAME_LIMIT} characters")
    try:
        changed = Line.model_validate({**line.model_dump(), **changes, **words})
    except ValidationError as error:
        raise Invalid("; ".join(f"{each['loc'][0]}: {each['msg']}" for each in error.errors())) from None
    if changed.cap < changed.window:
        raise Invalid("--cap must not be less than --window")
    return changed


def _quiet(line: Line, changes: dict[str, Any]) -> dict[str, Any]:
    """The settings about nights, out of those that are given; Invalid if one is wrong."""
    hours, sundays, zone = (changes.pop(name, None) for name in ("quiet_hours", "quiet_sundays", "zone"))
    found: dict[str, Any] = {}
    if zone is not None:
        found["zone"] = "" if zone == NONE else zone_named(zone)
        if zone != NONE and not found["zone"]:
            raise Invalid(f"--zone {zone}: there is no such time zone. Write it as Europe/Berlin, or none")
    if hours is None and sundays is None:
        return found
    night = line.quiet_hours.model_dump() | ({} if sundays is None else {"sundays": sundays})
    if hours is not None:
        given = _HOURS.fullmatch(hours.strip())
        if given is None:
            raise Invalid(f"--quiet-hours {hours}: write from when to when it is night, as 21:00-08:00")
        night |= {"begins": given[1].zfill(5), "ends": given[2].zfill(5)}
    try:
        return found | {"quiet_hours": QuietHours.model_validate(night)}
    except ValidationError as error:
        first = error.errors()[0]
        is_ours = first["type"] == "value_error"
        why = first["msg"].removeprefix("Value error, ") if is_ours else "times are from 00:00 to 24:00"
        raise Invalid(f"--quiet-hours {hours}: {why}") from None


_SECONDS: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?s?")


def _hold(text: str) -> float:
    """Seconds for which a reply can be taken back, from a text such as 5s; Invalid, with the bounds, if it is none."""
    longest = LONGEST_HOLD.total_seconds()
    found = _SECONDS.fullmatch(text.strip())
    if found is None or float(found[1]) > longest:
        raise Invalid(f"--hold {text}: seconds, such as 5s: between 0 (send at once) and {longest:g}")
    return float(found[1])


@lines.command(name="list")
def list_(*, json_: AsJson = False) -> None:
    """List every line with its settings."""
    found = on_stores(lambda stores, _: stores.lines.all())
    if json_:
        json.dump([line.model_dump(mode="json") for line in found], sys.stdout, indent=2)
        print()
        return
    console = Console(highlight=False)
    for line in found:
        console.print(
            Text(line.id, style="bold") + Text(f"  in {line.channel}" + (f"  {line.name}" if line.name else ""))
        )
        console.print(Text(f"    {_settings_in_words(line)}", style="dim"), soft_wrap=not console.is_terminal)
        for each in _automatic_in_words(line):
            console.print(Text(f"    {each}", style="dim"), soft_wrap=not console.is_terminal)
    if not found:
        console.print("No lines yet: clerk lines add NUMBER --channel C0123ABCD", soft_wrap=True)


def _settings_in_words(line: Line) -> str:
    replies = "every message in the thread is a reply" if line.reply_mode == "thread" else "replies by button only"
    others = ", other organisations too" if line.other_organisations else ""
    hold = f", held {line.hold.total_seconds():g} s to be taken back" if line.hold else ""
    return (
        f"debounce {line.mode}, window {line.window.total_seconds():g} s, cap {line.cap.total_seconds():g} s; "
        f"{replies}{hold}{others}; opt-out {described(line)}; Solved for {line.solved_for / timedelta(hours=1):g} h; "
        f"{f'hours of {line.calendar}' if line.calendar else 'always open'}; {in_words(line)}"
    )


@lines.command
def add(
    line: str, *, channel: str, name: str | None = None, opt_out: str | None = None, calendar: str | None = None
) -> None:
    """Make a phone number a line of a Slack channel: --channel takes its id, such as C0123ABCD.

    Parameters
    ----------
    line
        The phone number, such as +15550001111.
    channel
        The id of the Slack channel, such as C0123ABCD.
    name
        What agents see in place of the number.
    opt_out
        The words that opt out: us, toll-free, none, or WORD,WORD (and after a colon those that opt in again).
        By default those that Twilio heeds on such a number.
    calendar
        The calendar that says when the line is open, such as shop; none: it is always open.
    """

    async def work(stores: Stores, settings: Settings) -> Line | None:
        new = _changed(new_line(number(line), channel, settings), channel=channel, name=name, opt_out=opt_out)
        new = await _with_calendar(new, calendar, stores)
        if await stores.lines.get(new.id) is None:
            _refuse_a_channel_that_slack_refuses(new, settings)
        return new if await stores.lines.add(new) else None

    added = on_stores(work)
    if added is None:
        raise Invalid(f"{line} is a line already. To change it: clerk lines set {line} ...")
    print(f"{added.id} is a line now: its texts appear in {added.channel}.")


@lines.command(name="set")
def set_(
    line: str,
    *,
    channel: str | None = None,
    name: str | None = None,
    reply_mode: Literal["thread", "buttons"] | None = None,
    other_organisations: Literal["yes", "no"] | None = None,
    debounce: Literal["leading+trailing", "leading"] | None = None,
    window: float | None = None,
    cap: float | None = None,
    solved_for: float | None = None,
    opt_out: str | None = None,
    calendar: str | None = None,
    quiet: Literal["off", "warn", "hold"] | None = None,
    quiet_hours: str | None = None,
    quiet_sundays: Literal["yes", "no"] | None = None,
    zone: str | None = None,
    auto: list[str] | None = None,
    hold: str | None = None,
) -> None:
    """Change a line: --window, --cap and --hold in seconds, --solved-for in hours.

    Parameters
    ----------
    line
        The phone number, such as +15550001111.
    channel
        The id of the Slack channel, such as C0123ABCD.
    name
        What agents see in place of the number.
    reply_mode
        Whether every message in the thread is a reply, or only those sent with a button.
    other_organisations
        Whether people of other organisations in a shared channel may write to contacts.
    debounce
        Whether texts that follow the first one are announced as well.
    window
        Seconds of quiet before texts are announced.
    cap
        Seconds after which texts are announced even without quiet.
    solved_for
        Hours until a Solved ticket is closed.
    opt_out
        The words that opt out: us, toll-free, none, WORD,WORD (and after a colon those that opt in again), or default.
    calendar
        The calendar that says when the line is open, such as shop; none: it is always open.
    quiet
        What the contact's night does: nothing (off), tells people and holds what is automatic (warn), holds all.
    quiet_hours
        From when to when it is night where the contact is, such as 21:00-08:00.
    quiet_sundays
        Whether it is night all Sunday long.
    zone
        The line's time zone, such as Europe/Berlin, for contacts of whom nobody knows where they are; or none.
    auto
        What the line answers by itself: closed=WORDS, holiday=WORDS, received=WORDS or waiting=WORDS, with default for
        the offered words and off for none; waiting-after=MINUTES, in open minutes; off for all. May be given again.
        Clerk fills in {opens}, {line} and {holiday}.
    hold
        Seconds for which a reply waits, so that its author can delete or edit it in Slack: 0 to 30, such as 5s.
    """
    given: dict[str, Any] = {
        "channel": channel,
        "name": name,
        "reply_mode": reply_mode,
        "other_organisations": None if other_organisations is None else other_organisations == "yes",
        "mode": debounce,
        "window": window,
        "cap": cap,
        "solved_for": solved_for,
        "opt_out": opt_out,
        "quiet": quiet,
        "quiet_hours": quiet_hours,
        "quiet_sundays": None if quiet_sundays is None else quiet_sundays == "yes",
        "zone": zone,
        "hold": hold,
    }
    if not auto and calendar is None and all(value is None for value in given.values()):
        raise Invalid("say what to change. See clerk lines set --help.")

    async def work(stores: Stores, settings: Settings) -> Line | None:
        found = await stores.lines.get(_named(line))
        if found is None:
            return None
        changed = _changed(_with_automatic(found, auto or ()), **given)
        new = await _with_calendar(changed, calendar, stores)
        if new.channel != found.channel:
            _refuse_a_channel_that_slack_refuses(new, settings)
        await stores.lines.save(new)
        return new

    changed = on_stores(work)
    if changed is None:
        raise Invalid(f"{line} is not a line. To add it: clerk lines add {line} --channel C0123ABCD")
    print(f"{changed.id} in {changed.channel} is changed: {_settings_in_words(changed)}.")
    if auto:
        _show_automatic(changed)


def _with_automatic(line: Line, typed: Sequence[str]) -> Line:
    """A line with other automatic texts; Invalid if one of them can't be."""
    settings = line.auto_replies
    for each in typed:
        try:
            settings = automatic(settings, each)
        except ValueError as error:
            raise Invalid(f"--auto {error}") from None
    return line.model_copy(update={"auto_replies": settings})


def _show_automatic(line: Line) -> None:
    """The automatic texts of a line as contacts get them, and what of them does nothing."""
    if not line.auto_replies.kinds:
        print("It answers nothing by itself.")
    for each in _automatic_in_words(line):
        print(each)
    for each in inert(line.auto_replies, line.label, has_calendar=bool(line.calendar)):
        print(each, file=sys.stderr)


def _automatic_in_words(line: Line) -> Iterator[str]:
    for example in examples(line.auto_replies, line.label):
        after = f" after {line.auto_replies.waiting_after} open minutes" if example.kind is AutoKind.WAITING else ""
        yield f"answers by itself{after}: {example}"


@lines.command
def remove(line: str) -> None:
    """Remove a line; its conversations and tickets stay.

    Parameters
    ----------
    line
        The phone number, such as +15550001111.
    """

    async def work(stores: Stores, _: Settings) -> bool:
        return await stores.lines.remove(_named(line))

    if not on_stores(work):
        raise Invalid(f"{line} is not a line. See clerk lines list.")
    print(f"{line} is no line any more. Its conversations and tickets stay.")


async def _with_calendar(line: Line, calendar: str | None, stores: Stores) -> Line:
    """A line with another calendar, if one is given; Invalid if there is none of this name."""
    if calendar is None:
        return line
    if calendar != NONE and await stores.calendars.fresh(calendar) is None:
        known = ", ".join(each.id for each in await stores.calendars.all()) or "none yet"
        raise Invalid(f"--calendar {calendar}: there is no such calendar. There are: {known}.")
    return line.model_copy(update={"calendar": "" if calendar == NONE else calendar})


def _refuse_a_channel_that_slack_refuses(line: Line, settings: Settings) -> None:
    """Invalid if Slack says that a channel can't be a line's; without a word from Slack the channel is taken."""
    if settings.slack_api_url == SLACK_API and "CLERK_SLACK_BOT_TOKEN" in settings.sandbox_variables():
        return
    finding = slack.channel_of(line, settings)
    if finding.state is Verdict.BAD and "the bot is not in" not in finding.found:
        raise Invalid(f"--channel {line.channel}: {finding.found}. {finding.todo}")
    if finding.state is not Verdict.GOOD:
        print(f"{finding.found}. {finding.todo}", file=sys.stderr)
