"""The response URLs that Slack gives out (https://docs.slack.dev/interactivity/handling-user-interaction#message_responses)."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sandbox.slack.refusals import SlackRefusal

LIFE: Final = 1800.0
USES: Final = 5
MAX_URLS: Final = 5000


@dataclass
class IssuedUrl:
    """A URL for a person's action in a channel, on the message `message_ts` if that is not empty."""

    channel: str
    user: str
    message_ts: str
    until: float
    cause: int | None
    uses: int = USES


class ResponseUrls:
    """The issued response URLs; each takes five answers within half an hour."""

    def __init__(self, prefix: str, clock: Callable[[], float]) -> None:
        self._prefix = prefix
        self._clock = clock
        self._out: dict[str, IssuedUrl] = {}

    def make(self, channel: str, user: str, message_ts: str, cause: int | None) -> str:
        """Issue a URL for a person's action, on a message if `message_ts` names one."""
        key = secrets.token_hex(12)
        self._out[key] = IssuedUrl(channel, user, message_ts, self._clock() + LIFE, cause)
        if len(self._out) > MAX_URLS:
            del self._out[next(iter(self._out))]
        return f"{self._prefix}/{key}"

    def cause(self, key: str) -> int | None:
        """The record's number of the action that led to the URL."""
        found = self._out.get(key)
        return found.cause if found else None

    def usable(self, key: str) -> IssuedUrl:
        """Return the URL if it takes another answer; SlackRefusal if it has expired or is used up."""
        found = self._out.get(key)
        if found is None or found.until < self._clock():
            raise SlackRefusal("expired_url")
        if found.uses <= 0:
            raise SlackRefusal("used_url")
        return found
