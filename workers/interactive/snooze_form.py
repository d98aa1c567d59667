"""The form in which an agent picks until when a ticket is snoozed. Pure."""

import json
from datetime import datetime, timedelta
from typing import Any, Final

from slack_sdk.models.blocks import (
    CheckboxesElement,
    DatePickerElement,
    InputBlock,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    TimePickerElement,
)
from slack_sdk.models.views import View

from messages.calendar import wall_time, zone_words
from messages.deadlines.snooze import NOTE_LIMIT
from messages.ticket import Ticket

OVER: Final = "Ticket #{ticket} is {status}: there is nothing to put off. Set another status first."


def snooze_form(ticket: Ticket, zone: str, now: datetime) -> dict[str, Any]:
    """The form, whose times are those of a zone; it begins with tomorrow."""
    tomorrow = wall_time(now, zone).date() + timedelta(days=1)
    wakes = Option(value="yes", text=_plain("Wake it when the contact writes"))
    clock = TimePickerElement(action_id="time", timezone=zone)
    blocks = [
        InputBlock(
            block_id="date",
            label=_plain("Snooze until"),
            element=DatePickerElement(action_id="date", initial_date=f"{tomorrow:%Y-%m-%d}"),
        ),
        InputBlock(
            block_id="time",
            label=_plain("Time"),
            element=clock,
            hint=_plain(f"As clocks show it in {zone_words(zone)}. Without a time: when the line opens."),
            optional=True,
        ),
        InputBlock(
            block_id="note",
            label=_plain("What are you waiting for?"),
            element=PlainTextInputElement(action_id="note", max_length=NOTE_LIMIT),
            optional=True,
        ),
        InputBlock(
            block_id="wake_on_text",
            label=_plain("If the contact writes first"),
            element=CheckboxesElement(action_id="wake_on_text", options=[wakes], initial_options=[wakes]),
            optional=True,
        ),
    ]
    return View(
        type="modal",
        callback_id="ticket.snooze",
        private_metadata=json.dumps({"ticket": ticket.id, "zone": zone}),
        title=_plain(f"Snooze #{ticket.id}"[:24]),
        submit=_plain("Snooze"),
        close=_plain("Cancel"),
        blocks=blocks,
    ).to_dict()


def _plain(text: str) -> PlainTextObject:
    return PlainTextObject(text=text, emoji=False)
