"""How what people do reaches the gateways."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from gateway import slack_webhook, twilio_webhook
from gateway.app import Gateway
from gateway.webhook import form_pairs
from messages.formats.thread_replies import ThreadReply
from messages.orders.snoozes import PICK
from messages.process.settings import Settings
from tests import make
from tests.simulation.people.acts import TYPED, Act
from tests.simulation.virtual_time import SimulatedProcess


@dataclass(eq=False)
class WebhookCall:
    """A request to a gateway and what became of it: when it was first made, and when first taken."""

    act: Act
    path: str
    headers: Mapping[str, str]
    body: bytes
    first_at: float
    taken_at: float | None = None
    answers: list[bytes] = field(default_factory=list)


def text_request(act: Act, settings: Settings, at: float) -> WebhookCall:
    """Twilio's webhook for a contact's text."""
    fields = {
        "AccountSid": settings.twilio_account_sid,
        "MessageSid": text_sid(act),
        "From": act.contact,
        "To": make.LINE,
        "Body": act.words,
        "NumMedia": "0",
    }
    return _signed_by_twilio(act, "/twilio/sms", fields, settings, at)


def text_sid(act: Act) -> str:
    """The provider's id of a contact's text."""
    return f"SM{act.number:04d}"


def resend_request(
    act: Act, user: str, value: str, channel: str, ts: str, settings: Settings, at: float
) -> WebhookCall:
    """Slack's request for a click of an agent on Resend; `value` is the button's."""
    payload = {
        "type": "block_actions",
        "user": {"id": user},
        "trigger_id": f"resend{user}",
        "response_url": response_url(act),
        "container": {"message_ts": ts, "channel_id": channel},
        "channel": {"id": channel},
        "actions": [{"action_id": "ticket.resend", "type": "button", "value": value}],
    }
    return interaction_request(act, payload, settings, at)


def report_request(act: Act, path: str, sid: str, status: str, settings: Settings, at: float) -> WebhookCall:
    """Twilio's webhook for the progress of one of our texts."""
    fields = {"AccountSid": settings.twilio_account_sid, "MessageSid": sid, "MessageStatus": status}
    return _signed_by_twilio(act, path, fields, settings, at)


def _signed_by_twilio(act: Act, path: str, fields: Mapping[str, str], settings: Settings, at: float) -> WebhookCall:
    body = urlencode(fields).encode()
    token = settings.twilio_auth_token.get_secret_value().encode()
    signature = twilio_webhook.signature(settings.url + path, form_pairs(body), token).decode()
    return WebhookCall(act, path, {"x-twilio-signature": signature}, body, at)


def reply_request(
    act: Act, channel: str, thread_ts: str, ts: str, user: str, settings: Settings, at: float
) -> WebhookCall:
    """Slack's event for an agent's reply."""
    event = {
        "type": "message",
        "channel": channel,
        "user": user,
        "text": act.words,
        "ts": ts,
        "thread_ts": thread_ts,
    }
    payload = {"type": "event_callback", "event_id": f"Ev{act.number}", "event": event}
    return _signed_by_slack(act, "/slack/events", json.dumps(payload).encode(), settings, at)


def change_request(
    act: Act, channel: str, reply: ThreadReply, changed: ThreadReply | None, settings: Settings, at: float
) -> WebhookCall:
    """Slack's event for the deletion of a reply, or for its edit."""
    before = {**reply.model_dump(exclude_defaults=True), "type": "message"}
    after = None if changed is None else {**changed.model_dump(exclude_defaults=True), "type": "message"}
    event = {
        "type": "message",
        "subtype": "message_deleted" if after is None else "message_changed",
        "channel": channel,
        "message": after,
        "previous_message": before,
    }
    payload = {"type": "event_callback", "event_id": f"Ev{act.number}", "event": event}
    return _signed_by_slack(act, "/slack/events", json.dumps(payload).encode(), settings, at)


def account_request(act: Act, user: str, settings: Settings, at: float) -> WebhookCall:
    """Slack's event for an account that was deactivated, or is active again."""
    ts = f"{make.NOW.timestamp() + at:.6f}"
    account = {"id": user, "deleted": act.what == "leave"}
    event = {"type": "user_change", "user": account, "event_ts": ts}
    payload = {"type": "event_callback", "event_id": f"Ev{act.number}", "event": event}
    return _signed_by_slack(act, "/slack/events", json.dumps(payload).encode(), settings, at)


def command_request(act: Act, user: str, ticket: int, settings: Settings, at: float) -> WebhookCall:
    """Slack's request for a word after `/clerk`, which an agent typed in the line's channel."""
    fields = {
        "command": "/clerk",
        "text": TYPED[act.what].format(contact=act.contact, detail=act.detail, words=act.words, ticket=ticket),
        "user_id": user,
        "channel_id": make.CHANNEL,
        "trigger_id": f"trigger{act.number}",
        "response_url": response_url(act),
    }
    return _signed_by_slack(act, "/slack/commands", urlencode(fields).encode(), settings, at)


def plan_id(act: Act, user: str) -> str:
    """The id of what an agent plans by a command."""
    return f"typed-trigger{act.number}-{user}"


