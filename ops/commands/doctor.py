"""`clerk doctor`: checks everything that Clerk depends on, and says what to do."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Final

from rich.console import Console
from rich.text import Text

from messages.line import Line
from messages.process.settings import Misconfigured, Settings
from ops.broker import open_broker
from ops.checks import alerts, auto_replies, broker, disk, documents, hours, opt_outs, policies, reach, slack, twilio
from ops.checks.finding import Finding, Verdict, advice, bad, good
from ops.commands.options import AsJson
from ops.documents.processes import RunningProcess
from ops.documents.reader import Documents, DocumentsAway
from ops.environment import at_the_run, documents_now, load_settings, unknown_variables, with_mongo

MARKS: Final = {
    Verdict.GOOD: ("✓", "green"),
    Verdict.ADVICE: ("•", "yellow"),
    Verdict.BAD: ("✗", "bold red"),
    Verdict.SKIPPED: ("?", "dim"),
}


def doctor(*, as_json: AsJson = False) -> None:
    """Check settings, broker, queues, MongoDB, Slack, Twilio, every line, public URL and clocks; say what to do.

    Exit status 0: nothing stops texts from arriving; 1: something does; 2: a variable is invalid.
    """
    from ops.commands.processes.run import as_run

    settings = as_run(at_the_run(load_settings()))
    findings: list[Finding] = []
    console = Console()
    for finding in examine(settings):
        findings.append(finding)
        if not as_json:
            _show(console, finding)
    if as_json:
        print("[" + ",\n".join(finding.model_dump_json() for finding in findings) + "]")
    if any(finding.state is Verdict.BAD for finding in findings):
        sys.exit(1)


def examine(settings: Settings) -> Iterator[Finding]:
    """Every finding; what others depend on comes first."""
    yield from _settings(settings)
    if unread := unknown_variables():
        yield advice("variables", " ".join(unread), "Correct the name, or unset it.")
    dates: dict[str, str] = {}
    try:
        yield from broker.check(open_broker(settings), partial(_reporting, settings))
    except Misconfigured as error:
        yield bad("broker", "the queues are in the memory of `clerk run`", str(error))
    lines: list[Line] = []
    with with_mongo(settings) as stored:
        assert stored.mongo_url is not None
        if settings.keeps_files and settings.data_dir.is_dir():
            yield disk.check(settings.data_dir)
        try:
            opened = Documents(stored.mongo_url.get_secret_value())
        except DocumentsAway as error:
            yield bad("documents", str(error), "Correct CLERK_MONGO_URL. Until then texts wait in the queues.")
            return
        with opened as found:
            now = documents_now(settings)
            yield from documents.check(found, now, shared=settings.mongo_url is not None)
            try:
                lines, calendars, agents = found.lines(), found.calendars(), found.agents()
                home = found.home_refused()
            except DocumentsAway:
                yield from ()
            else:
                yield _lines(lines)
                yield from opt_outs.check(lines)
                yield from hours.check(lines, calendars, now, agents)
                yield from auto_replies.check(lines, calendars, now)
                yield from policies.check(lines, calendars, now)
                yield from alerts.check(lines)
                yield slack.of_home(home)
    yield from slack.check(settings, lines, dates)
    yield from twilio.check(settings, lines, dates)
    yield from reach.check(settings, dates)
    yield from reach.of_dates(dates, datetime.now(UTC))


def _reporting(settings: Settings) -> list[RunningProcess]:
    """The processes that report to MongoDB; none where they share none, or it is away."""
    if settings.mongo_url is None:
        return []
    try:
        with Documents(settings.mongo_url.get_secret_value()) as found:
            return found.running_processes()
    except DocumentsAway:
        return []


def _settings(settings: Settings) -> Iterator[Finding]:
    sandbox = settings.sandbox_variables()
    if sandbox and not settings.sandbox:
        todo = "Set them (README: Connect Twilio and Slack), or CLERK_SANDBOX=1 to try Clerk out."
        yield bad("settings", f"the values of {', '.join(sandbox)} are the sandbox's, which everyone knows", todo)
    elif sandbox:
        todo = "Fine to try Clerk out. Set them before real texts come."
        yield advice("settings", f"{', '.join(sandbox)} have sandbox values", todo)
    else:
        yield good("settings", "valid, and none is a sandbox value")


def _lines(lines: list[Line]) -> Finding:
    if not lines:
        return bad("lines", "there are none", "clerk lines add +15550001111 --channel C0123ABCD")
    return good("lines", ", ".join(f"{line.id} in {line.channel}" for line in lines))


def _show(console: Console, finding: Finding) -> None:
    mark, style = MARKS[finding.state]
    console.print(Text(f"{mark} ", style=style) + Text(f"{finding.check}: ", style="bold") + Text(finding.found))
    if finding.todo and finding.state is not Verdict.GOOD:
        console.print(Text(f"    {finding.todo}", style="dim"))
