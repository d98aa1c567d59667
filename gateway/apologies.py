"""Tells a person, through Slack's response_url, that the gateway could not pass on what they did.

Slack shows little or nothing of the 503 that a click gets, and repeats no click. Telling needs no broker.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from messages.base import QueueMessage
from messages.process.proxies import Proxies

log = structlog.get_logger("clerk.gateway")

WORDS: Final = (
    "Clerk could not take that for certain: its message broker does not answer. If nothing has happened in a minute, "
    "please try again. If it lasts, tell an admin: `clerk doctor` says what is wrong."
)
TIMEOUT: Final = 10.0
CONNECT_TIMEOUT: Final = 5.0
"""Seconds in which Slack must answer, and in which a connection must stand."""

MOST_AT_ONCE: Final = 20


class Apologies:
    """The apologies that are on their way to Slack."""

    def __init__(self, proxies: Proxies) -> None:
        self._proxies = proxies
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, messages: Sequence[QueueMessage]) -> None:
        """Tell whoever ordered these messages, without waiting for Slack."""
        urls = {url for message in messages if (url := getattr(message, "response_url", None))}
        for url in sorted(urls):
            if len(self._tasks) >= MOST_AT_ONCE:
                log.error("too many people to tell that the broker does not answer")
                return
            task = asyncio.get_running_loop().create_task(_tell(url, self._proxies.leading_to(url)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def _tell(url: str, proxy: str | None) -> None:
    import aiohttp  # takes more memory than all else here, and few gateways ever have to tell anyone

    timeout = aiohttp.ClientTimeout(total=TIMEOUT, connect=CONNECT_TIMEOUT)
    body = {"response_type": "ephemeral", "replace_original": False, "text": WORDS}
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.post(url, json=body, allow_redirects=False, proxy=proxy) as answer,
        ):
            outcome = f"http_{answer.status}"
    except (TimeoutError, ValueError, aiohttp.ClientError) as error:
        outcome = type(error).__name__
    log.warning("a person was told that the broker does not answer", outcome=outcome)
