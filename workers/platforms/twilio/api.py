"""Twilio's Messages API as Clerk uses it; the only importer of the Twilio client.

https://www.twilio.com/docs/messaging/api/message-resource
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import aiohttp
from prometheus_client import Counter
from pydantic import TypeAdapter
from twilio.base.exceptions import TwilioException
from twilio.http.response import Response
from twilio.rest import Client

from messages.formats.plain_words import without_trial_prefix
from messages.process.proxies import Proxies
from messages.process.telemetry import start_at_zero
from messages.sms import Media
from workers.claim import CALL_TIMEOUT
from workers.failures import Refused, TextingError, Undecided, Unreachable
from workers.platforms.calls import NOT_REACHED, recorded_call
from workers.platforms.twilio.failures import error_for
from workers.platforms.twilio.media import MediaDownloads
from workers.ports import Attachment, ListedText, SentText

CALLS = Counter("clerk_twilio_calls_total", "Calls of Twilio's API", ["method", "outcome"])
METHODS: Final = ("send", "find", "received", "media")
OUTCOMES: Final = ("ok", "refused", "textingthrottled", "toolarge", "undecided", "unreachable")

type TwilioAccount = Any
"""The client's AccountContext."""
type TwilioMessage = Any
"""The client's MessageInstance: a text, inbound or outbound."""

UNEQUAL_CLOCKS: Final = timedelta(minutes=10)
"""How far this machine's clock may be ahead of Twilio's when it looks for a text that it sent."""

LISTED_EARLIER: Final = timedelta(minutes=1)
"""How much earlier than asked for contacts' texts are read: the time asked for is usually one of Twilio's own."""

LONGEST_QUEUE: Final = timedelta(hours=10)
"""The longest time that a text may wait at Twilio (ValidityPeriod)."""
PAGE: Final = 1000
UNKNOWN_SENDER: Final = "unknown"
"""The contact of texts without a sender, the same as in the gateway."""

_SENT: Final = TypeAdapter(SentText)
_LISTED: Final = TypeAdapter(ListedText)
_MALFORMED_ANSWER: Final = (TwilioException, ValueError, TypeError, KeyError, AttributeError)
"""The client's exceptions for an answer that is not as documented."""


class TwilioApi:
    """Twilio over HTTP; it connects at first use, on the loop that uses it."""

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        base_url: str,
        timeout: timedelta = CALL_TIMEOUT,
        proxies: Proxies | None = None,
    ) -> None:
        start_at_zero(CALLS, METHODS, OUTCOMES)
        self._sid, self._token, self._timeout = account_sid, auth_token, timeout
        self._base_url, self._proxies = base_url.rstrip("/"), proxies or Proxies()
        credentials = aiohttp.encode_basic_auth(account_sid, auth_token)
        self._downloads = MediaDownloads(self._base_url, credentials, timeout, self._proxies)
        self._session: aiohttp.ClientSession | None = None
        self._account: TwilioAccount | None = None

    def __repr__(self) -> str:
        return f"TwilioApi({self._base_url})"

    async def close(self) -> None:
        """Close the connections."""
        await self._downloads.close()
        if self._session is not None:
            await self._session.close()
            self._session = self._account = None

    async def send(self, *, line: str, contact: str, body: str, media: Sequence[str], callback: str) -> SentText:
        """Send a text, once; after a call without an answer the caller must find out the outcome."""

        content = {"body": body or None, "media_url": list(media) or None}

        async def create() -> SentText:
            given = {name: value for name, value in content.items() if value is not None}
            messages = self._api().messages
            return _sent(await messages.create_async(to=contact, from_=line, status_callback=callback, **given))

        return await _call("send", create)

    async def find(self, *, line: str, contact: str, since: datetime) -> Sequence[SentText]:
        """Our texts from a line to a contact since then (less ten minutes for unequal clocks), newest first.

        The query does not use DateSent, which a text in Twilio's queue does not have.
        """
        earliest = since - UNEQUAL_CLOCKS

        async def search() -> list[SentText]:
            found: list[SentText] = []
            async for page in self._pages(to=contact, from_=line):
                texts = [_sent(each) for each in page if each.direction != "inbound"]
                found += [each for each in texts if each.at >= earliest]
                if texts and all(each.at < earliest - LONGEST_QUEUE for each in texts):
                    break
            return sorted(found, key=lambda text: text.at, reverse=True)

        return await _call("find", search, reads=True)

    async def received(self, *, line: str, since: datetime, contact: str | None = None) -> Sequence[ListedText]:
        """The contacts' (or one contact's) texts to a line since then (less a minute for unequal clocks), in order."""
        earliest = since - LISTED_EARLIER
        sender = {} if contact is None else {"from_": contact}

        async def read() -> list[ListedText]:
            found: list[ListedText] = []
            async for page in self._pages(to=line, date_sent_after=earliest.astimezone(UTC), **sender):
                for each in page:
                    if each.direction == "inbound" and each.status != "receiving":
                        found.append(_listed(each, await self._media_of(each)))
            return sorted((each for each in reversed(found) if each.at >= earliest), key=lambda text: text.at)

        return await _call("received", read, reads=True)

    async def media(self, url: str, most: int) -> Attachment:
        """An attachment of a contact's text, of at most `most` bytes."""
        return await _call("media", lambda: self._downloads.get(url, most), reads=True)

    async def _pages(self, **filters: Any) -> AsyncIterator[list[TwilioMessage]]:
        page = await self._api().messages.page_async(page_size=PAGE, **filters)
        while page is not None:
            yield list(page)
            page = await page.next_page_async()

    async def _media_of(self, message: TwilioMessage) -> tuple[Media, ...]:
        """The attachments of a text, with the same addresses as in its webhook."""
        if not int(message.num_media or 0):
            return ()
        listed = await self._api().messages(message.sid).media.list_async()
        return tuple(
            Media(url=self._base_url + each.uri.removesuffix(".json"), content_type=each.content_type)
            for each in listed
        )

    def _api(self) -> TwilioAccount:
        if self._account is None or self._session is None:
            seconds = self._timeout.total_seconds()
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=seconds, connect=seconds / 2),
                connector=aiohttp.TCPConnector(limit=50),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
            client = Client(
                self._sid,
                self._token,
                http_client=_SingleTryHttpClient(self._session, self._base_url, self._proxies),
                environment={"TWILIO_EDGE": ""},  # a TWILIO_EDGE of the process would change the host
            )
            client.api.base_url = self._base_url
            self._account = client.api.v2010.account
        return self._account


