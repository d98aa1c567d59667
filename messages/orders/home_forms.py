"""What the forms of the app's Home order: that their person is away, or that a line is closed for a while. Pure."""

import html

from messages.base import Document
from messages.formats.hours import parse_until
from messages.line import Line
from messages.line_settings.fields import BY_ID, FieldKind, digest, wrong
from messages.notification import HOME
from messages.orders.submission import Errors, InputState, Submission, field
from messages.team.agent import GoAway
from messages.team.away_words import NO_END, read_away
from messages.views import ChangeLine, CloseForAWhile


class AwayMetadata(Document):
    """The private metadata of the form that says that its person is away: their zone, and whether they have hours."""

    zone: str = ""
    has_hours: bool = False


class CloseMetadata(Document):
    """The private metadata of the form that closes a line: its number, and the zone of its hours."""

    line: str
    zone: str


class SettingsMetadata(Document):
    """The private metadata of the form with a line's settings: its number, and what each field showed, in short."""

    line: str
    showed: dict[str, str]


def go_away(submission: Submission) -> GoAway | Errors:
    """Until when its person is away, as after `/clerk away`."""
    shown = AwayMetadata.model_validate_json(submission.private_metadata)
    typed = html.escape(field(submission, "away").text, quote=False)
    try:
        found = read_away(typed, submission.at, shown.zone)
    except ValueError as error:
        return {"away": str(error)}
    if found.at is None and not shown.has_hours:
        return {"away": NO_END}
    return GoAway(typed=typed, by=submission.user, at=submission.at, channel=HOME, order=submission.order)


def close(submission: Submission) -> CloseForAWhile | Errors:
    """Until when a line is closed and why, as after `/clerk close`."""
    shown = CloseMetadata.model_validate_json(submission.private_metadata)
    typed = field(submission, "until").text
    try:
        parse_until(typed, submission.at, shown.zone)
    except ValueError as error:
        return {"until": str(error)}
    return CloseForAWhile(
        typed=typed,
        line=shown.line,
        by=submission.user,
        at=submission.at,
        channel=HOME,
        order=submission.order or f"home/{submission.user}/{submission.at.isoformat()}",
    )


def change_line(submission: Submission) -> ChangeLine | Errors:
    """The settings of a line that its form changes."""
    form = SettingsMetadata.model_validate_json(submission.private_metadata)
    values = {id: _value(BY_ID[id].kind, state) for id, state in submission.fields.items() if id in BY_ID}
    changes = {id: value for id, value in values.items() if digest(value) != form.showed.get(id)}
    if errors := wrong(Line(id=form.line, channel="C00"), values, changes, submission.at):
        return errors
    return ChangeLine(
        line=form.line,
        changes=changes,
        showed=form.showed,
        by=submission.user,
        at=submission.at,
        channel=HOME,
        order=submission.order,
    )


def _value(kind: FieldKind, state: InputState) -> str:
    """What a field holds, as it is typed after `clerk lines set`."""
    match kind:
        case FieldKind.CHOICE | FieldKind.CALENDAR:
            return state.picked or ""
        case FieldKind.PEOPLE:
            return ",".join(state.selected_users or ())
        case FieldKind.TEXT | FieldKind.LINES:
            return state.text
