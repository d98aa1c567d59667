"""Carries out what people type about snoozes, of tickets that they may see."""

from typing import Final

from messages.deadlines.snooze import SetSnooze, WakeUp
from messages.notification import Whisper
from messages.ticket import ActOnTicket
from messages.views import SnoozeTyped
from workers.interactive.find_tickets import may_see
from workers.ports import Ports
from workers.runtime import actor

NO_TICKET: Final = "Nothing was changed: there is no ticket #{ticket} that you can see."
NOT_TOLD: Final = (
    "Nothing was changed: Slack does not say at the moment whether you can see the channel of ticket #{ticket}. "
    "Try again in a minute."
)


@actor(handles=SnoozeTyped)
async def snooze_typed(message: SnoozeTyped, ports: Ports) -> None:
    """Order what a person typed about a ticket's snooze, or answer that they can't see such a ticket."""
    ticket = await ports.stores.tickets.get(message.ticket)
    line = await ports.stores.lines.get(ticket.line) if ticket else None
    seen = False if not ticket or not line else await may_see(ticket, line, message.by, message.channel, ports)
    if not seen:
        words = (NOT_TOLD if seen is None else NO_TICKET).format(ticket=message.ticket)
        told = Whisper(text=words, user=message.by, response_url=message.response_url, channel=message.channel)
        await ports.publisher.publish(told)
        return
    command = WakeUp() if message.when is None else SetSnooze(when=message.when, note=message.note)
    order = ActOnTicket(
        ticket=message.ticket,
        command=command,
        by=message.by,
        at=message.at,
        response_url=message.response_url,
        order=message.order,
    )
    await ports.publisher.publish(order)
