"""What a submitted modal orders, or what is wrong with it, field by field: answered by the gateway at once.

Errors are keyed by block_id and must be in the HTTP response (https://docs.slack.dev/surfaces/modals).
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from messages.base import Document, Moment, QueueMessage
from messages.ticket import (
    NOTE_LIMIT,
    SUBJECT_LIMIT,
    TAG_LIMIT,
    TAGS_LIMIT,
    ActOnTicket,
    Edit,
    Priority,
    Status,
)

type Errors = dict[str, str]

_TAG: Final = re.compile(r"[a-z0-9_-]+")


class Submission(Document):
    """A submitted modal: `fields` maps each input's block_id to what Slack holds as its state."""

    callback_id: str
    private_metadata: str
    fields: Mapping[str, Mapping[str, Any]]
    user: str
    at: Moment


def _text(state: Mapping[str, Any]) -> str:
    return str(state.get("value") or "")


def _picked(state: Mapping[str, Any]) -> str | None:
    option = state.get("selected_option")
    return str(option["value"]) if isinstance(option, dict) and "value" in option else None


def _all_picked(state: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(each) for each in state.get(key) or ()))


def parse_tags(text: str) -> tuple[tuple[str, ...], str | None]:
    """The tags in what a person typed (commas or blanks between them), and what is wrong with it, if anything."""
    typed = dict.fromkeys(part.removeprefix("#").lower() for part in re.split(r"[\s,;]+", text.strip()))
    tags = tuple(tag for tag in typed if tag)
    for tag in tags:
        if len(tag) > TAG_LIMIT:
            return (), f"“{tag[:TAG_LIMIT]}…” is longer than {TAG_LIMIT} characters. Please shorten it."
        if not _TAG.fullmatch(tag):
            return (), f"“{tag}”: a tag has only letters a-z, digits, - and _. Separate tags with commas."
    return tags, None


def _edit(submission: Submission) -> ActOnTicket | Errors:
    shown = json.loads(submission.private_metadata)
    fields = submission.fields
    errors: Errors = {}

    status = priority = None
    if "status" in fields:
        try:
            status = Status(_picked(fields["status"]) or "")
        except ValueError:
            errors["status"] = "Please pick a status."
    if "priority" in fields:
        try:
            priority = Priority(_picked(fields["priority"]) or Priority.NONE)
        except ValueError:
            errors["priority"] = "Please pick a priority from the list."

    subject = None
    if "subject" in fields:
        subject = _text(fields["subject"]).strip()
        if len(subject.splitlines()) > 1:
            errors["subject"] = "The subject is one line."
        elif len(subject) > SUBJECT_LIMIT:
            errors["subject"] = f"At most {SUBJECT_LIMIT} characters, please: this has {len(subject)}."

    tags = None
    if "tags" in fields:
        options = fields["tags"].get("selected_options") or ()
        tags = tuple(dict.fromkeys(str(option["value"]) for option in options))
    new_tags, wrong = parse_tags(_text(fields.get("new_tags", {})))
    if wrong:
        errors["new_tags"] = wrong
    elif (count := len({*(tags or ()), *new_tags})) > TAGS_LIMIT:
        errors["new_tags"] = f"At most {TAGS_LIMIT} tags, please: this makes {count}."

    note = _text(fields.get("note", {})).strip()
    if len(note) > NOTE_LIMIT:
        errors["note"] = f"At most {NOTE_LIMIT} characters, please: this has {len(note)}."

    if errors:
        return errors
    edit = Edit(
        version=shown["version"],
        origin=shown["origin"],
        notify=_all_picked(fields["notify"], "selected_conversations") if "notify" in fields else None,
        assignees=_all_picked(fields["assignees"], "selected_users") if "assignees" in fields else None,
        subject=subject,
        status=status,
        priority=priority,
        tags=tags,
        new_tags=new_tags,
        note=note,
    )
    return ActOnTicket(ticket=shown["ticket"], command=edit, by=submission.user, at=submission.at)


FORMS: Final[Mapping[str, Callable[[Submission], QueueMessage | Errors]]] = {"ticket.edit": _edit}


def read(submission: Submission) -> QueueMessage | Errors | None:
    """The order that a submitted modal stands for, or its errors; None if the modal is not one of ours.

    Raises ValueError, KeyError or TypeError if it carries our name but not our shape.
    """
    form = FORMS.get(submission.callback_id)
    return form(submission) if form else None
