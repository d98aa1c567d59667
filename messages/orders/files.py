"""Files that agents send with a text: which ones the phone network accepts. Pure.

https://www.twilio.com/docs/messaging/guides/accepted-mime-types
"""

from collections.abc import Sequence
from typing import Final

from messages.formats.media_types import plain_type
from messages.sms import SlackFile

MOST: Final = 10
MOST_BYTES: Final = 5_000_000

CHECK_FILE_INFO: Final = "check_file_info"
"""https://docs.slack.dev/reference/objects/file-object#slack_connect_files"""

SEEN: Final = frozenset({"", "visible"})
"""What Slack says of a file that Clerk may see; without an address such a file is kept elsewhere, or no longer."""

TYPES: Final = frozenset(
    {f"image/{kind}" for kind in ("bmp", "gif", "heic", "heif", "jpeg", "jpg", "png", "tiff")}
    | {f"video/{kind}" for kind in ("3gpp", "3gpp2", "h264", "mp4", "mpeg", "quicktime", "webm")}
    | {f"audio/{kind}" for kind in ("3gpp", "3gpp2", "ac3", "amr", "amr-nb", "basic", "mp4", "mpeg", "ogg", "webm")}
    | {f"text/{kind}" for kind in ("calendar", "csv", "directory", "rtf", "vcard", "x-vcard")}
    | {"application/pdf", "application/vcard", "application/vnd.apple.pkpass"}
)


def objection(files: Sequence[SlackFile]) -> str:
    """Why files can't be sent, in words for the agent; empty if they can."""
    if len(files) > MOST:
        return f"Not sent: a text can have at most {MOST} files, and this has {len(files)}. Send them in several texts."
    for file in files:
        name = f"“{file.name}”" if file.name else "a file"
        if not file.url_private and file.file_access not in SEEN:
            return "Not sent: Slack does not let Clerk see a file of this channel. Send a link to it, or what it says."
        if not file.url_private:
            return f"Not sent: Clerk can't read {name}: it is not stored in this workspace. Upload it, or send a link."
        if plain_type(file.mimetype) not in TYPES:
            kind = file.mimetype or "unknown"
            return f"Not sent: {name} is of a type ({kind}) that phones don't accept. Send another type, or a link."
    if (size := sum(file.size for file in files)) > MOST_BYTES:
        most = _megabytes(MOST_BYTES)
        return f"Not sent: the files have {_megabytes(size)}, and a text can have at most {most}. Send smaller ones."
    return ""


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB".replace(".0 ", " ")
