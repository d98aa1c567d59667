"""Opens the form in which an agent blocks a ticket's contact."""

from datetime import timedelta
from typing import Final

from messages.views import OpenBlock
from workers.interactive.blocking.form import BLOCKED_ALREADY, block_form
from workers.interactive.find_tickets import may_see
from workers.interactive.opening.modals import RETRIES, View, show_modal
from workers.ports import Ports
from workers.runtime import actor

NOBODY: Final = "There is nobody to block: this ticket's line or contact no longer exists."
NOT_SEEN: Final = "Nobody is blocked: ticket #{ticket} is of a channel that you can't see, and you are not named on it."
NOT_TOLD: Final = (
    "Nobody is blocked: Slack does not say at the moment whether you can see the channel of ticket #{ticket}. "
    "Click again in a minute."
)


@actor(handles=OpenBlock, max_retries=RETRIES, time_limit=timedelta(seconds=15))
async def open_block(message: OpenBlock, ports: Ports) -> None:
    """Open the form in which an agent blocks a ticket's contact, on top of the ticket's modal."""

    async def view() -> View | str:
        stores = ports.stores
        ticket = await stores.tickets.get(message.ticket)
        line = await stores.lines.get(ticket.line) if ticket else None
        contact = await stores.contacts.get(ticket.contact) if ticket else None
        if ticket is None or line is None or contact is None:
            return NOBODY
        if not (seen := await may_see(ticket, line, message.user, None, ports)):
            return (NOT_TOLD if seen is None else NOT_SEEN).format(ticket=ticket.id)
        return BLOCKED_ALREADY if ticket.blocked else block_form(ticket, contact, line)

    await show_modal(message, view, ports)
