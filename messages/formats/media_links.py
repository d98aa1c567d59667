"""Signed, expiring addresses at which the gateway serves the files of agents' replies to the provider. Pure.

The provider fetches the files of an MMS without credentials, and Slack serves a file only with the bot token. The
address itself contains all that the gateway needs, and the signature protects it from changes.
"""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, unquote

PATH: Final = "/media/"
_NAME: Final = "#named="


class BadSignature(Exception):
    """This key did not sign the address."""


class LinkExpired(Exception):
    """The address has expired."""


@dataclass(frozen=True)
class MediaLink:
    """A file at Slack, as its private URL and its type, that can be fetched until a time (in whole seconds).

    `name` is what the phone is told to call it.
    """

    url: str
    content_type: str
    expires_at: datetime
    name: str = ""


def media_key(secret: str) -> bytes:
    """The key that signs only these addresses, derived from a secret that gateway and workers share."""
    return hmac.digest(secret.encode(), b"clerk media links", "sha256")


def signed_path(link: MediaLink, key: bytes) -> str:
    """The path, below the public URL, under which the gateway serves a file.

    The name is the fragment of the file's URL: a gateway of before, which knows no names, fetches the same file.
    """
    url = f"{link.url}{_NAME}{quote(link.name)}" if link.name else link.url
    payload = _encoded(json.dumps([int(link.expires_at.timestamp()), link.content_type, url]).encode())
    return f"{PATH}{payload}.{_signature(payload, key)}"


def read_path(path: str, key: bytes, now: datetime) -> MediaLink:
    """The link in a path; BadSignature if this key did not sign it, LinkExpired if its time has passed."""
    payload, _, signature = path.removeprefix(PATH).partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(payload, key).encode()):
        raise BadSignature
    expires, content_type, url = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    url, _, name = url.partition(_NAME)
    link = MediaLink(url, content_type, datetime.fromtimestamp(expires, UTC), unquote(name))
    if link.expires_at <= now:
        raise LinkExpired
    return link


def _signature(payload: str, key: bytes) -> str:
    """The signature as text: `read_path` compares the text, so that only one spelling is valid."""
    return _encoded(hmac.digest(key, payload.encode(), "sha256"))


def _encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
