"""Posts the digest of a line that has opened: claimed before the call to Slack and settled after, as every post is."""

import uuid
from functools import partial

import structlog

from messages.deadlines.alert import AlertState
from messages.line import Line
from messages.notification import PostKind
from messages.team.opening import Opening, PostDigest, digest_id, following
from workers.lease import Lease, LeaseLost
from workers.ports import Ports
from workers.runtime import actor
from workers.slack.alerts.reading import cards_of
from workers.slack.digest.card import digest
from workers.slack.digest.posting import post_for_line, rows

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
    stores = ports.stores
    found = await stores.tickets.waiting(line.id, opening.closed_at)
    tickets = [each for each in found if each.waits_since is not None and each.waits_since < opening.due_at]
    alerts = await stores.alerts.in_state(line.id, AlertState.WAITS, AlertState.LISTED, AlertState.STANDS)
    late = list((await cards_of([each for each in alerts if each.is_for_digest], ports)).values())
    if not tickets and not late:
        return True
    waiting, away = await rows(tickets, ports)
    id = digest_id(line.id, opening.due_at)
    return await post_for_line(id, PostKind.DIGEST, digest(waiting, away, late), line, lease, ports)
