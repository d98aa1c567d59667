"""The account's texts and their media, as Twilio stores and lists them.

https://www.twilio.com/docs/messaging/api/message-resource and /media-resource
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final
from urllib.parse import urlencode

from sandbox.json_object import Json
from sandbox.twilio.refusals import MESSAGES, TwilioRefusal
from sandbox.twilio.segments import segments

MAX_TEXTS: Final = 50_000
MAX_BYTES: Final = 200_000_000
DEFAULT_PAGE_SIZE: Final = 50
MAX_PAGE_SIZE: Final = 1000


@dataclass(frozen=True)
class StoredMedia:
    """A picture or file of a text."""

    sid: str
    content_type: str
    content: bytes = field(repr=False)


class TextStore:
    """Every text by sid, oldest first; `media` has their pictures and files by their own sid."""

    def __init__(self, account: str, now: Callable[[], datetime]) -> None:
        self._account = account
        self.now = now
        self.texts: dict[str, Json] = {}
        self.media: dict[str, StoredMedia] = {}

    def add(
        self,
        sender: str,
        to: str,
        body: str,
        direction: str,
        status: str,
        *,
        sid: str | None = None,
        num_media: int = 0,
        service: str | None = None,
    ) -> Json:
        """Add a text."""
        sid = sid or ("MM" if num_media else "SM") + secrets.token_hex(16)
        moment = format_datetime(self.now())
        uri = f"/2010-04-01/Accounts/{self._account}/Messages/{sid}"
        self.texts[sid] = {
            "sid": sid,
            "account_sid": self._account,
            "api_version": "2010-04-01",
            "body": body,
            "date_created": moment,
            "date_updated": moment,
            "date_sent": moment if status == "received" else None,
            "direction": direction,
            "error_code": None,
            "error_message": None,
            "from": sender,
            "to": to,
            "messaging_service_sid": service,
            "num_media": str(num_media),
            "num_segments": str(segments(body)),
            "price": None,
            "price_unit": "USD",
            "status": status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "uri": f"{uri}.json",
            "media": [],
        }
        if len(self.texts) > MAX_TEXTS:
            del self.texts[next(iter(self.texts))]
        return self.texts[sid]

    def attach(self, sid: str, content_type: str, content: bytes) -> StoredMedia:
        """Store a picture or file of a text."""
        media = StoredMedia("ME" + secrets.token_hex(16), content_type, content)
        self.media[media.sid] = media
        shown = {"sid": media.sid, "content_type": content_type, "size": len(content)}
        self.texts[sid]["media"].append({**shown, "url": f"twilio/phone/{media.sid}"})
        while sum(len(each.content) for each in self.media.values()) > MAX_BYTES and len(self.media) > 1:
            del self.media[next(iter(self.media))]
        return media

    def move(self, sid: str, status: str, code: int | None = None) -> Json:
        """Give a text its next status."""
        text = self.texts[sid]
        text |= {"status": status, "date_updated": format_datetime(self.now())}
        if status in {"sent", "delivered"} and text["date_sent"] is None:
            text["date_sent"] = format_datetime(self.now())
        if code is not None:
            text |= {"error_code": code, "error_message": MESSAGES.get(code, "Unknown error")}
        return text

    def page(self, query: Mapping[str, str]) -> Json:
        """A page of the texts that match a query, newest first."""
        size = min(max(_whole_number(query, "PageSize", DEFAULT_PAGE_SIZE), 1), MAX_PAGE_SIZE)
        found = [each for each in reversed(self.texts.values()) if _matches(each, query)]
        number = _whole_number(query, "Page", 0)
        start = number * size
        if token := query.get("PageToken"):
            sids = [each["sid"] for each in found]
            if token[2:] not in sids:
                raise TwilioRefusal(20001, "PageToken")
            start = sids.index(token[2:]) + 1
        shown = found[start : start + size]
        filters = {name: value for name, value in query.items() if name not in {"Page", "PageSize", "PageToken"}}
        more = start + size < len(found)
        return {
            "messages": [public_text(each) for each in shown],
            "first_page_uri": self._uri(filters, size, 0),
            "next_page_uri": self._uri(filters, size, number + 1, "PA" + shown[-1]["sid"]) if more else None,
            "previous_page_uri": None,
            "page": number,
            "page_size": size,
            "start": start,
            "end": start + len(shown) - 1,
            "uri": self._uri(filters, size, number, query.get("PageToken")),
        }

    def _uri(self, filters: Mapping[str, str], size: int, number: int, token: str | None = None) -> str:
        query = {**filters, "PageSize": str(size), "Page": str(number), **({"PageToken": token} if token else {})}
        return f"/2010-04-01/Accounts/{self._account}/Messages.json?{urlencode(query)}"

    def describe_media(self, message: str, media: StoredMedia) -> Json:
        """A media resource, as the API shows it."""
        text = self.texts[message]
        return {
            "sid": media.sid,
            "account_sid": self._account,
            "parent_sid": message,
            "content_type": media.content_type,
            "date_created": text["date_created"],
            "date_updated": text["date_created"],
            "uri": f"/2010-04-01/Accounts/{self._account}/Messages/{message}/Media/{media.sid}.json",
        }


def public_text(text: Json) -> Json:
    """A text as the API shows it: with the number of its media only."""
    return {name: value for name, value in text.items() if name != "media"}


def _whole_number(query: Mapping[str, str], name: str, default: int) -> int:
    value = query.get(name, "")
    if not value:
        return default
    if not value.isascii() or not value.isdigit():
        raise TwilioRefusal(20001, name)
    return int(value)


def _matches(text: Json, query: Mapping[str, str]) -> bool:
    if any(query[name] != text[name.lower()] for name in ("To", "From") if name in query):
        return False
    dates = [name for name in ("DateSent", "DateSent>", "DateSent<") if name in query]
    if not dates:
        return True
    if text["date_sent"] is None:
        return False
    sent = parsedate_to_datetime(text["date_sent"])
    return all(_within(sent, name, query[name]) for name in dates)


def _within(sent: datetime, name: str, value: str) -> bool:
    """Whether a time is on (`DateSent`), on or after (`>`), or on or before (`<`) a day or a moment, in GMT."""
    first, after = _span(name, value)
    return {"DateSent": first <= sent < after, "DateSent>": first <= sent, "DateSent<": sent < after}[name]


def _span(name: str, value: str) -> Sequence[datetime]:
    try:
        first = datetime.fromisoformat(value)
    except ValueError:
        raise TwilioRefusal(20001, name) from None
    first = first if first.tzinfo else first.replace(tzinfo=UTC)
    return first, first + (timedelta(days=1) if len(value) == 10 else timedelta(seconds=1))
