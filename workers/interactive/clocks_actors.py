"""Answers by when a ticket is due, and why."""

from messages.notification import Whisper
from messages.views import ExplainClocks
from workers.interactive import clocks_answer
from workers.interactive.find_tickets import may_see
from workers.markup import mention
from workers.ports import Ports
from workers.runtime import actor
from workers.shown.clock_life import clock_life


@actor(handles=ExplainClocks)
async def explain_clocks(message: ExplainClocks, ports: Ports) -> None:
    """Tell a person the life of a ticket's clocks, if they may see the ticket."""
    words = await _words(message, ports)
    told = Whisper(text=words, user=message.by, response_url=message.response_url, channel=message.channel, markup=True)
    await ports.publisher.publish(told)


async def _words(message: ExplainClocks, ports: Ports) -> str:
    stores, now = ports.stores, ports.now()
    ticket = await stores.tickets.get(message.ticket)
    line = await stores.lines.get(ticket.line) if ticket is not None else None
    if ticket is None or line is None:
        return clocks_answer.NOT_THERE.format(ticket=message.ticket)
    if not (seen := await may_see(ticket, line, message.by, message.channel, ports)):
        return (clocks_answer.NOT_TOLD if seen is None else clocks_answer.NOT_THERE).format(ticket=ticket.id)
    history = [*await stores.past.entries_since(ticket, 0), *ticket.history]
    calendar = await stores.calendars.get(line.calendar) if line.calendar else None
    return clocks_answer.told(ticket, clock_life(ticket, history, calendar, now, mention), now)
