"""Verifies and parses Slack's webhooks. Pure.

A message has the time `now`; a signature is judged by the `real` time, where that is given.
"""

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from gateway.slack_payloads import (
    BlockActions,
    ChannelIdChangedEnvelope,
    EditedMessageEnvelope,
    EventEnvelope,
    HomeOpenedEnvelope,
    MessageChangeEnvelope,
    MessageEventEnvelope,
    TypedPayload,
    UserChangeEnvelope,
    ViewSubmission,
    json_object,
    parsed,
)
from gateway.webhook import (
    Accepted,
    HomeOf,
    Rejected,
    Request,
    Response,
    ThreadAuthor,
    Unusable,
    form_fields,
    form_pairs,
)
from messages.base import Order, QueueMessage
from messages.formats.slack_urls import is_slack_url
from messages.formats.thread_replies import PERSONS_SUBTYPES, MessageOrigin, reply_posted
from messages.inbound import SlackReplyChanged
from messages.notification import ChannelMoved
from messages.orders import clicks, commands, forms
from messages.orders.foreign_clicks import ForeignClick
from messages.orders.submission import Submission, with_slacks_files
from messages.team.agent import AccountChanged
from messages.views import ShowHome

NOTHING: Final = Response(200)
TOLERANCE: Final = 300
"""Seconds that a request's timestamp may differ from our clock
(https://docs.slack.dev/authentication/verifying-requests-from-slack)."""

FRESH: Final = timedelta(seconds=2 * TOLERANCE)
"""How far a click's own time may differ from ours: the request that brings it is at most `TOLERANCE` old."""

TYPE_AGAIN: Final = "Slack did not tell Clerk who typed this, or where. Please type it again."

_TS: Final = re.compile(r"[0-9]{1,11}(\.[0-9]{1,9})?", re.ASCII)
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_CHANGES: Final = frozenset({"message_changed", "message_deleted"})


@dataclass(frozen=True)
class App:
    """The Slack app: its signing secret, and the API's URL, whose host response URLs may have besides Slack's own."""

    signing_secret: bytes
    api_url: str

    def __repr__(self) -> str:
        return "App(…)"


def interaction(request: Request, app: App, now: datetime, real: datetime | None = None) -> Accepted:
    """A click or a submitted modal."""
    _verify(request, app, real or now)
    payload = json_object(_field(request, "payload"))
    match parsed(TypedPayload, payload).type:
        case "block_actions":
            return _clicks(parsed(BlockActions, payload), app, now)
        case "view_submission":
            return _submitted(payload, app, now)
        case kind:
            return Accepted([], NOTHING, dropped=_label(kind))


def event(request: Request, app: App, now: datetime, real: datetime | None = None) -> Accepted:
    """An event of the Events API.

    Clerk uses a person's reply in a thread, its edit and its deletion, the change of a channel's id, that of a
    person's account, and the opening of the app's Home.
    """
    _verify(request, app, real or now)
    payload = json_object(request.body)
    envelope = parsed(EventEnvelope, payload)
    if envelope.type == "url_verification":
        return Accepted([], _json({"challenge": envelope.challenge}))
    kind = envelope.event
    if envelope.type != "event_callback" or kind is None:
        return Accepted([], NOTHING, dropped=_label(envelope.type))
    if kind.type == "channel_id_changed":
        moved = parsed(ChannelIdChangedEnvelope, payload).event
        return Accepted([ChannelMoved(former=moved.old_channel_id, channel=moved.new_channel_id)], NOTHING)
    if kind.type == "user_change":
        return _account(parsed(UserChangeEnvelope, payload), now)
    if kind.type == "app_home_opened":
        return _home(parsed(HomeOpenedEnvelope, payload), request)
    if kind.type == "message" and kind.subtype in _CHANGES:
        return _change(payload, envelope, app, now, request)
    if kind.type != "message" or kind.subtype not in PERSONS_SUBTYPES or kind.bot_id:
        return Accepted([], NOTHING, dropped=_label(kind.type))
    message = parsed(MessageEventEnvelope, payload).event
    if not message.is_persons_reply:
        return Accepted([], NOTHING, dropped="message")
    _check_times(message)
    reply = reply_posted(
        message,
        message.channel,
        api_url=app.api_url,
        received_at=now,
        event_id=envelope.event_id,
        home=envelope.home,
    )
    return Accepted([reply], NOTHING, author=_author(message, message.channel, envelope, request))


