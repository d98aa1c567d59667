"""Slack's Web API for a workspace, as strict as the real one (https://docs.slack.dev/reference/methods)."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import OrderedFaults
from sandbox.json_object import Json
from sandbox.record import Record, RecordedCall
from sandbox.slack.methods.arguments import Arguments, read
from sandbox.slack.methods.chat import ChatMethods
from sandbox.slack.methods.conversations import ConversationMethods
from sandbox.slack.methods.files import FileMethods
from sandbox.slack.methods.table import WebApiMethod
from sandbox.slack.methods.views import ViewMethods
from sandbox.slack.refusals import MissingScope, SlackRefusal
from sandbox.slack.response_url_answers import take_answer
from sandbox.slack.workspace import Workspace

CALLER_ERRORS: Final = frozenset(
    {
        "invalid_arguments",
        "invalid_blocks",
        "invalid_cursor",
        "invalid_form_data",
        "invalid_json",
        "invalid_limit",
        "invalid_metadata_format",
        "invalid_metadata_schema",
        "invalid_name",
        "invalid_post_type",
        "invalid_thread_ts",
        "invalid_trigger_id",
        "invalid_ts_latest",
        "invalid_ts_oldest",
        "json_not_object",
        "length_mismatch",
        "metadata_too_large",
        "missing_post_type",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
        "unknown_method",
        "view_too_large",
    }
)
"""Refusals for which the caller is to blame: the call itself was wrong. They are recorded as violations."""

LOGIN: Final = "<!DOCTYPE html><html><head><title>Slack</title></head><body>Sign in to your workspace</body></html>"


class SlackStandIn:
    """The methods that Clerk and its tests call, and the URLs that Slack gives out."""

    def __init__(self, workspace: Workspace, record: Record, faults: OrderedFaults) -> None:
        self._workspace = workspace
        self._record = record
        self._faults = faults
        self.methods: Mapping[str, WebApiMethod] = {
            **ChatMethods(workspace, record).table(),
            **ConversationMethods(workspace).table(),
            **FileMethods(workspace).table(),
            **ViewMethods(workspace).table(),
        }

    def routes(self) -> list[Route]:
        """The API's routes, below the mount."""
        return [
            Route("/slack/api/{method}", self._call, methods=["GET", "POST"]),
            Route("/slack/response/{key}", self._respond, methods=["POST"]),
            Route("/slack/upload/v1/{file}", self._upload, methods=["POST"]),
            Route("/slack/files-pri/{file}/{name:path}", self._download),
            Route("/slack/client/{file}", self._show),
        ]

    async def _call(self, request: Request) -> Response:
        name, call = request.path_params["method"], self._record.begin()
        method = self.methods.get(name)
        try:
            given, warning = await read(request, takes_json=method is None or method.takes_json)
        except SlackRefusal as refused:
            self._violation(call, name, refused)
            return self._answered(call, name, {}, self._refusal(refused, method), None)
        if warning == "json_not_accepted":
            self._violation(call, name, SlackRefusal(warning, f"{name} takes no JSON body, so the body was not read"))
        token = request.headers.get("authorization", "").removeprefix("Bearer ") or given.get("token", "")
        arguments = Arguments({key: value for key, value in given.items() if key != "token"})

        def do() -> Response:
            try:
                body = {"ok": True, **self._done(name, method, token, arguments)}
            except SlackRefusal as refused:
                self._violation(call, name, refused)
                return self._refusal(refused, method)
            if warning is not None:
                body["warning"] = warning
                body.setdefault("response_metadata", {})["warnings"] = [warning]
            return JSONResponse(body, headers=self._scopes(method))

        channel = arguments.text("channel") or arguments.text("channel_id")
        answer, fault = await self._faults.apply(
            request, "slack", name, channel, do, lambda code: self._refusal(SlackRefusal(code), method)
        )
        return self._answered(call, name, arguments.given, answer, fault)

    def _done(self, name: str, method: WebApiMethod | None, token: str, arguments: Arguments) -> Json:
        if method is None:
            raise SlackRefusal("unknown_method")
        self._check_token(token)
        if method.scopes and not self._workspace.scopes.intersection(method.scopes):
            raise MissingScope(method.scopes[0], self._workspace.scopes)
        return method.do(arguments)

    def _check_token(self, token: str) -> None:
        if not token:
            raise SlackRefusal("not_authed")
        if token != self._workspace.config.slack_bot_token:
            raise SlackRefusal("invalid_auth")
        if self._workspace.revoked:
            raise SlackRefusal("token_revoked")

    def _answered(
        self, call: RecordedCall, name: str, arguments: Json, answer: Response, fault: str | None
    ) -> Response:
        body = json.loads(bytes(answer.body)) if answer.media_type == "application/json" else {}
        outcome = fault or ("ok" if body.get("ok", answer.status_code < 400) else body.get("error", "failed"))
        self._record.note(
            "slack",
            call,
            method=name,
            arguments=arguments,
            answer=body,
            status=answer.status_code,
            fault=fault,
            outcome=outcome,
            cause=self._workspace.modals.cause(str(arguments.get("trigger_id", ""))),
            ids=_ids(arguments, body),
        )
        return answer

    async def _respond(self, request: Request) -> Response:
        call, key = self._record.begin(), request.path_params["key"]
        raw = await request.body()

        def do() -> Response:
            try:
                body = json.loads(raw)
                take_answer(self._workspace, key, body)
            except ValueError:
                return JSONResponse({"ok": False, "error": "invalid_payload"}, 400)
            except SlackRefusal as refused:
                self._violation(call, "response_url", refused)
                gone = refused.error in {"used_url", "expired_url"}
                return JSONResponse(refused.body(), 404 if gone else 400)
            return Response("ok")

        def refuse(code: str) -> Response:
            return JSONResponse({"ok": False, "error": code}, 404)

        cause = self._workspace.response_urls.cause(key)
        answer, fault = await self._faults.apply(request, "slack", "response_url", "", do, refuse)
        body = json.loads(raw) if raw[:1] == b"{" else {}
        self._record.note(
            "slack",
            call,
            method="response_url",
            arguments=body,
            status=answer.status_code,
            fault=fault,
            outcome=fault or ("ok" if answer.status_code == 200 else "refused"),
            cause=cause,
        )
        return answer

    async def _upload(self, request: Request) -> Response:
        """Take an upload's bytes, raw or as a form's only file; the URL is the only permission needed."""
        content = await request.body()
        if request.headers.get("content-type", "").startswith("multipart/form-data"):
            async with request.form() as form:
                parts = [each for each in form.values() if not isinstance(each, str)]
                content = await parts[0].read() if parts else b""
        file = request.path_params["file"]

        def do(call: RecordedCall) -> Response:
            try:
                self._workspace.files.receive(file, content)
            except SlackRefusal as refused:
                self._violation(call, "upload", refused)
                return Response(refused.error, 400)
            return Response(f"OK - {len(content)}")

        return await self._file_call(request, "upload", file, do)

    async def _download(self, request: Request) -> Response:
        """Answer a private file's bytes to a token that may read files, and the sign-in page to others."""
        file = request.path_params["file"].rpartition("-")[2]
        token = request.headers.get("authorization", "").removeprefix("Bearer ")

        def do(call: RecordedCall) -> Response:
            try:
                self._check_token(token)
                self._workspace.require("files:read")
            except SlackRefusal as refused:
                self._record.note(
                    "violation", api="slack", method="download", error=refused.error, details=[], cause=call.number
                )
                return HTMLResponse(LOGIN)
            return self._content(file)

        return await self._file_call(request, "download", file, do)

    async def _show(self, request: Request) -> Response:
        """Answer a file to the sandbox's page, in place of Slack's client; not part of Slack's API."""
        return self._content(request.path_params["file"])

    def _content(self, id: str) -> Response:
        try:
            file = self._workspace.files.find(id)
        except SlackRefusal:
            return HTMLResponse(LOGIN, 404)
        return Response(file.content, media_type=file.mimetype)

    async def _file_call(
        self, request: Request, name: str, file: str, do: Callable[[RecordedCall], Response]
    ) -> Response:
        call = self._record.begin()
        answer, fault = await self._faults.apply(
            request, "slack", name, "", lambda: do(call), lambda code: Response(code, 400)
        )
        outcome = fault or ("ok" if answer.status_code == 200 else "refused")
        status = answer.status_code
        self._record.note(
            "slack", call, method=name, arguments={}, status=status, fault=fault, outcome=outcome, ids={"file": file}
        )
        return answer

    def _violation(self, call: RecordedCall, method: str, refused: SlackRefusal) -> None:
        if refused.error in CALLER_ERRORS | {"json_not_accepted"}:
            self._workspace.violation(refused.error, refused.details, method=method, cause=call.number)

    def _refusal(self, refused: SlackRefusal, method: WebApiMethod | None) -> Response:
        return JSONResponse(refused.body(), headers=self._scopes(method))

    def _scopes(self, method: WebApiMethod | None) -> dict[str, str]:
        accepted = ",".join(method.scopes) if method else ""
        return {"x-oauth-scopes": ",".join(sorted(self._workspace.scopes)), "x-accepted-oauth-scopes": accepted}


def _ids(arguments: Mapping[str, Any], body: Json) -> Json:
    """What a call was about: channel, ts, the id in the message's metadata, view."""
    try:
        metadata = arguments.get("metadata")
        payload = (json.loads(metadata) if isinstance(metadata, str) else metadata or {}).get("event_payload", {})
    except (ValueError, AttributeError):
        payload = {}
    channel = body.get("channel")
    found = {
        "channel": (channel.get("id") if isinstance(channel, dict) else channel) or arguments.get("channel"),
        "ts": body.get("ts") or body.get("message_ts") or arguments.get("ts") or arguments.get("timestamp"),
        "thread_ts": arguments.get("thread_ts"),
        "id": payload.get("id") if isinstance(payload, dict) else None,
        "view": body["view"].get("id") if isinstance(body.get("view"), dict) else arguments.get("view_id"),
    }
    return {name: value for name, value in found.items() if value}
