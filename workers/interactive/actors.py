"""Opens modals within three seconds of a click, and answers searches."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import structlog
from prometheus_client import Histogram

from messages.notification import OpenModal, Whisper
from messages.views import FindTickets, OpenDashboard, OpenReply, PushSend
from workers.failures import Permanent, SlackError
from workers.interactive import assign_modal, lists, reply_modals
from workers.interactive.find_tickets import open_tickets, search_tickets
from workers.ports import Ports
from workers.runtime import actor

log = structlog.get_logger("clerk.interactive")

OPENED = Histogram("clerk_click_to_modal_seconds", "From the click's arrival at the gateway to the open modal")

TRIGGER_LATE: Final = timedelta(seconds=2.5)
"""A trigger lives three seconds (https://docs.slack.dev/surfaces/modals); the call to Slack takes the rest."""

CLICK_AGAIN: Final = "Clerk was too slow, so Slack did not open the form. Please click again."
TYPE_AGAIN: Final = "Clerk was too slow, so Slack did not open the dashboard. Please type the command again."
LINE_REMOVED: Final = (
    "{line} is no longer one of Clerk's lines, so ticket #{ticket} can't be worked in Slack. "
    "An admin can add the line again (clerk lines add)."
)
TICKET_GONE: Final = "You can't send a text: this ticket's line or contact no longer exists."

APPEARS_WITHIN: Final = timedelta(seconds=5)
LOOK_AGAIN: Final = timedelta(milliseconds=300)
"""The gateway's answer makes Slack show a modal; the worker may try to fill it before it exists."""

type ModalOrder = OpenModal | OpenReply | OpenDashboard | PushSend


@actor(handles=OpenModal, max_retries=0, time_limit=timedelta(seconds=15))
async def open_modal(message: OpenModal, ports: Ports) -> None:
    """Open the ticket's modal, or ask the agent to click again: never silence."""
    if await _is_late(message, CLICK_AGAIN, ports):
        return
    ticket, tags = await asyncio.gather(ports.stores.tickets.get(message.ticket), ports.stores.tickets.known_tags())
    line = await ports.stores.lines.get(ticket.line) if ticket else None
    if ticket is None:
        await _whisper(message, f"Ticket #{message.ticket} no longer exists.", ports)
        return
    if line is None:
        await _whisper(message, LINE_REMOVED.format(line=ticket.line, ticket=ticket.id), ports)
        return
    earlier = await ports.stores.past.notes_before(ticket, assign_modal.NOTES_SHOWN)
    await _open(message, assign_modal.edit(ticket, line, tags, earlier), CLICK_AGAIN, ports)


@actor(handles=OpenReply, max_retries=0, time_limit=timedelta(seconds=15))
async def open_reply(message: OpenReply, ports: Ports) -> None:
    """Open the modal in which an agent writes to a ticket's contact."""
    if await _is_late(message, CLICK_AGAIN, ports):
        return
    stores = ports.stores
    ticket = await stores.tickets.get(message.ticket)
    line = await stores.lines.get(ticket.line) if ticket else None
    contact = await stores.contacts.get(ticket.contact) if ticket else None
    if ticket is not None and line is None:
        await _whisper(message, LINE_REMOVED.format(line=ticket.line, ticket=ticket.id), ports)
        return
    if line is None or contact is None:
        await _whisper(message, TICKET_GONE, ports)
        return
    out = (await stores.opt_outs.of(line.id, contact.id)).out
    view = reply_modals.reply(line, contact, line.channel, message.response_url, opted_out=out)
    await _open(message, view, CLICK_AGAIN, ports)


@actor(handles=OpenDashboard, max_retries=0, time_limit=timedelta(seconds=15))
async def open_dashboard(message: OpenDashboard, ports: Ports) -> None:
    """Open the dashboard."""
    if await _is_late(message, TYPE_AGAIN, ports):
        return
    tickets = await open_tickets(message.user, lists.PER_STATUS, ports)
    await _open(message, lists.dashboard(tickets, message.channel, message.response_url), TYPE_AGAIN, ports)


@actor(handles=PushSend, max_retries=0, time_limit=timedelta(seconds=15))
async def push_send(message: PushSend, ports: Ports) -> None:
    """Open the form to send a text on top of the dashboard."""
    if await _is_late(message, CLICK_AGAIN, ports):
        return
    lines, tickets = await asyncio.gather(
        ports.stores.lines.all(), ports.stores.tickets.newest_of_all(2 * reply_modals.OPTIONS)
    )
    recent = list(dict.fromkeys(ticket.contact for ticket in tickets))
    known = {contact.id: contact for contact in await ports.stores.contacts.by_ids(recent)}
    contacts = [known[number] for number in recent if number in known]
    await _open(message, reply_modals.send(lines, contacts, message.channel, message.response_url), CLICK_AGAIN, ports)


@actor(handles=FindTickets, max_retries=3, time_limit=timedelta(seconds=30))
async def find(message: FindTickets, ports: Ports) -> None:
    """Show the agent the tickets found: in the modal that waits for them, or in private."""
    most = lists.FOUND if message.view else lists.LISTED
    rows = await search_tickets(message.query, message.channel, most, ports)
    if message.view is not None:
        await _fill(message, message.view, lists.results(message.query, rows, message.view), ports)
    elif message.response_url is not None:
        await ports.slack.respond(message.response_url, lists.answer(message.query, rows))
    elif message.channel is not None:
        await ports.slack.whisper(message.channel, message.user, lists.answer(message.query, rows))


async def _fill(message: FindTickets, external_id: str, view: Mapping[str, Any], ports: Ports) -> None:
    try:
        await ports.slack.update_view(external_id, view)
    except Permanent as error:
        if error.code != "not_found":
            raise
        if ports.now() - message.received_at < APPEARS_WITHIN:
            await ports.publisher.publish(message, delay=LOOK_AGAIN)
        else:
            log.info("a search was closed before it was answered")


async def _is_late(message: ModalOrder, words: str, ports: Ports) -> bool:
    """Whether a click came too late for a modal; if so, tell the agent."""
    if ports.now() - message.received_at <= TRIGGER_LATE:
        return False
    log.warning("a click came too late", modal=message.actor)
    await _whisper(message, words, ports)
    return True


async def _open(message: ModalOrder, view: Mapping[str, Any], words: str, ports: Ports) -> None:
    """Open a modal; if Slack refuses, tell the agent."""
    show = ports.slack.push_view if isinstance(message, PushSend) else ports.slack.open_view
    try:
        await show(message.trigger_id, view)
    except SlackError as error:
        if error.code == "exchanged_trigger_id":
            return  # an earlier delivery of this message opened it
        log.warning("the modal did not open", modal=message.actor, error=error.code)
        await _whisper(message, words, ports)
    else:
        OPENED.observe((ports.now() - message.received_at).total_seconds())


async def _whisper(message: ModalOrder, text: str, ports: Ports) -> None:
    channel = message.channel if isinstance(message, OpenDashboard | PushSend) else None
    whisper = Whisper(text=text, user=message.user, response_url=message.response_url, channel=channel)
    await ports.publisher.publish(whisper)
