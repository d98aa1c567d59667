"""Brings a person's Home up to date."""

import asyncio
from datetime import timedelta
from typing import Final

import structlog

from messages.notification import HOME
from messages.team.agent import Agent
from messages.views import ShowHome
from workers.failures import CallError, Permanent
from workers.interactive import troubles
from workers.interactive.find_tickets import COUNTED, rows_of, visible_lines
from workers.interactive.home import view
from workers.interactive.home.view import HomeFacts, HomePages, ToldThere
from workers.interactive.loading import loaded
from workers.interactive.troubles import Trouble
from workers.ports import Ports

log = structlog.get_logger("clerk.home")

LOAD_WITHIN: Final = timedelta(seconds=8)
"""How long a Home waits for its documents before it says that they can't be read."""

TAB_OFF: Final = "not_enabled"
NOT_SHOWN: Final = frozenset({"hash_conflict", TAB_OFF, "user_not_found", "user_not_visible"})
"""Slack's refusals after which there is nothing to show, or nobody who sees it."""

NOTED: Final = "home"
"""Under this name it is noted whether Slack has shown the last Home, for `clerk doctor`: no app can ask that."""


async def show(message: ShowHome, ports: Ports) -> None:
    """Let a person's Home show how it is now, and what they are told."""
    said = ToldThere(message.said, message.markup)
    pages = HomePages(message.tickets, message.lines)
    facts = await loaded(lambda: _facts(message.user, pages, ports), LOAD_WITHIN)
    if facts is None:
        found = view.without_documents(said, troubles.words(Trouble.DOCUMENTS, troubles.LOOK))
    else:
        found = view.home(facts, said, ports.now())
    try:
        await ports.slack.publish_view(message.user, found, message.opened)
    except Permanent as error:
        if error.code not in NOT_SHOWN:
            raise
        if error.code == "hash_conflict":
            log.info("a Home shows something later already")
        elif error.code == TAB_OFF:
            log.error("Slack shows no Home: switch on the Home Tab in the app's settings, under App Home")
            await _note(facts, TAB_OFF, ports)
        else:
            log.warning("Slack shows a person no Home", error=error.code)
    else:
        await _note(facts, "", ports)


async def _note(facts: HomeFacts | None, refused: str, ports: Ports) -> None:
    """Note whether Slack has shown a Home, unless the documents can't be read anyway."""
    if facts is not None:
        await ports.stores.events.note(NOTED, refused=refused)


async def is_admin(user: str, ports: Ports) -> bool | None:
    """Whether a person may change settings; None if Slack does not say."""
    try:
        return await ports.slack.is_admin(user)
    except CallError as error:
        log.warning("Slack does not say who is an admin", error=error.code)
        return None


async def _facts(user: str, pages: HomePages, ports: Ports) -> HomeFacts:
    """What a person's Home shows: only of lines whose channel they can see."""
    stores = ports.stores
    (lines, unsure), found, planned, planned_count = await asyncio.gather(
        visible_lines(user, HOME, ports),
        stores.agents.get(user),
        stores.planned.of_author(user, view.PLANNED),
        stores.planned.count_of_author(user),
    )
    agent, visible = found or Agent(id=user), {line.id for line in lines}
    count = await stores.tickets.count_of_assignee(user, visible, COUNTED)
    pages = HomePages(
        min(pages.tickets, max(0, count - 1) // view.TICKETS), min(pages.lines, max(0, len(lines) - 1) // view.LINES)
    )
    tickets = await stores.tickets.of_assignee(user, visible, view.TICKETS, pages.tickets * view.TICKETS)
    shown = lines[pages.lines * view.LINES :][: view.LINES]
    ids = sorted({agent.hours, *(line.calendar for line in shown)} - {""})
    calendars = await asyncio.gather(*map(stores.calendars.get, ids))
    by_id = {each.id: each for each in calendars if each is not None}
    return HomeFacts(
        agent,
        pages,
        by_id.get(agent.hours),
        await rows_of(tickets, ports),
        count,
        count >= COUNTED,
        planned,
        planned_count,
        shown,
        len(lines),
        tuple(by_id.values()),
        unsure,
        await is_admin(user, ports) is True,
    )
