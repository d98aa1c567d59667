"""What the forms order in which an agent writes a text: Reply, Send text, and the change of a planned one. Pure."""

import html
from collections.abc import Mapping, Sequence
from typing import Final

from messages.base import Document
from messages.formats.numbers import NotANumber, parse
from messages.orders.files import CHECK_FILE_INFO, objection
from messages.orders.send_times import SendChoice, SendTime, send_time
from messages.orders.submission import Errors, Submission, field
from messages.planned import FILLED, ActOnPlanned, ChangePlan, IfReply, PlanText
from messages.sms import LIMIT, SlackFile, WriteText
from messages.team.placeholders import listed, named, trouble


class TextMetadata(Document):
    """The private metadata of a modal for a text: where its author learns the outcome, and in which zone times are.

    `opening` is when the line opens next, as clocks there show it; blank if it is open. `awake` is when the contact's
    night ends; blank if it is day, and UNKNOWN if the form did not know the contact.
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


def _text_error(text: str, *, with_files: bool) -> str | None:
    """The error in a text to send, if any; an emoji counts as two characters."""
    length = len(text.encode("utf-16-le")) // 2
    if not length and not with_files:
        return "Please write a text, or add a file."
    return f"At most {LIMIT:,} characters, please: this has {length:,}." if length > LIMIT else None


def _file_error(files: Sequence[SlackFile]) -> str | None:
    """The error in the files of a text, if any; of some, Slack says more only when a worker asks."""
    known = [each for each in files if each.file_access != CHECK_FILE_INFO]
    return objection(known).removeprefix("Not sent: ") or None


def _objection(text: str, *, later: bool, with_files: bool) -> str | None:
    """The error in a text to send now or later, if any: a placeholder is filled in only in what is sent later."""
    if wrong := _text_error(text, with_files=with_files):
        return wrong
    if later:
        return f"{wrong}." if (wrong := trouble(text, FILLED)) else None
    if found := named(text, FILLED):
        return f"Clerk fills in {listed(found)} only if a text is sent later: write it out, or pick a time below."
    return None


def _time(submission: Submission, shown: TextMetadata) -> SendTime | Mapping[str, str]:
    """When a text is to go out, or the errors in the fields that say it."""
    return send_time(
        field(submission, "send").picked,
        field(submission, "date").selected_date,
        field(submission, "time").selected_time,
        shown.zone,
        shown.opening,
        submission.at,
        shown.awake,
    )


def _is_later(time: SendTime | Mapping[str, str]) -> bool:
    """Whether a text is surely to be sent later; so it is if its time is wrong."""
    return not isinstance(time, SendTime) or (time.when is not None and not time.when.awake)


def _write(
    submission: Submission, shown: TextMetadata, line: str, contact: str, time: SendTime
) -> WriteText | PlanText:
    """The order to send a text, now or later."""
    id, text = f"view-{submission.view}", html.escape(field(submission, "text").text, quote=False)
    said = {"line": line, "contact": contact, "text": text, "by": submission.user, "at": submission.at}
    said["files"] = field(submission, "files").attached
    told = {"channel": shown.channel, "response_url": shown.response_url}
    if time.when is None:
        return WriteText.model_validate({"sms": id, **said, **told})
    meant = {"when": time.when, "zone": time.zone, "if_reply": _if_reply(submission)}
    return PlanText.model_validate({"planned": id, **meant, **said, **told})


def _if_reply(submission: Submission) -> IfReply:
    """What is to become of a planned text if the contact writes first."""
    return IfReply(field(submission, "if_reply").picked or IfReply.HOLD)


def _errors(submission: Submission, *, later: bool) -> Errors:
    """What is wrong with the text and the files of a form, by block_id."""
    files = field(submission, "files").attached
    found = {
        "text": _objection(field(submission, "text").text, later=later, with_files=bool(files)),
        "files": _file_error(files),
    }
    return {block_id: wrong for block_id, wrong in found.items() if wrong}


def reply(submission: Submission) -> WriteText | PlanText | Errors:
    """What the Reply form orders."""
    shown = ReplyMetadata.model_validate_json(submission.private_metadata)
    wrong = OPTED_OUT if shown.opted_out else BLOCKED if shown.blocked else None
    time = _time(submission, shown)
    found = {} if wrong else _errors(submission, later=_is_later(time))
    errors: Errors = {**found, **({"text": wrong} if wrong else {}), **({} if isinstance(time, SendTime) else time)}
    if errors or not isinstance(time, SendTime):
        return errors
    return _write(submission, shown, shown.line, shown.contact, time)


class PlannedMetadata(TextMetadata):
    """The private metadata of the modal that changes a planned text: which version of it, and for when it was.

    If it `fills`, placeholders are filled in when it leaves.
    """

    planned: str
    version: int
    wall: str
    fills: bool = False


def edit_planned(submission: Submission) -> ActOnPlanned | Errors:
    """What the form orders that changes a planned text."""
    shown = PlannedMetadata.model_validate_json(submission.private_metadata)
    typed, date, clock = field(submission, "text").text, field(submission, "date"), field(submission, "time")
    kept, added = field(submission, "keep").ticked, field(submission, "files").attached
    with_files = bool(kept or added)
    wrong = (
        _objection(typed, later=True, with_files=with_files)
        if shown.fills
        else _text_error(typed, with_files=with_files)
    )
    errors: Errors = {"text": wrong} if wrong else {}
    if (unfit := _file_error(added)) is not None:
        errors["files"] = unfit
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
        keep=kept if "keep" in submission.fields else None,
        files=added,
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


def send(submission: Submission) -> WriteText | PlanText | Errors:
    """What the Send text form orders."""
    shown = TextMetadata.model_validate_json(submission.private_metadata)
    line, picked = field(submission, "line").picked, field(submission, "contact").picked
    typed = field(submission, "number").text
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
    errors |= _errors(submission, later=_is_later(time))
    if not isinstance(time, SendTime):
        errors |= time
    if errors or line is None or picked is None or not isinstance(time, SendTime):
        return errors
    return _write(submission, shown, line, picked, time)
