"""Decides what the team is told of tickets that wait too long, and hears that somebody has it."""

from dataclasses import replace

import structlog

from messages.conversation import Conversation
from messages.deadlines.alert import AcknowledgeAlert, Alert, AlertState, ConsiderAlerts, ShowAlerts
from messages.deadlines.lateness import length
from messages.line import Line
from messages.notification import Whisper
from messages.planned import PlannedState
from messages.ticket import Ticket
from workers.notifications.alerts.causes import AlertFacts
from workers.notifications.alerts.life import acknowledged, decide
from workers.observe import ALERTS
from workers.ports import Ports
from workers.runtime import LostVersionRace, actor

log = structlog.get_logger("clerk.notifications")

IS_OVER = "Nothing is late there any more: that alert is over."


@actor(handles=ConsiderAlerts)
async def consider_alerts(message: ConsiderAlerts, ports: Ports) -> None:
    """Decide, save, and have Slack show what a ticket's alerts are now."""
    stores = ports.stores
    for _ in range(10):
        ticket = await stores.tickets.get(message.ticket)
        line = await stores.lines.get(ticket.line) if ticket else None
        conversation = await stores.conversations.get(ticket.conversation) if ticket else None
        if ticket is None or line is None or conversation is None:
            log.warning("nobody to tell of a ticket: it, its conversation or its line is gone", ticket=message.ticket)
            return
        facts = await _facts(ticket, conversation, line, ports)
        if await _carry_out(facts, conversation, ports):
            return
    raise LostVersionRace


async def _facts(ticket: Ticket, conversation: Conversation, line: Line, ports: Ports) -> AlertFacts:
    stores, now = ports.stores, ports.now()
    planned = await stores.planned.live(conversation.id) if conversation.planned else []
    held = sorted((each for each in planned if each.state is PlannedState.HELD), key=lambda each: each.since)
    of_newest = bool(held) or (conversation.outcome is not None and conversation.outcome.failed)
    newest = await stores.tickets.newest(conversation.id) if of_newest else ticket
    facts = AlertFacts(
        now=now,
        ticket=ticket,
        line=line,
        calendar=await stores.calendars.get(line.calendar) if line.calendar else None,
        is_newest=newest is not None and newest.id == ticket.id,
        is_blocked=conversation.is_blocked,
        outcome=conversation.outcome,
        held=held,
        known=await stores.alerts.of_ticket(ticket.id),
    )
    owners = [each.by for each in held] + ([ticket.snooze.by] if ticket.snooze is not None else [])
    away = await stores.agents.away({*ticket.assignees, *line.alerts.escalation, *owners, *line.on_call}, now)
    gone = {user for user, each in away.items() if each.deactivated}
    return replace(facts, away=away, gone=gone, on_call=[each for each in line.on_call if each not in gone])


async def _carry_out(facts: AlertFacts, conversation: Conversation, ports: Ports) -> bool:
    """Save what was decided, and publish that it is to be shown; False if another worker was faster."""
    alerts, number = ports.stores.alerts, facts.ticket.id
    changes = decide(facts)
    now = {each.id: each for each in facts.known} | {each.id: each for _, each in changes if each is not None}
    for before, after in changes:
        if after is None and before is not None:
            del now[before.id]
    live = any(each.state.is_live for each in now.values())
    if live and number not in conversation.alerts:
        await ports.stores.conversations.set_alerts(conversation.id, number, live=True)
    for before, after in changes:
        if after is None:
            if before is not None and not await alerts.forget(before):
                return False
            continue
        if not await alerts.save(after):
            return False
        _count(before, after)
    if not live and number in conversation.alerts:
        await ports.stores.conversations.set_alerts(conversation.id, number, live=False)
    if conversation.watch_at is not None and conversation.debounce.is_of(number, facts.ticket.version):
        await ports.stores.conversations.end_watch(conversation)
    if any(each.show_at is not None for each in now.values()):
        await ports.publisher.publish(ShowAlerts(line=facts.line.id))
    return True


def _count(before: Alert | None, after: Alert) -> None:
    if after.stands and (before is None or after.round > before.round):
        ALERTS.labels(after.cause, "repeated" if after.nags else "posted").inc()
    if after.stands and after.escalated_at is not None and (before is None or before.escalated_at is None):
        ALERTS.labels(after.cause, "escalated").inc()
    if after.state is AlertState.ENDED and before is not None and before.stands:
        ALERTS.labels(after.cause, "ended").inc()


@actor(handles=AcknowledgeAlert)
async def acknowledge_alert(message: AcknowledgeAlert, ports: Ports) -> None:
    """Let an alert rest that somebody has, and answer them."""
    for _ in range(10):
        alert = await ports.stores.alerts.get(message.alert)
        if alert is None or not alert.state.is_live or alert.state is AlertState.ENDED:
            await _answer(message, IS_OVER, ports)
            return
        if message.order is not None and message.order in alert.orders:
            break
        at = min(message.at, ports.now())
        if await ports.stores.alerts.save(acknowledged(alert, message.by, at, message.order)):
            break
    else:
        raise LostVersionRace
    await _answer(message, _words(alert, await ports.stores.lines.get(alert.line)), ports)
    await ports.publisher.publish(ConsiderAlerts(ticket=alert.ticket))


def _words(alert: Alert, line: Line | None) -> str:
    nag = line.alerts.nag if line is not None else None
    if alert.cause.is_news or not nag:
        return f"You have it: ticket #{alert.ticket}."
    again = f"Clerk reminds you again in {length(nag)} of open time if it still waits."
    return f"You have it: ticket #{alert.ticket}. {again}"


async def _answer(message: AcknowledgeAlert, text: str, ports: Ports) -> None:
    told = Whisper(text=text, user=message.by, response_url=message.response_url, channel=message.channel)
    await ports.publisher.publish(told)
