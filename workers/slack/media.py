"""Names the attachments of a contact's text in Slack, and the reasons for missing ones. Pure."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from messages.formats.media_types import better_type, ending, noun
from messages.sms import Media
from workers.failures import CALLS_AGAIN, Refused, TextingError, TooLarge

MOST_BYTES: Final = 20_000_000
"""The most bytes of a text's attachments together; most carriers allow an MMS of less than 5 MB."""

HOLD: Final = timedelta(seconds=20)
"""How long later texts wait for a text's attachments, plus the attempt in progress: a minute in all."""

FETCH_WITHIN: Final = timedelta(seconds=20)
UPLOAD_WITHIN: Final = timedelta(seconds=20)

MISSING: Final = timedelta(seconds=15)
"""How long to wait for an attachment that the provider does not have: a webhook can come before it."""

GIVE_UP: Final = timedelta(hours=1)
"""How long to try an attachment while the provider or Slack fails."""

_MISSING: Final = "http_404"
_FOR_AN_ADMIN: Final = frozenset({"http_401", "http_403"})
"""The credentials are wrong; an admin can repair that."""

_REASONS: Final = {
    _MISSING: "the provider does not have it",
    "content_type": "the provider did not send a picture or file",
    "empty": "it is empty",
    "not_an_address_of_the_provider": "its address does not belong to the provider",
    "redirected_to_where_nothing_is_fetched": "its address leads to a place that Clerk must not fetch from",
    "too_many_redirects": "its address redirects too often",
}

_REFUSALS: Final = {
    "not_in_channel": "Clerk is not a member of this channel. Invite it (/invite @clerk) to see later ones.",
    "channel_not_found": "Clerk can't see this channel. Invite it (/invite @clerk) to see later ones.",
    "file_upload_size_restricted": "the workspace does not allow files of that size.",
    "file_uploads_disabled": "the workspace does not allow uploads. Ask an admin.",
    "over_storage_limit": "the workspace has no room for more files. Ask an admin.",
    "storage_limit_reached": "the workspace has no room for more files. Ask an admin.",
}


def filename(media: Media, number: int, fetched: str = "") -> str:
    """An attachment's file name; its end tells Slack how to show it. `fetched` is the type that came with the file."""
    content_type = better_type(media.content_type, fetched)
    return f"{noun(content_type).replace(' ', '-')}-{number}{ending(content_type)}"


def is_final(error: TextingError, age: timedelta) -> bool:
    """Whether to give up an attachment after trying for so long."""
    if error.detail == _MISSING:
        return age >= MISSING
    if isinstance(error, Refused | TooLarge) and error.detail not in _FOR_AN_ADMIN:
        return True
    return age >= GIVE_UP


def retry_in(age: timedelta) -> timedelta:
    """When to try again after trying for so long."""
    return min(max(age / 2, CALLS_AGAIN.first), CALLS_AGAIN.longest)


def fetch_failure_notice(media: Sequence[Media], number: int, error: TextingError) -> str:
    """The notice about an attachment that Clerk could not fetch."""
    which = f"Attachment {number} of {len(media)}" if len(media) > 1 else "The attachment"
    if isinstance(error, TooLarge):
        reason = f"it is too large (more than {MOST_BYTES // 1_000_000} MB)"
    else:
        reason = _REASONS.get(error.detail, f"the provider did not give it ({error.detail.replace('_', ' ')})")
    return f"{which} ({media[number - 1].content_type}) could not be fetched: {reason}."


def share_failure_notice(media: Sequence[Media], code: str) -> str:
    """The notice about attachments that Slack refused."""
    what = "The attachments" if len(media) > 1 else "The attachment"
    return f"{what} can't be shown here: {_REFUSALS.get(code, f'Slack says “{code}”.')}"


def share_doubt_notice(media: Sequence[Media], code: str) -> str:
    """The notice about attachments that may be in the thread or not."""
    what = "The attachments" if len(media) > 1 else "The attachment"
    return f"{what} may be missing here: Slack did not answer, and Clerk can't look it up (Slack says “{code}”)."
