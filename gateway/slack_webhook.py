"""Slack's webhooks: verified and parsed. Pure."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError

from gateway.webhook import Accepted, Answer, Rejected, Request, form_fields, form_pairs
from messages import actions, forms
from messages.base import QueueMessage
from messages.inbound import SlackFile, SlackReplyPosted

NOTHING: Final = Answer(200)
TOLERANCE: Final = 300
"""Seconds that a request's timestamp may differ from our clock
(https://docs.slack.dev/authentication/verifying-requests-from-slack)."""

_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_PERSONS_SUBTYPES: Final = frozenset({None, "thread_broadcast", "file_share"})

HELP: Final = (
    "Texts to your team's numbers appear here as tickets. On a card: *Open* goes to the conversation's thread, "
    "*Assign* opens the ticket (who is notified and assigned, subject, status, priority, tags, notes), "
    "*Hide* takes a notification out of the channel."
)


@dataclass(frozen=True)
class App:
    """The Slack app: its signing secret, and the host that its response URLs may have besides Slack's own."""

    signing_secret: bytes
    api_url: str

    def __repr__(self) -> str:
        return "App(…)"


class _Payload(BaseModel):
    """The part of a payload that Clerk reads; Slack adds fields unannounced."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _Person(_Payload):
    id: str


class _Channel(_Payload):
    id: str


class _Container(_Payload):
    message_ts: str = ""
    channel_id: str = ""


class _Option(_Payload):
    value: str = ""


class _Action(_Payload):
    action_id: str
    value: str = ""
    selected_option: _Option | None = None


class _BlockActions(_Payload):
    user: _Person
    trigger_id: str = ""
    response_url: str | None = None
    container: _Container = _Container()
    channel: _Channel | None = None
    actions: Sequence[_Action]


class _State(_Payload):
    values: Mapping[str, Mapping[str, Mapping[str, Any]]] = {}


class _View(_Payload):
    callback_id: str = ""
    private_metadata: str = ""
    state: _State = _State()
    blocks: Sequence[Mapping[str, Any]] = ()


class _ViewSubmission(_Payload):
    user: _Person
    view: _View


class _Message(_Payload):
    """A message event (https://docs.slack.dev/reference/events/message)."""

    channel: str
    ts: str
    thread_ts: str | None = None
    user: str | None = None
    bot_id: str | None = None
    subtype: str | None = None
    text: str = ""
    files: Sequence[SlackFile] = ()


def interaction(request: Request, app: App, now: datetime) -> Accepted:
    """A click or a submitted modal."""
    _verify(request, app, now)
    payload = _json_object(_field(request, "payload"))
    match payload.get("type"):
        case "block_actions":
            return _clicks(_parsed(_BlockActions, payload), app, now)
        case "view_submission":
            return _submission(_parsed(_ViewSubmission, payload), now)
        case kind:
            return Accepted([], NOTHING, dropped=_name(kind))


def event(request: Request, app: App, now: datetime) -> Accepted:
    """An event of the Events API; only a person's reply in a thread is used."""
    _verify(request, app, now)
    payload = _json_object(request.body)
    if payload.get("type") == "url_verification":
        echo = json.dumps({"challenge": str(payload.get("challenge", ""))}).encode()
        return Accepted([], Answer(200, echo, "application/json"))
    inner = payload.get("event")
    if payload.get("type") != "event_callback" or not isinstance(inner, dict):
        return Accepted([], NOTHING, dropped=_name(payload.get("type")))
    if inner.get("type") != "message":
        return Accepted([], NOTHING, dropped=_name(inner.get("type")))
    if inner.get("subtype") not in _PERSONS_SUBTYPES or inner.get("bot_id"):
        return Accepted([], NOTHING, dropped="message")
    message = _parsed(_Message, inner)
    if message.user is None or message.thread_ts is None or message.thread_ts == message.ts:
        return Accepted([], NOTHING, dropped="message")
    reply = SlackReplyPosted(
        event_id=str(payload.get("event_id", "")),
        channel=message.channel,
        ts=message.ts,
        thread_ts=message.thread_ts,
        user=message.user,
        text=message.text,
        files=tuple(message.files),
        received_at=now,
    )
    return Accepted([reply], NOTHING)


def command(request: Request, app: App, now: datetime) -> Accepted:
    """The slash command /clerk; it answers what Clerk can do."""
    _verify(request, app, now)
    if _field(request, "ssl_check", required=False):
        return Accepted([], NOTHING)
    help_ = json.dumps({"response_type": "ephemeral", "text": HELP}).encode()
    return Accepted([], Answer(200, help_, "application/json"))


def signature(body: bytes, timestamp: str, secret: bytes) -> str:
    """What X-Slack-Signature must be (https://docs.slack.dev/authentication/verifying-requests-from-slack)."""
    return "v0=" + hmac.new(secret, b"v0:%s:%s" % (timestamp.encode(), body), hashlib.sha256).hexdigest()


def _verify(request: Request, app: App, now: datetime) -> None:
    timestamp = request.headers.get("x-slack-request-timestamp", "")
    given = request.headers.get("x-slack-signature", "").encode("utf-8", "surrogateescape")
    if not _TIMESTAMP.fullmatch(timestamp) or abs(now.timestamp() - int(timestamp)) > TOLERANCE:
        raise Rejected(401, "the timestamp is missing, garbled, or more than five minutes off")
    if not hmac.compare_digest(given, signature(request.body, timestamp, app.signing_secret).encode()):
        raise Rejected(401, "the signature is not Slack's: check CLERK_SLACK_SIGNING_SECRET")


def _clicks(payload: _BlockActions, app: App, now: datetime) -> Accepted:
    messages: list[QueueMessage] = []
    dropped = None
    for each in payload.actions:
        click = actions.Click(
            action_id=each.action_id,
            value=each.selected_option.value if each.selected_option else each.value,
            user=payload.user.id,
            channel=payload.container.channel_id or (payload.channel.id if payload.channel else ""),
            ts=payload.container.message_ts,
            trigger_id=payload.trigger_id,
            response_url=payload.response_url if _is_slacks(payload.response_url, app) else None,
            at=now,
        )
        found = actions.orders(click)
        messages += found
        if not found:
            dropped = "block_actions"
    return Accepted(messages, NOTHING, dropped)


def _submission(payload: _ViewSubmission, now: datetime) -> Accepted:
    view = payload.view
    states = {
        block_id: state for block_id, elements in view.state.values.items() for state in list(elements.values())[:1]
    }
    submission = forms.Submission(
        callback_id=view.callback_id,
        private_metadata=view.private_metadata,
        fields=states,
        user=payload.user.id,
        at=now,
    )
    try:
        found = forms.read(submission)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Rejected(400, "the submitted modal carries our name but not our shape") from None
    if found is None:
        return Accepted([], NOTHING, dropped="view_submission")
    if isinstance(found, dict):
        errors = json.dumps({"response_action": "errors", "errors": found}).encode()
        return Accepted([], Answer(200, errors, "application/json"))
    return Accepted([found], NOTHING)


def _is_slacks(url: str | None, app: App) -> bool:
    """Whether a response URL leads to Slack (or to the API that is configured): nothing else is ever called."""
    if not url:
        return False
    try:
        parts, api = urlsplit(url), urlsplit(app.api_url)
        host = parts.hostname or ""
        if (parts.scheme, host, parts.port) == (api.scheme, api.hostname, api.port):
            return True
    except ValueError:
        return False
    return parts.scheme == "https" and (host == "slack.com" or host.endswith(".slack.com")) and parts.port is None


def _field(request: Request, name: str, *, required: bool = True) -> str:
    value = form_fields(form_pairs(request.body)).get(name, "")
    if required and not value:
        raise Rejected(400, f"the form has no {name}")
    return value


def _json_object(text: str | bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise Rejected(400, "the body is no JSON") from None
    if not isinstance(found, dict):
        raise Rejected(400, "the body is no JSON object")
    return found


def _parsed[P: BaseModel](kind: type[P], payload: Mapping[str, Any]) -> P:
    try:
        return kind.model_validate(payload)
    except ValidationError as error:
        where = ".".join(map(str, error.errors(include_input=False)[0]["loc"]))
        raise Rejected(400, f"the payload's {where} is not what Slack documents") from None


def _name(kind: object) -> str:
    """An event's type as a metric's label: what is not a plain word is not repeated."""
    return kind if isinstance(kind, str) and re.fullmatch(r"[a-z0-9_.]{1,40}", kind) else "other"
