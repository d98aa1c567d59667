"""Serves the files of agents' replies to the provider, which fetches them for an MMS."""

import asyncio
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

import structlog
from prometheus_client import Counter

from gateway.webhook import Response
from messages.formats.media_links import BadSignature, LinkExpired, MediaLink, media_key, read_path
from messages.formats.slack_urls import is_slack_url
from messages.process.settings import Settings
from messages.process.telemetry import start_at_zero

if TYPE_CHECKING:
    import aiohttp

log = structlog.get_logger("clerk.gateway")

SERVED = Counter("clerk_media_served_total", "Files asked for at /media", ["outcome"])
start_at_zero(SERVED, ("ok", "unsigned", "expired", "elsewhere", "sign_in_page", "too_large"))

MOST_BYTES: Final = 5_000_000
"""The most that an MMS can hold (https://www.twilio.com/docs/messaging/guides/accepted-mime-types)."""

MOST_AT_ONCE: Final = 10
TIMEOUT: Final = 14.0
CONNECT_TIMEOUT: Final = 5.0
READ_TIMEOUT: Final = 10.0
"""Seconds; the whole is shorter than the 15 seconds that Twilio waits for an answer."""

_CHUNK: Final = 64 * 1024
_HEADERS: Final[Mapping[str, str]] = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; sandbox",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}
"""The files belong to one contact, and must not run scripts in the browser of a person who opens the address."""


class _FetchFailed(Exception):
    """Slack did not give the file."""

    def __init__(self, status: int, outcome: str) -> None:
        super().__init__(outcome)
        self.status, self.outcome = status, outcome


class MediaFiles:
    """The files behind signed addresses, read from Slack with the bot token, which goes to Slack alone."""

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        self._key = media_key(settings.slack_signing_secret.get_secret_value())
        self._token, self._api_url, self._now = settings.slack_bot_token, settings.slack_api_url, now
        self._proxies = settings.proxies
        self._turns = asyncio.Semaphore(MOST_AT_ONCE)

    async def answer(self, path: str) -> Response:
        """The file of a signed path; 404 if the signature is wrong, 410 if the path has expired, 502 if Slack fails."""
        try:
            link = read_path(path, self._key, self._now())
            content = await self._content(link)
        except BadSignature:
            return _refused(404, "unsigned", b"there is no file at this address")
        except LinkExpired:
            return _refused(410, "expired", b"this address has expired")
        except _FetchFailed as error:
            log.error("a file could not be fetched from Slack", why=error.outcome)
            return _refused(error.status, error.outcome, b"the file could not be fetched from Slack")
        SERVED.labels("ok").inc()
        return Response(200, content, link.content_type, {**_HEADERS, "content-disposition": disposition(link.name)})

    async def _content(self, link: MediaLink) -> bytes:
        if not is_slack_url(link.url, self._api_url):
            raise _FetchFailed(502, "elsewhere")
        import aiohttp  # takes more memory than all else here, and only files of replies need it
        from yarl import URL

        timeout = aiohttp.ClientTimeout(total=TIMEOUT, connect=CONNECT_TIMEOUT, sock_read=READ_TIMEOUT)
        headers = {"authorization": f"Bearer {self._token.get_secret_value()}", "accept-encoding": "identity"}
        try:
            async with (
                self._turns,
                aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
                session.get(
                    URL(link.url, encoded=True),
                    headers=headers,
                    allow_redirects=False,
                    proxy=self._proxies.leading_to(link.url),
                ) as answer,
            ):
                return await _read(answer)
        except (TimeoutError, ValueError, aiohttp.ClientError) as error:
            failure = type(error).__name__
        raise _FetchFailed(502, failure)


def disposition(named: str) -> str:
    """The header that gives the phone a file's name (https://www.twilio.com/docs/sms/accepted-mime-types)."""
    name = re.sub(r"[^A-Za-z0-9._-]", "_", named)
    return f'inline; filename="{name}"' if name else "inline"


async def _read(answer: "aiohttp.ClientResponse") -> bytes:
    """The file's bytes; Slack answers a token without access with a redirect or a sign-in page."""
    if answer.status != 200:
        raise _FetchFailed(404 if answer.status in {404, 410} else 502, f"http_{answer.status}")
    if answer.content_type == "text/html":
        raise _FetchFailed(502, "sign_in_page")
    content = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        content += chunk
        if len(content) > MOST_BYTES:
            raise _FetchFailed(502, "too_large")
    return bytes(content)


def _refused(status: int, outcome: str, words: bytes) -> Response:
    SERVED.labels(outcome).inc()
    return Response(status, words, headers={"cache-control": "no-store"})