def _check_times(message: MessageOrigin) -> None:
    """Unusable unless a message's times are Slack's: they are its identity, and when it was written."""
    if not (_TS.fullmatch(message.ts) and _TS.fullmatch(message.thread_ts or "")):
        raise Unusable("the message has no usable ts")


def _author(message: MessageOrigin, channel: str, envelope: EventEnvelope, request: Request) -> ThreadAuthor | None:
    """Who wrote in a thread of the app's; None for other threads, and for an event that Slack sends again."""
    if message.parent_user_id not in envelope.bots or b"x-slack-retry-num" in request.headers:
        return None
    return ThreadAuthor(channel, message.thread_ts or "", message.user or "")


def _account(envelope: UserChangeEnvelope, now: datetime) -> Accepted:
    """What a person's account has become, as of the event's own time."""
    event = envelope.event
    if event.user.is_bot:
        return Accepted([], NOTHING, dropped="user_change")
    at = datetime.fromtimestamp(float(event.event_ts), UTC) if _TS.fullmatch(event.event_ts) else now
    changed = AccountChanged(user=event.user.id, deleted=event.user.deleted, at=min(at, now))
    return Accepted([changed], NOTHING)


def _home(envelope: HomeOpenedEnvelope, request: Request) -> Accepted:
    """The app's Home, if that is the tab that was opened."""
    opened = envelope.event
    if opened.tab != "home":
        return Accepted([], NOTHING, dropped="app_home_opened")
    home = None if b"x-slack-retry-num" in request.headers else HomeOf(opened.user, opened.view.hash)
    return Accepted([ShowHome(user=opened.user, opened=opened.view.hash or None)], NOTHING, home=home)


def _change(payload: Mapping[str, Any], envelope: EventEnvelope, app: App, now: datetime, request: Request) -> Accepted:
    """An edited or deleted message, with what it says now; Slack's preview of a link is not an edit."""
    change = parsed(MessageChangeEnvelope, payload).event
    after, before = change.message, change.previous_message
    was = before or after
    edited = after is not None and after.edited is not None and (before is None or after.edited != before.edited)
    if was is None or (after is not None and not edited) or not was.is_persons_reply:
        return Accepted([], NOTHING, dropped="message")
    _check_times(was)
    assert was.user is not None
    assert was.thread_ts is not None
    changed = SlackReplyChanged(
        event_id=envelope.event_id,
        channel=change.channel,
        ts=was.ts,
        thread_ts=was.thread_ts,
        user=was.user,
        received_at=now,
        deleted=after is None,
    )
    author = _author(was, change.channel, envelope, request)
    if after is None or after.edited is None or not after.is_persons_reply:
        return Accepted([changed], NOTHING, author=author)
    reply = reply_posted(
        parsed(EditedMessageEnvelope, payload).event.message,
        change.channel,
        api_url=app.api_url,
        received_at=now,
        event_id=envelope.event_id,
        home=envelope.home,
    )
    return Accepted([changed.model_copy(update={"reply": reply})], NOTHING, author=author)


def command(request: Request, app: App, now: datetime, real: datetime | None = None) -> Accepted:
    """The slash command /clerk; help and usage are answered at once."""
    _verify(request, app, real or now)
    fields = form_fields(form_pairs(request.body))
    if fields.get("ssl_check"):
        return Accepted([], NOTHING)
    url = fields.get("response_url")
    found = commands.read(
        commands.SlashCommand(
            text=fields.get("text", ""),
            user=fields.get("user_id", ""),
            channel=fields.get("channel_id", ""),
            trigger_id=fields.get("trigger_id", ""),
            response_url=url if is_slack_url(url, app.api_url) else None,
            at=now,
        )
    )
    if isinstance(found, str):
        return Accepted([], _json({"response_type": "ephemeral", "text": found}))
    missing = [name for name in ("user_id", "channel_id") if not fields.get(name)]
    if missing:
        raise Unusable(f"the form has no {missing[0]}", _json({"response_type": "ephemeral", "text": TYPE_AGAIN}))
    return Accepted([_from(fields.get("team_id", ""), found)], NOTHING)


