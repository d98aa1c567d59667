"""What a submitted modal orders, or its errors by field, which the gateway answers at once. Pure.

Errors are keyed by block_id and must be in the HTTP response (https://docs.slack.dev/surfaces/modals).
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from messages.base import Document, QueueMessage
from messages.deadlines.priority import Priority
from messages.orders import home_forms, text_forms
from messages.orders.snoozes import picked, snooze_of
from messages.orders.submission import Errors, Submission, field
from messages.planned import When
from messages.ticket import (
    NOTE_LIMIT,
    PRIORITY_STAYS,
    SUBJECT_LIMIT,
    TAG_LIMIT,
    TAGS_LIMIT,
    WHY_LIMIT,
    ActOnTicket,
    Block,
    Edit,
    Status,
)
from messages.views import FindTickets

_TAG: Final = re.compile(r"[a-z0-9_-]+")


class EditMetadata(Document):
    """The private metadata of the Assign modal: the ticket and version that it showed, and the origin channel."""

    ticket: int
    version: int
    origin: str
    priority: Priority = Priority.NONE


def _distinct(ids: tuple[str, ...] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids or ()))


def parse_tags(text: str) -> tuple[tuple[str, ...], str | None]:
    """The tags in a typed list, separated by commas or blanks, and the error in it, if any."""
    typed = dict.fromkeys(part.removeprefix("#").lower() for part in re.split(r"[\s,;]+", text.strip()))
    tags = tuple(tag for tag in typed if tag)
    for tag in tags:
        if len(tag) > TAG_LIMIT:
            return (), f"“{tag[:TAG_LIMIT]}…” is longer than {TAG_LIMIT} characters. Please shorten it."
        if not _TAG.fullmatch(tag):
            return (), f"“{tag}”: a tag has only letters a-z, digits, - and _. Separate tags with commas."
    return tags, None


def _edit(submission: Submission) -> ActOnTicket | Errors:
    shown = EditMetadata.model_validate_json(submission.private_metadata)
    fields = submission.fields
    errors: Errors = {}

    status = priority = None
    if "status" in fields:
        try:
            status = Status(fields["status"].picked or "")
        except ValueError:
            errors["status"] = "Please pick a status."
    if "priority" in fields:
        try:
            priority = Priority(fields["priority"].picked or Priority.NONE)
        except ValueError:
            errors["priority"] = "Please pick a priority from the list."
        if priority is Priority.NONE and shown.priority is not Priority.NONE:
            errors["priority"] = PRIORITY_STAYS

    subject = None
    if "subject" in fields:
        subject = fields["subject"].text
        if len(subject.splitlines()) > 1:
            errors["subject"] = "Please write the subject on one line."
        elif len(subject) > SUBJECT_LIMIT:
            errors["subject"] = f"At most {SUBJECT_LIMIT} characters, please: this has {len(subject)}."

    tags = None
    if "tags" in fields:
        tags = _distinct(tuple(option.value for option in fields["tags"].selected_options or ()))
    new_tags, wrong = parse_tags(fields["new_tags"].text if "new_tags" in fields else "")
    if wrong:
        errors["new_tags"] = wrong
    elif (count := len({*(tags or ()), *new_tags})) > TAGS_LIMIT:
        errors["new_tags" if new_tags else "tags"] = f"At most {TAGS_LIMIT} tags, please: this makes {count}."

    note = fields["note"].text if "note" in fields else ""
    if len(note) > NOTE_LIMIT:
        errors["note"] = f"At most {NOTE_LIMIT} characters, please: this has {len(note)}."

    if errors:
        return errors
    edit = Edit(
        version=shown.version,
        origin=shown.origin,
        notify=_distinct(fields["notify"].selected_conversations) if "notify" in fields else None,
        assignees=_distinct(fields["assignees"].selected_users) if "assignees" in fields else None,
        subject=subject,
        status=status,
        priority=priority,
        tags=tags,
        new_tags=new_tags,
        note=note,
    )
    return ActOnTicket(ticket=shown.ticket, command=edit, by=submission.user, at=submission.at, order=submission.order)


class SnoozeMetadata(Document):
    """The private metadata of the form that snoozes a ticket: in which zone its times are."""

    ticket: int
    zone: str


def _snooze(submission: Submission) -> ActOnTicket | Errors:
    shown = SnoozeMetadata.model_validate_json(submission.private_metadata)
    day, clock = field(submission, "date").selected_date, field(submission, "time").selected_time
    when = picked(day, clock, shown.zone, submission.at)
    if not isinstance(when, When):
        return dict(when)
    note, wakes = field(submission, "note").text, bool(field(submission, "wake_on_text").selected_options)
    snooze = snooze_of(when, shown.zone, note, wake_on_text=wakes)
    return ActOnTicket(
        ticket=shown.ticket, command=snooze, by=submission.user, at=submission.at, order=submission.order
    )


class BlockMetadata(Document):
    """The private metadata of the form that blocks a ticket's contact."""

    ticket: int


def _block(submission: Submission) -> ActOnTicket | Errors:
    shown = BlockMetadata.model_validate_json(submission.private_metadata)
    why = " ".join(field(submission, "why").text.split())
    if len(why) > WHY_LIMIT:
        return {"why": f"At most {WHY_LIMIT} characters, please: this has {len(why)}."}
    return ActOnTicket(
        ticket=shown.ticket, command=Block(why=why), by=submission.user, at=submission.at, order=submission.order
    )


class PushedView(Document):
    """A modal to open on top of the submitted one, and the order that fills it."""

    order: QueueMessage
    view: Mapping[str, Any]


def _search(submission: Submission) -> PushedView | Errors:
    shown = text_forms.TextMetadata.model_validate_json(submission.private_metadata)
    query = field(submission, "query").text
    if not query:
        return {"query": "Please write what to look for."}
    id = f"found-{submission.view}-{int(submission.at.timestamp() * 1000)}"
    order = FindTickets(query=query, user=submission.user, channel=shown.channel, view=id, received_at=submission.at)
    waiting = {"type": "section", "text": {"type": "plain_text", "text": "Searching…", "emoji": False}}
    title, close = ({"type": "plain_text", "text": text, "emoji": False} for text in ("Found", "Back"))
    return PushedView(
        order=order, view={"type": "modal", "external_id": id, "title": title, "close": close, "blocks": [waiting]}
    )


UNREADABLE: Final[Mapping[str, Any]] = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Not saved", "emoji": False},
    "close": {"type": "plain_text", "text": "Close", "emoji": False},
    "blocks": [
        {
            "type": "section",
            "text": {
                "type": "plain_text",
                "text": "Clerk could not read this form, so nothing was saved or sent. Close it and open it again.",
                "emoji": False,
            },
        }
    ],
}
"""The modal in place of a submitted one that Clerk can't read."""


FORMS: Final[Mapping[str, Callable[[Submission], QueueMessage | PushedView | Errors]]] = {
    "ticket.edit": _edit,
    "ticket.reply": text_forms.reply,
    "ticket.snooze": _snooze,
    "ticket.block": _block,
    "planned.edit": text_forms.edit_planned,
    "clerk.send": text_forms.send,
    "clerk.search": _search,
    "home.away": home_forms.go_away,
    "home.close": home_forms.close,
    "home.settings": home_forms.change_line,
}


def read(submission: Submission) -> QueueMessage | PushedView | Errors | None:
    """The order that a submitted modal gives, or its errors; None if the modal is not one of ours.

    Raises ValueError if it has our callback_id but not our metadata.
    """
    form = FORMS.get(submission.callback_id)
    return form(submission) if form else None
