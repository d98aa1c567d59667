"""The sandbox's stand-ins over HTTP, and a gateway that keeps what they send; for tests of the stand-ins themselves."""

import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.http.http_client import TwilioHttpClient

from sandbox.config import SandboxConfig
from sandbox.standins import StandIns, serving
from tests.servers import PLAIN

TOKEN = "xoxb-a-test"
SECRET = "a-signing-secret"
ACCOUNT = "AC" + "0" * 32
AUTH = "an-auth-token"
PUBLIC = "https://clerk.example.org"
LINE = "+15550001111"
CONTACT = "+15557654321"


@dataclass(frozen=True)
class Webhook:
    """A request as it came: its path, headers, raw body, and the body's form or JSON."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.form["payload"] if self.path.endswith("interactions") else self.body)
        return found


@dataclass
class RecordingGateway:
    """Keeps every webhook. The next answers come from `answers`; a callable there gets the webhook."""

    came: list[Webhook] = field(default_factory=list)
    answers: list[Response | Callable[[Webhook], Any]] = field(default_factory=list)
    files: dict[str, Response] = field(default_factory=dict)
    url: str = ""

    def of(self, path: str) -> list[Webhook]:
        return [each for each in self.came if each.path == path]

    async def take(self, request: Request) -> Response:
        if request.method == "GET":
            return self.files.get(request.url.path, Response("nothing here", 404))
        webhook = Webhook(request.url.path, dict(request.headers), await request.body())
        self.came.append(webhook)
        answer = self.answers.pop(0) if self.answers else Response()
        if not isinstance(answer, Response):
            answer = await answer(webhook)
        assert isinstance(answer, Response)
        return answer


@dataclass
class StandInClock:
    """A clock that stops until a test moves it."""

    now: float = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Pair:
    """The stand-ins, the gateway they send to, and the clock that both go by."""

    standins: StandIns
    gateway: RecordingGateway
    clock: StandInClock

    @property
    def slack_url(self) -> str:
        return f"{self.standins.config.here}/slack/api/"

    @property
    def twilio_url(self) -> str:
        return f"{self.standins.config.here}/twilio"

    def violations(self) -> list[str]:
        return [each["error"] for each in self.standins.record.of("violation")]


@contextlib.asynccontextmanager
async def a_pair(**changes: Any) -> AsyncIterator[Pair]:
    """Both stand-ins, which send to a recording gateway; `changes` apply to the configuration."""
    clock, gateway = StandInClock(), RecordingGateway()

    def configure(base_url: str) -> SandboxConfig:
        gateway.url = base_url
        config = SandboxConfig(
            gateway_url=base_url,
            public_url=PUBLIC,
            base_url=base_url,
            slack_bot_token=TOKEN,
            slack_signing_secret=SECRET,
            twilio_account_sid=ACCOUNT,
            twilio_auth_token=AUTH,
            event_retries=(0.0, 0.0, 0.0),
            statuses=(0.0, 0.0, 0.0),
        )
        return replace(config, **changes)

    route = Route("/{path:path}", gateway.take, methods=["GET", "POST"])
    async with serving(configure, clock, [route]) as standins:
        yield Pair(standins, gateway, clock)


class ToStandIn:
    """Twilio's own HTTP client, redirected to the stand-in."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._inner = TwilioHttpClient(pool_connections=False)

    def request(self, method: str, url: str, **more: Any) -> Any:
        return self._inner.request(method, url.replace("https://api.twilio.com", self._url), **more)


async def create(pair: Pair, **form: Any) -> httpx.Response:
    """POST Messages.json; None leaves a field out."""
    given = {"To": CONTACT, "From": LINE, "Body": "hello", **form}
    async with httpx.AsyncClient(trust_env=False, verify=PLAIN, auth=(ACCOUNT, AUTH)) as http:
        return await http.post(
            f"{pair.twilio_url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
            data={name: value for name, value in given.items() if value is not None},
        )
