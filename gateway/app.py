"""The ASGI application: routes, one error policy, and an answer only after the broker has confirmed."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import structlog
from prometheus_client import REGISTRY, Counter, Histogram
from prometheus_client.exposition import choose_encoder

from gateway import slack_webhook, twilio_webhook
from gateway.apologies import Apologies
from gateway.arrivals.own import Arrivals
from gateway.media import MediaFiles
from gateway.readiness import GatewayPublisher, Readiness
from gateway.refusals import Refusals
from gateway.webhook import Accepted, Rejected, Request, Response, Unusable
from messages.base import QueueMessage
from messages.formats.media_links import PATH as MEDIA_PATH
from messages.inbound import SlackReplyPosted, SmsReceived
from messages.process import telemetry
from messages.process.publishing import Unpublished, correlation, new_id
from messages.process.settings import Settings
from messages.process.telemetry import start_at_zero
from messages.sms import outbound_id

type Scope = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
type Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
type ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

log = structlog.get_logger("clerk.gateway")

WEBHOOKS = Counter("clerk_webhooks_total", "Webhooks", ["route", "outcome"])
DROPPED = Counter("clerk_events_dropped_total", "Well-signed events that Clerk does not use", ["type"])
_webhook_counter = lru_cache(maxsize=64)(WEBHOOKS.labels)
CONFIRM_SECONDS = Histogram("clerk_publish_seconds", "From publishing to the broker's confirm")

BODY_LIMIT: Final = 1 << 20
STATUS_PATH: Final = "/twilio/status/"
STATUS_ROUTE: Final = STATUS_PATH + "{sms_id}"
OUTCOMES: Final = ("accepted", "dropped", "rejected", "limited", "unusable", "unpublished", "gone")
"""What may become of a webhook."""
REFUSED_AT_ONCE: Final = 1000
REFUSED_AGAIN: Final = timedelta(milliseconds=100)
"""How many refusals of one address get their reason at once, and the time after which one more does."""
MOST_AT_ONCE: Final = 500
"""How many verified webhooks may wait for their confirm at once; further ones are answered 503."""
UNUSED: Final = {"/twilio/sms": twilio_webhook.NO_REPLY, STATUS_PATH: twilio_webhook.TAKEN}
"""The answers to verified webhooks that Clerk can't use, where these are not empty."""
MOST_TYPES: Final = 100
"""How many types of unused events are counted by name."""


