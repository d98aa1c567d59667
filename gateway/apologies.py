"""Tells a person that the gateway could not pass on what they did, through Slack's response_url or in the thread.

Slack shows little or nothing of the 503 that a click gets, and repeats no click; it repeats a reply without a word.
Telling needs no broker.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog

from gateway.webhook import ThreadAuthor
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
TIMEOUT: Final = 10.0
CONNECT_TIMEOUT: Final = 5.0
"""Seconds in which Slack must answer, and in which a connection must stand."""

MOST_AT_ONCE: Final = 20


class Apologies:
    """The apologies that are on their way to Slack."""

    def __init__(self, settings: Settings) -> None:
        self._proxies = settings.proxies
        self._in_thread = f"{settings.slack_api_url.rstrip('/')}/chat.postEphemeral"
        self._token = settings.slack_bot_token
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, messages: Sequence[QueueMessage], author: ThreadAuthor | None = None) -> None:
        """Tell whoever ordered these messages, or wrote in a thread, without waiting for Slack."""
        urls = {url for message in messages if (url := getattr(message, "response_url", None))}
        for url in sorted(urls):
            self._begin(url, {"response_type": "ephemeral", "replace_original": False, "text": WORDS})
        if author is not None:
            at = {"channel": author.channel, "thread_ts": author.thread_ts, "user": author.user}
            token = self._token.get_secret_value()
            self._begin(self._in_thread, {**at, "text": IN_THREAD}, {"authorization": f"Bearer {token}"})

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
