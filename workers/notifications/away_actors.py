"""Records until when agents are away, and that they are back."""

from datetime import datetime
from typing import Final

import structlog

from messages.calendar import Calendar, zone_exists
from messages.notification import Whisper
from messages.team.agent import Agent, ComeBack, GoAway
from workers.failures import CallError
from workers.notifications.leaving import SAID_SINCE, came_back, leave
from workers.ports import Ports
from workers.redraw import redraw
from workers.runtime import actor

log = structlog.get_logger("clerk.notifications")

MOST_CARDS: Final = 300
"""Of how many tickets of an agent the cards are brought up to date at once, the newest ones."""


@actor(handles=GoAway)
async def go_away(message: GoAway, ports: Ports) -> None:
    """Record until when an agent is away, or answer what is wrong with what they typed."""
    agent, calendar = await _known(message.by, ports)
    zone = await _zone(agent, ports)
    found = leave(message.typed, calendar, zone, message.at)
    if isinstance(found, str):
        await _tell(message, found, ports)
        return
    recorded = await ports.stores.agents.say_away(
        message.by, found.until, found.note, zone=zone, at=message.at, order=message.order
    )
    await _tell(message, found.words if recorded else SAID_SINCE, ports, back=message.at if recorded else None)
    if recorded:
        await redraw_cards_of(message.by, ports)


@actor(handles=ComeBack)
async def come_back(message: ComeBack, ports: Ports) -> None:
    """Record that an agent is back, unless they have said something else since."""
    agent, calendar = await _known(message.by, ports)
    words = came_back(agent, calendar, message.at)
    about_now = message.since in {None, agent.since} or agent.since == message.at
    recorded = about_now and await ports.stores.agents.say_back(message.by, at=message.at, order=message.order)
    await _tell(message, words if recorded else SAID_SINCE, ports)
    if recorded:
        await redraw_cards_of(message.by, ports)


async def redraw_cards_of(user: str, ports: Ports) -> None:
    """Have the cards say whether somebody is there who is assigned: they said something else, or their account did."""
    tickets = await ports.stores.tickets.by_search_term("assignee", user, MOST_CARDS)
    for conversation in dict.fromkeys(each.conversation for each in tickets if not each.is_closed):
        await redraw(conversation, ports)


async def _known(user: str, ports: Ports) -> tuple[Agent, Calendar | None]:
    """What is known of an agent now, and the calendar of their hours."""
    agent = await ports.stores.agents.get(user) or Agent(id=user)
    return agent, await ports.stores.calendars.get(agent.hours) if agent.hours else None


async def _zone(agent: Agent, ports: Ports) -> str:
    """An agent's time zone as Slack says, else as it said last; blank if it never did, or there is no such zone."""
    try:
        zone = await ports.slack.zone_of(agent.id)
    except CallError as error:
        log.warning("Slack does not say an agent's time zone", error=error.code)
        zone = agent.zone
    return zone if zone_exists(zone) else ""


async def _tell(message: GoAway | ComeBack, words: str, ports: Ports, back: datetime | None = None) -> None:
    """Answer an agent, in place of the private message whose button they clicked, if they did."""
    clicked = isinstance(message, ComeBack) and message.since is not None and message.response_url is not None
    whisper = Whisper(
        text=words,
        user=message.by,
        response_url=message.response_url,
        channel=message.channel,
        back=back,
        replaces=clicked,
    )
    await ports.publisher.publish(whisper)
