"""Webhooks as Twilio and Slack send them, signed by the vendors' own libraries, and a gateway to send them to."""

import asyncio
import hmac
import json
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self
from urllib.parse import urlencode

import httpx
from pydantic import SecretStr
from slack_sdk.signature import SignatureVerifier
from twilio.request_validator import RequestValidator

from gateway.__main__ import GatewayServer, server
from gateway.app import Gateway
from gateway.connection import Connection
from messages.base import QueueMessage
from messages.process.publishing import Unpublished
from messages.process.settings import Settings
from tests import make
from tests.servers import PLAIN, wait_until

ACCOUNT: Final = "AC" + "0f" * 16
TOKEN: Final = "a token for these tests"
SECRET: Final = "a signing secret for these tests"
PUBLIC_URL: Final = "https://clerk.example.org"

type Fields = Mapping[str, str] | Sequence[tuple[str, str]]


def settings(**changes: Any) -> Settings:
    """Settings with secrets for these tests alone."""
    fields = {
        "public_url": PUBLIC_URL,
        "twilio_account_sid": ACCOUNT,
        "twilio_auth_token": SecretStr(TOKEN),
        "slack_signing_secret": SecretStr(SECRET),
    }
    return Settings(**{**fields, **changes})


class RecordingPublisher:
    """A publisher that keeps the messages that it gets, or refuses them."""

    def __init__(self) -> None:
        self.published: list[QueueMessage] = []
        self.trouble: str | None = None

    async def publish(self, message: QueueMessage, *, delay: timedelta | None = None) -> None:
        """Keep a message."""
        if self.trouble is not None:
            raise Unpublished(self.trouble)
        self.published.append(message)

    async def probe(self) -> str | None:
        """The fault that a test set, if any."""
        return self.trouble

    def take(self) -> list[QueueMessage]:
        """The messages published since the last call."""
        taken, self.published = self.published, []
        return taken


class Impatient(Connection):
    """A connection with short timeouts."""

    request_within = 2.0


class Served:
    """A gateway behind its real HTTP server on a free port.

    `publisher` has what it published; `later` is how far its clock is ahead. It shows `stopped`, if that is given.
    """

    def __init__(self, **changes: Any) -> None:
        self.settings = settings(**changes)
        self.publisher = RecordingPublisher()
        self.later = timedelta()
        self.stopped: datetime | None = None
        self._gateway = Gateway(
            self.settings, self.publisher, now=lambda: (self.stopped or datetime.now(UTC)) + self.later
        )
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._server: GatewayServer = server(self._gateway, self.settings, connection=Impatient)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve([self._socket])))
        self.http = httpx.Client(base_url=self.url, timeout=60, trust_env=False, verify=PLAIN)

    def __enter__(self) -> Self:
        self._thread.start()
        wait_until(lambda: self._server.started or not self._thread.is_alive(), "the gateway serves", every=0.005)
        assert self._server.started
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        self._server.should_exit = True
        self._thread.join(20)
        self._socket.close()

    def twilio(self, fields: Fields, path: str = "/twilio/sms", **headers: str) -> httpx.Response:
        """A form that Twilio signed for the public URL."""
        body = urlencode(list(fields.items()) if isinstance(fields, Mapping) else fields).encode()
        signed = {"x-twilio-signature": twilio_signature(f"{self.settings.url}{path}", fields)}
        return self.post(path, body, {**FORM, **signed, **headers})

    def slack(self, path: str, body: bytes, **headers: str) -> httpx.Response:
        """A body that Slack signed just now."""
        return self.post(path, body, {**FORM, **slack_headers(body), **headers})

    def event(self, payload: Any, **headers: str) -> httpx.Response:
        """An Events API request."""
        return self.slack("/slack/events", json.dumps(payload).encode(), **headers)

    def interaction(self, payload: Any) -> httpx.Response:
        """An interactivity request."""
        text = payload if isinstance(payload, str) else json.dumps(payload)
        return self.slack("/slack/interactions", urlencode({"payload": text}).encode())

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        """Any POST."""
        raw = [(name.encode(), value.encode("utf-8", "surrogateescape")) for name, value in headers.items()]
        return self.http.post(path, content=body, headers=raw)

    def raw(self, data: bytes, *, finish: bool = True) -> bytes:
        """The answer to any bytes, until the gateway closes the connection or sends no more."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            connection.sendall(data)
            if finish:
                connection.shutdown(socket.SHUT_WR)
            found = b""
            while chunk := connection.recv(65536):
                found += chunk
                if not finish and b"\r\n\r\n" in found:
                    break
            return found


FORM: Final = {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}


class _Repeated(dict[str, list[str]]):
    """Fields with all their values, in the form in which Twilio's library reads those of a web framework."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


def twilio_signature(url: str, fields: Fields, token: str = TOKEN) -> str:
    """X-Twilio-Signature by Twilio's own library."""
    grouped = _Repeated()
    for name, value in fields.items() if isinstance(fields, Mapping) else fields:
        grouped.setdefault(name, []).append(value)
    found: str = RequestValidator(token).compute_signature(url, grouped)
    return found


