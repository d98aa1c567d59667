"""Addresses under which the gateway serves the files of agents' replies to the provider: signed, and for a time. Pure.

The provider fetches what goes out as an MMS without any credentials, and Slack gives a file only to the bearer of the
bot token. What the gateway needs to know stands in the address itself, and the signature keeps it as it was made.
"""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

PATH: Final = "/media/"


class BadSignature(Exception):
    """An address that nobody here has made."""


class LinkExpired(Exception):
    """An address whose time is over."""


@dataclass(frozen=True)
class MediaLink:
    """A file at Slack, as its private URL and its type, that may be fetched until a time (in whole seconds)."""

    url: str
    content_type: str
    expires_at: datetime


def media_key(secret: str) -> bytes:
    """The key for these addresses alone, derived from a secret that gateway and workers share."""
    return hmac.digest(secret.encode(), b"clerk media links", "sha256")


def signed_path(link: MediaLink, key: bytes) -> str:
    """The path, below the public URL, under which the gateway serves a file."""
    payload = _encoded(json.dumps([int(link.expires_at.timestamp()), link.content_type, link.url]).encode())
    return f"{PATH}{payload}.{_signature(payload, key)}"


def read_path(path: str, key: bytes, now: datetime) -> MediaLink:
    """What a path was made for; Unsigned if it was not made with this key, Expired if its time is over."""
    payload, _, signature = path.removeprefix(PATH).partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(payload, key).encode()):
        raise BadSignature
    expires, content_type, url = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    link = MediaLink(url, content_type, datetime.fromtimestamp(expires, UTC))
    if link.expires_at <= now:
        raise LinkExpired
    return link


def _signature(payload: str, key: bytes) -> str:
    """The signature is compared as it is written, so that no two ways to write it are good."""
    return _encoded(hmac.digest(key, payload.encode(), "sha256"))


def _encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
