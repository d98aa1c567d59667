"""What must reach Slack within three seconds of a click."""

import asyncio
from datetime import timedelta
from typing import Final

import structlog
from prometheus_client import Histogram

from messages.notification import OpenModal, Whisper
from workers.interactive import modal
from workers.ports import Ports, SlackError
from workers.runtime import actor

log = structlog.get_logger("clerk.interactive")

OPENED = Histogram("clerk_click_to_modal_seconds", "From the click's arrival at the gateway to the open modal")

TOO_LATE: Final = timedelta(seconds=2.5)
"""A trigger lives three seconds (https://docs.slack.dev/surfaces/modals); the call to Slack needs the rest."""

CLICK_AGAIN: Final = "That took too long on our side, so Slack did not let the form open. Please click again."


@actor(handles=OpenModal, max_retries=0, time_limit=timedelta(seconds=15))
async def open_modal(message: OpenModal, ports: Ports) -> None:
    """Open the ticket's modal, or tell whoever clicked to click again: never silence."""
    if ports.now() - message.received_at > TOO_LATE:
        log.warning("a click came too late", ticket=message.ticket)
        await _whisper(message, CLICK_AGAIN, ports)
        return
    ticket, tags = await asyncio.gather(ports.stores.tickets.get(message.ticket), ports.stores.tickets.known_tags())
    line = await ports.stores.lines.get(ticket.line) if ticket else None
    if ticket is None or line is None:
        await _whisper(message, f"Ticket #{message.ticket} does not exist any more.", ports)
        return
    try:
        await ports.slack.open_view(message.trigger_id, modal.edit(ticket, line, tags))
    except SlackError as error:
        if error.code == "exchanged_trigger_id":
            return  # this very message was delivered before, and opened it
        log.warning("the modal did not open", ticket=message.ticket, error=error.code)
        await _whisper(message, CLICK_AGAIN, ports)
    else:
        OPENED.observe((ports.now() - message.received_at).total_seconds())


async def _whisper(message: OpenModal, text: str, ports: Ports) -> None:
    await ports.publisher.publish(Whisper(text=text, user=message.user, response_url=message.response_url))
