"""`clerk agents`: who is away, and whose hours are those of which calendar."""

import json
import re
import sys
from datetime import datetime
from typing import Any, Final

from cyclopts import App
from rich.console import Console
from rich.table import Table
from rich.text import Text

from messages.calendar import Calendar
from messages.line_settings.words import NONE
from messages.process.settings import Settings
from messages.team.agent import Agent, TimeAway, away
from messages.team.away_words import hours_words, now_words
from ops.commands.options import AsJson, Invalid
from ops.environment import documents_now, on_stores
from ops.examples import examples_of
from workers.mongo import Stores

agents = App(name="agents", help="List agents, and set their hours.", help_epilogue=examples_of("agents"))

_USER: Final = re.compile(r"[UW][A-Z0-9]{2,20}")
USER: Final = "an agent is named by their Slack member ID, such as U0123ABCD (in their profile: Copy member ID)"


@agents.command(name="list")
def list_(*, json_: AsJson = False) -> None:
    """List the agents of whom something is known: until when they are away, and their hours."""

    async def work(stores: Stores, settings: Settings) -> tuple[list[Agent], list[Calendar], datetime]:
        return await stores.agents.all(), await stores.calendars.all(), documents_now(settings)

    found, calendars, now = on_stores(work)
    known = {each.id: each for each in calendars}
    if json_:
        json.dump([_as_json(each, away(each, known.get(each.hours), now)) for each in found], sys.stdout, indent=2)
        print()
        return
    if not found:
        print(
            "Nobody has said that they are away (/clerk away), and nobody has hours: clerk agents set U... --hours shop"
        )
        return
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("agent", "now", "hours"):
        table.add_column(column, overflow="fold")
    for each in found:
        table.add_row(each.id, Text(now_words(each, known.get(each.hours), now)), Text(hours_words(each, known)))
    Console(highlight=False).print(table)


def _as_json(agent: Agent, time: TimeAway | None) -> dict[str, Any]:
    return {
        "id": agent.id,
        "zone": agent.zone,
        "hours": agent.hours,
        "available": time is None,
        "deactivated": agent.deactivated,
        "away_until": time.until.isoformat() if time is not None and time.until is not None else None,
        "note": time.note if time is not None else "",
    }


@agents.command(name="set")
def set_(agent: str, *, hours: str) -> None:
    """Let an agent's hours be those of a calendar: outside them they get no notifications.

    Parameters
    ----------
    agent
        The agent's Slack member ID, such as U0123ABCD.
    hours
        The calendar's name, such as shop; none: always.
    """
    if not _USER.fullmatch(agent):
        raise Invalid(f"{agent}: {USER}")
    wanted = "" if hours == NONE else hours

    async def work(stores: Stores, settings: Settings) -> str:
        calendar = await stores.calendars.fresh(wanted) if wanted else None
        if wanted and calendar is None:
            raise Invalid(f"there is no calendar {wanted}. See clerk calendars list.")
        await stores.agents.set_hours(agent, wanted)
        found = await stores.agents.get(agent)
        assert found is not None
        return now_words(found, calendar, documents_now(settings))

    now = on_stores(work)
    print(f"{agent} {f'has the hours of {wanted}' if wanted else 'has no hours: always there'}. Now: {now}.")
