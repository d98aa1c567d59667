"""Opens modals within three seconds of a click, and answers searches.

Whatever is down, whoever waits is told within seconds what is wrong and whether it helps to try again. Telling needs
neither MongoDB nor the broker: Slack's response_url is in the message. A click is then over, and no dead letter.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Final

import structlog

from messages.calendar import is_open, next_opening, wall_time, zone_exists
from messages.conversation import Contact
from messages.formats.later import Unread, meant, unread
from messages.formats.numbers import is_full_number
from messages.formats.places import ZoneOf, meant_in
from messages.line import Line, line_of
from messages.notification import OpenModal
from messages.planned import PlannedState
from messages.quiet import night_ends
from messages.ticket import Status
from messages.views import FindTickets, OpenDashboard, OpenLater, OpenPlanned, OpenReply, OpenSnooze, PushSend
from workers.failures import Permanent
from workers.interactive import assign_modal, lists, reply_modals, send_time_fields, snooze_form, troubles
from workers.interactive.find_tickets import may_see, open_tickets, search_tickets, visible_lines
from workers.interactive.lists import ListPage
from workers.interactive.loading import loaded
from workers.interactive.opening.modals import RETRIES, View, show_modal, tell, zone_of
from workers.interactive.reply_modals import Filled
from workers.interactive.send_time_fields import Offered
from workers.interactive.troubles import Trouble
from workers.ports import Ports, Renderable
from workers.runtime import actor

log = structlog.get_logger("clerk.interactive")

LINE_REMOVED: Final = (
    "{line} is no longer one of Clerk's lines, so ticket #{ticket} can't be worked in Slack. "
    "An admin can add the line again (clerk lines add)."
)
NOT_SEEN: Final = (
    "Ticket #{ticket} is of a channel that you can't see, and you are not named on it. "
    "Ask somebody who is in that channel to assign you, or to notify you."
)
NOT_TOLD: Final = (
    "Slack does not say at the moment whether you can see the channel of ticket #{ticket}, so Clerk opens nothing. "
    "Click again in a minute."
)
TICKET_GONE: Final = "You can't send a text: this ticket's line or contact no longer exists."

PLANNED_GONE: Final = "Clerk no longer has that planned text, so there is nothing to change."
PLANNED_OVER: Final = {
    PlannedState.RELEASED: "There is nothing to change: it has left. The conversation's thread shows when.",
    PlannedState.CANCELLED: "There is nothing to change: it was cancelled. The conversation's thread shows by whom.",
    PlannedState.REFUSED: "There is nothing to change: it was refused. The conversation's thread shows why.",
}

APPEARS_WITHIN: Final = timedelta(seconds=5)
LOOK_AGAIN: Final = timedelta(milliseconds=300)
"""The gateway's answer makes Slack show a modal; the worker may try to fill it before it exists."""

FIND_WITHIN: Final = timedelta(seconds=10)
"""How long a search may take before the person is told that it does not work now."""


@actor(handles=OpenModal, max_retries=RETRIES, time_limit=timedelta(seconds=15))
async def open_modal(message: OpenModal, ports: Ports) -> None:
    """Open the ticket's modal, or tell the agent why not: never silence."""

    async def view() -> View | str:
        stores = ports.stores
        ticket, tags = await asyncio.gather(stores.tickets.get(message.ticket), stores.tickets.known_tags())
        line = await stores.lines.get(ticket.line) if ticket else None
        if ticket is None:
            return f"Ticket #{message.ticket} no longer exists."
        if line is None:
            return LINE_REMOVED.format(line=ticket.line, ticket=ticket.id)
        if not (seen := await may_see(ticket, line, message.user, message.channel, ports)):
            return (NOT_TOLD if seen is None else NOT_SEEN).format(ticket=ticket.id)
        earlier = await stores.past.notes_before(ticket, assign_modal.NOTES_SHOWN)
        away = await stores.agents.away((*ticket.notify, *ticket.assignees), ports.now())
        return assign_modal.edit(ticket, line, tags, earlier, away)

    await show_modal(message, view, ports)


