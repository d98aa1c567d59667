"""A webhook's request, and its outcome: accepted or rejected. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final
from urllib.parse import unquote_to_bytes

from messages.base import QueueMessage

MOST_FIELDS: Final = 1000
"""The most fields of a form; Twilio and Slack send a few dozen, and an unverified form must not cost much."""


@dataclass(frozen=True)
class Request:
    """A webhook's request, its body unchanged.

    `path` (below the public URL), `query` and `headers` (by lower-case name) are raw.
    """

    path: str
    query: str
    headers: Mapping[bytes, bytes]
    body: bytes


@dataclass(frozen=True)
class Response:
    """An HTTP response."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def head(self) -> Sequence[tuple[bytes, bytes]]:
        """Its HTTP headers; the constant responses make them once."""
        head = [(b"content-length", str(len(self.body)).encode())] if self.status != 204 else []
        if self.body:
            head.append((b"content-type", self.content_type.encode()))
        return [*head, *((name.encode(), value.encode()) for name, value in self.headers.items())]


@dataclass(frozen=True)
class ThreadAuthor:
    """Somebody who wrote in a thread that the app began."""

    channel: str
    thread_ts: str
    user: str


@dataclass(frozen=True)
class HomeOf:
    """The Home of a person who opened it, or acted there; `hash` is that of the view that they saw, if any."""

    user: str
    hash: str = ""


@dataclass(frozen=True)
class Accepted:
    """A verified webhook: the messages to publish before `answer` is given; `dropped` names an unused event.

    `author`, or whose `home` it is, is to be told if they can't be published.
    """

    messages: Sequence[QueueMessage]
    answer: Response
    dropped: str | None = None
    author: ThreadAuthor | None = None
    home: HomeOf | None = None


class Rejected(Exception):
    """A webhook that changes nothing; the log and the sender get the `reason`, which never quotes the request."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Unusable(Exception):
    """A verified webhook that Clerk can't use; the log gets the `reason`, which never quotes the request.

    It is dropped and answered 2xx, with `answer` if a person waits: Slack ends the subscriptions of an app that refuses
    its events (https://docs.slack.dev/apis/events-api).
    """

    def __init__(self, reason: str, answer: Response | None = None) -> None:
        super().__init__(reason)
        self.reason, self.answer = reason, answer


def form_pairs(body: bytes) -> list[tuple[bytes, bytes]]:
    """The fields of a form as raw bytes, blank ones too, as they were signed; Rejected if there are too many.

    https://url.spec.whatwg.org/#urlencoded-parsing
    """
    if body.count(b"&") >= MOST_FIELDS:
        raise Rejected(400, f"the form has more than {MOST_FIELDS} fields")
    pairs: list[tuple[bytes, bytes]] = []
    for part in body.replace(b"+", b" ").split(b"&"):
        name, _, value = part.partition(b"=")
        if 0x25 in part:  # a percent sign; searching for bytes in bytes is slow
            name, value = unquote_to_bytes(name), unquote_to_bytes(value)
        if part:
            pairs.append((name, value))
    return pairs


def form_fields(pairs: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """The fields as text, the first of each name; Rejected with 400 if they are not UTF-8."""
    try:
        return {name.decode(): value.decode() for name, value in reversed(pairs)}
    except UnicodeDecodeError:
        raise Rejected(400, "the form is not UTF-8") from None
