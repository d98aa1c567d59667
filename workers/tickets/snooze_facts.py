"""Finds out what a snooze depends on, and tells the agent who has snoozed a ticket until when that is."""

import structlog

from messages.calendar import zone_exists
from messages.deadlines.snooze import EndSnooze, SetSnooze, SnoozeAgain
from messages.line import Line
from messages.notification import Whisper
from messages.ticket import ActOnTicket, Ticket
from workers.failures import CallError
from workers.ports import Ports
from workers.tickets.snoozing import SnoozeFacts, confirmed
from workers.tickets.thanks import is_thanks

log = structlog.get_logger("clerk.tickets")

NOBODYS: SnoozeFacts = SnoozeFacts()


async def snooze_facts(message: ActOnTicket, line: Line | None, ports: Ports) -> SnoozeFacts:
    """What an order about a snooze depends on besides its ticket; another order depends on nothing of it."""
    command = message.command
    if line is None or not isinstance(command, SetSnooze | SnoozeAgain | EndSnooze):
        return NOBODYS
    calendar = await ports.stores.calendars.get(line.calendar) if line.calendar else None
    zone = "UTC"
    if isinstance(command, SetSnooze) and message.by is not None and command.zone is None:
        offered = (await _zone_of(message.by, ports), line.zone, calendar.zone if calendar else "")
        zone = next((each for each in offered if each and zone_exists(each)), zone)
    return SnoozeFacts(calendar, zone)


async def _zone_of(agent: str, ports: Ports) -> str:
    """An agent's time zone as Slack says, else as it said last; blank if it never did."""
    try:
        return await ports.slack.zone_of(agent)
    except CallError as error:
        log.warning("Slack does not say an agent's time zone", error=error.code)
    known = await ports.stores.agents.get(agent)
    return known.zone if known is not None else ""


async def confirm_snooze(message: ActOnTicket, ticket: Ticket, ports: Ports) -> None:
    """Tell an agent until when the ticket is snoozed that they have just snoozed: the same in every delivery."""
    snooze = ticket.snooze
    if not isinstance(message.command, SetSnooze | SnoozeAgain) or message.by is None or snooze is None:
        return
    if not snooze.is_on or (snooze.by, snooze.at) != (message.by, message.at):
        return
    line = await ports.stores.lines.get(ticket.line)
    calendar = await ports.stores.calendars.get(line.calendar) if line is not None and line.calendar else None
    told = Whisper(text=confirmed(ticket, calendar), user=message.by, response_url=message.response_url)
    if told.response_url is None:
        conversation = await ports.stores.conversations.get(ticket.conversation)
        thread = conversation.thread if conversation else None
        place = {"channel": thread.channel, "thread_ts": thread.ts} if thread else {}
        told = told.model_copy(update=place)
    await ports.publisher.publish(told)


async def are_thanks(conversation: str, first: int, last: int, ports: Ports) -> bool:
    """Whether some texts of a contact only say thanks, or are reactions: what they attach is looked at."""
    texts = await ports.stores.texts.between(conversation, first, last)
    if len(texts) != last - first + 1:
        return False
    return all(each.reaction or (not each.media and is_thanks(each.body)) for each in texts)
