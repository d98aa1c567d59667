"""The names behind Slack's ids, so that pages show people and channels and not `U0…` and `C0…`.

Slack is asked once an hour for each id, from a thread. A page waits for names for a moment at most, and shows ids
where it got none.
"""

import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import structlog
from markupsafe import Markup, escape

from messages.process.settings import Settings
from ops.checks.outward import outward_client

log = structlog.get_logger("clerk.console")

ID: Final = re.compile(r"(?<![-\w])[UWCG](?=[A-Z]*[0-9])[A-Z0-9]{4,}(?![-\w])")
"""An id of a person or of a channel (https://docs.slack.dev/reference/objects), and no part of a longer id."""

FRESH: Final = 3600.0
"""Seconds for which a name is shown before Slack is asked again."""

UNKNOWN_FOR: Final = 60.0
"""Seconds for which an id stays an id after Slack gave no name, or did not answer."""

PATIENCE: Final = 0.5
"""Seconds that one page waits for names."""

ANSWER_WITHIN: Final = 3.0
"""Seconds for each step of a request: a process that ends waits for those under way."""

MOST: Final = 5_000
"""Names that are kept."""

type Ask = Callable[[str], str | None]


@dataclass
class Names:
    """Names by ids. `ask` gives the name of one id, or None; `clock` counts seconds."""

    ask: Ask = field(default=lambda _: None)
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str | None, float]] = {}
        self._asking: dict[str, Future[None]] = {}
        self._asks = ThreadPoolExecutor(max_workers=2, thread_name_prefix="names")

    def of(self, id: str, patience: float = PATIENCE) -> str | None:
        """The name behind an id, if it is known within `patience` seconds."""
        with self._lock:
            name, until = self._known.get(id, (None, 0.0))
            if self.clock() < until:
                return name
            asking = self._asking.get(id)
            if asking is None:
                asking = self._asking[id] = self._asks.submit(self._find, id)
        wait((asking,), max(0.0, patience))
        with self._lock:
            return self._known.get(id, (name, 0.0))[0]

    def page(self) -> Callable[[str], Markup]:
        """What puts names into the words of one page; all its waits together are no longer than one."""
        until = self.clock() + PATIENCE
        return lambda words: named(words, lambda each: self.of(each, until - self.clock()))

    def _find(self, id: str) -> None:
        name = self.ask(id)
        with self._lock:
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[id] = name, self.clock() + (UNKNOWN_FOR if name is None else FRESH)
            del self._asking[id]


def named(words: str, name_of: Callable[[str], str | None]) -> Markup:
    """Words as HTML, with names in the place of Slack's ids; each id can still be read as its title."""
    html, at = Markup(), 0
    for found in ID.finditer(words):
        html += escape(words[at : found.start()])
        at, name = found.end(), name_of(found[0])
        html += Markup('<span class="id" title="{}">{}</span>').format(found[0], name) if name else escape(found[0])
    return html + escape(words[at:])


def slack_names(settings: Settings) -> Names:
    """The names that Slack gives."""
    base = settings.slack_api_url.rstrip("/") + "/"
    token = settings.slack_bot_token.get_secret_value()
    client = outward_client(settings, base, headers={"authorization": f"Bearer {token}"})
    client.timeout = httpx.Timeout(ANSWER_WITHIN)

    def ask(id: str) -> str | None:
        asked = ("conversations.info", "channel") if id[0] in "CG" else ("users.info", "user")
        try:
            answer = client.get(asked[0], params={asked[1]: id})
            return name_in(answer.json())
        except (httpx.HTTPError, ValueError) as error:
            log.info("Slack tells no name", id=id, error=type(error).__name__)
            return None

    return Names(ask)


def name_in(answer: Any) -> str | None:
    """The name in Slack's answer about a channel or a person; None if it has none. Pure.

    https://docs.slack.dev/reference/methods/conversations.info, https://docs.slack.dev/reference/methods/users.info
    """
    if not isinstance(answer, dict) or not answer.get("ok"):
        return None
    if isinstance(channel := answer.get("channel"), dict):
        return f"#{channel['name']}" if channel.get("name") else None
    user = answer.get("user")
    if not isinstance(user, dict):
        return None
    profile = user.get("profile") or {}
    found = profile.get("display_name") or profile.get("real_name") or user.get("real_name") or user.get("name")
    return str(found) if found else None
