"""The words after `/clerk`, and the orders they give: one row per word. Pure."""

import html
import re
from collections.abc import Callable, Mapping
from typing import Final

from messages.base import Document, Moment, QueueMessage
from messages.conversation import BlockContact, NameContact, PlaceContact
from messages.formats.later import NO_FILES, read_later
from messages.formats.later import USAGE as LATER_USAGE
from messages.orders.snoozes import UNSNOOZE_USAGE, read_number, read_snooze
from messages.planned import ListPlanned, PlanTyped, When
from messages.sms import WriteTyped
from messages.team.agent import ComeBack, GoAway
from messages.views import (
    CloseForAWhile,
    ExplainClocks,
    FindTickets,
    OpenAgain,
    OpenDashboard,
    OpenLater,
    ShowHours,
    SnoozeTyped,
)

HELP: Final = (
    "Texts to your team's numbers appear as cards, and each card begins a thread. Your replies in the thread go out as "
    "texts; a reply that begins with `//` or `note:` stays a note for the team.\n"
    "• `/clerk` opens the dashboard: the open tickets, search, and a form to send a text\n"
    "• `/clerk send NUMBER TEXT` sends a text, such as `/clerk send +15551234567 We are on our way`. Put a colon "
    "after the number if the text begins with digits or names another number. A command carries no files: *Send "
    "text* in the dashboard does\n"
    "• `/clerk later NUMBER TIME: TEXT` sends it later: `in 2h`, `9:00`, `today 5pm`, `tomorrow 9:00`, "
    "`mon 9:00`, `2026-12-24 9:00`; other words open a form. Slack's own *Schedule message* works in a thread\n"
    "• `/clerk planned` lists what you have planned\n"
    "• `/clerk name NUMBER NAME` names a contact\n"
    "• `/clerk zone NUMBER ZONE` says in which time zone a contact is, such as `Europe/Berlin`: Clerk warns you of "
    "their nights\n"
    "• `/clerk block NUMBER WHY`, in a line's channel, blocks a contact there: their texts are kept but notify nobody, "
    "and none is sent to them; `/clerk unblock NUMBER` ends that\n"
    "• `/clerk away` says until when you are away: `2h`, `until Monday 9:00`, `on leave until 2026-12-24`; "
    "`/clerk back` ends that sooner\n"
    "• `/clerk find WORDS` finds tickets by number (`#12` or the contact's), name, tag, status, or words of the "
    "subject\n"
    "• `/clerk sla #12` says by when a ticket must be answered and solved, and why\n"
    "• `/clerk snooze #12 tomorrow` puts a ticket off until the line opens tomorrow, or until `2h`, `9:00`, `mon`, "
    "`2026-12-24 9:00`; `/clerk unsnooze #12` wakes it, and so does the contact's next text\n"
    "• `/clerk hours` says whether the line is open, until when, and when it is closed next\n"
    "• `/clerk close until 14:00 training` or `/clerk close 2h`, in a line's channel, closes it for a while; "
    "`/clerk open` opens it again\n"
    "• `/clerk help` shows this\n"
    "On a card: *Open* goes to the thread, *Reply* writes to the contact, *Assign* opens the ticket (who is notified "
    "and assigned, subject, status, priority, tags, notes), *Hide* takes a notification out of the channel, "
    "*Take it* makes the ticket yours. Where a card says that the contact has opted out, *They told me so* lifts that."
    "\nWhat a contact writes stays plain text: a link in it is to be copied, once you trust it, and a mention notifies "
    "nobody."
)

