"""Posts the digest of a line that has opened: claimed before the call to Slack and settled after, as every post is."""

import uuid
from functools import partial

import structlog

from messages.conversation import Conversation
from messages.line import Line
from messages.notification import PostKind
from messages.team.opening import Opening, PostDigest, digest_id, following
from workers.lease import Lease, LeaseLost
from workers.ports import Ports
from workers.runtime import actor
from workers.slack.digest.card import Waiting, digest
from workers.slack.writer import Writer

log = structlog.get_logger("clerk.slack")


@actor(handles=PostDigest)
async def post_digest(message: PostDigest, ports: Ports) -> None:
    """Tell a line's channel once what came while it was closed, if anything did; then wait for its next opening.

    What can't be posted now stays due, and the clock wakes it again.
    """
    holder, openings = uuid.uuid4().hex, ports.stores.openings
    lease = Lease(
        partial(openings.take_lease, message.line, holder), partial(openings.renew_lease, message.line, holder), ports
    )
    opening = await lease.take()
    if opening is None:
        return
    try:
        if opening.due_at == message.opens_at:
            async with lease.renewing():
                await _tell(opening, lease, ports)
    except LeaseLost:
        log.warning("a digest waits: another worker may have it by now")
    finally:
        await openings.release_lease(message.line, holder)


async def _tell(opening: Opening, lease: Lease[Opening | None], ports: Ports) -> None:
    line = await ports.stores.lines.get(opening.id)
    calendar = await ports.stores.calendars.fresh(opening.calendar)
    if line is None or calendar is None or line.calendar != calendar.id:
        return
    is_posted, after = following(opening, calendar, ports.now())
    if is_posted and not await _post(opening, line, lease, ports):
        return
    await ports.stores.openings.save(after)


async def _post(opening: Opening, line: Line, lease: Lease[Opening | None], ports: Ports) -> bool:
    """Whether the channel was told, or there is nothing to tell, or Slack refuses it for good."""
    assert opening.closed_at is not None
    assert opening.due_at is not None
    stores, now = ports.stores, ports.now()
    tickets = await stores.tickets.waiting(line.id, opening.closed_at)
    if not tickets:
        return True
    contacts = {each.id: each.name for each in await stores.contacts.by_ids({each.contact for each in tickets})}
    found = await stores.conversations.by_ids({each.conversation for each in tickets})
    threads = {each.id: each.thread.permalink for each in found if each.thread is not None}
    away = await stores.agents.away({each for ticket in tickets for each in ticket.assignees}, now)
    waiting = [Waiting(each, contacts.get(each.contact, ""), threads.get(each.conversation)) for each in tickets]
    id = digest_id(line.id, opening.due_at)
    nowhere = Conversation(id=id, line=line.id, contact="", created_at=now)
    writer = Writer(nowhere, line, await stores.channels.throttled(now), lease, ports)
    post = writer.new_post(id, PostKind.DIGEST, line.channel)
    return await writer.deliver(post, digest(waiting, away)) is not None