def slack_headers(body: bytes, timestamp: str | None = None, secret: str = SECRET) -> dict[str, str]:
    """The two headers of Slack's signature, by Slack's library, or by its documentation where that refuses a body.

    https://docs.slack.dev/authentication/verifying-requests-from-slack
    """
    timestamp = str(int(time.time())) if timestamp is None else timestamp
    try:
        signature = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=body)
    except UnicodeDecodeError:
        signature = "v0=" + hmac.digest(secret.encode(), f"v0:{timestamp}:".encode() + body, "sha256").hex()
    return {"x-slack-request-timestamp": timestamp, "x-slack-signature": signature or ""}


def sms_form(**changes: str) -> dict[str, str]:
    """An inbound text as Twilio sends it, blank fields and all."""
    sid = "SM" + "1b" * 16
    form = {
        "ToCountry": "US",
        "ToState": "OR",
        "SmsMessageSid": sid,
        "NumMedia": "0",
        "ToCity": "",
        "FromZip": "",
        "SmsSid": sid,
        "FromState": "",
        "SmsStatus": "received",
        "FromCity": "",
        "Body": "Is the blue one still there?",
        "FromCountry": "US",
        "To": make.LINE,
        "ToZip": "",
        "NumSegments": "1",
        "MessageSid": sid,
        "AccountSid": ACCOUNT,
        "From": make.CONTACT,
        "ApiVersion": "2010-04-01",
    }
    return {**form, **changes}


def reply_event(**changes: Any) -> dict[str, Any]:
    """A person's reply in a thread as the Events API sends it."""
    event = {
        "type": "message",
        "channel": make.CHANNEL,
        "channel_type": "channel",
        "user": make.AGENT,
        "text": "On it",
        "ts": "1700000001.000100",
        "thread_ts": "1700000000.000100",
        "event_ts": "1700000001.000100",
        "client_msg_id": "4c1a7b1e-0000-4000-8000-000000000000",
        "blocks": [{"type": "rich_text", "block_id": "x", "elements": []}],
        "team": "T0TEAM",
    }
    return {
        "token": "legacy",
        "team_id": "T0TEAM",
        "api_app_id": "A0CLERK",
        "type": "event_callback",
        "event_id": "Ev0REPLY",
        "event_time": 1700000001,
        "authorizations": [{"team_id": "T0TEAM", "user_id": "U0CLERK", "is_bot": True}],
        "event": {**event, **changes},
    }


def click(action_id: str = "ticket.assign", value: str = '{"ticket": 7}', **changes: Any) -> dict[str, Any]:
    """A click on a card as Slack sends it."""
    payload: dict[str, Any] = {
        "type": "block_actions",
        "user": {"id": make.AGENT, "username": "ada", "name": "ada", "team_id": "T0TEAM"},
        "api_app_id": "A0CLERK",
        "token": "legacy",
        "container": {
            "type": "message",
            "message_ts": "1700000000.000100",
            "channel_id": make.CHANNEL,
            "is_ephemeral": False,
        },
        "trigger_id": "11.22.ab",
        "team": {"id": "T0TEAM", "domain": "team"},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": make.CHANNEL, "name": "texts"},
        "message": {"type": "message", "bot_id": "B0CLERK", "ts": "1700000000.000100", "blocks": []},
        "state": {"values": {}},
        "response_url": "https://hooks.slack.com/actions/T0TEAM/1/abc",
        "actions": [
            {
                "action_id": action_id,
                "block_id": "ticket.actions",
                "text": {"type": "plain_text", "text": "Assign", "emoji": True},
                "value": value,
                "type": "button",
                "action_ts": "1700000005.000200",
            }
        ],
    }
    return {**payload, **changes}


def submission(values: Mapping[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A submitted ticket modal as Slack sends it; `values` are the inputs' states by block_id."""
    view: dict[str, Any] = {
        "id": "V0VIEW",
        "team_id": "T0TEAM",
        "type": "modal",
        "callback_id": "ticket.edit",
        "hash": "1700000000.abc",
        "private_metadata": json.dumps({"ticket": 7, "version": 3, "origin": make.CHANNEL}),
        "title": {"type": "plain_text", "text": "Ticket #7", "emoji": False},
        "blocks": [],
        "state": {"values": {name: {name: state} for name, state in (values or {}).items()}},
        "external_id": "",
        "root_view_id": "V0VIEW",
        "previous_view_id": None,
        "bot_id": "B0CLERK",
    }
    return {
        "type": "view_submission",
        "team": {"id": "T0TEAM", "domain": "team"},
        "user": {"id": make.AGENT, "username": "ada", "name": "ada", "team_id": "T0TEAM"},
        "api_app_id": "A0CLERK",
        "token": "legacy",
        "trigger_id": "11.22.ab",
        "view": {**view, **changes},
        "response_urls": [],
        "is_enterprise_install": False,
        "enterprise": None,
    }
