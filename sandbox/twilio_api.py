"""Twilio's Messages API and the contacts' phones behind it (https://www.twilio.com/docs/messaging/api)."""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import urlencode

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.config import Sandbox
from sandbox.faults import Faults
from sandbox.record import Record

type Json = dict[str, Any]

E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
RETRIES: Final = 5
STOP_WORDS: Final = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START_WORDS: Final = frozenset({"START", "YES", "UNSTOP"})
_PREFIX: Final = "/twilio/2010-04-01/Accounts/{sid}/Messages"


class TwilioApi:
    """The provider: takes texts from contacts to the gateway, and from Clerk to contacts."""

    def __init__(self, config: Sandbox, record: Record, faults: Faults, http: httpx.AsyncClient) -> None:
        self._config = config
        self._record = record
        self._faults = faults
        self._http = http
        self.texts: dict[str, Json] = {}
        self.opted_out: set[tuple[str, str]] = set()

    def routes(self) -> list[Route]:
        """Where it is served, below the mount."""
        return [
            Route(f"{_PREFIX}.json", self._messages, methods=["GET", "POST"]),
            Route(f"{_PREFIX}/{{message}}.json", self._message, methods=["GET"]),
        ]

    async def receive(
        self, contact: str, line: str, body: str, media: Sequence[Mapping[str, str]] = (), sid: str | None = None
    ) -> httpx.Response:
        """A contact writes; the webhook is tried again as `#rc=5&rp=all` asks for."""
        sid = sid or ("MM" if media else "SM") + secrets.token_hex(16)
        word = body.strip().upper()
        if word in STOP_WORDS:
            self.opted_out.add((line, contact))
        elif word in START_WORDS:
            self.opted_out.discard((line, contact))
        form = {
            "ToCountry": "US",
            "ToState": "",
            "SmsMessageSid": sid,
            "NumMedia": str(len(media)),
            "ToCity": "",
            "FromZip": "",
            "SmsSid": sid,
            "FromState": "",
            "SmsStatus": "received",
            "FromCity": "",
            "Body": body,
            "FromCountry": "US",
            "To": line,
            "ToZip": "",
            "NumSegments": "1",
            "MessageSid": sid,
            "AccountSid": self._config.twilio_account_sid,
            "From": contact,
            "ApiVersion": "2010-04-01",
        }
        for number, each in enumerate(media):
            form[f"MediaUrl{number}"] = each["url"]
            form[f"MediaContentType{number}"] = each["content_type"]
        self.texts.setdefault(sid, _text(sid, contact, line, body, "inbound", "received"))
        self._record.change()
        for attempt in range(1 + RETRIES):
            answer = await self._webhook("/twilio/sms", form)
            if answer.status_code < 500 or attempt == RETRIES:
                break
        return answer

    async def _webhook(self, path: str, form: Mapping[str, str]) -> httpx.Response:
        signed = self._config.public_url + path + "".join(f"{name}{form[name]}" for name in sorted(form))
        digest = hmac.new(self._config.twilio_auth_token.encode(), signed.encode(), hashlib.sha1).digest()
        answer = await self._http.post(
            self._config.gateway_url + path,
            content=urlencode(form).encode(),
            headers={
                "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
                "x-twilio-signature": base64.b64encode(digest).decode(),
            },
        )
        self._record.note("webhook", route=path, status=answer.status_code)
        return answer

    async def _messages(self, request: Request) -> Response:
        if (refused := self._unauthorized(request)) is not None:
            return refused
        if request.method == "GET":
            wanted = {name: request.query_params[name] for name in ("To", "From") if name in request.query_params}
            found = [
                each
                for each in self.texts.values()
                if all(each[name.lower()] == value for name, value in wanted.items())
            ]
            return JSONResponse({"messages": found[::-1][: int(request.query_params.get("PageSize", 50))]})
        form = {name: str(value) for name, value in (await request.form()).items()}
        answer, fault = await self._faults.around(
            "twilio", "messages.create", form.get("To", ""), lambda: self._create(form), lambda code: _error(int(code))
        )
        self._record.note("twilio", arguments=form, status=answer.status_code, fault=fault)
        return answer

    async def _message(self, request: Request) -> Response:
        if (refused := self._unauthorized(request)) is not None:
            return refused
        found = self.texts.get(request.path_params["message"])
        return JSONResponse(found) if found else _error(20404, 404)

    def _unauthorized(self, request: Request) -> Response | None:
        wanted = f"{self._config.twilio_account_sid}:{self._config.twilio_auth_token}".encode()
        if request.headers.get("authorization", "") != f"Basic {base64.b64encode(wanted).decode()}":
            return _error(20003, 401)
        return None if request.path_params["sid"] == self._config.twilio_account_sid else _error(20404, 404)

    def _create(self, form: Mapping[str, str]) -> Response:
        to, line, body = form.get("To", ""), form.get("From", ""), form.get("Body", "")
        for code, wrong in (
            (21211, not E164.fullmatch(to)),
            (21606, line not in self._config.lines),
            (21602, not body and "MediaUrl" not in form),
            (21617, len(body) > 1600),
            (21610, (line, to) in self.opted_out),
        ):
            if wrong:
                return _error(code)
        text = _text("SM" + secrets.token_hex(16), line, to, body, "outbound-api", "queued")
        self.texts[text["sid"]] = text
        self._record.change()
        return JSONResponse(text, 201)


def _text(sid: str, sender: str, to: str, body: str, direction: str, status: str) -> Json:
    return {
        "sid": sid,
        "from": sender,
        "to": to,
        "body": body,
        "direction": direction,
        "status": status,
        "error_code": None,
        "date_sent": format_datetime(datetime.now(UTC)),
    }


def _error(code: int, status: int = 400) -> Response:
    body = {
        "code": code,
        "message": f"Error {code}",
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return JSONResponse(body, status)
