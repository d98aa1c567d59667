"""Tells a person that the gateway could not pass on what they did: by response_url, in the thread, or at Home.

Slack shows little or nothing of the 503 that a click gets, and repeats no click; it repeats a reply without a word.
Telling needs no broker.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog

from gateway.webhook import HomeOf, ThreadAuthor
from messages.base import QueueMessage
from messages.process.settings import Settings

log = structlog.get_logger("clerk.gateway")

WORDS: Final = (
    "Clerk could not take that for certain: its message broker does not answer. If nothing has happened in a minute, "
    "please try again. If it lasts, tell an admin: `clerk doctor` says what is wrong."
)
IN_THREAD: Final = (
    "Clerk could not take that yet: its message broker does not answer. Slack brings it to Clerk again within minutes. "
    "If your message has no mark in ten minutes, Clerk does not have it: write it again. If it lasts, tell an admin: "
    "`clerk doctor` says what is wrong."
)
AT_HOME: Final = (
    "Clerk could not take that for certain: its message broker does not answer. Please look again in a minute, and if "
    "nothing has happened, try again. If it lasts, tell an admin: `clerk doctor` says what is wrong."
)
TIMEOUT: Final = 10.0
CONNECT_TIMEOUT: Final = 5.0
"""Seconds in which Slack must answer, and in which a connection must stand."""

MOST_AT_ONCE: Final = 20

_AGAIN: Final = {"type": "button", "action_id": "home.show.0", "text": {"type": "plain_text", "text": "Look again"}}
_FIRST: Final = json.dumps({"tickets": 0, "lines": 0})
_HOME: Final = {
    "type": "home",
    "callback_id": "clerk.home",
    "blocks": [
        {"type": "section", "text": {"type": "mrkdwn", "text": AT_HOME, "verbatim": True}},
        {
            "type": "actions",
            "block_id": "again",
            "elements": [{**_AGAIN, "value": _FIRST}],
        },
    ],
}
"""The Home of a person who can't be shown theirs."""


class Apologies:
    """The apologies that are on their way to Slack."""

    def __init__(self, settings: Settings) -> None:
        self._proxies = settings.proxies
        self._api = settings.slack_api_url.rstrip("/")
        self._token = settings.slack_bot_token
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(
        self, messages: Sequence[QueueMessage], author: ThreadAuthor | None = None, home: HomeOf | None = None
    ) -> None:
        """Tell whoever ordered these messages, wrote in a thread, or was in their Home, without waiting for Slack."""
        urls = {url for message in messages if (url := getattr(message, "response_url", None))}
        for url in sorted(urls):
            self._begin(url, {"response_type": "ephemeral", "replace_original": False, "text": WORDS})
        if author is not None:
            at = {"channel": author.channel, "thread_ts": author.thread_ts, "user": author.user}
            self._call("chat.postEphemeral", {**at, "text": IN_THREAD})
        if home is not None and messages and not urls:
            seen = {"hash": home.hash} if home.hash else {}  # what a worker has shown meanwhile stays
            self._call("views.publish", {"user_id": home.user, "view": _HOME, **seen})

    def _call(self, method: str, body: Mapping[str, Any]) -> None:
        self._begin(f"{self._api}/{method}", body, {"authorization": f"Bearer {self._token.get_secret_value()}"})

    def _begin(self, url: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        if len(self._tasks) >= MOST_AT_ONCE:
            log.error("too many people to tell that the broker does not answer")
            return
        task = asyncio.get_running_loop().create_task(_tell(url, self._proxies.leading_to(url), body, headers))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _tell(url: str, proxy: str | None, body: Mapping[str, Any], headers: Mapping[str, str] | None) -> None:
    import aiohttp  # takes more memory than all else here, and few gateways ever have to tell anyone

    timeout = aiohttp.ClientTimeout(total=TIMEOUT, connect=CONNECT_TIMEOUT)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.post(url, json=body, headers=headers, allow_redirects=False, proxy=proxy) as answer,
        ):
            outcome = f"http_{answer.status}"
    except (TimeoutError, ValueError, aiohttp.ClientError) as error:
        outcome = type(error).__name__
    log.warning("a person was told that the broker does not answer", outcome=outcome)