SEND_USAGE: Final = (
    f"Whom should the text go to, and what should it say? Type `/clerk send +15551234567 your text`. {NO_FILES}"
)
BLOCK_USAGE: Final = "Who should be blocked, and why? Type `/clerk block +15551234567 spam`."
UNBLOCK_USAGE: Final = "Who should be blocked no more? Type `/clerk unblock +15551234567`."
NAME_USAGE: Final = "Which contact should get which name? Type `/clerk name +15551234567 Ann Lee`."
ZONE_USAGE: Final = "Where is which contact? Type `/clerk zone +15551234567 Europe/Berlin`."
FIND_USAGE: Final = (
    "What are you looking for? Type `/clerk find WORDS`: a ticket (`#12`), a number, a name, a tag, a status, or words "
    "of the subject."
)
SLA_USAGE: Final = "Which ticket do you mean? Type `/clerk sla #12`."
CLOSE_USAGE: Final = (
    "Until when should the line be closed, and why? Type `/clerk close until 14:00 training`, `/clerk close 2h` or "
    "`/clerk close until mon 9:00`."
)
QUERY_LIMIT: Final = 200
_NUMBER: Final = re.compile(r"#?\s*([1-9][0-9]{0,14})", re.ASCII)


class SlashCommand(Document):
    """A slash command that a person typed: `text` is what follows `/clerk`, as Slack sends it."""

    text: str
    user: str
    channel: str
    trigger_id: str
    response_url: str | None = None
    at: Moment

    @property
    def id(self) -> str:
        """The id of what the command creates: the same however often the command is delivered."""
        return f"typed-{self.trigger_id or int(self.at.timestamp() * 1000)}-{self.user}"


def _dashboard(typed: SlashCommand, rest: str) -> QueueMessage | str:
    return OpenDashboard(
        user=typed.user,
        trigger_id=typed.trigger_id,
        response_url=typed.response_url,
        received_at=typed.at,
        channel=typed.channel,
    )


def _send(typed: SlashCommand, rest: str) -> QueueMessage | str:
    if not rest:
        return SEND_USAGE
    return WriteTyped(
        sms=typed.id,
        typed=rest,
        by=typed.user,
        at=typed.at,
        channel=typed.channel,
        response_url=typed.response_url,
    )


def _later(typed: SlashCommand, rest: str) -> QueueMessage | str:
    found = read_later(rest) if rest else LATER_USAGE
    if isinstance(found, str):
        return _later_form(typed, html.unescape(rest), found) if typed.trigger_id else found
    return PlanTyped(
        planned=typed.id,
        number=found.number,
        when=found.when,
        text=found.text,
        by=typed.user,
        at=typed.at,
        channel=typed.channel,
        response_url=typed.response_url,
    )


def _later_form(typed: SlashCommand, rest: str, words: str) -> QueueMessage:
    return OpenLater(
        typed=rest,
        words=words,
        user=typed.user,
        trigger_id=typed.trigger_id,
        response_url=typed.response_url,
        received_at=typed.at,
        channel=typed.channel,
    )


def _planned(typed: SlashCommand, rest: str) -> QueueMessage | str:
    return ListPlanned(by=typed.user, channel=typed.channel, response_url=typed.response_url)


def _name(typed: SlashCommand, rest: str) -> QueueMessage | str:
    if not rest:
        return NAME_USAGE
    return NameContact(
        typed=html.unescape(rest),
        by=typed.user,
        at=typed.at,
        channel=typed.channel,
        response_url=typed.response_url,
        order=_order(typed),
    )


def _block(typed: SlashCommand, rest: str) -> QueueMessage | str:
    return _blocking(typed, rest, block=True) if rest else BLOCK_USAGE


def _unblock(typed: SlashCommand, rest: str) -> QueueMessage | str:
    return _blocking(typed, rest, block=False) if rest else UNBLOCK_USAGE


def _blocking(typed: SlashCommand, rest: str, *, block: bool) -> QueueMessage:
    return BlockContact(
        typed=html.unescape(rest),
        block=block,
        by=typed.user,
        at=typed.at,
        channel=typed.channel,
        response_url=typed.response_url,
        order=_order(typed),
    )


def _order(typed: SlashCommand) -> str | None:
    """The identity of a command that creates nothing: the same however often it is delivered."""
    return f"command/{typed.trigger_id}" if typed.trigger_id else None


