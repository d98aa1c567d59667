"""Slack's Web API over a workspace, as strict as the real one (https://docs.slack.dev/reference/methods)."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Faults
from sandbox.record import Record
from sandbox.workspace import BOT, BOT_ID, Json, Refused, Workspace

SCOPES: Final = (
    "chat:write,chat:write.public,commands,users:read,channels:read,groups:read,channels:history,groups:history,"
    "im:history,files:read,files:write,reactions:write,im:write"
)
POST_TEXT: Final = 40_000
UPDATE_TEXT: Final = 4_000


class SlackApi:
    """The methods that Clerk and its tests call."""

    def __init__(self, workspace: Workspace, record: Record, faults: Faults) -> None:
        self._workspace = workspace
        self._record = record
        self._faults = faults
        self._methods: Mapping[str, Callable[[Json], Json]] = {
            "auth.test": self._auth_test,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "chat.delete": self._delete,
            "chat.postEphemeral": self._ephemeral,
            "chat.getPermalink": self._permalink,
            "views.open": self._views_open,
            "views.update": self._views_update,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "conversations.info": self._info,
            "conversations.list": self._list,
            "conversations.open": self._open,
            "users.info": self._user,
            "users.list": self._users,
            "reactions.add": self._react,
            "reactions.remove": self._unreact,
        }

    def routes(self) -> list[Route]:
        """Where it is served, below the mount."""
        return [
            Route("/slack/api/{method}", self._call, methods=["GET", "POST"]),
            Route("/slack/response/{key}", self._respond, methods=["POST"]),
        ]

    async def _call(self, request: Request) -> Response:
        method = request.path_params["method"]
        arguments = await _arguments(request)
        given = {name: value for name, value in arguments.items() if name != "token"}
        token = request.headers.get("authorization", "").removeprefix("Bearer ") or arguments.get("token", "")

        def do() -> Response:
            try:
                if not token:
                    raise Refused("not_authed")
                if token != self._workspace.config.slack_bot_token:
                    raise Refused("invalid_auth")
                if method not in self._methods:
                    raise Refused("unknown_method")
                answer = {"ok": True, **self._methods[method](arguments)}
            except Refused as refused:
                return _refusal(refused.error, *refused.details)
            except (KeyError, TypeError, ValueError) as error:
                self._workspace.violation("invalid_arguments", [f"{method}: {error!r}"])
                return _refusal("invalid_arguments", f"{method}: {error!r}")
            return JSONResponse(answer, headers={"x-oauth-scopes": SCOPES})

        channel = str(given.get("channel", ""))
        answer, fault = await self._faults.around("slack", method, channel, do, _refusal)
        body = json.loads(bytes(answer.body)) if answer.media_type == "application/json" else {}
        self._record.note("slack", method=method, arguments=given, answer=body, status=answer.status_code, fault=fault)
        return answer

    async def _respond(self, request: Request) -> Response:
        body = await request.json()

        def do() -> Response:
            try:
                self._workspace.respond(request.path_params["key"], body)
            except Refused as refused:
                return Response(refused.error, 404)
            return Response("ok")

        answer, fault = await self._faults.around("slack", "response_url", "", do, lambda code: Response(code, 404))
        self._record.note("slack", method="response_url", arguments=body, status=answer.status_code, fault=fault)
        return answer

    def _auth_test(self, _: Json) -> Json:
        return {"url": self._workspace.config.base_url, "team_id": "T0SANDBOX", "user_id": BOT, "bot_id": BOT_ID}

    def _content(self, arguments: Json, *, most: int) -> tuple[str, list[Json]]:
        blocks = _parsed(arguments.get("blocks"), [])
        text = str(arguments.get("text") or "")
        if not text and not blocks:
            raise Refused("no_text")
        self._workspace.check(blocks)
        if len(text) > most:
            if most == UPDATE_TEXT:
                raise Refused("msg_too_long")
            text = text[:most]
        return text, blocks

    def _post(self, arguments: Json) -> Json:
        channel = self._workspace.writable(arguments["channel"])
        text, blocks = self._content(arguments, most=POST_TEXT)
        metadata = _parsed(arguments.get("metadata"), None)
        _check_metadata(metadata)
        message = self._workspace.post(channel, text, blocks, thread_ts=arguments.get("thread_ts"), metadata=metadata)
        return {"channel": channel.id, "ts": message["ts"], "message": _public(message, metadata=False)}

    def _update(self, arguments: Json) -> Json:
        channel = self._workspace.writable(arguments["channel"])
        text, blocks = self._content(arguments, most=UPDATE_TEXT)
        message = self._workspace.update(channel, arguments["ts"], text, blocks)
        return {"channel": channel.id, "ts": message["ts"], "text": text}

    def _delete(self, arguments: Json) -> Json:
        channel = self._workspace.reachable(arguments["channel"])
        self._workspace.delete(channel, arguments["ts"])
        return {"channel": channel.id, "ts": arguments["ts"]}

    def _ephemeral(self, arguments: Json) -> Json:
        channel = self._workspace.writable(arguments["channel"])
        text, blocks = self._content(arguments, most=POST_TEXT)
        if arguments["user"] not in self._workspace.people:
            raise Refused("user_not_in_channel")
        ts = self._workspace.whisper(channel.id, arguments["user"], text, blocks, arguments.get("thread_ts"))
        return {"message_ts": ts}

    def _permalink(self, arguments: Json) -> Json:
        channel = self._workspace.reachable(arguments["channel"])
        ts = arguments["message_ts"]
        if ts not in channel.messages:
            raise Refused("message_not_found")
        link = f"{self._workspace.config.base_url}/sandbox#/archives/{channel.id}/p{ts.replace('.', '')}"
        return {"channel": channel.id, "permalink": link}

    def _views_open(self, arguments: Json) -> Json:
        return {"view": self._workspace.open_view(arguments["trigger_id"], _parsed(arguments["view"], {}))}

    def _views_update(self, arguments: Json) -> Json:
        view = self._workspace.views.get(arguments.get("view_id", ""))
        if view is None:
            raise Refused("not_found")
        if arguments.get("hash", view["hash"]) != view["hash"]:
            raise Refused("hash_conflict")
        new = _parsed(arguments["view"], {})
        self._workspace.check_view(new)
        view.update(new)
        return {"view": view}

    def _history(self, arguments: Json) -> Json:
        channel = self._workspace.readable(arguments["channel"])
        messages = [each for each in channel.messages.values() if each.get("thread_ts", each["ts"]) == each["ts"]]
        return _page(sorted(messages, key=lambda each: each["ts"], reverse=True), arguments)

    def _replies(self, arguments: Json) -> Json:
        channel = self._workspace.readable(arguments["channel"])
        root = arguments["ts"]
        if root not in channel.messages:
            raise Refused("thread_not_found")
        messages = [each for each in channel.messages.values() if root in {each["ts"], each.get("thread_ts")}]
        return _page(sorted(messages, key=lambda each: each["ts"]), arguments)

    def _info(self, arguments: Json) -> Json:
        return {"channel": self._workspace.reachable(arguments["channel"]).described()}

    def _list(self, _: Json) -> Json:
        channels = [each for each in self._workspace.channels.values() if each.joined or not each.private]
        return {"channels": [each.described() for each in channels if each.person is None]}

    def _open(self, arguments: Json) -> Json:
        person = arguments["users"]
        if person not in self._workspace.people:
            raise Refused("user_not_found")
        return {"channel": {"id": self._workspace.direct(person).id}}

    def _user(self, arguments: Json) -> Json:
        person = self._workspace.people.get(arguments["user"])
        if person is None:
            raise Refused("user_not_found")
        return {"user": {"id": person.id, "name": person.name, "deleted": person.deactivated}}

    def _users(self, _: Json) -> Json:
        return {"members": [{"id": each.id, "name": each.name} for each in self._workspace.people.values()]}

    def _reactions(self, arguments: Json) -> tuple[Json, str]:
        channel = self._workspace.reachable(arguments["channel"])
        message = channel.messages.get(arguments["timestamp"])
        if message is None:
            raise Refused("message_not_found")
        return message, arguments["name"]

    def _react(self, arguments: Json) -> Json:
        message, name = self._reactions(arguments)
        names = message.setdefault("reactions", [])
        if name in names:
            raise Refused("already_reacted")
        names.append(name)
        self._record.change()
        return {}

    def _unreact(self, arguments: Json) -> Json:
        message, name = self._reactions(arguments)
        if name not in message.get("reactions", []):
            raise Refused("no_reaction")
        message["reactions"].remove(name)
        self._record.change()
        return {}


async def _arguments(request: Request) -> Json:
    """A call's arguments: query, form or JSON."""
    arguments: Json = dict(request.query_params)
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        arguments |= await request.json()
    elif request.method == "POST" and kind:
        arguments |= {name: str(value) for name, value in (await request.form()).items()}
    return arguments


