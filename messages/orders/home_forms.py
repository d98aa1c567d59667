"""What the forms of the app's Home order: that their person is away, or that a line is closed for a while. Pure."""

import html

from messages.base import Document
from messages.formats.hours import parse_until
from messages.notification import HOME
from messages.orders.submission import Errors, Submission, field
from messages.team.agent import GoAway
from messages.team.away_words import NO_END, read_away
from messages.views import CloseForAWhile


class AwayMetadata(Document):
    """The private metadata of the form that says that its person is away: their zone, and whether they have hours."""

    zone: str = ""
    has_hours: bool = False


class CloseMetadata(Document):
    """The private metadata of the form that closes a line: its number, and the zone of its hours."""

    line: str
    zone: str


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
