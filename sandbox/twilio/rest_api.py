"""Twilio's REST API for an account (https://www.twilio.com/docs/messaging/api)."""

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.config import SandboxConfig
from sandbox.faults import OrderedFaults
from sandbox.json_object import Json
from sandbox.record import Record, RecordedCall
from sandbox.twilio.account import describe_account, describe_number
from sandbox.twilio.block_list import SERVICE, BlockList
from sandbox.twilio.carrier import Carrier
from sandbox.twilio.contact_phones import ContactPhones
from sandbox.twilio.refusals import TwilioRefusal, error_answer
from sandbox.twilio.text_store import StoredMedia, TextStore, public_text
from sandbox.twilio.webhooks import TwilioWebhooks

E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
BODY: Final = 1600
MEDIA: Final = 10
_ACCOUNT: Final = "/twilio/2010-04-01/Accounts/{sid}"
_HOST: Final = re.compile(r"[A-Za-z0-9.:\[\]-]+")


class TwilioStandIn:
    """The provider: carries texts from contacts to the gateway, and from Clerk to contacts."""

    def __init__(
        self,
        config: SandboxConfig,
        record: Record,
        faults: OrderedFaults,
        http: httpx.AsyncClient,
        now: Callable[[], datetime],
    ) -> None:
        self._config = config
        self._record = record
        self._faults = faults
        self._store = TextStore(config.twilio_account_sid, now)
        self.webhooks = TwilioWebhooks(config, record, http)
        self.carrier = Carrier(config, record, http, self._store, self.webhooks)
        self.contacts = ContactPhones(config, record, self._store, self.webhooks, self.carrier.blocks)
        self._since = format_datetime(now())

    @property
    def texts(self) -> dict[str, Json]:
        """Every text by sid, oldest first; its `media` lists its pictures and files, each with its URL for the page."""
        return self._store.texts

    @property
    def media(self) -> dict[str, StoredMedia]:
        """The pictures and files of texts, by their own sid."""
        return self._store.media

    @property
    def blocks(self) -> BlockList:
        """Who has opted out of what."""
        return self.carrier.blocks

    async def receive(
        self, contact: str, line: str, body: str, media: Sequence[Mapping[str, Any]] = (), sid: str | None = None
    ) -> httpx.Response:
        """Send a text from a contact; return the webhook's last answer."""
        return await self.contacts.receive(contact, line, body, media, sid)

    def routes(self) -> list[Route]:
        """The API's routes, below the mount."""
        message = f"{_ACCOUNT}/Messages/{{message}}"
        return [
            Route(f"{_ACCOUNT}.json", self._account),
            Route(f"{_ACCOUNT}/IncomingPhoneNumbers.json", self._numbers),
            Route(f"{_ACCOUNT}/Messages.json", self._messages, methods=["GET", "POST"]),
            Route(f"{message}.json", self._message, methods=["GET", "POST", "DELETE"]),
            Route(f"{message}/Media.json", self._media_list),
            Route(f"{message}/Media/{{media}}.json", self._media_json),
            Route(f"{message}/Media/{{media}}", self._media),
            Route("/twilio/storage/{account}/{media}", self._storage),
            Route("/twilio/phone/{media}", self._phone),
        ]

    # -- messages ---------------------------------------------------------------------------------------------------

    async def _messages(self, request: Request) -> Response:
        if request.method == "GET":
            query = dict(request.query_params)
            return await self._answer(
                request, "messages.list", query, lambda _: JSONResponse(self._store.page(query)), query.get("To", "")
            )
        async with request.form() as form:
            arguments = {name: str(form[name]) for name in form}
            to = arguments.get("To", "")
            return await self._answer(request, "messages.create", arguments, lambda call: self._create(form, call), to)

    def _create(self, form: FormData, call: RecordedCall) -> Response:
        """Take a text to send, or refuse it (https://www.twilio.com/docs/messaging/api/message-resource)."""
        given = {name: str(form[name]) for name in form}
        to, line, body = given.get("To", ""), given.get("From", ""), given.get("Body", "")
        service = given.get("MessagingServiceSid") or None
        media = [str(each) for each in form.getlist("MediaUrl")]
        callback = given.get("StatusCallback", "")
        if service == SERVICE and not line:
            line = next(iter(self._config.lines))
        for code, wrong, about in (
            (21604, not to, ""),
            (21211, not E164.fullmatch(to), to),
            (21603, not line and service is None, ""),
            (21212, not E164.fullmatch(line), line),
            (21606, line not in self._config.lines, ""),
            (21266, line == to, ""),
            (21602, not body.strip() and not media, ""),
            (21617, len(body) > BODY, ""),
            (21623, len(media) > MEDIA, ""),
            (21620, not all(map(_is_url, media)), ""),
            (21609, bool(callback) and not _is_url(callback), ""),
        ):
            if wrong:
                raise TwilioRefusal(code, about)
        self.carrier.refuse(line, to)
        status = "accepted" if service else "queued"
        text = self._store.add(line, to, body, "outbound-api", status, num_media=len(media), service=service)
        answer = JSONResponse(public_text(text), 201)
        self.carrier.send(text["sid"], media, callback, call.number)
        self._record.change()
        return answer

    async def _message(self, request: Request) -> Response:
        sid = request.path_params["message"]
        given: dict[str, str] = {}
        if request.method == "POST":
            async with request.form() as form:
                given = {name: str(value) for name, value in form.items()}

        def do(_: RecordedCall) -> Response:
            text = self._found(request, sid)
            if request.method == "DELETE":
                del self._store.texts[sid]
                return Response(status_code=204)
            if given.get("Status") == "canceled" and text["status"] in {"accepted", "queued"}:
                self._store.move(sid, "canceled")
            if "Body" in given:
                if given["Body"]:
                    raise TwilioRefusal(20001, "Body can only be emptied")
                text["body"] = ""
            self._record.change()
            return JSONResponse(public_text(text))

        name = {"GET": "messages.fetch", "POST": "messages.update", "DELETE": "messages.delete"}[request.method]
        return await self._answer(request, name, given, do)

    # -- media ------------------------------------------------------------------------------------------------------

    async def _media_list(self, request: Request) -> Response:
        def do(_: RecordedCall) -> Response:
            sid = request.path_params["message"]
            media = [self._store.media[each["sid"]] for each in self._found(request, sid)["media"]]
            shown = [self._store.describe_media(sid, each) for each in media]
            return JSONResponse({"media_list": shown, "page": 0, "page_size": 50, "next_page_uri": None})

        return await self._answer(request, "media.list", {}, do)

    async def _media_json(self, request: Request) -> Response:
        def do(_: RecordedCall) -> Response:
            sid, media = self._found_media(request)
            return JSONResponse(self._store.describe_media(sid, self._store.media[media]))

        return await self._answer(request, "media.fetch", {}, do)

    async def _media(self, request: Request) -> Response:
        """Redirect to the host that stores the picture (https://www.twilio.com/docs/messaging/api/media-resource)."""

        def do(_: RecordedCall) -> Response:
            media = self._found_media(request)[1]
            here = urlsplit(self._config.here)
            other = "127.0.0.1" if here.hostname == "localhost" else "localhost"
            host = f"{other}:{here.port}" if here.port else other
            account = self._config.twilio_account_sid
            return RedirectResponse(here._replace(netloc=host).geturl() + f"/twilio/storage/{account}/{media}", 307)

        return await self._answer(request, "media", {}, do)

    async def _storage(self, request: Request) -> Response:
        """Answer the bytes; a caller that sends Twilio's credentials along leaks them, which is a violation."""
        if "authorization" in request.headers:
            detail = "the Authorization header was sent to the storage host after the redirect"
            self._record.note("violation", api="twilio", error="authorization", details=[detail])
            return Response("Only one auth mechanism allowed", 400)
        return await self._phone(request)

    async def _phone(self, request: Request) -> Response:
        """Answer a picture to the sandbox's page, in place of a phone; not part of Twilio's API."""
        media = self._store.media.get(request.path_params["media"])
        if media is None:
            return Response("no such media", 404)
        return Response(media.content, media_type=media.content_type)

    # -- the account ------------------------------------------------------------------------------------------------

    async def _account(self, request: Request) -> Response:
        shown = describe_account(self._config.twilio_account_sid, self._since)
        return await self._answer(request, "account.fetch", {}, lambda _: JSONResponse(shown))

    async def _numbers(self, request: Request) -> Response:
        """The account's numbers (https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource)."""
        asked = request.query_params.get("PhoneNumber", "")
        account, url = self._config.twilio_account_sid, self.contacts.sms_url()
        shown = [
            describe_number(account, place, each, url, self._since)
            for place, each in enumerate(self._config.lines)
            if asked in each
        ]
        body = {"incoming_phone_numbers": shown, "page": 0, "page_size": 50, "next_page_uri": None}
        return await self._answer(request, "numbers.list", dict(request.query_params), lambda _: JSONResponse(body))

    # -- every call -------------------------------------------------------------------------------------------------

    async def _answer(
        self, request: Request, name: str, arguments: Json, do: Callable[[RecordedCall], Response], to: str = ""
    ) -> Response:
        call, sids = self._record.begin(), [*filter(None, [request.path_params.get("message")])]

        def done() -> Response:
            try:
                self._authorize(request)
                answer = do(call)
            except TwilioRefusal as rejected:
                return error_answer(rejected.code, rejected.about)
            if name == "messages.create":
                sids.append(json.loads(bytes(answer.body))["sid"])
            return answer

        answer, fault = await self._faults.apply(
            request, "twilio", name, to, done, lambda code: error_answer(int(code))
        )
        code = re.match(rb'\{"code":\s*(\d+)', bytes(answer.body))
        ids = {"sid": sids[-1] if sids else None, "to": to}
        self._record.note(
            "twilio",
            call,
            method=name,
            arguments=arguments,
            status=answer.status_code,
            fault=fault,
            outcome=fault or (code[1].decode() if code else "ok"),
            ids={name: value for name, value in ids.items() if value},
        )
        return answer

    def _authorize(self, request: Request) -> None:
        wanted = f"{self._config.twilio_account_sid}:{self._config.twilio_auth_token}".encode()
        if request.headers.get("authorization", "") != f"Basic {base64.b64encode(wanted).decode()}":
            raise TwilioRefusal(20003)
        if request.path_params["sid"] != self._config.twilio_account_sid:
            raise TwilioRefusal(20404, request.url.path)

    def _found(self, request: Request, sid: str) -> Json:
        text = self._store.texts.get(sid)
        if text is None:
            raise TwilioRefusal(20404, request.url.path)
        return text

    def _found_media(self, request: Request) -> tuple[str, str]:
        sid, media = request.path_params["message"], request.path_params["media"]
        if not any(each["sid"] == media for each in self._found(request, sid)["media"]):
            raise TwilioRefusal(20404, request.url.path)
        return sid, media


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(_HOST.fullmatch(host)) and len(text) <= 4000
