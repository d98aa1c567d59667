"""Form fields that say when a text goes out, as messages/orders/send_times.py reads them; the form of an edit. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from slack_sdk.models.blocks import (
    Block,
    CheckboxesElement,
    ContextBlock,
    DatePickerElement,
    InputBlock,
    MarkdownTextObject,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    StaticSelectElement,
    TimePickerElement,
)
from slack_sdk.models.blocks.block_elements import FileInputElement
from slack_sdk.models.views import View

from messages.calendar import day_words, time_words, wall_time, zone_words
from messages.conversation import Contact
from messages.formats.places import MeantIn, ZoneOf
from messages.orders.files import MOST
from messages.orders.send_times import SendChoice
from messages.planned import FILLED, WALL_FORMAT, IfReply, Planned
from messages.team.placeholders import listed
from workers.markup import clip_escaped, escape, unstyled

TYPED: Final = 3000
NAMED: Final = 100
LABEL: Final = 75

FILLS: Final = f"Clerk fills in {listed(FILLED)} when it leaves: the contact's name, the line's, and yours."
FILLS_LATER: Final = f"In a text that is sent later, Clerk fills in {listed(FILLED)} when it leaves."

NO_FILES: Final = (
    "Files can't be sent from here: the app lacks the scope files:read. An admin can add it (clerk doctor says how)."
)
FILES: Final = "Pictures, PDFs and other files that phones accept: at most ten, and 5 MB together."

_FIRST: Final = {
    IfReply.HOLD: "Wait for me to decide",
    IfReply.CANCEL: "Cancel it",
    IfReply.SEND: "Send it all the same",
}


@dataclass(frozen=True)
class Offered:
    """In which zone a form's times are meant, and when the line opens next, as clocks there show it; None: open.

    `awake` is when the contact's night ends; None: it is day. `today` is the day there.
    """

    where: MeantIn
    opening: datetime | None = None
    awake: datetime | None = None
    today: date | None = None

    @property
    def metadata(self) -> dict[str, str]:
        """What the form carries to be read back."""
        return {"zone": self.where.zone, "opening": _wall(self.opening), "awake": _wall(self.awake)}


def _wall(at: datetime | None) -> str:
    return at.strftime(WALL_FORMAT) if at is not None else ""


def fields(offered: Offered | None, chosen: SendChoice = SendChoice.NOW, shown: datetime | None = None) -> list[Block]:
    """The fields with which an agent says when a text goes out; without `offered`, Clerk finds the zone later.

    One choice is `chosen` already, and date and time are those of a wall time that is `shown`.
    """
    place = "where they are" if offered is None else _place(offered.where)
    labels = {SendChoice.NOW: "Now", SendChoice.MORNING: f"Tomorrow morning (9:00 {place})"}
    if offered is not None and offered.opening is not None:
        labels[SendChoice.OPENING] = f"When we open ({_day_and_time(offered.opening, offered)})"
    if offered is not None and offered.awake is not None:
        labels[SendChoice.AWAKE] = f"When they are awake ({_day_and_time(offered.awake, offered)})"
    if offered is None:
        labels[SendChoice.AWAKE] = "When they are awake (at once, if it is day there)"
    labels[SendChoice.AT] = "At the date and time below"
    options = [Option(value=value, text=_plain(label[:LABEL])) for value, label in labels.items()]
    first = next(each for each in options if each.value == chosen)
    zone = offered.where.zone if offered is not None else None
    choice = StaticSelectElement(action_id="send", options=options, initial_option=first)
    day = DatePickerElement(action_id="date", initial_date=f"{shown:%Y-%m-%d}" if shown else None)
    clock = TimePickerElement(action_id="time", initial_time=f"{shown:%H:%M}" if shown else None, timezone=zone)
    hint = f"As clocks show it {place}." if offered else "Where they are, if their number tells it; else your time."
    return [
        InputBlock(block_id="send", label=_plain("Send"), element=choice, hint=_plain(FILLS_LATER), optional=True),
        InputBlock(block_id="date", label=_plain("Date"), element=day, optional=True),
        InputBlock(block_id="time", label=_plain("Time"), element=clock, hint=_plain(hint), optional=True),
        _if_reply(IfReply.HOLD, "If they write first (for a text that is sent later)"),
    ]


def without_files(view: Mapping[str, Any]) -> dict[str, Any] | None:
    """A form with words in place of its field for files; None if it has none."""
    blocks = view.get("blocks", ())
    if not any(each.get("element", {}).get("type") == "file_input" for each in blocks):
        return None
    words = ContextBlock(elements=[_plain(NO_FILES)]).to_dict()
    plainer = [words if each.get("element", {}).get("type") == "file_input" else each for each in blocks]
    return {**view, "blocks": plainer}


def files(label: str = "Files", most: int = MOST) -> Block:
    """The field for files. Slack takes ten at most, of 10 MB each, and offers none that was chosen before
    (https://docs.slack.dev/reference/block-kit/block-elements/file-input-element)."""
    element = FileInputElement(action_id="files", max_files=most)
    return InputBlock(block_id="files", label=_plain(label), element=element, hint=_plain(FILES), optional=True)


def _kept(planned: Planned) -> list[Block]:
    """The fields for the files of a planned text: which of them it keeps, and those that are added."""
    if not planned.files:
        return [files()]
    options = [
        Option(value=each.id, text=_plain(clip_escaped(each.name, LABEL) or "A file")) for each in planned.files[:MOST]
    ]
    boxes = CheckboxesElement(action_id="keep", options=options, initial_options=options)
    keep = InputBlock(block_id="keep", label=_plain("Files that go with it"), element=boxes, optional=True)
    return [keep, files("More files")]


def _day_and_time(at: datetime, offered: Offered) -> str:
    return f"{day_words(at.date(), offered.today or date.min)} at {time_words(at)}"


def _if_reply(chosen: IfReply, label: str) -> InputBlock:
    """The field that says what becomes of a planned text if the contact writes first."""
    options = [Option(value=value, text=_plain(each)) for value, each in _FIRST.items()]
    first = next(each for each in options if each.value == chosen)
    menu = StaticSelectElement(action_id="if_reply", options=options, initial_option=first)
    return InputBlock(block_id="if_reply", label=_plain(label), element=menu, optional=True)


def _place(where: MeantIn) -> str:
    whose = {ZoneOf.CONTACT: "where they are", ZoneOf.AGENT: "your time", ZoneOf.LINE: "at the line"}
    return f"{whose.get(where.of, 'in')} ({where.words})" if where.of in whose else f"in {where.words}"


def edit(planned: Planned, contact: Contact, channel: str | None, response_url: str | None) -> dict[str, Any]:
    """The modal in which an agent changes a planned text."""
    shown = wall_time(planned.due_at, planned.zone)
    who = clip_escaped(unstyled(contact.name), NAMED) or escape(contact.id)
    to = f"To {who} · times are those of {escape(zone_words(planned.zone))}"
    words = PlainTextInputElement(
        action_id="text", multiline=True, max_length=TYPED, initial_value=planned.body or None
    )
    day = DatePickerElement(action_id="date", initial_date=f"{shown:%Y-%m-%d}")
    time = TimePickerElement(action_id="time", initial_time=f"{shown:%H:%M}", timezone=planned.zone)
    blocks: list[Block] = [
        ContextBlock(elements=[MarkdownTextObject(text=to, verbatim=True)]),
        InputBlock(
            block_id="text",
            label=_plain("Text"),
            element=words,
            hint=_plain(FILLS) if planned.fills else None,
            optional=True,
        ),
        *_kept(planned),
        InputBlock(block_id="date", label=_plain("Date"), element=day),
        InputBlock(block_id="time", label=_plain("Time"), element=time),
        _if_reply(planned.if_reply, "If they write first"),
    ]
    carried = {
        "planned": planned.id,
        "version": planned.version,
        "wall": shown.strftime(WALL_FORMAT),
        "zone": planned.zone,
        "fills": planned.fills,
        "channel": channel,
        "response_url": response_url,
    }
    return View(
        type="modal",
        callback_id="planned.edit",
        private_metadata=json.dumps(carried),
        title=_plain("Planned text"),
        submit=_plain("Save"),
        close=_plain("Leave it"),
        blocks=blocks,
    ).to_dict()


def _plain(text: str) -> PlainTextObject:
    return PlainTextObject(text=text, emoji=False)
