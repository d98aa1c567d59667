"""Twilio's requests to the app: signed, and repeated as the URL's fragment says.

https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
"""

import asyncio
import base64
import hashlib
import hmac
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urldefrag, urlencode

import httpx

from sandbox.config import SandboxConfig
from sandbox.record import Record

TOTAL: Final = 15.0
CONNECT: Final = 5.0


@dataclass(frozen=True)
class RetryPolicy:
    """How often a request is repeated (`retries`), and after which failures: ct, rt, 4xx, 5xx or all."""

    retries: int = 1
    on: frozenset[str] = frozenset({"ct"})
    seconds: float = TOTAL

    @classmethod
    def of(cls, url: str) -> "RetryPolicy":
        """The policy in a URL's fragment, such as `#rc=5&rp=all&tt=10000`."""
        overrides = {name: values[-1] for name, values in parse_qs(urldefrag(url).fragment).items()}
        return cls(
            retries=min(int(overrides.get("rc", "1")), 5),
            on=frozenset(overrides.get("rp", "ct").split(",")),
            seconds=min(int(overrides.get("tt", "15000")) / 1000, TOTAL),
        )

    def again(self, outcome: str) -> bool:
        """Whether another attempt follows this outcome."""
        return outcome != "ok" and ("all" in self.on or outcome in self.on)


class TwilioWebhooks:
    """Sends forms to the gateway; `away` makes every request fail to reach it."""

    def __init__(self, config: SandboxConfig, record: Record, http: httpx.AsyncClient) -> None:
        self._config = config
        self._record = record
        self._http = http
        self.away = False

    async def send(
        self, url: str, form: Mapping[str, str], ids: Mapping[str, str], cause: int | None = None
    ) -> httpx.Response:
        """Send a form until the gateway takes it, or attempts or time run out; return the last answer."""
        policy, signed = RetryPolicy.of(url), urldefrag(url).url
        token = str(uuid.uuid4())
        deadline = asyncio.get_running_loop().time() + min(policy.seconds, self._config.twilio_timeout)
        for attempt in range(1 + policy.retries):
            left = deadline - asyncio.get_running_loop().time()
            answer, outcome = await self._attempt(signed, form, token, left, {**ids, "attempt": attempt + 1}, cause)
            if not policy.again(outcome) or asyncio.get_running_loop().time() >= deadline:
                break
        return answer

    async def _attempt(
        self,
        url: str,
        form: Mapping[str, str],
        token: str,
        seconds: float,
        ids: Mapping[str, str | int],
        cause: int | None,
    ) -> tuple[httpx.Response, str]:
        call = self._record.begin()
        signature = signature_of(url, form, self._config.twilio_auth_token)
        try:
            if self.away:
                raise httpx.ConnectError("the gateway is away")
            answer = await self._http.post(
                self.route(url),
                content=urlencode(form).encode(),
                headers={
                    "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
                    "user-agent": "TwilioProxy/1.1",
                    "i-twilio-idempotency-token": token,
                    "x-twilio-signature": signature,
                },
                timeout=httpx.Timeout(seconds, connect=min(CONNECT, seconds)),
            )
            outcome = "ok" if answer.is_success else f"{answer.status_code // 100}xx"
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            answer, outcome = httpx.Response(502, text=f"not reached: {type(error).__name__}"), "ct"
        except httpx.TransportError as error:
            answer, outcome = httpx.Response(504, text=f"no answer: {type(error).__name__}"), "rt"
        self._record.note(
            "webhook",
            call,
            api="twilio",
            route=httpx.URL(url).path,
            status=answer.status_code,
            outcome=outcome,
            ids=dict(ids),
            cause=cause,
        )
        return answer, outcome

    def route(self, url: str) -> str:
        """The address at which this process reaches a public URL."""
        public = self._config.public_url.rstrip("/")
        return self._config.gateway_url.rstrip("/") + url[len(public) :] if url.startswith(f"{public}/") else url


def signature_of(url: str, form: Mapping[str, str], token: str) -> str:
    """https://www.twilio.com/docs/usage/webhooks/webhooks-security#validating-signatures-from-twilio"""
    signed = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
