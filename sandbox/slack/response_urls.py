"""Response URLs (https://docs.slack.dev/interactivity/handling-user-interaction#message_responses)."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sandbox.slack.refusals import Json, Refused

if TYPE_CHECKING:
    from sandbox.slack.workspace import Workspace

LIFE: Final = 1800.0
USES: Final = 5
KEPT: Final = 5000


@dataclass
class _ResponseUrl:
    channel: str
    user: str
    message_ts: str
    until: float
    cause: int | None
    uses: int = USES


class ResponseUrls:
    """The response URLs that are out: each good for five answers within half an hour."""

    def __init__(self, workspace: "Workspace", prefix: str) -> None:
        self._workspace = workspace
        self._prefix = prefix
        self._out: dict[str, _ResponseUrl] = {}

    def make(self, channel: str, user: str, message_ts: str, cause: int | None) -> str:
        """A new URL for what a person did, on a message if `message_ts` names one."""
        key = secrets.token_hex(12)
        self._out[key] = _ResponseUrl(channel, user, message_ts, self._workspace.clock() + LIFE, cause)
        if len(self._out) > KEPT:
            del self._out[next(iter(self._out))]
        return f"{self._prefix}/{key}"

    def cause(self, key: str) -> int | None:
        """The record's number of what the URL comes from."""
        found = self._out.get(key)
        return found.cause if found else None

    def respond(self, key: str, body: Mapping[str, Any]) -> None:
        """Take an answer; Refused says why not."""
        found = self._out.get(key)
        if found is None or found.until < self._workspace.clock():
            raise Refused("expired_url")
        if found.uses <= 0:
            raise Refused("used_url")
        blocks = body.get("blocks") or []
        self._workspace.check(blocks)
        if not body.get("delete_original") and not body.get("text") and not blocks:
            raise Refused("no_text")
        found.uses -= 1
        if body.get("delete_original"):
            self._delete(found)
        elif body.get("replace_original"):
            self._replace(found, body.get("text", ""), blocks, body.get("response_type"))
        else:
            self._add(found, body.get("text", ""), blocks, body)

    def _whisper(self, at: _ResponseUrl) -> Json | None:
        return next((each for each in self._workspace.ephemerals if each["ts"] == at.message_ts), None)

    def _delete(self, at: _ResponseUrl) -> None:
        workspace = self._workspace
        if (whisper := self._whisper(at)) is not None:
            workspace.ephemerals.remove(whisper)
            workspace.touched()
        elif at.message_ts in workspace.channels[at.channel].messages:
            workspace.delete(workspace.channels[at.channel], at.message_ts)

    def _replace(self, at: _ResponseUrl, text: str, blocks: list[Json], response_type: str | None) -> None:
        workspace = self._workspace
        if (whisper := self._whisper(at)) is not None:
            if response_type == "in_channel":
                workspace.violation("response_type", ["an ephemeral message can't be turned into in_channel"])
            workspace.ephemerals.remove(whisper)
            workspace.whisper(at.channel, at.user, text, blocks, whisper["thread_ts"])
        elif at.message_ts in workspace.channels[at.channel].messages:
            workspace.update(workspace.channels[at.channel], at.message_ts, text, blocks)
        else:
            workspace.whisper(at.channel, at.user, text, blocks)

    def _add(self, at: _ResponseUrl, text: str, blocks: list[Json], body: Mapping[str, Any]) -> None:
        workspace = self._workspace
        channel, thread = workspace.channels[at.channel], body.get("thread_ts")
        if body.get("response_type") == "in_channel":
            workspace.post(channel, text, blocks, thread_ts=thread)
        else:
            workspace.whisper(at.channel, at.user, text, blocks, thread)
