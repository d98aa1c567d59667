"""Decides when a conversation notifies, and schedules its next decision."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from messages.conversation import Arrival, Conversation, Debounce, DebounceAsRead, Episode
from messages.deadlines.alert import ConsiderAlerts
from messages.deadlines.snooze import SnoozeEnd
from messages.line import Line
from messages.notification import AgentActed, ConsiderNotifying, Whisper
from messages.process.publishing import LONGEST_DELAY
from messages.ticket import Ticket
from workers.mongo.conversations import SavedDebounce
from workers.notifications.debounce import next_state, outcome
from workers.notifications.leaving import asks_whether_back
from workers.notifications.reach import reached
from workers.observe import DEBOUNCED
from workers.ports import Ports
from workers.redraw import publish_render, redraw_wish, request_render
from workers.runtime import LostVersionRace, actor

log = structlog.get_logger("clerk.notifications")


@actor(handles=ConsiderNotifying)
async def consider(message: ConsiderNotifying, ports: Ports) -> None:
    """Notify about a conversation's texts if that is due; then request that Slack be brought into line."""
    await _decide(
        message.conversation,
        None,
        ports,
        episode=message.episode,
        known=message.arrivals,
        waits_on=message.waits_on,
        as_read=message.read,
        waits_from=message.waits_from,
    )


@actor(handles=AgentActed)
async def record_action(message: AgentActed, ports: Ports) -> None:
    """An agent has seen the earlier texts: cancel the pending notification for them."""
    conversation = message.conversation
    if conversation is None:
        ticket = await ports.stores.tickets.get(message.ticket)
        if ticket is None:
            log.warning("an action on a ticket that does not exist", ticket=message.ticket)
            return
        conversation = ticket.conversation
    at = min(message.at, ports.now())  # nobody has seen what is still to come, whatever another clock says
    sent_at = at if message.replied else None
    await _decide(conversation, at, ports, sent_at=sent_at, episode=message.episode, as_read=message.read)
    if message.replied or message.took:
        await _ask_whether_back(message, conversation, ports)


async def _ask_whether_back(message: AgentActed, conversation_id: str, ports: Ports) -> None:
    """Ask an agent who acts although they are away whether they are back: once for each time that they are away."""
    for agent in await ports.stores.agents.named([message.by]):
        if not (words := asks_whether_back(agent, ports.now())) or not await ports.stores.agents.set_asked(agent):
            return
        conversation = await ports.stores.conversations.get(conversation_id)
        thread = conversation.thread if conversation else None
        asked = Whisper(
            text=words,
            user=message.by,
            response_url=message.response_url,
            channel=thread.channel if thread else None,
            thread_ts=thread.ts if thread else None,
            back=agent.since,
        )
        try:
            await ports.publisher.publish(asked)
        except BaseException:
            await ports.stores.agents.set_asked(agent, asked=False)
            raise


async def _decide(
    conversation_id: str,
    acted_at: datetime | None,
    ports: Ports,
    *,
    sent_at: datetime | None = None,
    episode: Episode | None = None,
    known: Sequence[Arrival] = (),
    waits_on: bool = False,
    as_read: DebounceAsRead | None = None,
    waits_from: datetime | None = None,
) -> None:
    """Decide, save and publish; `episode` and `known` spare a look at the ticket and the texts unless they are old.

    `as_read` spares one at the conversation, if there is anything to save and nobody else has meanwhile. With
    `waits_on` nothing has changed of which an alert of the episode's ticket tells; so it is with a reply and with
    `waits_from`, if the ticket has no alerts, but for what that time brings.
    """
    for _ in range(10):
        given, as_read = as_read, None
        conversation = None if given else await ports.stores.conversations.get(conversation_id)
        found = given or (DebounceAsRead(conversation.line, conversation.debounce) if conversation else None)
        line = await ports.stores.lines.get(found.line) if found else None
        ticket = None
        if found is not None and (episode is None or _is_old(episode, found.debounce)):
            ticket = await ports.stores.tickets.newest(conversation_id)
            episode = ticket.episode if ticket else None
        if found is None or line is None or episode is None:
            log.warning("nothing to notify about: the conversation, its line or its ticket is gone")
            return
        earlier = await _unsettled_before(episode, conversation_id, ports)
        read, now = found.debounce, ports.now()
        away = await ports.stores.agents.away((*episode.targets, *episode.assignees), now)
        arrivals = await _arrivals(conversation_id, read, episode.last, acted_at, known, ports)
        decided = next_state(
            read, line, arrivals, reached(episode, away, line.channel), now, acted_at=acted_at, sent_at=sent_at
        )
        decided = _with_ticket(_with_wake_up(decided, now), read, episode)
        watch_at = _watch_at(line, episode, waits_from, now)
        if decided is read and conversation is None:
            continue
        saved = None
        if decided is read:
            break
        wish = redraw_wish(ports)
        saved = await ports.stores.conversations.save_debounce(conversation_id, read, decided, wish, watch_at)
        if saved is not None:
            break
    else:
        raise LostVersionRace
    if (word := outcome(read, decided, line)) is not None:
        DEBOUNCED.labels(word).inc()
    alerts, is_watched = _seen(saved, conversation)
    has_alerts = episode.ticket in alerts
    is_known = waits_on and (has_alerts or is_watched)
    is_later = not has_alerts and (sent_at is not None or (watch_at is not None and (is_watched or saved is not None)))
    spared = {episode.ticket} if (is_known or is_later) and ticket is None and not earlier else set()
    for number in sorted((_watched(alerts, line, episode, waits_from) | _woken(ticket)) - spared):
        await ports.publisher.publish(ConsiderAlerts(ticket=number))
    if decided.armed_at is not None and decided.armed_at != read.armed_at:
        await ports.publisher.publish(ConsiderNotifying(conversation=conversation_id), delay=decided.armed_at - now)
    if ticket is not None and ticket.due_at is not None and not ticket.is_unsettled("slack"):
        earlier.append(ticket)  # otherwise Slack's slice, which comes later, settles it for both
    for each in earlier:
        await ports.stores.tickets.settle(each, "notifications")
    await ports.stores.texts.set_considered(conversation_id, read.considered + 1, decided.considered)
    if decided is read:
        await request_render(conversation_id, ports)
    elif saved is not None and saved.asks:
        await publish_render(conversation_id, ports)


