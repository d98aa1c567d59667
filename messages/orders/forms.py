"""What a submitted modal orders, or its errors by field, which the gateway answers at once. Pure.

Errors are keyed by block_id and must be in the HTTP response (https://docs.slack.dev/surfaces/modals).
"""

import html
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from messages.base import Document, Moment, QueueMessage
from messages.deadlines.priority import Priority
from messages.formats.numbers import NotANumber, parse
from messages.orders.send_times import SendChoice, SendTime, send_time
from messages.orders.snoozes import picked, snooze_of
from messages.planned import FILLED, ActOnPlanned, ChangePlan, IfReply, PlanText, When
from messages.sms import LIMIT, WriteText
from messages.team.placeholders import listed, named, trouble
from messages.ticket import (
    NOTE_LIMIT,
    PRIORITY_STAYS,
    SUBJECT_LIMIT,
    TAG_LIMIT,
    TAGS_LIMIT,
    ActOnTicket,
    Edit,
    Status,
)
from messages.views import FindTickets

type Errors = dict[str, str]

_TAG: Final = re.compile(r"[a-z0-9_-]+")


class Option(Document):
    """An option of a menu."""

    value: str


class InputState(Document):
    """The state of an input as Slack sends it; the kind of input decides which field is set
    (https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload).
    """

    value: str | None = None
    selected_option: Option | None = None
    selected_options: tuple[Option, ...] | None = None
    selected_users: tuple[str, ...] | None = None
    selected_conversations: tuple[str, ...] | None = None
    selected_date: str | None = None
    selected_time: str | None = None

    @property
    def text(self) -> str:
        """The typed text, without the blanks around it."""
        return (self.value or "").strip()

    @property
    def picked(self) -> str | None:
        """The value of the picked option, if any."""
        return self.selected_option.value if self.selected_option else None


class Submission(Document):
    """A submitted modal: `fields` maps each input's block_id to its state.

    `order` is the identity of the order, the same in every delivery.
    """

    view: str = ""
    order: str | None = None
    callback_id: str
    private_metadata: str
    fields: Mapping[str, InputState]
    user: str
    at: Moment


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


class TextMetadata(Document):
    """The private metadata of a modal for a text: where its author learns the outcome, and in which zone times are.

    `opening` is when the line opens next, as clocks there show it; blank if it is open. `awake` is when the contact's
    night ends; blank if it is day.
    """

    channel: str | None = None
    response_url: str | None = None
    zone: str | None = None
    opening: str = ""
    awake: str = ""


class ReplyMetadata(TextMetadata):
    """The private metadata of the Reply modal: the contact, and whether they had opted out or were blocked then."""

    line: str
    contact: str
    opted_out: bool = False
    blocked: bool = False


OPTED_OUT: Final = "The contact has opted out, so Clerk can't send texts. Write notes in the thread, or under Assign."


BLOCKED: Final = "The contact is blocked, so Clerk sends them no texts. Unblock them first, or write notes."


def _text_error(text: str) -> str | None:
    """The error in a text to send, if any; an emoji counts as two characters."""
    length = len(text.encode("utf-16-le")) // 2
    if not length:
        return "Please write a text."
    return f"At most {LIMIT:,} characters, please: this has {length:,}." if length > LIMIT else None


def _objection(text: str, *, later: bool) -> str | None:
    """The error in a text to send now or later, if any: a placeholder is filled in only in what is sent later."""
    if wrong := _text_error(text):
        return wrong
    if later:
        return f"{wrong}." if (wrong := trouble(text, FILLED)) else None
    if found := named(text, FILLED):
        return f"Clerk fills in {listed(found)} only if a text is sent later: write it out, or pick a time below."
    return None


def _time(submission: Submission, shown: TextMetadata) -> SendTime | Mapping[str, str]:
    """When a text is to go out, or the errors in the fields that say it."""
    return send_time(
        _field(submission, "send").picked,
        _field(submission, "date").selected_date,
        _field(submission, "time").selected_time,
        shown.zone,
        shown.opening,
        submission.at,
        shown.awake,
    )


def _is_later(time: SendTime | Mapping[str, str]) -> bool:
    """Whether a text is to be sent later; so it is if its time is wrong."""
    return not isinstance(time, SendTime) or time.when is not None


def _write(
    submission: Submission, shown: TextMetadata, line: str, contact: str, time: SendTime
) -> WriteText | PlanText:
    """The order to send a text, now or later."""
    id, text = f"view-{submission.view}", html.escape(submission.fields["text"].text, quote=False)
    said = {"line": line, "contact": contact, "text": text, "by": submission.user, "at": submission.at}
    told = {"channel": shown.channel, "response_url": shown.response_url}
    if time.when is None:
        return WriteText.model_validate({"sms": id, **said, **told})
    meant = {"when": time.when, "zone": time.zone, "if_reply": _if_reply(submission)}
    return PlanText.model_validate({"planned": id, **meant, **said, **told})


