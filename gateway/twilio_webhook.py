"""Verifies and parses Twilio's webhooks. Pure."""

import hmac
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import chain, count
from typing import Final
from urllib.parse import urlsplit

from gateway.webhook import MOST_FIELDS, Accepted, Rejected, Request, Response, Unusable, form_fields, form_pairs
from messages.formats.provider_words import opt_out_type, reported_word
from messages.inbound import DeliveryReported, SmsReceived
from messages.sms import Media

NO_REPLY: Final = Response(200, b"<Response/>", "text/xml")
"""Twilio would send a plain text answer to the contact (https://www.twilio.com/docs/messaging/twiml)."""

TAKEN: Final = Response(204)

MOST_MEDIA: Final = 10
RECIPIENTS: Final = tuple(f"OtherRecipients{number}" for number in range(20))
LONGEST_NAME: Final = 256

UNKNOWN_SENDER: Final = "unknown"
"""The contact of texts without a sender."""


@dataclass(frozen=True)
class Account:
    """The Twilio account, and the public URL for which Twilio makes the signatures."""

    sid: str
    token: bytes
    public_url: str

    def __repr__(self) -> str:
        return f"Account({self.sid})"

    @cached_property
    def urls(self) -> Sequence[str]:
        """The public URL as it is, with a port and without: the scheme decides which one Twilio signs."""
        parts = urlsplit(self.public_url)
        standard = 443 if parts.scheme == "https" else 80
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host
        with_port = parts._replace(netloc=f"{host}:{parts.port or standard}").geturl()
        return list(dict.fromkeys([self.public_url, with_port, parts._replace(netloc=host).geturl()]))


def sms(request: Request, account: Account, now: datetime) -> Accepted:
    """An inbound text (https://www.twilio.com/docs/messaging/guides/webhook-request)."""
    fields = _verified(request, account)
    text = SmsReceived(
        sid=_required(fields, "MessageSid"),
        line=_required(fields, "To"),
        contact=_sender(fields),
        body=fields.get("Body", ""),
        media=tuple(_media(fields)),
        opt_out=opt_out_type(fields.get("OptOutType", "")),
        others=tuple(_others(fields)),
        pool=fields.get("MessagingServiceSid", "").replace("\x00", "")[:LONGEST_NAME],
        received_at=now,
    )
    return Accepted([text], NO_REPLY)


def status(request: Request, account: Account, now: datetime, sms_id: str) -> Accepted:
    """A delivery report on one of our texts; its id is part of the signed path."""
    fields = _verified(request, account)
    code, sid = fields.get("ErrorCode", ""), _required(fields, "MessageSid")
    word = reported_word(_required(fields, "MessageStatus"))
    if word is None:
        return Accepted([], TAKEN, dropped="message_status")
    report = DeliveryReported(
        sms=sms_id,
        sid=sid,
        status=word,
        error_code=int(code) if code.isascii() and code.isdigit() and len(code) < 10 else None,
        received_at=now,
    )
    return Accepted([report], TAKEN)


def signature(url: str, pairs: Sequence[tuple[bytes, bytes]], token: bytes) -> bytes:
    """What X-Twilio-Signature must be for a form sent to a URL.

    The URL, then each name, sorted, with its distinct values, sorted
    (https://www.twilio.com/docs/usage/webhooks/webhooks-security#validating-signatures-from-twilio).
    """
    signed = url.encode("latin-1", "replace") + b"".join(chain.from_iterable(sorted(set(pairs))))
    code = _initial_hmac(token).copy()
    code.update(signed)
    return b64encode(code.digest())


@lru_cache(maxsize=8)
def _initial_hmac(token: bytes) -> hmac.HMAC:
    """The initial state of every signature with a token: it costs more than signing a form."""
    return hmac.new(token, digestmod="sha1")


def _verified(request: Request, account: Account) -> dict[str, str]:
    given = request.headers.get(b"x-twilio-signature", b"")
    try:
        pairs = form_pairs(request.body)
    except Rejected:
        raise Rejected(403, f"Twilio sends no form with more than {MOST_FIELDS} fields") from None
    path = request.path + (f"?{request.query}" if request.query else "")
    if not any(hmac.compare_digest(given, signature(url + path, pairs, account.token)) for url in account.urls):
        raise Rejected(403, "the signature is not Twilio's for this URL: check CLERK_PUBLIC_URL and the auth token")
    fields = form_fields(pairs)
    if fields.get("AccountSid") != account.sid:
        raise Rejected(403, "the form belongs to another account: check CLERK_TWILIO_ACCOUNT_SID")
    return fields


def _required(fields: dict[str, str], name: str) -> str:
    value = fields.get(name, "")
    if not value or len(value) > LONGEST_NAME or "\x00" in value:
        raise Unusable(f"the form has no usable {name}")
    return value


def _sender(fields: dict[str, str]) -> str:
    """The sender of a text: a number, a short code, a company's name or nothing. A refusal would lose the text."""
    sender = fields.get("From", "").replace("\x00", "")[:LONGEST_NAME]
    return sender if sender.strip() else UNKNOWN_SENDER


def _others(fields: dict[str, str]) -> Iterator[str]:
    """The other recipients of a group message, which Twilio numbers from 0 as it does media."""
    for name in RECIPIENTS:
        if name in fields and (other := fields[name].replace("\x00", "").strip()):
            yield other[:LONGEST_NAME]


def _media(fields: dict[str, str]) -> Iterator[Media]:
    claimed = fields.get("NumMedia", "0")
    most = min(int(claimed), MOST_MEDIA) if claimed.isascii() and claimed.isdigit() and len(claimed) < 4 else 0
    for number in count():
        url = fields.get(f"MediaUrl{number}")
        if number >= most or not url:
            return
        yield Media(url=url, content_type=fields.get(f"MediaContentType{number}", "") or "application/octet-stream")
