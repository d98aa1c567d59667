"""Which addresses in Slack's payloads are Slack's own, and how those of its messages are made. Pure."""

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


def place_of_messages(link: str, channel: str, ts: str) -> str | None:
    """What the addresses of a channel's messages begin with, by that of one; None if it says more or has another form.

    Slack's documentation shows the form: https://docs.slack.dev/reference/methods/chat.getPermalink. The address of a
    reply names its thread, too.
    """
    place, _, name = link.rpartition("/p")
    return f"{place}/" if place.endswith(f"/archives/{channel}") and f"p{name}" == message_name(ts) else None


def message_name(ts: str) -> str:
    """What the address of a message ends with."""
    return f"p{ts.replace('.', '')}"