def _if_reply(submission: Submission) -> IfReply:
    """What is to become of a planned text if the contact writes first."""
    return IfReply(_field(submission, "if_reply").picked or IfReply.HOLD)


def _reply(submission: Submission) -> WriteText | PlanText | Errors:
    shown = ReplyMetadata.model_validate_json(submission.private_metadata)
    wrong = OPTED_OUT if shown.opted_out else BLOCKED if shown.blocked else None
    time = _time(submission, shown)
    wrong = wrong or _objection(_field(submission, "text").text, later=_is_later(time))
    if wrong or not isinstance(time, SendTime):
        return {**({"text": wrong} if wrong else {}), **({} if isinstance(time, SendTime) else time)}
    return _write(submission, shown, shown.line, shown.contact, time)


class PlannedMetadata(TextMetadata):
    """The private metadata of the modal that changes a planned text: which version of it, and for when it was.

    If it `fills`, placeholders are filled in when it leaves.
    """

    planned: str
    version: int
    wall: str
    fills: bool = False


def _edit_planned(submission: Submission) -> ActOnPlanned | Errors:
    shown = PlannedMetadata.model_validate_json(submission.private_metadata)
    typed, date, clock = _field(submission, "text").text, _field(submission, "date"), _field(submission, "time")
    wrong = _objection(typed, later=True) if shown.fills else _text_error(typed)
    errors: Errors = {"text": wrong} if wrong else {}
    when = None
    if f"{date.selected_date} {clock.selected_time}" != shown.wall:
        at = send_time(SendChoice.AT, date.selected_date, clock.selected_time, shown.zone, "", submission.at)
        if isinstance(at, SendTime):
            when = at.when
        else:
            errors |= at
    if errors:
        return errors
    change = ChangePlan(
        version=shown.version,
        text=html.escape(typed, quote=False),
        when=when,
        zone=shown.zone,
        if_reply=_if_reply(submission),
    )
    return ActOnPlanned(
        planned=shown.planned,
        command=change,
        by=submission.user,
        at=submission.at,
        channel=shown.channel,
        response_url=shown.response_url,
        order=submission.order,
    )


class SnoozeMetadata(Document):
    """The private metadata of the form that snoozes a ticket: in which zone its times are."""

    ticket: int
    zone: str


def _snooze(submission: Submission) -> ActOnTicket | Errors:
    shown = SnoozeMetadata.model_validate_json(submission.private_metadata)
    day, clock = _field(submission, "date").selected_date, _field(submission, "time").selected_time
    when = picked(day, clock, shown.zone, submission.at)
    if not isinstance(when, When):
        return dict(when)
    note, wakes = _field(submission, "note").text, bool(_field(submission, "wake_on_text").selected_options)
    snooze = snooze_of(when, shown.zone, note, wake_on_text=wakes)
    return ActOnTicket(
        ticket=shown.ticket, command=snooze, by=submission.user, at=submission.at, order=submission.order
    )


def _send(submission: Submission) -> WriteText | PlanText | Errors:
    shown = TextMetadata.model_validate_json(submission.private_metadata)
    line, picked = _field(submission, "line").picked, _field(submission, "contact").picked
    typed = _field(submission, "number").text
    errors: Errors = {}
    if line is None:
        errors["line"] = "Please pick the line that sends it."
    if picked and typed:
        errors["number"] = "Please pick a contact or type a number, not both."
    elif not picked and not typed:
        errors["number"] = "Please type a number, or pick a contact."
    elif typed:
        try:
            picked = parse(typed, line)
        except NotANumber as error:
            errors["number"] = str(error)
    time = _time(submission, shown)
    if wrong := _objection(_field(submission, "text").text, later=_is_later(time)):
        errors["text"] = wrong
    if not isinstance(time, SendTime):
        errors |= time
    if errors or line is None or picked is None or not isinstance(time, SendTime):
        return errors
    return _write(submission, shown, line, picked, time)


class PushedView(Document):
    """A modal to open on top of the submitted one, and the order that fills it."""

    order: QueueMessage
    view: Mapping[str, Any]


def _search(submission: Submission) -> PushedView | Errors:
    shown = TextMetadata.model_validate_json(submission.private_metadata)
    query = _field(submission, "query").text
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


def _field(submission: Submission, name: str) -> InputState:
    return submission.fields.get(name, InputState())


FORMS: Final[Mapping[str, Callable[[Submission], QueueMessage | PushedView | Errors]]] = {
    "ticket.edit": _edit,
    "ticket.reply": _reply,
    "ticket.snooze": _snooze,
    "planned.edit": _edit_planned,
    "clerk.send": _send,
    "clerk.search": _search,
}


def read(submission: Submission) -> QueueMessage | PushedView | Errors | None:
    """The order that a submitted modal gives, or its errors; None if the modal is not one of ours.

    Raises ValueError if it has our callback_id but not our metadata.
    """
    form = FORMS.get(submission.callback_id)
    return form(submission) if form else None
