"""Tells a line's channel, once, what came while Clerk was away: claimed and settled as every post is."""

import uuid
from collections.abc import Sequence
from functools import partial
from typing import Final

import structlog

from messages.deadlines.interruption import (
    Interruption,
    TellInterruption,
    came_meanwhile,
    interruption_id,
    is_news,
    may_wait,
    put_off,
    told,
)
from messages.line import Inbox, Line
from messages.notification import PostKind
from messages.ticket import Ticket
from workers.lease import Lease, LeaseLost
from workers.ports import Ports
from workers.runtime import actor
from workers.slack.digest.card import LISTED, interruption
from workers.slack.digest.posting import post_for_line, rows

log = structlog.get_logger("clerk.slack")

COUNTED: Final = 500
"""How many of a ticket's newest texts are counted at most."""


@actor(handles=TellInterruption)
async def tell_interruption(message: TellInterruption, ports: Ports) -> None:
    """Tell a line's channel once what came while Clerk was away, and what was to leave then, if there is anything.

    What can't be posted now stays due, and the clock wakes it again.
    """
    holder, inboxes = uuid.uuid4().hex, ports.stores.inboxes
    take, renew = partial(inboxes.take_lease, message.line, holder), partial(inboxes.renew_lease, message.line, holder)
    lease: Lease[Inbox | None] = Lease(take, renew, ports)
    inbox = await lease.take()
    if inbox is None:
        return
    try:
        found = inbox.interruption
        if found is not None and found.number == message.number and found.tell_at is not None:
            async with lease.renewing():
                await _tell(found, message.line, lease, ports)
    except LeaseLost:
        log.warning("what came while Clerk was away waits to be told: another worker may do it by now")
    finally:
        await inboxes.release_lease(message.line, holder)


async def _tell(found: Interruption, number: str, lease: Lease[Inbox | None], ports: Ports) -> None:
    line, after = await ports.stores.lines.get(number), told
    if line is not None and is_news(found, ports.now()):
        if may_wait(found, ports.now()) and await ports.stores.texts.is_taking_in(number):
            after = put_off
        elif not await _post(found, line, lease, ports):
            return
    now = ports.now()

    def change(inbox: Inbox) -> Interruption | None:
        known = inbox.interruption
        if known is None or known.number != found.number or known.tell_at is None:
            return known
        return after(known, now)

    await ports.stores.inboxes.change_interruption(number, change)


async def _post(found: Interruption, line: Line, lease: Lease[Inbox | None], ports: Ports) -> bool:
    """Whether the channel was told, or there is nothing to tell, or Slack refuses it for good."""
    held = await ports.stores.planned.held(line.id, found.since, found.until, LISTED)
    waiting = await ports.stores.tickets.waiting(line.id, found.since)
    counted = [(each, await _texts(each, found, ports)) for each in waiting]
    tickets: Sequence[Ticket] = [each for each, texts in counted if texts]
    if not tickets and not held:
        return True
    listed, away = await rows(tickets, ports)
    what = interruption(found, listed, away, sum(texts for _, texts in counted), held)
    return await post_for_line(interruption_id(line.id, found.number), PostKind.DIGEST, what, line, lease, ports)


async def _texts(ticket: Ticket, found: Interruption, ports: Ports) -> int:
    """How many of a ticket's texts came while Clerk was away."""
    first = max(ticket.first_text, ticket.last_text - COUNTED + 1)
    arrivals = await ports.stores.texts.arrivals(ticket.conversation, first, ticket.last_text)
    return sum(came_meanwhile(found, each) for each in arrivals)