@actor(handles=OpenReply, max_retries=RETRIES, time_limit=timedelta(seconds=15))
async def open_reply(message: OpenReply, ports: Ports) -> None:
    """Open the modal in which an agent writes to a ticket's contact."""

    async def view() -> View | str:
        stores = ports.stores
        ticket = await stores.tickets.get(message.ticket)
        line = await stores.lines.get(ticket.line) if ticket else None
        contact = await stores.contacts.get(ticket.contact) if ticket else None
        if ticket is not None and line is None:
            return LINE_REMOVED.format(line=ticket.line, ticket=ticket.id)
        if ticket is None or line is None or contact is None:
            return TICKET_GONE
        if not (seen := await may_see(ticket, line, message.user, message.channel, ports)):
            return (NOT_TOLD if seen is None else NOT_SEEN).format(ticket=ticket.id)
        standing, offered = await asyncio.gather(
            stores.opt_outs.of(line.id, contact.id), _send_times(line, contact, message.user, ports)
        )
        return reply_modals.reply(
            line,
            contact,
            line.channel,
            message.response_url,
            opted_out=standing.out,
            blocked=ticket.blocked,
            offered=offered,
        )

    await show_modal(message, view, ports)


async def _send_times(line: Line, contact: Contact, agent: str, ports: Ports) -> Offered:
    """In which zone the times of a form are meant, when the line opens next, and when the contact's night ends."""
    now = ports.now()
    calendar = await ports.stores.calendars.get(line.calendar) if line.calendar else None
    where, lines = meant_in(None, contact, None, None, now), line.zone or (calendar.zone if calendar else "")
    if where.of is ZoneOf.NOBODY:
        where = meant_in(None, contact, await zone_of(agent, ports), lines, now)
    opens = None if calendar is None or is_open(calendar, now) else next_opening(calendar, now)
    awake = night_ends(line, contact.id, contact.zone, lines, now)
    opening, morning = (None if at is None else wall_time(at, where.zone) for at in (opens, awake))
    return Offered(where, opening, morning, wall_time(now, where.zone).date())


@actor(handles=OpenPlanned, max_retries=RETRIES, time_limit=timedelta(seconds=15))
async def open_planned(message: OpenPlanned, ports: Ports) -> None:
    """Open the modal in which an agent changes a planned text."""

    async def view() -> View | str:
        stores = ports.stores
        planned = await stores.planned.get(message.planned)
        if planned is None:
            return PLANNED_GONE
        if planned.state.is_final:
            return PLANNED_OVER[planned.state]
        contact = await stores.contacts.get(planned.contact) or Contact(id=planned.contact, created_at=ports.now())
        return send_time_fields.edit(planned, contact, message.channel, message.response_url)

    await show_modal(message, view, ports)


@actor(handles=OpenSnooze, max_retries=RETRIES, time_limit=timedelta(seconds=15))
async def open_snooze(message: OpenSnooze, ports: Ports) -> None:
    """Open the form in which an agent picks until when a ticket is snoozed."""

    async def view() -> View | str:
        stores = ports.stores
        ticket = await stores.tickets.get(message.ticket)
        line = await stores.lines.get(ticket.line) if ticket else None
        if ticket is None:
            return f"Ticket #{message.ticket} no longer exists."
        if line is None:
            return LINE_REMOVED.format(line=ticket.line, ticket=ticket.id)
        if not (seen := await may_see(ticket, line, message.user, message.channel, ports)):
            return (NOT_TOLD if seen is None else NOT_SEEN).format(ticket=ticket.id)
        if ticket.status in {Status.SOLVED, Status.CLOSED}:
            return snooze_form.OVER.format(ticket=ticket.id, status=ticket.status.label)
        calendar = await stores.calendars.get(line.calendar) if line.calendar else None
        offered = (await zone_of(message.user, ports), line.zone, calendar.zone if calendar else "")
        zone = next((each for each in offered if each and zone_exists(each)), "UTC")
        return snooze_form.snooze_form(ticket, zone, ports.now())

    await show_modal(message, view, ports)


@actor(handles=OpenDashboard, max_retries=RETRIES, time_limit=timedelta(seconds=15))
async def open_dashboard(message: OpenDashboard, ports: Ports) -> None:
    """Open the dashboard."""

    async def view() -> View:
        tickets = await open_tickets(message.user, message.channel, lists.PER_STATUS, ports)
        return lists.dashboard(tickets, message.channel, message.response_url, f"dashboard-{message.trigger_id}")

    await show_modal(message, view, ports)