def _away(typed: SlashCommand, rest: str) -> QueueMessage | str:
    return GoAway(
        typed=rest,
        by=typed.user,
        at=typed.at,
        channel=typed.channel,
        response_url=typed.response_url,
        order=_order(typed),
    )


def _back(typed: SlashCommand, rest: str) -> QueueMessage | str:
    return ComeBack(
        by=typed.user, at=typed.at, channel=typed.channel, response_url=typed.response_url, order=_order(typed)
    )


def _zone(typed: SlashCommand, rest: str) -> QueueMessage | str:
    if not rest:
        return ZONE_USAGE
    return PlaceContact(
        typed=html.unescape(rest),
        by=typed.user,
        at=typed.at,
        channel=typed.channel,
        response_url=typed.response_url,
        order=_order(typed),
    )


def _find(typed: SlashCommand, rest: str) -> QueueMessage | str:
    if not rest:
        return FIND_USAGE
    return FindTickets(
        query=html.unescape(rest)[:QUERY_LIMIT],
        user=typed.user,
        channel=typed.channel,
        response_url=typed.response_url,
        received_at=typed.at,
    )


def _sla(typed: SlashCommand, rest: str) -> QueueMessage | str:
    number = _NUMBER.fullmatch(rest)
    if number is None:
        return SLA_USAGE
    return ExplainClocks(
        ticket=int(number[1]), by=typed.user, at=typed.at, channel=typed.channel, response_url=typed.response_url
    )


def _snooze(typed: SlashCommand, rest: str) -> QueueMessage | str:
    found = read_snooze(rest)
    if isinstance(found, str):
        return found
    return _about_snooze(typed, found.ticket, found.when, found.note)


def _unsnooze(typed: SlashCommand, rest: str) -> QueueMessage | str:
    ticket = read_number(rest)
    return UNSNOOZE_USAGE if ticket is None else _about_snooze(typed, ticket, None)


def _about_snooze(typed: SlashCommand, ticket: int, when: When | None, note: str = "") -> QueueMessage:
    return SnoozeTyped(
        ticket=ticket,
        when=when,
        note=note,
        by=typed.user,
        at=typed.at,
        channel=typed.channel,
        response_url=typed.response_url,
        order=_order(typed),
    )


def _hours(typed: SlashCommand, rest: str) -> QueueMessage | str:
    return ShowHours(by=typed.user, at=typed.at, channel=typed.channel, response_url=typed.response_url)


def _close(typed: SlashCommand, rest: str) -> QueueMessage | str:
    if not rest:
        return CLOSE_USAGE
    return CloseForAWhile(
        typed=html.unescape(rest)[:QUERY_LIMIT],
        by=typed.user,
        at=typed.at,
        channel=typed.channel,
        response_url=typed.response_url,
        order=typed.id,
    )


def _open(typed: SlashCommand, rest: str) -> QueueMessage | str:
    return OpenAgain(by=typed.user, at=typed.at, channel=typed.channel, response_url=typed.response_url)


def _help(typed: SlashCommand, rest: str) -> QueueMessage | str:
    return HELP


COMMANDS: Final[Mapping[str, Callable[[SlashCommand, str], QueueMessage | str]]] = {
    "": _dashboard,
    "send": _send,
    "later": _later,
    "planned": _planned,
    "name": _name,
    "zone": _zone,
    "block": _block,
    "unblock": _unblock,
    "away": _away,
    "back": _back,
    "find": _find,
    "sla": _sla,
    "snooze": _snooze,
    "unsnooze": _unsnooze,
    "hours": _hours,
    "close": _close,
    "open": _open,
    "help": _help,
}


def read(typed: SlashCommand) -> QueueMessage | str:
    """The order that a command gives, or the text that answers it at once."""
    word, rest = [*typed.text.split(maxsplit=1), "", ""][:2]
    command = COMMANDS.get(word.lower())
    return command(typed, rest.strip()) if command else f"`/clerk` does not know that word.\n{HELP}"
