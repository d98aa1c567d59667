"""Asks contacts again who say nothing, and solves the tickets of those who say nothing even then."""

from typing import Final

import structlog
from prometheus_client import Counter

from messages.answering import AutoKind
from messages.conversation import Conversation
from messages.deadlines.nudge import LOOKED_AT, ConsiderNudge, Nudge, is_overtaken, nudge_order, nudge_text
from messages.line import Line
from messages.process.telemetry import start_at_zero
from messages.quiet import night_ends, whereabouts
from messages.sms import WriteAuto
from messages.ticket import ActOnTicket, Ticket
from workers.observe import AUTO_SILENCES, AUTO_TEXTS
from workers.ports import Ports
from workers.runtime import LostVersionRace, actor
from workers.tickets.actors import act
from workers.tickets.nudges.rules import NudgeDecision, NudgeEnd, NudgeFacts, decide_nudge

log = structlog.get_logger("clerk.tickets")

ENDED: Final = Counter("clerk_nudges_ended_total", "Pending tickets whose nudge ended early", ["why"])
start_at_zero(ENDED, tuple(NudgeEnd))


@actor(handles=ConsiderNudge)
async def consider_nudge(message: ConsiderNudge, ports: Ports) -> None:
    """Carry out what is due to a Pending ticket whose contact says nothing.

    What the conversation remembers is saved before the ticket: a worker that dies between them has written nothing
    twice, since the text has one id, and what it decided is in the conversation.
    """
    for _ in range(10):
        ticket = await ports.stores.tickets.get(message.ticket)
        if ticket is None or ticket.nudge is None or ticket.nudge.due_at > ports.now():
            log.info("no contact is to be asked again", ticket=message.ticket)
            return
        line = await ports.stores.lines.get(ticket.line)
        conversation = await ports.stores.conversations.get(ticket.conversation)
        if line is None or conversation is None:
            log.warning("no contact to ask again: the ticket's line or conversation is gone", ticket=ticket.id)
            return
        decision = decide_nudge(await _facts(ticket, ticket.nudge, line, conversation, ports))
        if await _save(ticket, conversation, decision, ports):
            break
    else:
        raise LostVersionRace
    if decision.answering.order is not None:
        await ports.publisher.publish(WriteAuto(conversation=ticket.conversation))
    if (command := decision.command) is not None:
        order, now = nudge_order(ticket.id, command), ports.now()
        await act(ActOnTicket(ticket=ticket.id, command=command, by=None, at=now, order=order), ports)


async def _save(ticket: Ticket, conversation: Conversation, decision: NudgeDecision, ports: Ports) -> bool:
    """Save what was decided; False if somebody changed what it was decided on."""
    stores, remembered = ports.stores, conversation.answering
    if decision.answering is not remembered:
        if not await stores.conversations.save_answering(conversation.id, remembered, decision.answering):
            return False
        if decision.said:
            AUTO_TEXTS.labels(AutoKind.NUDGE).inc()
    if decision.nudge != ticket.nudge and not await stores.tickets.save_nudge(ticket, decision.nudge):
        return False
    if decision.silence is not None:
        AUTO_SILENCES.labels(decision.silence).inc()
    if decision.ended is not None:
        ENDED.labels(decision.ended).inc()
        log.info("the contact is not asked again", ticket=ticket.id, why=decision.ended.value)
    return True


async def _facts(ticket: Ticket, nudge: Nudge, line: Line, conversation: Conversation, ports: Ports) -> NudgeFacts:
    stores, contact, now = ports.stores, ticket.contact, ports.now()
    parties = await stores.opt_outs.parties(line.id, contact)
    calendar = await stores.calendars.get(line.calendar) if line.calendar else None
    own = parties.contact.zone if parties.contact else ""
    home = line.zone or (calendar.zone if calendar is not None else "")
    inbound = await stores.texts.inbound_since(conversation.id, nudge.since)
    outbound = await stores.texts.newest_sent(conversation.id, LOOKED_AT)
    return NudgeFacts(
        now=now,
        line=line,
        calendar=calendar,
        ticket=ticket,
        nudge=nudge,
        answering=conversation.answering,
        asked=await stores.texts.get(nudge_text(ticket.id, nudge)),
        overtaken=is_overtaken(ticket.id, nudge, inbound, outbound),
        blocked=conversation.is_blocked,
        standing=parties.standing,
        own_line=await stores.lines.get(contact) is not None,
        zones=whereabouts(contact, own, home).zones,
        night_ends=night_ends(line, contact, own, home, now),
    )