@actor(handles=PushSend, max_retries=RETRIES, time_limit=timedelta(seconds=15))
async def push_send(message: PushSend, ports: Ports) -> None:
    """Open the form to send a text on top of the dashboard."""

    async def view() -> View:
        lines, contacts, unsure = await _whom_to_text(message, ports)
        return reply_modals.send(lines, contacts, message.channel, message.response_url, unsure=unsure)

    await show_modal(message, view, ports)


@actor(handles=OpenLater, max_retries=RETRIES, time_limit=timedelta(seconds=15))
async def open_later(message: OpenLater, ports: Ports) -> None:
    """Open the form to send a text, filled in with what an agent typed whose time can't be read."""

    async def view() -> View:
        lines, contacts, unsure = await _whom_to_text(message, ports)
        line = line_of(lines, message.channel)
        typed = unread(message.typed, line.id if line else None)
        filled = Filled(typed, await _wall(typed, line, message.user, ports))
        channel, url = message.channel, message.response_url
        return reply_modals.send(lines, contacts, channel, url, unsure=unsure, filled=filled)

    await show_modal(message, view, ports)


async def _wall(typed: Unread, line: Line | None, agent: str, ports: Ports) -> datetime | None:
    """What clocks show at a typed time in the zone in which it is meant; None if that can't be told."""
    if typed.when is None or line is None or not is_full_number(typed.number):
        return None
    contact = await ports.stores.contacts.get(typed.number) or Contact(id=typed.number, created_at=ports.now())
    where = (await _send_times(line, contact, agent, ports)).where
    return meant(typed.when, ports.now(), where.zone).placed.wall


async def _whom_to_text(message: PushSend | OpenLater, ports: Ports) -> tuple[list[Line], list[Contact], bool]:
    """The lines that an agent can see, the contacts who wrote to them last, and whether lines may be missing."""
    (lines, unsure), tickets = await asyncio.gather(
        visible_lines(message.user, message.channel, ports),
        ports.stores.tickets.newest_of_all(2 * reply_modals.OPTIONS),
    )
    visible = {line.id for line in lines}
    recent = list(dict.fromkeys(ticket.contact for ticket in tickets if ticket.line in visible))
    known = {contact.id: contact for contact in await ports.stores.contacts.by_ids(recent)}
    return lines, [known[number] for number in recent if number in known], unsure


@actor(handles=FindTickets, max_retries=3, time_limit=timedelta(seconds=30))
async def find(message: FindTickets, ports: Ports) -> None:
    """Show the agent the tickets found: in the modal that waits for them, or in private."""
    most = lists.FOUND if message.view else lists.LISTED
    again = troubles.SUBMIT if message.view else troubles.TYPE
    page = ListPage(message.query, message.page, message.channel, message.view)
    found = await loaded(lambda: search_tickets(page, message.user, most, ports), FIND_WITHIN)
    if found is None:
        words = troubles.words(Trouble.DOCUMENTS, again)
        if message.view is None:
            await tell(message, words, ports)
        else:
            await _fill(message, message.view, troubles.modal(words, message.view), ports)
    elif message.view is not None:
        await _fill(message, message.view, lists.results(page, found), ports)
    else:
        await _answer(message, lists.answer(page, found), ports)


async def _answer(message: FindTickets, what: Renderable, ports: Ports) -> None:
    """Answer a search in private; an answer that Slack takes no more is over, and no dead letter."""
    try:
        if message.response_url is not None:
            await ports.slack.respond(message.response_url, what)
        elif message.channel is not None:
            await ports.slack.whisper(message.channel, message.user, what)
    except Permanent as error:
        log.warning("Slack takes no answer to a search", error=error.code)


async def _fill(message: FindTickets, external_id: str, view: View, ports: Ports) -> None:
    try:
        await ports.slack.update_view(external_id, view)
    except Permanent as error:
        if error.code != "not_found":
            raise
        if ports.now() - message.received_at < APPEARS_WITHIN:
            await ports.publisher.publish(message, delay=LOOK_AGAIN)
        else:
            log.info("a search was closed before it was answered")
