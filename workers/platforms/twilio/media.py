"""Fetches the pictures and files of the contacts' texts.

The provider requires Clerk's credentials and redirects to a storage, which must not get them
(https://www.twilio.com/docs/messaging/api/media-resource). Neither an address in a webhook nor a redirect may lead
Clerk into its own network. Through a proxy it is the proxy that resolves names, and decides which of them it may reach.
"""

import ipaddress
import socket
from datetime import timedelta
from typing import Final

import aiohttp
from aiohttp.abc import ResolveResult
from yarl import URL

from messages.process.proxies import Proxies
from workers.failures import Refused, TextingError, TooLarge, Undecided, Unreachable
from workers.platforms.twilio.failures import error_for
from workers.ports import Attachment

MOST_REDIRECTS: Final = 3
TWILIO: Final = "https://api.twilio.com"
"""The host of the media in the provider's webhooks, whatever the address of its API."""

ACTIVE: Final = frozenset(
    {"text/html", "application/xhtml+xml", "image/svg+xml", "text/javascript", "application/javascript"}
)
"""No phone sends these: such an answer is an error page, or an attack."""

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_CHUNK: Final = 64 * 1024


class MediaDownloads:
    """Downloads media from the provider with the account's credentials."""

    def __init__(self, base_url: str, authorization: str, timeout: timedelta, proxies: Proxies | None = None) -> None:
        base = URL(base_url)
        self._ours = {URL(TWILIO).origin(): "/", base.origin(): base.path.rstrip("/") + "/"}
        self._schemes = {"https", base.scheme}
        self._guarded, self._proxies = not _is_loopback(base.host or ""), proxies or Proxies()
        self._credentials, self._timeout = {"Authorization": authorization}, timeout
        self._inside: aiohttp.ClientSession | None = None
        self._outside: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        for session in (self._inside, self._outside):
            if session is not None:
                await session.close()
        self._inside = self._outside = None

    async def get(self, url: str, most: int) -> Attachment:
        """The attachment at an address of the provider's."""
        try:
            at = URL(url)
            ours = self._is_ours(at)
        except ValueError:
            ours = False
        if not ours:
            raise Refused(None, "not_an_address_of_the_provider")
        for _ in range(1 + MOST_REDIRECTS):
            found = await self._follow(at, most)
            if isinstance(found, Attachment):
                return found
            at = found
        raise Refused(None, "too_many_redirects")

    async def _follow(self, at: URL, most: int) -> Attachment | URL:
        """One request: the attachment, or the address of a redirect."""
        ours = self._is_ours(at)
        proxy = self._proxies.leading_to(str(at))
        session = self._session(ours or proxy is not None)
        headers = self._credentials if ours else {}
        try:
            async with session.get(at, headers=headers, allow_redirects=False, proxy=proxy) as answer:
                if answer.status in _REDIRECTS:
                    return self._moved(at, answer.headers.get("Location", ""))
                if answer.status != 200:
                    raise await _refusal(answer)
                return Attachment(await _content(answer, most), _content_type(answer))
        except (TimeoutError, aiohttp.ClientError) as error:
            failure = type(error).__name__
        raise Unreachable(None, failure)

    def _is_ours(self, url: URL) -> bool:
        """Whether an address belongs to the provider's API, and so may get the credentials."""
        return url.user is None and url.absolute and url.path.startswith(self._ours.get(url.origin(), "\0"))

    def _moved(self, at: URL, location: str) -> URL:
        try:
            to = at.join(URL(location, encoded=True))  # unchanged: it may contain a signature
            allowed = to.scheme in self._schemes and to.user is None and bool(to.host)
        except ValueError:
            allowed = False
        if not allowed or (self._guarded and _is_private(to.host or "")):
            raise Refused(None, "redirected_to_where_nothing_is_fetched")
        return to

    def _session(self, trusted: bool) -> aiohttp.ClientSession:
        """The connections to what is trusted (the provider, the proxy), or those that reach public addresses alone."""
        if self._inside is None or self._outside is None:
            self._inside = self._connected(guarded=False)
            self._outside = self._connected(guarded=self._guarded)
        return self._inside if trusted else self._outside

    def _connected(self, guarded: bool) -> aiohttp.ClientSession:
        seconds = self._timeout.total_seconds()
        return aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=3 * seconds, connect=seconds, sock_read=seconds),
            connector=aiohttp.TCPConnector(limit=10, resolver=_PublicAddresses() if guarded else None),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept-Encoding": "identity"},
        )


class _PublicAddresses(aiohttp.ThreadedResolver):
    """Rejects names with an address in a private network; the connection uses the address that is checked here."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await super().resolve(host, port, family)
        if any(_is_private(each["host"]) for each in found):
            raise Refused(None, "redirected_to_where_nothing_is_fetched")
        return found


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _is_private(host: str) -> bool:
    address = _address(host)
    return address is not None and (not address.is_global or address.is_multicast)


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


async def _content(answer: aiohttp.ClientResponse, most: int) -> bytes:
    if (answer.content_length or 0) > most:
        raise TooLarge(None, "too_large")
    content = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        content += chunk
        if len(content) > most:
            raise TooLarge(None, "too_large")
    return bytes(content)


def _content_type(answer: aiohttp.ClientResponse) -> str:
    if answer.content_type in ACTIVE:
        raise Refused(None, "content_type")
    return answer.content_type


async def _refusal(answer: aiohttp.ClientResponse) -> TextingError:
    """The exception for an unsuccessful answer: a request that was not refused can be repeated.

    So can one for missing media: a webhook can arrive before its media exist
    (https://help.twilio.com/articles/44750147594523).
    """
    body = (await answer.content.read(_CHUNK)).decode(errors="replace")
    found = error_for(answer.status, body, answer.headers.get("Retry-After"))
    if answer.status == 404 or isinstance(found, Undecided):
        return Unreachable(found.number, found.detail)
    return found
