"""Files in agents' replies: the addresses at which the provider fetches them. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from messages.formats.media_links import MediaLink, media_key, signed_path
from messages.formats.media_types import file_name
from messages.process.settings import Settings
from messages.sms import SlackFile

SERVED_FOR: Final = timedelta(hours=12)
"""How long a file can be fetched: a text may wait at the provider for ten hours."""


def links(files: Sequence[SlackFile], settings: Settings, now: datetime) -> list[str]:
    """Signed addresses at which the provider can fetch the files for a while."""
    key = media_key(settings.slack_signing_secret.get_secret_value())
    expires_at = now + SERVED_FOR
    return [
        settings.url
        + signed_path(
            MediaLink(each.url_private, each.mimetype, expires_at, file_name(each.name, each.mimetype)),
            key,
        )
        for each in files
    ]
