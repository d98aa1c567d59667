"""Lets tickets' clocks follow what becomes of agents' texts, the passing of time, and changes of their rules."""

from typing import Final

import structlog

from messages.deadlines.clocks import EndWait, RecordAnswer, TickClocks
from messages.notification import ConsiderNotifying
from messages.ticket import ActOnTicket, AnswerFailed, Ticket
from workers.ports import Ports
from workers.redraw import redraw
from workers.runtime import LostVersionRace, actor
from workers.tickets.actors import act
from workers.tickets.clocks.of_ticket import answers, ticked, with_clocks
from workers.tickets.clocks.rules import Answered, OptedOut
from workers.tickets.clocks.saving import SETTLE_WITHIN, consider_alerts, rules, save, tell_of_clocks

log = structlog.get_logger("clerk.tickets")

LOOKED_AT: Final = 50
"""Among how many of the newest texts to the contact those are looked for that may have answered them."""


@actor(handles=RecordAnswer)
async def record_answer(message: RecordAnswer, ports: Ports) -> None:
    """Let the clocks stop as of when an accepted text was written; what failed for good answered nobody."""
    event = Answered(message.order, message.written_at, message.tries, message.failed)
    for _ in range(10):
        ticket = await ports.stores.tickets.newest(message.conversation)
        if ticket is None:
            log.warning("what became of a text concerns no ticket: its conversation has none")
            return
        if message.failed:
            command = AnswerFailed(reply=message.order, written_at=message.written_at, tries=message.tries)
            order = f"failed/{message.order}/{message.tries}"
            await act(ActOnTicket(ticket=ticket.id, command=command, by=None, at=message.at, order=order), ports)
            return
        line = await ports.stores.lines.get(ticket.line)
        after = with_clocks(ticket, ticket, await rules(line, ticket, ports), ports.now(), events=(event,))
        if after is ticket:
            return
        if await ports.stores.tickets.save_clocks(after, ticket.version):
            break
    else:
        raise LostVersionRace
    await tell_of_clocks(ticket, after, ports)
    if after.clocks != ticket.clocks:
        await redraw(ticket.conversation, ports)


@actor(handles=EndWait)
async def end_wait(message: EndWait, ports: Ports) -> None:
    """Let nobody wait for an answer any more, and stop the clocks that an answer stops: nobody may answer."""
    for _ in range(10):
        ticket = await ports.stores.tickets.newest(message.conversation)
        if ticket is None or (ended := ticket.out_of_wait(message.at, ports.now())) is ticket:
            return
        line = await ports.stores.lines.get(ticket.line)
        event = OptedOut(f"at {message.at.isoformat()}", message.at, ports.now())
        if await save(ticket, ended, line, ports, events=(event,)):
            break
    else:
        raise LostVersionRace
    episode = None if ended.is_closed else ended.episode
    await ports.publisher.publish(ConsiderNotifying(conversation=ticket.conversation, episode=episode))
    await consider_alerts(ended, ports)


@actor(handles=TickClocks)
async def tick_clocks(message: TickClocks, ports: Ports) -> None:
    """Note which of a ticket's clocks have warned or fallen due, by the rules of now; redraw its cards."""
    for _ in range(10):
        ticket = await ports.stores.tickets.get(message.ticket)
        if ticket is None:
            log.warning("clocks of a ticket that does not exist", ticket=message.ticket)
            return
        line, now = await ports.stores.lines.get(ticket.line), ports.now()
        found = await _answers(ticket, ports) if ticket.clocks_at is not None and ticket.clocks_at <= now else ()
        after = ticked(ticket, await rules(line, ticket, ports), now, found)
        if after is ticket:
            await consider_alerts(ticket, ports)  # whoever noted what has passed may have died before they said so
            return
        if await ports.stores.tickets.save(after.model_copy(update={"due_at": now + SETTLE_WITHIN}), ticket.version):
            break
    else:
        raise LostVersionRace
    await tell_of_clocks(ticket, after, ports)
    episode = None if after.is_closed else after.episode
    await ports.publisher.publish(ConsiderNotifying(conversation=ticket.conversation, episode=episode))


async def _answers(ticket: Ticket, ports: Ports) -> list[Answered]:
    """What the texts to the contact say: the message that a text was accepted may be lost."""
    texts = await ports.stores.texts.newest_sent(ticket.conversation, LOOKED_AT)
    return list(answers(ticket, texts))
