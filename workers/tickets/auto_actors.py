"""Decides what a line says by itself, and has it written and told."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final

import structlog

from messages.answering import Answering
from messages.conversation import Arrival, Conversation
from messages.line import Line
from messages.process.telemetry import start_at_zero
from messages.quiet import whereabouts
from messages.sms import WriteAuto
from messages.ticket import ActOnTicket, AnswerAgain, ConsiderAnswering, FileTexts, StopAnswering, Ticket
from workers.markup import arrival
from workers.observe import AUTO_SILENCES, AUTO_TEXTS
from workers.ports import Ports
from workers.runtime import LostVersionRace, actor
from workers.tickets.auto_reply import (
    DONE_WITHIN,
    AutoDecision,
    AutoFacts,
    Silence,
    decide_texts,
    decide_wait,
    is_stopped,
)

log = structlog.get_logger("clerk.tickets")

start_at_zero(AUTO_SILENCES, list(Silence))

LOOKED_BACK: Final = 50
"""How many of the contact's texts are looked at, if the message does not name them."""

type _Decide = Callable[[AutoFacts], AutoDecision]


async def answer_texts(
    message: FileTexts, line: Line, ticket: Ticket, ports: Ports, known: Conversation | None = None
) -> None:
    """Decide what the line says by itself to the ticket's newest texts; `known` is the conversation, if it was read.

    A text is marked as filed after this: if a worker dies before, the clock finds the text again.
    """

    async def facts(conversation: Conversation) -> AutoFacts:
        arrivals = await _arrivals(message, ticket, conversation.answering, ports)
        return await _facts(conversation, line, ticket, arrivals, ports)

    await _decide(message.conversation, facts, decide_texts, ports, known)


@actor(handles=ConsiderAnswering)
async def consider_answering(message: ConsiderAnswering, ports: Ports) -> None:
    """Carry out what was decided and not done, and decide whether a contact has waited for long."""
    ticket = await ports.stores.tickets.newest(message.conversation)
    line = await ports.stores.lines.get(ticket.line) if ticket else None
    if ticket is None or line is None:
        log.warning("nothing to answer: the conversation's ticket or its line is gone")
        return

    async def facts(conversation: Conversation) -> AutoFacts:
        return await _facts(conversation, line, ticket, (), ports)

    await _decide(message.conversation, facts, decide_wait, ports)


async def _decide(
    id: str,
    facts_of: Callable[[Conversation], Awaitable[AutoFacts]],
    decide: _Decide,
    ports: Ports,
    known: Conversation | None = None,
) -> None:
    """Decide, save, and publish what is to be done."""
    for _ in range(10):
        conversation, known = known or await ports.stores.conversations.get(id), None
        if conversation is None:
            log.warning("nothing to answer: the conversation is gone")
            return
        facts = await facts_of(conversation)
        decision = decide(facts)
        for ask in (_with_availability, _with_contact):  # what costs is asked only if a text is to be sent
            if decision.said is not None:
                facts = await ask(facts, ports)
                decision = decide(facts)
        read = conversation.answering
        if decision.answering is read or await ports.stores.conversations.save_answering(id, read, decision.answering):
            break
    else:
        raise LostVersionRace
    if decision.said is not None:
        AUTO_TEXTS.labels(decision.said).inc()
    if decision.silence is not None:
        AUTO_SILENCES.labels(decision.silence).inc()
        log.info("no automatic text", why=decision.silence.value)
    await _carry_out(id, decision.answering, ports)


async def _carry_out(id: str, answering: Answering, ports: Ports) -> None:
    """Publish what is to be done; all of it may be repeated."""
    if answering.order is not None:
        await ports.publisher.publish(WriteAuto(conversation=id))
    stop = answering.stop
    if answering.tell and stop is not None and stop.ticket is not None:
        command = StopAnswering(since=stop.at, until=stop.until)
        order = f"machine/{id}/{stop.at.isoformat()}"
        await ports.publisher.publish(
            ActOnTicket(ticket=stop.ticket, command=command, by=None, at=stop.at, order=order)
        )


async def _facts(
    conversation: Conversation, line: Line, ticket: Ticket, arrivals: Sequence[Arrival], ports: Ports
) -> AutoFacts:
    return AutoFacts(
        now=ports.now(),
        line=line,
        calendar=await ports.stores.calendars.get(line.calendar) if line.calendar else None,
        ticket=ticket,
        answering=conversation.answering,
        arrivals=arrivals,
        away=ticket.assignees,
        blocked=conversation.is_blocked or ticket.blocked,
    )


async def _with_availability(facts: AutoFacts, ports: Ports) -> AutoFacts:
    """The facts with who is away of those who are on the ticket."""
    return replace(facts, away=frozenset(await ports.stores.agents.away(facts.ticket.assignees, facts.now)))


async def _with_contact(facts: AutoFacts, ports: Ports) -> AutoFacts:
    """The facts with what the contact wants, who and where they are."""
    contact, calendar = facts.ticket.contact, facts.calendar
    parties = await ports.stores.opt_outs.parties(facts.line.id, contact)
    own_line = await ports.stores.lines.get(contact) is not None
    own = parties.contact.zone if parties.contact else ""
    at_line = facts.line.zone or (calendar.zone if calendar is not None else "")
    where = whereabouts(contact, own, at_line)
    return replace(facts, opted_out=parties.standing.out, own_line=own_line, zones=where.zones)


async def _arrivals(message: FileTexts, ticket: Ticket, answering: Answering, ports: Ports) -> Sequence[Arrival]:
    """The contact's texts that were not taken into account: those that the message names, if it names them all.

    Of a conversation that had no automatic text before, older texts make no difference.
    """
    considered, last = answering.considered, ticket.last_text
    if considered >= last:
        return ()
    named = [each for each in message.arrivals if considered < each.seq <= last and each.keyword is not None]
    expected = last - considered if considered else 1
    if len(named) >= expected and named[-1].seq == last:
        return named
    first = max(considered + 1, last - LOOKED_BACK + 1)
    return [arrival(text) for text in await ports.stores.texts.between(message.conversation, first, last)]


async def tell_stopped(command: StopAnswering, conversation: str, ports: Ports) -> None:
    """Record that the ticket's history says that Clerk stopped."""

    def told(answering: Answering) -> Answering:
        same = answering.stop is not None and answering.stop.at == command.since
        return answering.told(ports.now() + DONE_WITHIN) if same else answering

    await _change(conversation, told, ports)


async def answer_again(command: AnswerAgain, conversation: str, ports: Ports) -> None:
    """Record that the contact is no machine."""
    await _change(conversation, lambda answering: answering.resumed(command.since, ports.now() + DONE_WITHIN), ports)


async def is_taken_for_machine(command: AnswerAgain, conversation: str, ports: Ports) -> bool:
    """Whether the stop that an agent wants to end is in force."""
    found = await ports.stores.conversations.get(conversation)
    if found is None or found.answering.stop is None:
        return False
    return found.answering.stop.at == command.since and is_stopped(found.answering, ports.now())


async def _change(id: str, change: Callable[[Answering], Answering], ports: Ports) -> None:
    if not await ports.stores.conversations.change_answering(id, change):
        raise LostVersionRace
