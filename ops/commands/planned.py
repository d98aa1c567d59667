"""`clerk planned`: the texts that agents want sent later."""

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from textwrap import shorten
from typing import Any, Final

from cyclopts import App
from rich.console import Console
from rich.text import Text

from messages.planned import Planned, PlannedState
from messages.process.settings import Settings
from ops.commands.lines import NO_LINE, line_named
from ops.commands.options import AsJson, Invalid, ShowText
from ops.environment import documents_now, on_stores
from ops.examples import examples_of
from ops.masking import masked_number
from workers.mongo import Stores

planned = App(
    name="planned",
    help="List the texts that agents have planned for later, and those that are held.",
    help_epilogue=examples_of("planned"),
)

MOST: Final = 1000
MOST_COLUMNS: Final = 80


@planned.command(name="list")
def list_(*, line: str | None = None, show_text: ShowText = False, json_: AsJson = False) -> None:
    """List what is planned and held, the next one first; a thousand at most.

    Parameters
    ----------
    line
        Only those of this line, such as +15550001111.
    """

    of = None if line is None else line_named(line)

    async def work(stores: Stores, settings: Settings) -> tuple[list[Planned], datetime]:
        found = await stores.planned.next_ones(of, MOST)
        if not found and of is not None and await stores.lines.get(of) is None:
            raise Invalid(NO_LINE.format(line=of))
        return found, documents_now(settings)

    found, now = on_stores(work)
    rows = [row(each, now, show_text=show_text) for each in found]
    if json_:
        json.dump(rows, sys.stdout, indent=2)
        print()
        return
    console = Console(highlight=False)
    for shown in table(rows, console.width) if rows else ["Nothing is planned."]:
        console.print(Text(shown), soft_wrap=True)


def row(planned: Planned, now: datetime, *, show_text: bool) -> dict[str, Any]:
    """A planned text for operators; without `show_text`, nothing of what it says and not all of a number. Pure."""
    text = {"text": planned.body} if show_text else {}
    return {
        "id": planned.id,
        "due_at": planned.due_at.isoformat(timespec="minutes"),
        "wall": planned.wall,
        "zone": planned.zone,
        "state": planned.state.value,
        "overdue": planned.state is PlannedState.PLANNED and planned.due_at < now,
        "line": planned.line,
        "contact": planned.contact if show_text else masked_number(planned.contact),
        "by": planned.by,
        "if_reply": planned.if_reply.value,
        "why": planned.why,
        **text,
    }


HEADINGS: Final = ("due (UTC)", "state", "line", "contact", "by")
WIDTHS: Final = (16, 8, 15, 16, 15)


def table(rows: list[dict[str, Any]], width: int) -> list[str]:
    """The rows as lines of a table that is 80 columns wide at least, with what is said of each below it. Pure."""
    lines = [_line(HEADINGS)]
    for each in rows:
        due = f"{datetime.fromisoformat(each['due_at']):%Y-%m-%d %H:%M}"
        state = "overdue" if each["overdue"] else each["state"]
        lines.append(_line((due, state, each["line"], each["contact"], each["by"])))
        for said in filter(None, (each["why"], each.get("text", ""))):
            lines.append(f"    {shorten(str(said), max(width, MOST_COLUMNS) - 4, placeholder='…')}")
    return lines


def _line(cells: Sequence[str]) -> str:
    return "  ".join(cell[:width].ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()
