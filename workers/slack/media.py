"""What the attachments of a contact's text are called in Slack, and what is said of those that can't be had. Pure."""

import mimetypes
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from messages.sms import Media
from workers.ports import Refused, TextingError, TooLarge

MOST_BYTES: Final = 20_000_000
"""All attachments of one text together; what comes by MMS is smaller than 5 MB at most carriers."""

HOLD: Final = timedelta(seconds=20)
"""How long the texts behind a text wait for its attachments, besides an attempt that has begun: a minute in all."""

FETCH_WITHIN: Final = timedelta(seconds=20)
UPLOAD_WITHIN: Final = timedelta(seconds=20)

MISSING: Final = timedelta(seconds=15)
"""How long an attachment is waited for that the provider does not have: its webhook can be ahead of it."""

GIVE_UP: Final = timedelta(hours=1)
"""How long an attachment is tried to be had while the provider, or Slack, is out of order."""

FIRST_RETRY: Final = timedelta(seconds=1)
LONGEST_RETRY: Final = timedelta(minutes=5)

_EXTENSIONS: Final = mimetypes.MimeTypes(filenames=())
_MISSING: Final = "http_404"
_FOR_AN_ADMIN: Final = frozenset({"http_401", "http_403"})
"""The credentials are wrong, which can be mended."""

_REASONS: Final = {
    _MISSING: "the provider does not have it",
    "content_type": "the provider sent something that is no picture or file",
    "empty": "it is empty",
    "not_an_address_of_the_provider": "its address is not one of the provider's",
    "redirected_to_where_nothing_is_fetched": "its address leads to where nothing may be fetched from",
    "too_many_redirects": "its address leads from one place to another",
}

_REFUSALS: Final = {
    "not_in_channel": "Clerk is not a member of this channel. Invite it (/invite @clerk) to see the next ones.",
    "channel_not_found": "Clerk can't see this channel. Invite it (/invite @clerk) to see the next ones.",
    "file_upload_size_restricted": "the workspace does not allow files of that size.",
    "file_uploads_disabled": "the workspace does not allow uploads. Ask an admin.",
    "over_storage_limit": "the workspace has no room for more files. Ask an admin.",
    "storage_limit_reached": "the workspace has no room for more files. Ask an admin.",
}


def filename(media: Media, number: int) -> str:
    """What an attachment is called; by its ending Slack knows how to show it."""
    content_type = media.content_type.lower()
    noun = {"image": "picture", "video": "video", "audio": "audio"}.get(content_type.partition("/")[0], "file")
    return f"{noun}-{number}{_EXTENSIONS.guess_extension(content_type) or '.bin'}"


def is_final(error: TextingError, age: timedelta) -> bool:
    """Whether to give up an attachment that one has tried to have for so long."""
    if error.detail == _MISSING:
        return age >= MISSING
    if isinstance(error, Refused | TooLarge) and error.detail not in _FOR_AN_ADMIN:
        return True
    return age >= GIVE_UP


def retry_in(age: timedelta) -> timedelta:
    """When to try again after having tried for so long."""
    return min(max(age / 2, FIRST_RETRY), LONGEST_RETRY)


def unfetched(media: Sequence[Media], number: int, error: TextingError) -> str:
    """What the thread is told of an attachment that could not be fetched."""
    which = f"Attachment {number} of {len(media)}" if len(media) > 1 else "The attachment"
    if isinstance(error, TooLarge):
        reason = f"it is too large (more than {MOST_BYTES // 1_000_000} MB)"
    else:
        reason = _REASONS.get(error.detail, f"the provider did not give it ({error.detail.replace('_', ' ')})")
    return f"{which} ({media[number - 1].content_type}) could not be fetched: {reason}."


def unshared(media: Sequence[Media], code: str) -> str:
    """What the thread is told of attachments that Slack did not take."""
    what = "The attachments" if len(media) > 1 else "The attachment"
    return f"{what} can't be shown here: {_REFUSALS.get(code, f'Slack says “{code}”.')}"
