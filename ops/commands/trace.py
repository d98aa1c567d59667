"""`clerk trace`: shows what happened to one text, one ticket or all that one webhook caused."""

import sys
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from messages.process.settings import Settings
from ops import durations
from ops.broker import console as reach_console
from ops.broker import open_broker
from ops.commands.options import AsJson
from ops.documents.reader import Documents
from ops.environment import command_settings, documents_now
from ops.queues.broker import BrokerAway
from ops.queues.letters import Letter, Selection
from ops.traces import log_trail
from ops.traces.timeline import Trace
from ops.traces.timeline import trace as follow


def trace(id: str, /, *, as_json: AsJson = False) -> None:
    """Show in time order what happened to a text, a ticket or a correlation id.

    Parameters
    ----------
    id
        A text's id (SM…, or Clerk's own), a ticket's number or a correlation id.
    """
    settings = command_settings()
    found = _in_documents(id, settings) if settings.mongo_url is not None else _in_console(id, settings)
    if as_json:
        print(found.model_dump_json(indent=2))
    else:
        _show(found)
    if found.subject is None:
        sys.exit(1)


def _in_documents(id: str, settings: Settings) -> Trace:
    assert settings.mongo_url is not None
    letters: tuple[Letter, ...] = ()
    unasked: tuple[str, ...] = ()
    try:
        letters = open_broker(settings).dead(Selection(), 0, 10_000, 10_000).letters
    except BrokerAway as error:
        unasked = (str(error),)
    with Documents(settings.mongo_url.get_secret_value()) as documents:
        found = follow(id, documents, log_trail.TrailReader(documents), documents_now(settings), letters)
        return found.model_copy(update={"unasked": unasked})


def _in_console(id: str, settings: Settings) -> Trace:
    return Trace.model_validate_json(reach_console(settings).trace(id))


def _show(found: Trace) -> None:
    console = Console()
    for each in found.unasked:
        print(each, file=sys.stderr)
    if found.subject is None:
        print(f"Clerk knows nothing about {found.id}.", file=sys.stderr)
        return
    days = {step.at.astimezone(UTC).date() for step in found.steps}
    day, clock = (f", {min(days)} UTC", "%H:%M:%S.%f") if len(days) == 1 else (", UTC", "%Y-%m-%d %H:%M:%S.%f")
    console.print(Text(found.subject, style="bold") + Text(day if days else "", style="dim"))
    table = Table(box=None, show_header=False, pad_edge=False)
    for column in ("time", "after", "where", "what"):
        table.add_column(no_wrap=column != "what", justify="right" if column == "after" else "left")
    before: datetime | None = None
    for step in found.steps:
        after = "" if before is None else f"+{durations.short((step.at - before).total_seconds())}"
        what = Text(step.what, style="red" if step.trouble else "")
        if step.detail:
            what.append(f"\n{step.detail}", style="dim")
        table.add_row(step.at.astimezone(UTC).strftime(clock)[:-3], after, Text(step.where, "cyan"), what)
        before = step.at
    console.print(table)
    if found.related:
        console.print(Text("Related: " + ", ".join(found.related), style="dim"))
