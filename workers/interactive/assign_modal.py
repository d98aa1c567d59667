"""The Assign modal: a ticket as a form, which messages/orders/forms.py reads back. Pure."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    ConversationFilter,
    ConversationMultiSelectElement,
    DividerBlock,
    InputBlock,
    MarkdownTextObject,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    SectionBlock,
    StaticMultiSelectElement,
    StaticSelectElement,
    UserMultiSelectElement,
)
from slack_sdk.models.views import View

from messages.deadlines.priority import Priority
from messages.line import Line
from messages.team.agent import TimeAway
from messages.ticket import NOTE_LIMIT, SUBJECT_LIMIT, TAGS_LIMIT, Note, Status, Ticket
from workers.markup import away_words, clip_escaped, escape, listed, local_time, mention
from workers.shown.clocks import due_words

NOTES_SHOWN: Final = 20
NOTES_BYTES: Final = 150_000
"""A view has at most 250 kB (https://docs.slack.dev/reference/methods/views.open)."""

SECTION: Final = 3000
OPTIONS: Final = 100
"""Options of a static menu (https://docs.slack.dev/reference/block-kit/block-elements/multi-select-menu-element)."""


def edit(
    ticket: Ticket,
    line: Line,
    known_tags: Sequence[str],
    earlier_notes: Sequence[Note] = (),
    away: Mapping[str, TimeAway] | None = None,
) -> Mapping[str, Any]:
    """A ticket's modal; each field shows its present value, and a Closed ticket's shows what can still change.

    `earlier_notes` come before those that the ticket itself holds. `away` is who of those named on it is away.
    """
    blocks: list[Block] = []
    if ticket.is_closed:
        closed = "This ticket is closed for good. You can still change the fields below."
        blocks.append(ContextBlock(elements=[_plain(closed)]))
    else:
        if due := due_words(ticket):
            blocks.append(ContextBlock(elements=[MarkdownTextObject(text=" · ".join(due), verbatim=True)]))
        blocks += [_notify(ticket, line), _assignees(ticket), *_away(away or {})]
    blocks.append(_subject(ticket))
    if not ticket.is_closed:
        blocks.append(_status(ticket))
    blocks += [_priority(ticket), *_tags(ticket, known_tags), _new_tags(), _note(), *_block(ticket, line)]
    blocks += _notes(ticket, earlier_notes)
    shown = {"ticket": ticket.id, "version": ticket.version, "origin": line.channel, "priority": ticket.priority}
    return View(
        type="modal",
        callback_id="ticket.edit",
        private_metadata=json.dumps(shown),
        title=_plain(f"Ticket #{ticket.id}"),
        submit=_plain("Save"),
        close=_plain("Cancel"),
        blocks=blocks,
    ).to_dict()


def _plain(text: str) -> PlainTextObject:
    return PlainTextObject(text=text, emoji=False)


def _notify(ticket: Ticket, line: Line) -> Block:
    element = ConversationMultiSelectElement(
        action_id="notify",
        initial_conversations=list(ticket.notify or (line.channel,)),
        filter=ConversationFilter(include=["im", "public", "private"], exclude_bot_users=True),
    )
    return _input("notify", "Notify users and channels", element)


def _assignees(ticket: Ticket) -> Block:
    initial = list(ticket.assignees) or None
    return _input("assignees", "Assignees", UserMultiSelectElement(action_id="assignees", initial_users=initial))


def _away(away: Mapping[str, TimeAway]) -> list[Block]:
    """Until when people are away who are notified or assigned."""
    if not away:
        return []
    said = listed((away_words(user, time) for user, time in away.items()), SECTION)
    return [ContextBlock(elements=[MarkdownTextObject(text=said, verbatim=True)])]


def _subject(ticket: Ticket) -> Block:
    element = PlainTextInputElement(action_id="subject", initial_value=ticket.subject or None, max_length=SUBJECT_LIMIT)
    return _input("subject", "Subject", element)


def _status(ticket: Ticket) -> Block:
    offered = [status for status in Status if status is not Status.NEW or ticket.status is Status.NEW]
    options = {status: Option(value=status, label=status.label, description=status.meaning) for status in offered}
    element = StaticSelectElement(
        action_id="status", options=list(options.values()), initial_option=options[ticket.status]
    )
    return _input("status", "Status", element, optional=False)


def _priority(ticket: Ticket) -> Block:
    offered = [each for each in Priority if each is not Priority.NONE or ticket.priority is Priority.NONE]
    options = {each: Option(value=each, label=each.label) for each in offered}
    element = StaticSelectElement(
        action_id="priority", options=list(options.values()), initial_option=options[ticket.priority]
    )
    return _input("priority", "Priority", element)


def _tags(ticket: Ticket, known: Sequence[str]) -> list[Block]:
    """The menu of known tags, the ticket's own first; none without known tags, because Slack requires an option."""
    offered = list(dict.fromkeys([*ticket.tags, *known]))[:OPTIONS]
    if not offered:
        return []
    options = {tag: Option(value=tag, label=tag) for tag in offered}
    initial = [options[tag] for tag in ticket.tags] or None
    element = StaticMultiSelectElement(
        action_id="tags", options=list(options.values()), initial_options=initial, max_selected_items=TAGS_LIMIT
    )
    return [_input("tags", "Tags", element)]


def _new_tags() -> Block:
    hint = "Separate tags with commas or blanks. Use a-z, 0-9, - and _, up to 30 characters each, 20 tags in all."
    return _input("new_tags", "New tags", PlainTextInputElement(action_id="new_tags"), hint=hint)


def _note() -> Block:
    element = PlainTextInputElement(action_id="note", multiline=True, max_length=NOTE_LIMIT)
    return _input("note", "Note", element, hint="For the team only: the contact never sees notes.")


def _block(ticket: Ticket, line: Line) -> list[Block]:
    """The button that asks whether to block the contact; none if they are blocked, which the card ends."""
    if ticket.blocked:
        return []
    carried = json.dumps({"ticket": ticket.id, "channel": line.channel})
    button = ButtonElement(text=_plain("Block this contact…"), action_id="ticket.block", value=carried)
    return [ActionsBlock(block_id="ticket.more", elements=[button])]


def _notes(ticket: Ticket, earlier: Sequence[Note]) -> list[Block]:
    """The notes so far, newest first, as many as the view can hold."""
    notes, count = (*earlier, *ticket.notes), ticket.earlier_notes + len(ticket.notes)
    if not notes:
        return []
    blocks: list[Block] = [DividerBlock()]
    shown = size = 0
    for note in reversed(notes[-NOTES_SHOWN:]):
        size += len(json.dumps(note.text))
        if size > NOTES_BYTES:
            break
        by = f"{mention(note.author)} · {local_time(note.at)}"
        blocks.append(ContextBlock(elements=[MarkdownTextObject(text=by, verbatim=True)]))
        blocks.append(SectionBlock(text=_plain(clip_escaped(note.text, SECTION))))
        shown += 1
    if shown < count:
        blocks.append(ContextBlock(elements=[_plain(f"{count - shown} earlier notes are not shown.")]))
    return blocks


def _input(id: str, label: str, element: Any, *, optional: bool = True, hint: str | None = None) -> InputBlock:
    return InputBlock(
        block_id=id,
        label=_plain(escape(label)),
        element=element,
        optional=optional,
        hint=None if hint is None else _plain(hint),
    )
