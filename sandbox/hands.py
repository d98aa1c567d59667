"""What a person in the workspace does, as the signed webhooks that Slack makes of it."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx

from sandbox.record import Record
from sandbox.workspace import Json, Refused, Workspace


class Hands:
    """Clicks, submits, replies and commands of the workspace's people."""

    def __init__(self, workspace: Workspace, record: Record, http: httpx.AsyncClient) -> None:
        self._workspace = workspace
        self._record = record
        self._http = http

    async def click(
        self, user: str, channel: str, ts: str, action_id: str, selected: str | None = None
    ) -> httpx.Response:
        """Use a button or menu of a message, or of an ephemeral one; `selected` is the picked option's value."""
        found = self._workspace.channels.get(channel)
        message = found.messages.get(ts) if found else None
        ephemeral = next((each for each in self._workspace.ephemerals if each["ts"] == ts), None)
        shown = message or ephemeral
        element = _element(shown or {}, action_id)
        if shown is None or element is None:
            raise Refused("no such button")
        action: Json = {
            "type": element[1]["type"],
            "action_id": action_id,
            "block_id": element[0].get("block_id", ""),
            "action_ts": self._workspace.ts(),
        }
        if element[1]["type"] == "button":
            action["text"] = element[1]["text"]
            action["value"] = element[1].get("value", "")
        else:
            options = element[1].get("options", ())
            action["selected_option"] = next(each for each in options if each["value"] == selected)
        return await self._interaction(
            {
                "type": "block_actions",
                "user": self._person(user),
                "team": {"id": "T0SANDBOX", "domain": "sandbox"},
                "container": {
                    "type": "message",
                    "message_ts": ts,
                    "channel_id": channel,
                    "is_ephemeral": message is None,
                    **({"thread_ts": shown["thread_ts"]} if shown.get("thread_ts") else {}),
                },
                "trigger_id": self._workspace.trigger(user),
                "channel": {"id": channel, "name": found.name if found else ""},
                **({"message": message} if message else {}),
                "response_url": self._workspace.response_url(channel, user, ts),
                "state": {"values": {}},
                "actions": [action],
            }
        )

    async def submit(self, user: str, view_id: str, values: Mapping[str, Any]) -> httpx.Response:
        """Submit a modal; `values` overlay what its inputs show, by block_id."""
        view = self._workspace.views.get(view_id)
        if view is None:
            raise Refused("no such view")
        state = {
            block["block_id"]: {block["element"]["action_id"]: _state(block["element"], values.get(block["block_id"]))}
            for block in view["blocks"]
            if block["type"] == "input"
        }
        answer = await self._interaction(
            {
                "type": "view_submission",
                "user": self._person(user),
                "team": {"id": "T0SANDBOX", "domain": "sandbox"},
                "trigger_id": self._workspace.trigger(user),
                "view": {**view, "state": {"values": state}},
                "response_urls": [],
            }
        )
        if answer.status_code == 200 and not answer.content:
            self._workspace.close_view(view_id)
        return answer

    async def reply(self, user: str, channel: str, thread_ts: str | None, text: str, **more: Any) -> httpx.Response:
        """Write a message, in a thread if one is named."""
        found = self._workspace.channels[channel]
        message = self._workspace.post(found, text, [], thread_ts=thread_ts, user=user, **more)
        event = {
            "token": "sandbox",
            "team_id": "T0SANDBOX",
            "type": "event_callback",
            "event_id": f"Ev{secrets.token_hex(5).upper()}",
            "event_time": int(self._workspace.clock()),
            "event": {**message, "channel": channel, "channel_type": "channel", "event_ts": message["ts"]},
        }
        return await self._send("/slack/events", json.dumps(event).encode(), "application/json")

    async def command(self, user: str, channel: str, text: str) -> httpx.Response:
        """Type /clerk."""
        form = {
            "token": "sandbox",
            "team_id": "T0SANDBOX",
            "channel_id": channel,
            "user_id": user,
            "command": "/clerk",
            "text": text,
            "trigger_id": self._workspace.trigger(user),
            "response_url": self._workspace.response_url(channel, user, ""),
        }
        answer = await self._send("/slack/commands", urlencode(form).encode(), "application/x-www-form-urlencoded")
        if answer.status_code == 200 and answer.content:
            body = answer.json()
            self._workspace.whisper(channel, user, body.get("text", ""), body.get("blocks", []))
        return answer

    def _person(self, user: str) -> Json:
        person = self._workspace.people[user]
        return {"id": user, "username": person.name, "name": person.name, "team_id": "T0SANDBOX"}

    async def _interaction(self, payload: Json) -> httpx.Response:
        body = urlencode({"payload": json.dumps(payload)}).encode()
        return await self._send("/slack/interactions", body, "application/x-www-form-urlencoded")

    async def _send(self, route: str, body: bytes, content_type: str) -> httpx.Response:
        timestamp = str(int(self._workspace.clock()))
        secret = self._workspace.config.slack_signing_secret.encode()
        signature = hmac.new(secret, b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        answer = await self._http.post(
            self._workspace.config.gateway_url + route,
            content=body,
            headers={
                "content-type": content_type,
                "x-slack-request-timestamp": timestamp,
                "x-slack-signature": f"v0={signature}",
            },
        )
        self._record.note("webhook", route=route, status=answer.status_code)
        return answer


def _element(message: Json, action_id: str) -> tuple[Json, Json] | None:
    for block in message.get("blocks", ()):
        for element in [*block.get("elements", ()), block.get("accessory", {})]:
            if element.get("action_id") == action_id:
                return block, element
    return None


def _state(element: Json, value: Any) -> Json:
    """What Slack holds for an input: what a person chose, else what it showed at first."""
    kind = element["type"]
    options = {option["value"]: option for option in element.get("options", ())}
    state: Json = {"type": kind}
    match kind:
        case "plain_text_input":
            state["value"] = (element.get("initial_value") if value is None else value) or None
        case "static_select" | "radio_buttons":
            state["selected_option"] = element.get("initial_option") if value is None else options[value]
        case "multi_static_select" | "checkboxes":
            chosen = element.get("initial_options", []) if value is None else [options[each] for each in value]
            state["selected_options"] = chosen
        case "multi_users_select":
            state["selected_users"] = element.get("initial_users", []) if value is None else value
        case "multi_conversations_select":
            state["selected_conversations"] = element.get("initial_conversations", []) if value is None else value
    return state
