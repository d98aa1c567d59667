"""Slack's requests to the app: signed, answered within three seconds, and repeated for events."""

import asyncio
import hashlib
import hmac
import json
import secrets
from typing import Final
from urllib.parse import urlencode

import httpx

from sandbox.background_tasks import BackgroundTasks
from sandbox.config import APP, BOT, BOT_ID, TEAM
from sandbox.json_object import Json
from sandbox.record import Record, RecordedCall
from sandbox.slack.channel import WorkspaceChannel
from sandbox.slack.workspace import Workspace

FORM: Final = "application/x-www-form-urlencoded"


class SlackWebhooks:
    """Sends interactions, commands and events to the gateway.

    `twice` sends every event twice, as Slack sometimes does; `away` makes every request fail to reach the gateway.
    """

    def __init__(self, workspace: Workspace, record: Record, http: httpx.AsyncClient) -> None:
        self._workspace = workspace
        self._record = record
        self._http = http
        self.background = BackgroundTasks()
        self.twice = False
        self.away = False
        if workspace.config.echo:
            workspace.posted.append(self._echo)

    async def interaction(self, payload: Json, call: RecordedCall) -> httpx.Response:
        """Send a person's action to /slack/interactions; without an answer in time the person sees an error."""
        body = urlencode({"payload": json.dumps(payload)}).encode()
        actions = payload.get("actions", [{}])
        ids = {
            "type": payload["type"],
            "action_id": actions[0].get("action_id"),
            "channel": payload.get("channel", {}).get("id"),
            "ts": payload.get("container", {}).get("message_ts"),
            "view": payload.get("view", {}).get("id"),
        }
        return await self._send("/slack/interactions", body, FORM, call, {k: v for k, v in ids.items() if v})

    async def command(self, form: Json, call: RecordedCall) -> httpx.Response:
        """Send a slash command to /slack/commands."""
        ids = {"channel": form["channel_id"], "command": form["command"]}
        return await self._send("/slack/commands", urlencode(form).encode(), FORM, call, ids)

    async def message(self, channel: WorkspaceChannel, event: Json, cause: int | None = None) -> httpx.Response:
        """Send an event of a channel, if the app is a member and subscribed to it."""
        subscription = f"message.{channel.kind}"
        if not channel.joined or subscription not in self._workspace.config.events:
            return httpx.Response(204, text="no event: the app is not a member, or not subscribed")
        inner = {**event, "channel": channel.id, "channel_type": channel.channel_type}
        inner.setdefault("event_ts", inner["ts"])
        if "files" in inner and "bot_id" not in inner and "subtype" not in inner:
            inner["subtype"] = "file_share"
        if inner.get("subtype") == "bot_message":
            inner.pop("user", None)
        return await self.event(inner, cause)

    async def event(self, event: Json, cause: int | None = None) -> httpx.Response:
        """Send an event to /slack/events; return the first attempt's answer. Retries go on in the background."""
        moment = int(self._workspace.clock())
        envelope = {
            "token": "sandbox",
            "team_id": TEAM,
            "context_team_id": TEAM,
            "api_app_id": APP,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{secrets.token_hex(5).upper()}",
            "event_time": moment,
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": TEAM,
                    "user_id": BOT,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
            "event_context": f"4-{secrets.token_hex(8)}",
        }
        answer = await self._attempt(envelope, 0, "", cause)
        if self.twice:
            self.background.start(self._attempt(envelope, 0, "", cause))
        if not answer.is_success:
            self.background.start(self._again(envelope, answer, cause))
        return answer

    async def _again(self, envelope: Json, answer: httpx.Response, cause: int | None) -> None:
        """Make Slack's three retries (https://docs.slack.dev/apis/events-api#retries)."""
        for number, wait in enumerate(self._workspace.config.event_retries, 1):
            if answer.is_success or answer.headers.get("x-slack-no-retry") == "1":
                return
            await asyncio.sleep(wait)
            answer = await self._attempt(envelope, number, _reason(answer), cause)

    async def _attempt(self, envelope: Json, number: int, reason: str, cause: int | None) -> httpx.Response:
        body = json.dumps(envelope).encode()
        retry = {"x-slack-retry-num": str(number), "x-slack-retry-reason": reason} if number else {}
        event = envelope["event"]
        channel = event.get("channel")
        ids = {
            "event_id": envelope["event_id"],
            "type": event.get("subtype") or event["type"],
            "channel": channel if isinstance(channel, str) else (channel or {}).get("id"),
            "ts": event.get("ts"),
            "thread_ts": event.get("thread_ts"),
            "retry": number or None,
        }
        ids = {name: value for name, value in ids.items() if value}
        return await self._send("/slack/events", body, "application/json", self._record.begin(), ids, retry, cause)

    async def _send(
        self,
        route: str,
        body: bytes,
        content_type: str,
        call: RecordedCall,
        ids: Json,
        headers: dict[str, str] | None = None,
        cause: int | None = None,
    ) -> httpx.Response:
        config = self._workspace.config
        timestamp = str(int(self._workspace.real()))
        signed = b"v0:" + timestamp.encode() + b":" + body
        signature = hmac.new(config.slack_signing_secret.encode(), signed, hashlib.sha256).hexdigest()
        try:
            if self.away:
                raise httpx.ConnectError("the gateway is away")
            answer = await self._http.post(
                config.gateway_url + route,
                content=body,
                headers={
                    "content-type": content_type,
                    "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
                    "x-slack-request-timestamp": timestamp,
                    "x-slack-signature": f"v0={signature}",
                    **(headers or {}),
                },
                timeout=config.slack_timeout,
            )
        except httpx.TimeoutException:
            answer = httpx.Response(504, text="http_timeout")
        except httpx.TransportError as error:
            answer = httpx.Response(502, text=f"connection_failed: {type(error).__name__}")
        self._record.note(
            "webhook",
            call,
            api="slack",
            route=route,
            status=answer.status_code,
            outcome="ok" if answer.is_success else _reason(answer),
            ids=ids,
            cause=cause,
        )
        return answer

    def _echo(self, channel: WorkspaceChannel, event: Json) -> None:
        """Send the app the event of its own message, as Slack does."""
        message = event.get("message") or event.get("previous_message") or event
        if message.get("bot_id") == BOT_ID:
            self.background.start(self.message(channel, event))


def _reason(answer: httpx.Response) -> str:
    """Slack's code for why an attempt failed."""
    if answer.status_code == 504 and answer.text == "http_timeout":
        return "http_timeout"
    if answer.status_code == 502 and answer.text.startswith("connection_failed"):
        return "connection_failed"
    return "http_error"
