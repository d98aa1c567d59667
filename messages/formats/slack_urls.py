"""Which addresses in Slack's payloads are Slack's own. Pure."""

import re
from typing import Final
from urllib.parse import urlsplit

_HOST: Final = re.compile(r"([a-z0-9-]+\.)*slack\.com")


def is_slack_url(url: str | None, api_url: str) -> bool:
    """Whether a URL leads to Slack (or to the API that is configured): Clerk calls no other address."""
    if not url:
        return False
    try:
        parts, api = urlsplit(url), urlsplit(api_url)
        host = parts.hostname or ""
        if parts.username is not None or parts.password is not None:
            return False
        if (parts.scheme, host, parts.port) == (api.scheme, api.hostname, api.port):
            return True
        return parts.scheme == "https" and _HOST.fullmatch(host) is not None and parts.port is None
    except ValueError:
        return False
