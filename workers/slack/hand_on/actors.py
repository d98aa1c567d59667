"""Tells each line's channel once what somebody had in hand whose account was deactivated."""

import uuid
from functools import partial
from typing import Final

import structlog

from messages.conversation import Conversation
from messages.notification import PostKind
from messages.planned import LookAtPlanned
from messages.team.agent import Agent, HandOn
from workers.lease import Lease, LeaseLost
from workers.ports import Ports
from workers.runtime import actor
from workers.slack.hand_on.card import in_hand, left_in_hand
from workers.slack.writing.writer import Writer

log = structlog.get_logger("clerk.slack")

MOST: Final = 500
"""How many of the tickets are looked at that somebody is or was on."""


@actor(handles=HandOn)
async def hand_on(message: HandOn, ports: Ports) -> None:
    """List what somebody had in hand to the lines' channels, and have their planned texts looked at.

    What can't be posted now stays due, and the clock wakes it again. Whoever is active again keeps what they have.
    """
    holder, agents = uuid.uuid4().hex, ports.stores.agents
    lease = Lease(
        partial(agents.take_lease, message.user, holder), partial(agents.renew_lease, message.user, holder), ports
    )
    agent = await lease.take()
    if agent is None:
        return
    try:
        if agent.deactivated and agent.hand_on_at is not None:
            async with lease.renewing():
                await _tell(agent, lease, ports)
    except LeaseLost:
        log.warning("a list of tickets to hand on waits: another worker may have it by now")
    finally:
        await agents.release_lease(message.user, holder)


async def _tell(agent: Agent, lease: Lease[Agent | None], ports: Ports) -> None:
    stores, now, everywhere = ports.stores, ports.now(), True
    tickets = await stores.tickets.by_search_term("assignee", agent.id, MOST)
    planned = await stores.planned.of_author(agent.id)
    for conversation in sorted({each.conversation for each in planned}):
        await ports.publisher.publish(LookAtPlanned(conversation=conversation))
    throttled = await stores.channels.throttled(now)
    for line in await stores.lines.all():
        left = in_hand(tickets, agent.id, line.id)
        held = sum(each.line == line.id for each in planned)
        if not left and not held:
            continue
        id = f"hand-on/{agent.id}/{line.id}/{agent.account_at or now:%Y%m%dT%H%M%S}"
        nowhere = Conversation(id=id, line=line.id, contact="", created_at=now)
        writer = Writer(nowhere, line, throttled, lease, ports)
        post = writer.new_post(id, PostKind.HAND_ON, line.channel)
        everywhere = await writer.deliver(post, left_in_hand(agent.id, left, held)) is not None and everywhere
    if everywhere:
        await stores.agents.handed_on(agent)