def _seen(saved: SavedDebounce | None, conversation: Conversation | None) -> tuple[Sequence[int], bool]:
    """The tickets of a conversation that have alerts, and whether the clock is to look at its newest one."""
    if saved is not None:
        return saved.alerts, saved.is_watched
    return (conversation.alerts, conversation.watch_at is not None) if conversation is not None else ((), False)


def _watched(alerts: Sequence[int], line: Line, episode: Episode, waits_from: datetime | None) -> set[int]:
    """The tickets of a conversation about which people may have to be told something else now."""
    is_watched = line.alerts.are_watching or (line.on_call and waits_from is None)
    return {*alerts, *([episode.ticket] if is_watched else [])}


def _woken(ticket: Ticket | None) -> set[int]:
    """A ticket whose snooze is over: whoever ended it may have died before anybody was told."""
    ended = ticket is not None and ticket.snooze is not None and ticket.snooze.ended is SnoozeEnd.TIME
    return {ticket.id} if ticket is not None and ended else set()


def _watch_at(line: Line, episode: Episode, waits_from: datetime | None, now: datetime) -> datetime | None:
    """Before when there is nothing to be told of a ticket on which nobody has waited since before a time.

    None if there may be something now. What counts open hours takes no less time than the clock shows.
    """
    settings = line.alerts
    after = [settings.unanswered_after, None if episode.assignees else settings.unassigned_after]
    soonest = min((each for each in after if each is not None), default=None)
    if waits_from is None or soonest is None or waits_from + soonest <= now:
        return None
    return waits_from + soonest


def _is_old(episode: Episode, debounce: Debounce) -> bool:
    """Whether a later version of the ticket, or a later ticket, was taken into account already."""
    return (debounce.ticket, debounce.ticket_version) > (episode.ticket, episode.version)


async def _unsettled_before(episode: Episode, conversation: str, ports: Ports) -> list[Ticket]:
    """The tickets before the newest one whose present version waits for this slice.

    Nothing is announced about them: an agent's order about an earlier ticket is carried out once it is decided here.
    """
    if episode.follows is None:
        return []
    unsettled = await ports.stores.tickets.unsettled(conversation, "notifications")
    return [each for each in unsettled if each.id < episode.ticket]


async def _arrivals(
    conversation_id: str,
    read: Debounce,
    last: int,
    acted_at: datetime | None,
    known: Sequence[Arrival],
    ports: Ports,
) -> list[Arrival]:
    """The unannounced texts that the debounce asks about: the new ones, and those that came after an agent's action.

    The others it has counted: a text costs the same however many are unannounced.
    """
    texts, counted = ports.stores.texts, max(read.considered, read.announced)
    new = [each for each in known if counted < each.seq <= last]
    if len(new) < last - counted:
        new = await texts.arrivals(conversation_id, counted + 1, last)
    if acted_at is None:
        return new
    later = await texts.arrivals_after(conversation_id, acted_at, read.announced + 1, min(counted, last))
    return [*later, *new]


def _with_ticket(decided: Debounce, read: Debounce, episode: Episode) -> Debounce:
    """The debounce with the version of the ticket that it has taken into account."""
    if read.has_decided(episode.ticket, episode.version):
        return decided
    seen = {"ticket": episode.ticket, "ticket_version": episode.version, "version": read.version + 1}
    return decided.model_copy(update=seen)


def _with_wake_up(debounce: Debounce, now: datetime) -> Debounce:
    """The debounce with the time of its delayed message; it has only one at a time."""
    due, armed = debounce.due_at, debounce.armed_at
    if due is None or (armed is not None and now < armed <= due):
        return debounce
    return debounce.model_copy(update={"armed_at": min(due, now + LONGEST_DELAY), "version": debounce.version + 1})
