"""The modals for writing a text, Reply and Send text, which messages/orders/text_forms.py reads back. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    InputBlock,
    MarkdownTextObject,
    Option,
    OptionGroup,
    PlainTextInputElement,
    PlainTextObject,
    SectionBlock,
    StaticSelectElement,
)
from slack_sdk.models.views import View

from messages.conversation import Contact
from messages.formats.later import Unread
from messages.line import Line, line_of
from messages.opt_outs import TOLD, way_back, words_of
from messages.orders.send_times import UNKNOWN, SendChoice
from workers.interactive.send_time_fields import Offered, fields, files
from workers.markup import clip_escaped, escape, unstyled

OPTIONS: Final = 100
"""Options of a static menu, or of each of its groups, of which there are as many (https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element)."""

OPTION: Final = 75
NUMBER: Final = 60
TYPED: Final = 3000
"""The most that a plain text input accepts; the gateway reports a text that is too long."""

HINT: Final = "At most 1,600 characters. A text that begins with // or note: stays a note for the team."


BLOCKED: Final = (
    "Your team has blocked the contact, so Clerk sends them no texts. To write to them, click “Unblock” on the card, "
    "then Reply again."
)


def reply(
    line: Line,
    contact: Contact,
    channel: str | None,
    response_url: str | None,
    *,
    opted_out: bool = False,
    blocked: bool = False,
    offered: Offered | None = None,
) -> dict[str, Any]:
    """The modal of a card's Reply button."""
    name = f"*{clip_escaped(unstyled(contact.name), 200)}* · " if contact.name else ""
    to = f"To {name}{escape(contact.id)} from {clip_escaped(unstyled(line.label), 200)}"
    blocks: list[Block] = [ContextBlock(elements=[MarkdownTextObject(text=to, verbatim=True)])]
    if opted_out:
        back = way_back(words_of(line.id, line.opt_out, in_service=bool(line.pool)))
        warning = (
            f"The contact has opted out. Clerk can't send texts until they text {back} to the line. If they told you "
            f"that they want texts, click “{TOLD}” on the card, then Reply again."
        )
        blocks.append(SectionBlock(text=_plain(escape(warning))))
    if blocked:
        blocks.append(SectionBlock(text=_plain(BLOCKED)))
    shown = {"line": line.id, "contact": contact.id, "opted_out": opted_out, "blocked": blocked}
    carried = {**shown, **_where(channel, response_url), **(offered.metadata if offered else {})}
    times = [] if opted_out or blocked else fields(offered)
    return _modal("ticket.reply", "Reply", [*blocks, _text(), files(), *times], carried)


@dataclass(frozen=True)
class Filled:
    """What an agent typed who wants to send a text later, and the wall time that is meant, if it tells one."""

    typed: Unread
    wall: datetime | None = None


LINES_NOT_TOLD: Final = (
    "Slack does not say at the moment which channels you can see, so lines may be missing here. Try again in a minute."
)


def send(
    lines: Sequence[Line],
    contacts: Sequence[Contact],
    channel: str | None,
    response_url: str | None,
    *,
    unsure: bool = False,
    filled: Filled | None = None,
) -> dict[str, Any]:
    """The modal of the dashboard's Send text button: to a contact or a number, from a line.

    It is `unsure` if Slack did not say of all lines' channels whether the agent can see them. It is `filled` in with
    what an agent typed who wants to send a text later.
    """
    if not lines and unsure:
        nothing = SectionBlock(text=_plain(LINES_NOT_TOLD))
        return View(type="modal", title=_plain("Send text"), close=_plain("Back"), blocks=[nothing]).to_dict()
    if not lines:
        nothing = SectionBlock(text=_plain("Clerk has no line yet. Ask an admin to add one (clerk lines add)."))
        return View(type="modal", title=_plain("Send text"), close=_plain("Back"), blocks=[nothing]).to_dict()
    own = line_of(lines, channel)
    ordered = [*(line for line in lines if line == own), *(line for line in lines if line != own)]
    options = [Option(value=line.id, text=_plain(_option(line.name, line.id))) for line in ordered]
    initial = options[0] if own is not None else None
    element = _menu("line", options, initial)
    typed = filled.typed.number[:NUMBER] if filled else ""
    is_known = typed in {each.id for each in contacts[:OPTIONS]}
    number = PlainTextInputElement(
        action_id="number",
        max_length=NUMBER,
        placeholder=_plain("+15551234567"),
        initial_value=None if is_known else typed or None,
    )
    blocks = [
        *([_trouble(filled.typed)] if filled else []),
        *_contact(contacts, typed if is_known else None),
        InputBlock(
            block_id="number",
            label=_plain("Or a number" if contacts else "Number"),
            element=number,
            optional=bool(contacts),
        ),
        InputBlock(block_id="line", label=_plain("From the line"), element=element),
        *([SectionBlock(text=_plain(LINES_NOT_TOLD))] if unsure else []),
        _text(filled.typed.text[:TYPED] if filled else ""),
        files(),
        *(fields(None, SendChoice.AT, filled.wall) if filled else fields(None)),
    ]
    return _modal("clerk.send", "Send text", blocks, {**_where(channel, response_url), "awake": UNKNOWN})


def _trouble(typed: Unread) -> Block:
    return SectionBlock(text=MarkdownTextObject(text=clip_escaped(typed.trouble, TYPED), verbatim=True))


def _contact(contacts: Sequence[Contact], picked: str | None) -> list[Block]:
    """The menu of contacts, one of them picked already; none without contacts, because Slack requires an option."""
    options = [Option(value=each.id, text=_plain(_option(each.name, each.id))) for each in contacts[:OPTIONS]]
    if not options:
        return []
    first = next((each for each in options if each.value == picked), None)
    element = StaticSelectElement(action_id="contact", options=options, initial_option=first)
    return [InputBlock(block_id="contact", label=_plain("To a contact"), element=element, optional=True)]


def _menu(action_id: str, options: Sequence[Option], initial: Option | None) -> StaticSelectElement:
    """A menu of any number of options: in groups, where there are more than fit in one."""
    if len(options) <= OPTIONS:
        return StaticSelectElement(action_id=action_id, options=options, initial_option=initial)
    starts = range(0, min(len(options), OPTIONS * OPTIONS), OPTIONS)
    groups = [
        OptionGroup(label=_plain(f"{start + 1} to {start + len(some)}"), options=list(some))
        for start in starts
        if (some := options[start : start + OPTIONS])
    ]
    return StaticSelectElement(action_id=action_id, option_groups=groups, initial_option=initial)


def _option(name: str, number: str) -> str:
    label = f"{name} · {number}" if name else number
    return clip_escaped(" ".join(label.split()), OPTION)


def _text(typed: str = "") -> Block:
    element = PlainTextInputElement(action_id="text", multiline=True, max_length=TYPED, initial_value=typed or None)
    return InputBlock(block_id="text", label=_plain("Text"), element=element, hint=_plain(HINT), optional=True)


def _where(channel: str | None, response_url: str | None) -> dict[str, Any]:
    return {"channel": channel, "response_url": response_url}


def _modal(callback_id: str, title: str, blocks: Sequence[Block], shown: dict[str, Any]) -> dict[str, Any]:
    return View(
        type="modal",
        callback_id=callback_id,
        private_metadata=json.dumps(shown),
        title=_plain(title),
        submit=_plain("Send"),
        close=_plain("Cancel"),
        blocks=blocks,
    ).to_dict()


def _plain(text: str) -> PlainTextObject:
    return PlainTextObject(text=text, emoji=False)
