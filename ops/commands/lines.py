"""`clerk lines`: the team's phone numbers."""

import json
import re
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from cyclopts import App, Parameter
from rich.console import Console
from rich.text import Text

from messages.deadlines import alert_words, policy_words
from messages.formats.numbers import NotANumber, parse, why_no_line
from messages.line import Line
from messages.line_settings.words import (
    NONE,
    alerts_in_words,
    automatic_in_words,
    changed_line,
    settings_in_words,
    targets_in_words,
)
from messages.process.settings import SLACK_API, Settings
from messages.team.auto_replies import inert
from messages.team.auto_replies import setting as automatic
from ops.checks.finding import Verdict
from ops.commands.options import AsJson, Invalid
from ops.documents import data_folder
from ops.documents.seed import new_line
from ops.environment import command_settings, documents_now, on_stores
from ops.examples import examples_of
from workers.mongo import Stores

lines = App(
    name="lines", help="List, add, change and remove the team's phone numbers.", help_epilogue=examples_of("lines")
)

Several = Annotated[list[str] | None, Parameter(negative="")]
"""An option that may be given again, and has no other that empties it."""

NO_LINE: Final = "{line} is not a line. See clerk lines list."

_ADDED: Final = re.compile(r"\+[0-9]+")


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


def line_named(text: str) -> str:
    """The number of a line that is there; an earlier version may have added one that is refused today."""
    return text if _ADDED.fullmatch(text) else number(text)


def _changed(line: Line, **given: Any) -> Line:
    """A line with the settings that are given; Invalid if one of them can't be."""
    try:
        return changed_line(line, **given)
    except ValueError as error:
        raise Invalid(str(error)) from None


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
        console.print(Text(f"    {settings_in_words(line)}", style="dim"), soft_wrap=not console.is_terminal)
        for each in (*automatic_in_words(line), *targets_in_words(line), *alerts_in_words(line)):
            console.print(Text(f"    {each}", style="dim"), soft_wrap=not console.is_terminal)
    if not found:
        console.print("No lines yet: clerk lines add NUMBER --channel C0123ABCD", soft_wrap=True)


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
    auto: Several = None,
    hold: str | None = None,
    on_call: str | None = None,
    sla: Several = None,
    alert: Several = None,
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
        Whether people of other organisations in a shared channel may write to contacts and give orders.
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
        What the line says by itself: closed=WORDS, holiday=WORDS, received=WORDS, waiting=WORDS or nudge=WORDS, with
        default for the offered words and off for none; waiting-after=MINUTES, in open minutes; nudge-after=DAYS for how
        long a ticket is Pending before its contact is asked again, and solve-after=DAYS for when it is Solved then; off
        for all. May be given again. Clerk fills in {opens}, {line} and {holiday}.
    hold
        Seconds for which a reply waits, so that its author can delete or edit it in Slack: 0 to 30, such as 5s.
    on_call
        Who is told, one after the other, of Urgent tickets and those tagged vip while the line is closed: Slack member
        IDs in order, such as U0123ABCD,U0456EFGH; or none.
    sla
        By when tickets are answered and solved: preset for the offered targets, or PRIORITY.CLOCK=TIME, with CLOCK of
        first, next, resolution, such as urgent.first=15m or normal.resolution=24h/calendar (day and night; else in open
        hours); warn=75% for when Clerk warns; PRIORITY.CLOCK=off, PRIORITY=off, or off for all. May be given again.
    alert
        Whom Clerk tells of what is late: escalation=U0123ABCD,C0123ABCD for who is told escalate-after=30m later;
        unanswered-after=2h and unassigned-after=1h for tickets without targets; nag=30m for the repeats. Times are open
        time, and off is never. May be given again.
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
        "on_call": on_call,
    }
    if not auto and not sla and not alert and calendar is None and all(value is None for value in given.values()):
        raise Invalid("say what to change. See clerk lines set --help.")

    async def work(stores: Stores, settings: Settings) -> tuple[Line, Sequence[str]] | None:
        known = await stores.lines.versioned(line_named(line))
        if known is None:
            return None
        found, version = known
        with_lists = _with_alerts(_with_targets(_with_automatic(found, auto or ()), sla or ()), alert or ())
        changed = _changed(with_lists, **given)
        new = await _with_calendar(changed, calendar, stores)
        if new.channel != found.channel:
            _refuse_a_channel_that_slack_refuses(new, settings)
        if not await stores.lines.change(new, version):
            raise Invalid(
                f"{line} was changed by somebody else meanwhile. Look at it (clerk lines list), then try again."
            )
        return new, await _doubts(new, stores, documents_now(settings)) if sla or calendar is not None else ()

    done = on_stores(work)
    if done is None:
        raise Invalid(f"{line} is not a line. To add it: clerk lines add {line} --channel C0123ABCD")
    changed, doubts = done
    print(f"{changed.id} in {changed.channel} is changed: {settings_in_words(changed)}.")
    if auto:
        _show_automatic(changed)
    if sla:
        print("\n".join(targets_in_words(changed)) or "Nothing is due on it: it has no targets.")
    if alert:
        print("\n".join(alerts_in_words(changed)) or "Its alerts are as they are by themselves.")
    for each in doubts:
        print(f"targets: {each}", file=sys.stderr)
    for each in alert_words.inert(changed.alerts) if alert else ():
        print(f"alerts: {each}", file=sys.stderr)


async def _doubts(line: Line, stores: Stores, now: datetime) -> Sequence[str]:
    """What of a line's targets does nothing, or not what it seems to."""
    return list(policy_words.inert(line.policy, line.calendar, await stores.calendars.all(), now))


def _with_targets(line: Line, typed: Sequence[str]) -> Line:
    """A line with other targets; Invalid if one of them can't be."""
    now = documents_now(command_settings())
    try:
        return line.model_copy(update={"policy": policy_words.changed(line.policy, typed, now)})
    except ValueError as error:
        raise Invalid(f"--sla {error}") from None


def _with_alerts(line: Line, typed: Sequence[str]) -> Line:
    """A line whose alerts reach others, or at other times; Invalid if that can't be."""
    try:
        return line.model_copy(update={"alerts": alert_words.changed(line.alerts, typed)})
    except ValueError as error:
        raise Invalid(f"--alert {error}") from None


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
    for each in automatic_in_words(line):
        print(each)
    for each in inert(line.auto_replies, line.label, has_calendar=bool(line.calendar)):
        print(each, file=sys.stderr)


@lines.command
def remove(line: str) -> None:
    """Remove a line; its conversations and tickets stay.

    Parameters
    ----------
    line
        The phone number, such as +15550001111.
    """

    async def work(stores: Stores, _: Settings) -> bool:
        return await stores.lines.remove(line_named(line))

    if not on_stores(work):
        raise Invalid(NO_LINE.format(line=line))
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
        sandbox = data_folder.url_of_run(settings.data_dir)
        if sandbox is None:
            return
        settings = settings.model_copy(update={"slack_api_url": f"{sandbox}/sandbox/slack/api/"})
    from ops.checks import slack  # with an HTTP client, for which no other command about lines has a use

    finding = slack.channel_of(line, settings)
    if finding.state is Verdict.BAD and "the bot is not in" not in finding.found:
        raise Invalid(f"--channel {line.channel}: {finding.found}. {finding.todo}")
    if finding.state is not Verdict.GOOD:
        print(f"{finding.found}. {finding.todo}", file=sys.stderr)
