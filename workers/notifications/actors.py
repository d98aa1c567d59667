"""Decides when a conversation notifies, and schedules its next decision."""

from datetime import datetime

import structlog

from messages.conversation import Debounce
from messages.notification import AgentActed, ConsiderNotifying
from messages.process.publishing import LONGEST_DELAY
from messages.ticket import Ticket
from workers.notifications.debounce import Arrival, Episode, next_state, outcome
from workers.observe import DEBOUNCED
from workers.ports import Ports
from workers.redraw import publish_render, redraw_wish, request_render
from workers.runtime import LostVersionRace, actor

log = structlog.get_logger("clerk.notifications")


@actor(handles=ConsiderNotifying)
async def consider(message: ConsiderNotifying, ports: Ports) -> None:
    """Notify about a conversation's texts if that is due; then request that Slack be brought into line."""
    await _decide(message.conversation, None, ports)


@actor(handles=AgentActed)
async def record_action(message: AgentActed, ports: Ports) -> None:
    """An agent has seen the earlier texts: cancel the pending notification for them."""
    ticket = await ports.stores.tickets.get(message.ticket)
    if ticket is None:
        log.warning("an action on a ticket that does not exist", ticket=message.ticket)
        return
    await _decide(ticket.conversation, message.at, ports, sent_at=message.at if message.replied else None)


async def _decide(
    conversation_id: str, acted_at: datetime | None, ports: Ports, sent_at: datetime | None = None
) -> None:
    for _ in range(10):
        conversation = await ports.stores.conversations.get(conversation_id)
        line = await ports.stores.lines.get(conversation.line) if conversation else None
        ticket = await ports.stores.tickets.newest(conversation_id)
        if conversation is None or line is None or ticket is None:
            log.warning("nothing to notify about: the conversation, its line or its ticket is gone")
            return
        earlier = await _unsettled_before(ticket, ports)
        read, now = conversation.debounce, ports.now()
        arrivals = await _arrivals(conversation_id, read, ticket.last_text, acted_at, ports)
        episode = Episode(ticket.id, ticket.first_text, ticket.last_text, ticket.notify)
        decided = _with_wake_up(next_state(read, line, arrivals, episode, now, acted_at=acted_at, sent_at=sent_at), now)
        if decided is read:
            unasked = None
            break
        unasked = await ports.stores.conversations.save_debounce(conversation_id, read, decided, redraw_wish(ports))
        if unasked is not None:
            break
    else:
        raise LostVersionRace
    if (word := outcome(read, decided, line)) is not None:
        DEBOUNCED.labels(word).inc()
    if decided.armed_at is not None and decided.armed_at != read.armed_at:
        await ports.publisher.publish(ConsiderNotifying(conversation=conversation_id), delay=decided.armed_at - now)
    for each in (ticket, *earlier):
        await ports.stores.tickets.settle(each, "notifications")
    if decided is read:
        await request_render(conversation_id, ports)
    elif unasked:
        await publish_render(conversation_id, ports)


async def _unsettled_before(ticket: Ticket, ports: Ports) -> list[Ticket]:
    """The tickets before the newest one whose present version waits for this slice.

    Nothing is announced about them: an agent's order about an earlier ticket is carried out once it is decided here.
    """
    if ticket.follows is None:
        return []
    unsettled = await ports.stores.tickets.unsettled(ticket.conversation, "notifications")
    return [each for each in unsettled if each.id != ticket.id]


async def _arrivals(
    conversation_id: str, read: Debounce, last: int, acted_at: datetime | None, ports: Ports
) -> list[Arrival]:
    """The unannounced texts that the debounce asks about: the new ones, and those that came after an agent's action.

    The others it has counted: a text costs the same however many are unannounced.
    """
    texts, counted = ports.stores.texts, max(read.considered, read.announced)
    new = await texts.arrivals(conversation_id, counted + 1, last)
    if acted_at is None:
        return [Arrival(*each) for each in new]
    later = await texts.arrivals_after(conversation_id, acted_at, read.announced + 1, min(counted, last))
    return [Arrival(*each) for each in (*later, *new)]


def _with_wake_up(debounce: Debounce, now: datetime) -> Debounce:
    """The debounce with the time of its delayed message; it has only one at a time."""
    due, armed = debounce.due_at, debounce.armed_at
    if due is None or (armed is not None and now < armed <= due):
        return debounce
    return debounce.model_copy(update={"armed_at": min(due, now + LONGEST_DELAY), "version": debounce.version + 1})