def _parsed(value: Any, default: Any) -> Any:
    if value in (None, ""):
        return default
    return json.loads(value) if isinstance(value, str) else value


def _check_metadata(metadata: Json | None) -> None:
    if metadata is None:
        return
    payload = metadata.get("event_payload")
    if not metadata.get("event_type") or not isinstance(payload, dict):
        raise Refused("invalid_metadata_format")


def _public(message: Json, *, metadata: bool) -> Json:
    return {name: value for name, value in message.items() if name != "metadata" or metadata}


def _page(messages: list[Json], arguments: Json) -> Json:
    """A page of messages between `oldest` and `latest`, from `cursor` on."""
    oldest, latest = str(arguments.get("oldest", "0")), str(arguments.get("latest", "9999999999"))
    found = [each for each in messages if float(oldest) < float(each["ts"]) < float(latest)]
    metadata = str(arguments.get("include_all_metadata", "")).lower() in {"1", "true"}
    start, limit = int(arguments.get("cursor") or 0), min(int(arguments.get("limit", 100)), 999)
    more = start + limit < len(found)
    return {
        "messages": [_public(each, metadata=metadata) for each in found[start : start + limit]],
        "has_more": more,
        "response_metadata": {"next_cursor": str(start + limit) if more else ""},
    }


def _refusal(error: str, *details: str) -> Response:
    body: Json = {"ok": False, "error": error}
    if details:
        body["response_metadata"] = {"messages": [f"[ERROR] {each}" for each in details]}
    return JSONResponse(body, headers={"x-oauth-scopes": SCOPES})