def _from(team: str, order: QueueMessage) -> QueueMessage:
    """An order with the workspace of who gave it."""
    return order.model_copy(update={"team": team}) if isinstance(order, Order) else order


def signature(body: bytes, timestamp: str, secret: bytes) -> str:
    """What X-Slack-Signature must be (https://docs.slack.dev/authentication/verifying-requests-from-slack)."""
    return "v0=" + hmac.digest(secret, b"v0:%s:%s" % (timestamp.encode(), body), "sha256").hex()


def _verify(request: Request, app: App, now: datetime) -> None:
    timestamp = request.headers.get(b"x-slack-request-timestamp", b"").decode("latin-1")
    given = request.headers.get(b"x-slack-signature", b"")
    if not _TIMESTAMP.fullmatch(timestamp) or abs(now.timestamp() - int(timestamp)) > TOLERANCE:
        raise Rejected(401, "the timestamp is missing, garbled, or more than five minutes off")
    if not hmac.compare_digest(given, signature(request.body, timestamp, app.signing_secret).encode()):
        raise Rejected(401, "the signature is not Slack's: check CLERK_SLACK_SIGNING_SECRET")


def _clicks(payload: BlockActions, app: App, now: datetime) -> Accepted:
    messages: list[QueueMessage] = []
    dropped = None
    for each in payload.actions:
        click = clicks.Click(
            action_id=each.action_id,
            value=each.selected_option.value if each.selected_option else each.value,
            user=payload.user.id,
            channel=payload.place,
            ts=payload.container.message_ts,
            trigger_id=payload.trigger_id,
            response_url=payload.response_url if is_slack_url(payload.response_url, app.api_url) else None,
            at=now,
            clicked_at=_clicked_at(each.action_ts, now),
            order=payload.order(each),
        )
        found = clicks.orders(click)
        if found and payload.may_be_foreign:
            found = [ForeignClick(click=click, user=click.user, team=payload.user.team_id)]
        messages += found
        if not found:
            dropped = "block_actions"
    return Accepted(messages, NOTHING, dropped, home=payload.home)


def _clicked_at(action_ts: str, now: datetime) -> datetime:
    """The time of a click by Slack's clock, never later than `now`; `now` if it can't be the time of a fresh click."""
    if not _TS.fullmatch(action_ts):
        return now
    at = datetime.fromtimestamp(float(action_ts), UTC)
    return min(at, now) if abs(now - at) <= FRESH else now


def _submitted(payload: Mapping[str, Any], app: App, now: datetime) -> Accepted:
    """A submitted modal; whoever submitted one that Clerk can't read is told so in its place."""
    try:
        return _submission(parsed(ViewSubmission, payload), app, now)
    except Unusable as error:
        raise Unusable(error.reason, _json({"response_action": "update", "view": forms.UNREADABLE})) from None


def _submission(payload: ViewSubmission, app: App, now: datetime) -> Accepted:
    view = payload.view
    states = {block_id: next(iter(found.values())) for block_id, found in view.state.values.items() if found}
    fields = {block_id: with_slacks_files(state, app.api_url) for block_id, state in states.items()}
    submission = Submission(
        view=view.id,
        callback_id=view.callback_id,
        private_metadata=view.private_metadata,
        fields=fields,
        user=payload.user.id,
        at=now,
        order=payload.order,
    )
    try:
        found = forms.read(submission)
    except ValueError:
        raise Unusable("the submitted modal has our callback_id but not our metadata") from None
    if found is None:
        return Accepted([], NOTHING, dropped="view_submission")
    if isinstance(found, dict):
        return Accepted([], _json({"response_action": "errors", "errors": found}))
    if isinstance(found, forms.PushedView):
        return Accepted(
            [_from(payload.user.team_id, found.order)], _json({"response_action": "push", "view": found.view})
        )
    return Accepted([_from(payload.user.team_id, found)], NOTHING)


def _field(request: Request, name: str) -> str:
    value = form_fields(form_pairs(request.body)).get(name, "")
    if not value:
        raise Unusable(f"the form has no {name}")
    return value


def _json(answer: Mapping[str, Any]) -> Response:
    return Response(200, json.dumps(answer).encode(), "application/json")


def _label(kind: str) -> str:
    """An event's type as a metric's label; "other" unless it is a plain word."""
    return kind if re.fullmatch(r"[a-z0-9_.]{1,40}", kind) else "other"