class _SingleTryHttpClient:
    """An HTTP client for the Twilio client: sends each request once, with a time limit, and logs nothing.

    The Twilio client's own (9.13) ignores its timeout, and logs numbers.
    """

    is_async = True

    def __init__(self, session: aiohttp.ClientSession, base_url: str, proxies: Proxies) -> None:
        self._session, self._base_url, self._proxies = session, base_url, proxies

    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, Any] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is the Twilio client's
        allow_redirects: bool = False,
    ) -> Response:
        """The answer, if it is a success; every failure is a TextingError."""
        if not url.startswith(self._base_url + "/") or auth is None:
            raise Refused(None, "not_an_address_of_the_provider")  # another host would get the credentials
        try:
            async with self._session.request(
                method,
                url,
                params=params,
                data=data,
                headers={**(headers or {}), "Authorization": aiohttp.encode_basic_auth(*auth)},
                allow_redirects=False,
                proxy=self._proxies.leading_to(url),
            ) as answer:
                body = await answer.text(errors="replace")
        except NOT_REACHED as error:
            failed: TextingError = Unreachable(None, type(error).__name__)
        except (TimeoutError, aiohttp.ClientError) as error:
            failed = Undecided(None, type(error).__name__)
        except UnicodeEncodeError as error:
            failed = Refused(None, type(error).__name__)
        else:
            if answer.ok and answer.status < 300:
                return Response(answer.status, body, answer.headers)
            failed = error_for(answer.status, body, answer.headers.get("Retry-After"))
        raise failed


async def _call[T](method: str, call: Callable[[], Awaitable[T]], reads: bool = False) -> T:
    """The result of a call, else a TextingError; after a call that only reads, never Undecided: it can be repeated."""
    with recorded_call("twilio", method, CALLS) as made:
        try:
            return await call()
        except TextingError as error:
            failed = error
        except _MALFORMED_ANSWER as error:
            failed = Undecided(None, type(error).__name__)
        if reads and isinstance(failed, Undecided):
            failed = Unreachable(failed.number, failed.detail)
        made.outcome = type(failed).__name__.lower()
        raise failed


def _sent(message: TwilioMessage) -> SentText:
    return _SENT.validate_python(
        {
            "sid": message.sid,
            "body": without_trial_prefix(message.body or ""),
            "status": message.status,
            "error_code": message.error_code,
            "at": message.date_created or message.date_sent or datetime.now(UTC),
        }
    )


def _listed(message: TwilioMessage, media: tuple[Media, ...]) -> ListedText:
    return _LISTED.validate_python(
        {
            "sid": message.sid,
            "contact": message.from_ or UNKNOWN_SENDER,
            "body": message.body or "",
            "media": media,
            "pool": message.messaging_service_sid or None,
            "at": message.date_sent or message.date_created or datetime.now(UTC),
        }
    )
