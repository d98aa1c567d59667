"""chat.* and reactions.* (https://docs.slack.dev/reference/methods?family=chat)."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import emoji

from sandbox.config import BOT
from sandbox.json_object import Json
from sandbox.record import Record
from sandbox.slack.message_shapes import public_message
from sandbox.slack.methods.arguments import Arguments
from sandbox.slack.methods.table import WebApiMethod
from sandbox.slack.refusals import SlackRefusal
from sandbox.slack.workspace import Workspace

CUSTOMIZE: Final = "chat:write.customize"
USERNAME: Final = 80
"""Slack shortens a longer name; where it does so is not documented."""

POST_TEXT: Final = 40_000
UPDATE_TEXT: Final = 4_000
METADATA_BYTES: Final = 8_000
REACTIONS: Final = 23
_TS: Final = re.compile(r"[0-9]{1,12}\.[0-9]{6}")


class ChatMethods:
    """Messages and reactions."""

    def __init__(self, workspace: Workspace, record: Record) -> None:
        self._workspace = workspace
        self._record = record

    def table(self) -> Mapping[str, WebApiMethod]:
        """The methods by name."""
        write = ("chat:write",)
        return {
            "chat.postMessage": WebApiMethod(self._post, write),
            "chat.update": WebApiMethod(self._update, write),
            "chat.delete": WebApiMethod(self._delete, write),
            "chat.postEphemeral": WebApiMethod(self._ephemeral, write),
            "chat.getPermalink": WebApiMethod(self._permalink, takes_json=False),
            "reactions.add": WebApiMethod(self._react, ("reactions:write",)),
            "reactions.remove": WebApiMethod(self._unreact, ("reactions:write",)),
            "reactions.get": WebApiMethod(self._reactions, ("reactions:read",), takes_json=False),
        }

    def _content(self, arguments: Arguments) -> tuple[str, list[Json]]:
        blocks = arguments.structure("blocks") or []
        text = arguments.text("text")
        if not text and not blocks:
            raise SlackRefusal("no_text")
        self._workspace.check(blocks)
        return text, blocks

    def _post(self, arguments: Arguments) -> Json:
        channel = self._workspace.writable_channel(arguments.required("channel"))
        text, blocks = self._content(arguments)
        metadata = _metadata(arguments)
        thread_ts = arguments.text("thread_ts") or None
        if thread_ts is not None and not _TS.fullmatch(thread_ts):
            raise SlackRefusal("invalid_thread_ts", f"{thread_ts} is not a valid thread_ts")
        parent = channel.messages.get(thread_ts or "", {})
        if parent.get("thread_ts", thread_ts) != thread_ts:
            self._workspace.violation("thread_ts", ["this is the ts of a reply; use the ts of its parent"])
        message = self._workspace.post(
            channel,
            text[:POST_TEXT],
            blocks,
            thread_ts=thread_ts,
            metadata=metadata,
            broadcast=arguments.flag("reply_broadcast"),
            **authorship(self._workspace, arguments),
        )
        answer: Json = {"channel": channel.id, "ts": message["ts"], "message": public_message(message)}
        warnings = ["message_truncated"] if len(text) > POST_TEXT else []
        warnings += ["username_too_long"] if len(arguments.text("username")) > USERNAME else []
        if warnings:
            answer |= {"warning": ",".join(warnings), "response_metadata": {"warnings": warnings}}
        return answer

    def _update(self, arguments: Arguments) -> Json:
        channel = self._workspace.visible_channel(arguments.required("channel"))
        if channel.archived:
            raise SlackRefusal("is_archived")
        ts = arguments.required("ts")
        text, blocks = self._content(arguments)
        if len(text) > UPDATE_TEXT:
            raise SlackRefusal("msg_too_long")
        message = self._workspace.update(channel, ts, text, blocks, _metadata(arguments))
        return {"channel": channel.id, "ts": ts, "text": text, "message": public_message(message)}

    def _delete(self, arguments: Arguments) -> Json:
        channel = self._workspace.visible_channel(arguments.required("channel"))
        ts = arguments.required("ts")
        self._workspace.delete(channel, ts)
        return {"channel": channel.id, "ts": ts}

    def _ephemeral(self, arguments: Arguments) -> Json:
        channel = self._workspace.joined_channel(arguments.required("channel"))
        user = arguments.required("user")
        if channel.archived:
            raise SlackRefusal("is_archived")
        text, blocks = self._content(arguments)
        if user not in channel.members:
            raise SlackRefusal("user_not_in_channel")
        thread_ts = arguments.text("thread_ts") or None
        return {"message_ts": self._workspace.post_ephemeral(channel.id, user, text, blocks, thread_ts)}

    def _permalink(self, arguments: Arguments) -> Json:
        channel = self._workspace.visible_channel(arguments.required("channel"))
        ts = arguments.required("message_ts")
        message = channel.messages.get(ts)
        if message is None:
            raise SlackRefusal("message_not_found")
        thread = message.get("thread_ts", ts)
        reply = f"?thread_ts={thread}&cid={channel.id}" if thread != ts else ""
        link = f"{self._workspace.config.here}#/archives/{channel.id}/p{ts.replace('.', '')}{reply}"
        return {"channel": channel.id, "permalink": link}

    def _reacted(self, arguments: Arguments) -> Json:
        channel = self._workspace.joined_channel(arguments.required("channel"))
        message = channel.messages.get(arguments.required("timestamp"))
        if message is None or message.get("subtype") == "tombstone":
            raise SlackRefusal("message_not_found")
        if channel.archived:
            raise SlackRefusal("is_archived")
        return message

    def _react(self, arguments: Arguments) -> Json:
        message, name = self._reacted(arguments), _emoji_name(arguments)
        reactions: list[Json] = message.setdefault("reactions", [])
        found = next((each for each in reactions if each["name"] == name), None)
        if found is None:
            if len(reactions) >= REACTIONS:
                raise SlackRefusal("too_many_emoji")
            reactions.append({"name": name, "users": [BOT], "count": 1})
        elif BOT in found["users"]:
            raise SlackRefusal("already_reacted")
        else:
            found |= {"users": [*found["users"], BOT], "count": found["count"] + 1}
        self._record.change()
        return {}

    def _unreact(self, arguments: Arguments) -> Json:
        message, name = self._reacted(arguments), _emoji_name(arguments)
        found = next((each for each in message.get("reactions", ()) if each["name"] == name), None)
        if found is None or BOT not in found["users"]:
            raise SlackRefusal("no_reaction")
        found |= {"users": [each for each in found["users"] if each != BOT], "count": found["count"] - 1}
        message["reactions"] = [each for each in message["reactions"] if each["count"]]
        if not message["reactions"]:
            del message["reactions"]
        self._record.change()
        return {}

    def _reactions(self, arguments: Arguments) -> Json:
        message = self._reacted(arguments)
        return {"type": "message", "channel": message["channel"], "message": public_message(message)}


def authorship(workspace: Workspace, arguments: Arguments) -> Json:
    """The name and avatar that a message gets instead of the app's; Slack ignores them where the app lacks the scope.

    https://docs.slack.dev/reference/methods/chat.postMessage#authorship
    """
    name, icon = arguments.text("username"), arguments.text("icon_emoji")
    if CUSTOMIZE not in workspace.scopes or not (name or icon):
        return {}
    named = {"username": name[:USERNAME]} if name else {}
    return {"subtype": "bot_message", **named, **({"icons": {"emoji": icon}} if icon else {})}


def _metadata(arguments: Arguments) -> Json | None:
    """Check the metadata and return it (https://docs.slack.dev/messaging/message-metadata)."""
    found = arguments.structure("metadata")
    if found is None:
        return None
    if not isinstance(found, dict) or set(found) - {"event_type", "event_payload"}:
        raise SlackRefusal("invalid_metadata_format")
    if not found:
        return {}
    payload = found.get("event_payload")
    if not isinstance(found.get("event_type"), str) or not found["event_type"] or not isinstance(payload, dict):
        raise SlackRefusal("invalid_metadata_format")
    if not all(_is_flat(each) for each in payload.values()):
        raise SlackRefusal("invalid_metadata_schema")
    if len(json.dumps(found).encode()) > METADATA_BYTES:
        raise SlackRefusal("metadata_too_large")
    return found


def _is_flat(value: Any) -> bool:
    """A scalar, a flat object, or an array of those."""
    return all(map(_is_flat_object, value)) if isinstance(value, list) else _is_flat_object(value)


def _is_flat_object(value: Any) -> bool:
    inner = value.values() if isinstance(value, dict) else [value]
    return all(each is None or isinstance(each, str | int | float | bool) for each in inner)


def _emoji_name(arguments: Arguments) -> str:
    name = arguments.required("name")
    plain = re.sub(r"::skin-tone-[2-6]$", "", name)
    if emoji.emojize(f":{plain}:", language="alias") == f":{plain}:":
        raise SlackRefusal("invalid_name")
    return name