class Gateway:
    """The gateway's HTTP side; `mounts` are other applications, by path prefix, and `/` leads to the last of them.

    `texts` know which of a contact's texts came before which, perhaps at other gateways, too.

    Its messages have the time `now`. Signatures and refusals are judged by `real`, the machine's time, where that is
    another.
    """

    def __init__(
        self,
        settings: Settings,
        publisher: GatewayPublisher,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        real: Callable[[], datetime] | None = None,
        mounts: Mapping[str, ASGIApp] | None = None,
        readiness: Readiness | None = None,
        texts: Arrivals | None = None,
    ) -> None:
        self._publisher = publisher
        self._readiness = readiness or Readiness(publisher)
        self._publishing = 0
        self._now = now
        self._real = real = real or now
        self._mounts = dict(mounts or {})
        self._front = next(reversed(self._mounts), None)
        self._texts, self._replies = texts or Arrivals(), Arrivals()
        self._refusals = Refusals(REFUSED_AT_ONCE, REFUSED_AGAIN)
        self._media = MediaFiles(settings, now)
        self._apologies = Apologies(settings)
        self._prefix = urlsplit(settings.url).path
        self._dropped: set[str] = set()
        account = twilio_webhook.Account(
            settings.twilio_account_sid, settings.twilio_auth_token.get_secret_value().encode(), settings.url
        )
        app = slack_webhook.App(settings.slack_signing_secret.get_secret_value().encode(), settings.slack_api_url)
        self._account = account
        self._webhooks: Mapping[str, Callable[[Request], Accepted]] = {
            "/twilio/sms": lambda request: twilio_webhook.sms(request, account, now()),
            "/slack/interactions": lambda request: slack_webhook.interaction(request, app, now(), real()),
            "/slack/events": lambda request: slack_webhook.event(request, app, now(), real()),
            "/slack/commands": lambda request: slack_webhook.command(request, app, now(), real()),
        }
        start_at_zero(WEBHOOKS, (*self._webhooks, STATUS_ROUTE), OUTCOMES)
        self._pages: Mapping[str, Callable[[Scope], Awaitable[Response]]] = {
            "/healthz": self._healthz,
            "/readyz": self._readyz,
            "/metrics": self._metrics,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        raw = self._path_below_public_url(scope)
        path = unquote(raw)
        for prefix, app in self._mounts.items():
            if path == prefix or path.startswith(f"{prefix}/"):
                below = {**scope, "root_path": prefix, "path": path if path != prefix else f"{prefix}/"}
                await app(below, receive, send)
                return
        answer = await self._answer(raw, path, scope, receive)
        if answer is not None:
            await _send(send, answer, head=scope["method"] == "HEAD")

    def _path_below_public_url(self, scope: Scope) -> str:
        """The raw path below the public URL, whether or not a proxy removed the URL's own path."""
        raw: str = (scope.get("raw_path") or scope["path"].encode()).split(b"?")[0].decode("latin-1")
        return raw.removeprefix(self._prefix) if raw.startswith(f"{self._prefix}/") else raw

    async def _answer(self, raw: str, path: str, scope: Scope, receive: Receive) -> Response | None:
        method = scope["method"]
        if path in self._pages:
            return await self._pages[path](scope) if method in {"GET", "HEAD"} else _method_not_allowed("GET, HEAD")
        if path == "/" and self._front is not None and method in {"GET", "HEAD"}:
            return Response(303, headers={"location": f"{self._prefix}{self._front}"})
        if path.startswith(MEDIA_PATH):
            return await self._media.answer(path) if method in {"GET", "HEAD"} else _method_not_allowed("GET, HEAD")
        path = path.rstrip("/")
        sms_id = path.removeprefix(STATUS_PATH)
        status = path.startswith(STATUS_PATH) and "/" not in sms_id
        if path not in self._webhooks and not status:
            return Response(404, b"not found")
        if method != "POST":
            return _method_not_allowed("POST")
        route = STATUS_ROUTE if status else path
        started, why = time.perf_counter(), None
        cause = new_id()
        correlation.set(cause)
        with telemetry.span(f"POST {route}", "server", {"http.route": route, "clerk.correlation_id": cause}) as span:
            try:
                request = await self._read(raw, scope, receive)
                accepted = self._status(request, sms_id) if status else self._webhooks[path](request)
                await self._publish(accepted)
                answer, outcome = accepted.answer, "dropped" if accepted.dropped else "accepted"
                if accepted.dropped:
                    self._count_dropped(accepted.dropped)
            except Rejected as rejected:
                answer, outcome, why = *self._refuse(rejected, scope), rejected.reason
            except Unusable as unusable:
                answer = unusable.answer or UNUSED.get(STATUS_PATH if status else path, slack_webhook.NOTHING)
                outcome, why = "unusable", unusable.reason
                self._count_dropped(outcome)
                log.warning("a verified webhook can't be used", route=route, why=why, correlation_id=cause)
            except Unpublished as error:
                answer, outcome = Response(503, b"Clerk can't reach the queue; please try again"), "unpublished"
                self._readiness.note(str(error))
                log.error("webhook not published", route=route, error=str(error), correlation_id=cause)
            except _ClientDisconnected:
                _webhook_counter(route, "gone").inc()
                return None
            if span is not None:
                span.set_attributes({"http.response.status_code": answer.status, "clerk.outcome": outcome})
        _webhook_counter(route, outcome).inc()
        if outcome == "limited":
            return answer
        log.info(
            "webhook",
            route=route,
            status=answer.status,
            outcome=outcome,
            why=why,
            address=_address(scope) if outcome == "rejected" else None,
            milliseconds=round((time.perf_counter() - started) * 1000, 1),
            correlation_id=cause,
        )
        return answer

    def _refuse(self, rejected: Rejected, scope: Scope) -> tuple[Response, str]:
        wait = self._refusals.count_refusal(_address(scope), self._real())
        if wait is None:
            return Response(rejected.status, rejected.reason.encode()), "rejected"
        headers = {"retry-after": str(math.ceil(wait.total_seconds())), "connection": "close"}
        return Response(429, b"too many refused requests from this address", headers=headers), "limited"

    def _count_dropped(self, kind: str) -> None:
        if len(self._dropped) < MOST_TYPES:
            self._dropped.add(kind)
        DROPPED.labels(kind if kind in self._dropped else "other").inc()

    def _status(self, request: Request, sms_id: str) -> Accepted:
        return twilio_webhook.status(request, self._account, self._now(), sms_id)

    async def _read(self, raw_path: str, scope: Scope, receive: Receive) -> Request:
        headers = dict(reversed(scope["headers"]))  # the first of each name wins; ASGI sends names in lower case
        length = headers.get(b"content-length", b"")
        if length.isdigit() and (len(length) > 12 or int(length) > BODY_LIMIT):
            raise Rejected(413, "the body is over 1 MiB")
        body = await _body(receive)
        return Request(raw_path, scope["query_string"].decode("latin-1"), headers, body)

    async def _publish(self, accepted: Accepted) -> None:
        if not accepted.messages:
            return
        if self._publishing >= MOST_AT_ONCE:
            raise Unpublished("too many webhooks wait for RabbitMQ's confirm")
        started = time.perf_counter()
        self._publishing += 1
        try:
            await self._publish_all(accepted.messages)
        except Unpublished:
            self._apologies.begin(accepted.messages, accepted.author, accepted.home)
            raise
        finally:
            self._publishing -= 1
        self._readiness.note(None)
        CONFIRM_SECONDS.observe(time.perf_counter() - started)

    async def _publish_all(self, messages: Sequence[QueueMessage]) -> None:
        if len(messages) == 1:
            await self._publish_one(messages[0])
            return
        results = await asyncio.gather(*map(self._publish_one, messages), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _publish_one(self, message: QueueMessage) -> None:
        if isinstance(message, SmsReceived):
            arrivals, place = self._texts, (message.line, message.contact, message.sid)
        elif isinstance(message, SlackReplyPosted):
            arrivals = self._replies
            place = message.channel, message.thread_ts, outbound_id(message.channel, message.ts)
        else:
            await self._publisher.publish(message)
            return
        before = arrivals.arrived(*place)
        try:
            await self._publisher.publish(message.model_copy(update={"after": before}))
        except Unpublished:
            arrivals.failed(*place)
            raise

    async def _healthz(self, _: Scope) -> Response:
        return Response(200, b"ok")

    async def _readyz(self, _: Scope) -> Response:
        """Name no address, user or queue: anybody may ask. The log and the console have the reason."""
        return Response(200, b"ready") if await self._readiness.ask() else Response(503, b"broker")

    async def _metrics(self, scope: Scope) -> Response:
        """Every metric of this process, as OpenMetrics if the client accepts that, else in Prometheus's own form."""
        accepted = ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"accept")
        encode, content_type = choose_encoder(accepted)
        return Response(200, encode(REGISTRY), content_type)


def _address(scope: Scope) -> str:
    """The sender's address; the proxy's, if there is one."""
    return scope["client"][0] if scope.get("client") else ""


class _ClientDisconnected(Exception):
    """The sender disconnected before the body was complete."""


async def _body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _ClientDisconnected
        chunk = message.get("body", b"")
        chunks.append(chunk)
        size += len(chunk)
        if size > BODY_LIMIT:
            raise Rejected(413, "the body is over 1 MiB")
        if not message.get("more_body", False):
            return b"".join(chunks)


def _method_not_allowed(methods: str) -> Response:
    return Response(405, b"method not allowed", headers={"allow": methods})


async def _send(send: Send, answer: Response, *, head: bool) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.head})
    await send({"type": "http.response.body", "body": b"" if head else answer.body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