def click_request(
    act: Act,
    channel: str,
    ts: str,
    user: str,
    element: Mapping[str, Any],
    settings: Settings,
    at: float,
    *,
    closing: bool,
) -> WebhookCall:
    """Slack's request for a click on a button, or the choice of a menu's option."""
    action = {"action_id": element["action_id"], "type": element["type"]}
    if "options" in element:
        options = [each for each in element["options"] if closing or "closed" not in each["value"]]
        action["selected_option"] = {"value": options[act.number % len(options)]["value"]}
    else:
        action["value"] = element.get("value", "")
    payload = {
        "type": "block_actions",
        "user": {"id": user},
        "trigger_id": f"trigger{act.number}",
        "response_url": response_url(act),
        "container": {"message_ts": ts, "channel_id": channel},
        "channel": {"id": channel},
        "actions": [action],
    }
    return interaction_request(act, payload, settings, at)


def chosen(act: Act, options: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The option of a card's menu that an agent chooses: how long they put a ticket off, or the form."""
    choice = act.detail if act.what == "menu" else PICK
    return [each for each in options if json.loads(each["value"])["snooze"] == choice]


def response_url(act: Act) -> str:
    """Where the answer to a click goes."""
    return f"https://hooks.slack.com/actions/T0/{act.number}/x"


def submission_request(act: Act, view: Mapping[str, Any], user: str, settings: Settings, at: float) -> WebhookCall:
    """Slack's request for the submitted Assign modal, with a note, or with the agent who is picked, and its priority.

    For the form of a text, and that of a planned one: with the words of the act. For that of a snooze: with a time, and
    with or without the check mark.
    """
    values: dict[str, Any] = {"note": {"note": {"type": "plain_text_input", "value": f"noted {act.number}"}}}
    if act.what == "pick":
        urgent = {"text": {"type": "plain_text", "text": "Urgent"}, "value": "urgent"}
        values = {
            "notify": {"notify": {"type": "multi_conversations_select", "selected_conversations": [act.detail]}},
            "assignees": {"assignees": {"type": "multi_users_select", "selected_users": [act.detail]}},
            "priority": {"priority": {"type": "static_select", "selected_option": urgent}},
        }
    if view["callback_id"] == "ticket.reply":
        values = {"text": {"text": {"type": "plain_text_input", "value": act.words}}}
    if view["callback_id"] == "ticket.snooze":
        clock = make.NOW + timedelta(seconds=at, minutes=int(act.detail) + 1)
        wakes = [{"value": "yes"}] if act.number % 2 else []
        values = {
            "date": {"date": {"type": "datepicker", "selected_date": f"{clock:%Y-%m-%d}"}},
            "time": {"time": {"type": "timepicker", "selected_time": f"{clock:%H:%M}"}},
            "note": {"note": {"type": "plain_text_input", "value": act.words}},
            "wake_on_text": {"wake_on_text": {"type": "checkboxes", "selected_options": wakes}},
        }
    if view["callback_id"] == "planned.edit":
        given = {each["block_id"]: each["element"] for each in view["blocks"] if each.get("block_id") in _PLAN_FIELDS}
        wishes = given["if_reply"]["options"]
        values = {
            "text": {"text": {"type": "plain_text_input", "value": act.words}},
            "date": {"date": {"type": "datepicker", "selected_date": given["date"]["initial_date"]}},
            "time": {"time": {"type": "timepicker", "selected_time": given["time"]["initial_time"]}},
            "if_reply": {
                "if_reply": {"type": "static_select", "selected_option": wishes[act.number % len(wishes)]},
            },
        }
    payload = {
        "type": "view_submission",
        "user": {"id": user},
        "view": {
            "id": f"V{act.number}",
            "hash": f"{act.number}.hash",
            "callback_id": view["callback_id"],
            "private_metadata": view["private_metadata"],
            "state": {"values": values},
        },
    }
    return interaction_request(act, payload, settings, at)


_PLAN_FIELDS: Final = frozenset({"text", "date", "time", "if_reply"})


def interaction_request(act: Act, payload: Mapping[str, Any], settings: Settings, at: float) -> WebhookCall:
    """Slack's request with a payload."""
    body = urlencode({"payload": json.dumps(payload)}).encode()
    return _signed_by_slack(act, "/slack/interactions", body, settings, at)


def _signed_by_slack(act: Act, path: str, body: bytes, settings: Settings, at: float) -> WebhookCall:
    timestamp = str(int(make.NOW.timestamp() + at))
    secret = settings.slack_signing_secret.get_secret_value().encode()
    headers = {
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": slack_webhook.signature(body, timestamp, secret),
    }
    return WebhookCall(act, path, headers, body, at)


async def deliver(request: WebhookCall, process: SimulatedProcess, gateway: Gateway, within: float) -> int | None:
    """Make a request of a gateway; the status of the answer, None if none came in time."""
    status: list[int] = []
    bodies: list[bytes] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(part: Any) -> None:
        process.step()
        if part["type"] == "http.response.start":
            status.append(part["status"])
        else:
            bodies.append(part.get("body", b""))

    scope = {
        "type": "http",
        "method": "POST",
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in request.headers.items()],
        "client": ("192.0.2.1", 1234),
    }
    if not process.alive:
        return None
    serving = process.start(gateway(scope, receive, send))
    await asyncio.wait({serving}, timeout=within)
    if not serving.done() or serving.cancelled():
        return None
    serving.result()
    request.answers.append(b"".join(bodies))
    return status[0] if status else None
