"""Snoozes as Slack shows them: on the card, in its menu, and in the thread. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from slack_sdk.models.blocks import Block, ButtonElement, Option, OverflowMenuElement, SectionBlock

from messages.calendar import time_words, wall_time, zone_exists, zone_words
from messages.deadlines.snooze import SnoozeEnd
from messages.orders.snoozes import MENU
from messages.team.away_words import until_words
from messages.ticket import Change, Entry, Status, Ticket
from workers.markup import clip_escaped, escape, local_time, mention, unstyled
from workers.slack.elements import mrkdwn, plain, value_of

NOTED: Final = 300
"""How much of a note is shown: an escaped character may be five."""

BUTTON: Final = 75
AGAIN: Final = "ticket.snooze_again"


def card_blocks(ticket: Ticket) -> list[Block]:
    """What a card says of a snoozed ticket, with a button that ends it; nothing of another one."""
    snooze = ticket.asleep
    if snooze is None:
        return []
    since = ticket.last_text - snooze.last_text
    texts = f" · *{since} text{'' if since == 1 else 's'} since*" if since > 0 else ""
    said = (
        f":zzz: *Snoozed* until {_when(snooze.until, snooze.zone)} by {mention(snooze.by)}{_note(snooze.note)}{texts}"
    )
    wake = ButtonElement(text="Wake now", action_id="ticket.wake", value=value_of(ticket=ticket.id))
    return [SectionBlock(text=mrkdwn(said), accessory=wake)]


def menu(ticket: int, status: Status) -> list[OverflowMenuElement]:
    """The card's menu that puts a ticket of this number off; none for one that is over.

    An overflow menu shows no choice: after a refusal, the same one can be made again.
    """
    if status in {Status.SOLVED, Status.CLOSED}:
        return []
    options = [
        Option(value=value_of(ticket=ticket, snooze=choice), text=plain(label)) for choice, label in MENU.items()
    ]
    return [OverflowMenuElement(action_id="ticket.snooze", options=options)]


def snooze_sentence(ticket: Ticket, entry: Entry, who: str) -> str | None:
    """What the thread says of a snooze that no agent's order began or ended; None if the entry is of another kind."""
    for change in entry.changes:
        said: Mapping[str, Any] = change.after if change.what == "snoozed" else change.before
        match change.what, change.after:
            case "woken", SnoozeEnd.TEXT:
                status = next((each.after for each in entry.changes if each.what == "status"), None)
                again = f" Ticket #{ticket.id} is {Status(status).label} again." if status is not None else ""
                return f"Awake: {clip_escaped(unstyled(who), NOTED)} wrote.{again}"
            case "woken", SnoozeEnd.TIME:
                closed = ", when the line was closed" if said["waited"] else ""
                return (
                    f":alarm_clock: Ticket #{ticket.id} is awake{_note(said['note'])}. "
                    f"It was snoozed until {_until(said)}{closed}."
                )
            case "snoozed", _ if entry.by is None:
                return (
                    f"Ticket #{ticket.id} now wakes at {_until(said)}: the rules for clocks in that zone have changed."
                )
    return None


def snooze_phrase(change: Change, entry: Entry) -> str | None:
    """What an agent did to a snooze, as the thread says it after their name; None where the snooze ends silently."""
    if change.what == "snoozed":
        deep = "" if change.after["wake_on_text"] else ", whatever the contact writes"
        return f"snoozed it until {_until(change.after)}{deep}{_note(change.after['note'])}"
    if change.after == SnoozeEnd.AGENT:
        return "woke it"
    over = any(each.what == "status" and each.after in {Status.SOLVED, Status.CLOSED} for each in entry.changes)
    return None if over else "ended its snooze"


def again_button(ticket: Ticket, entries: Iterable[Entry]) -> list[ButtonElement]:
    """The button below the line that says that a text woke a ticket: it puts it off until the same time again."""
    woken = [(entry, each) for entry in entries for each in entry.changes if each.what == "woken"]
    if not woken or woken[-1][1].after != SnoozeEnd.TEXT:
        return []
    entry, change = woken[-1]
    until = datetime.fromisoformat(change.before["until"])
    label = f"Snooze again until {until_words(until, entry.at, _zone(change.before['zone']))}"
    value = value_of(ticket=ticket.id, until=change.before["until"])
    return [ButtonElement(text=label[:BUTTON], action_id=AGAIN, value=value)]


def _note(note: str) -> str:
    return f": {clip_escaped(unstyled(note), NOTED)}" if note else ""


def _until(said: Mapping[str, Any]) -> str:
    return _when(datetime.fromisoformat(said["until"]), said["zone"])


def _when(until: datetime, zone: str) -> str:
    """A moment for the reader, and what clocks show where it was meant."""
    zone = _zone(zone)
    return f"{local_time(until)} ({time_words(wall_time(until, zone))} in {escape(zone_words(zone))})"


def _zone(zone: str) -> str:
    return zone if zone_exists(zone) else "UTC"
