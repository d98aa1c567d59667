"""A Slack workspace: channels, messages, direct messages, modals and triggers, by Slack's rules."""

import itertools
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.blockkit import message_faults, view_faults
from sandbox.config import Sandbox
from sandbox.record import Record

type Json = dict[str, Any]

BOT: Final = "U0CLERK"
BOT_ID: Final = "B0CLERK"
TRIGGER_LIFE: Final = 3.0
RESPONSE_URL_LIFE: Final = 1800.0
RESPONSE_URL_USES: Final = 5


class Refused(Exception):
    """Slack says no; `error` is its word for why."""

    def __init__(self, error: str, *details: str) -> None:
        super().__init__(error)
        self.error = error
        self.details = details


@dataclass
class Channel:
    """A channel or direct message and what stands in it, by ts."""

    id: str
    name: str
    private: bool = False
    joined: bool = True
    archived: bool = False
    person: str | None = None
    messages: dict[str, Json] = field(default_factory=dict)

    def described(self) -> Json:
        """The channel as conversations.info tells it."""
        return {
            "id": self.id,
            "name": self.name,
            "is_channel": self.person is None,
            "is_im": self.person is not None,
            "is_private": self.private,
            "is_archived": self.archived,
            "is_member": self.joined,
            **({"user": self.person} if self.person else {}),
        }


@dataclass
class _ResponseUrl:
    channel: str
    user: str
    message_ts: str
    until: float
    uses: int = RESPONSE_URL_USES


class Workspace:
    """The state of one workspace; `clock` gives seconds since the epoch."""

    def __init__(self, config: Sandbox, record: Record, clock: Callable[[], float]) -> None:
        self.config = config
        self.clock = clock
        self._record = record
        self.channels = {
            each.id: Channel(each.id, each.name, each.private, each.joined) for each in config.all_channels()
        }
        self.people = {each.id: each for each in config.people}
        self.ephemerals: list[Json] = []
        self.views: dict[str, Json] = {}
        self._triggers: dict[str, tuple[str, float]] = {}
        self._used_triggers: set[str] = set()
        self._response_urls: dict[str, _ResponseUrl] = {}
        self._last_ts = 0
        self._ids = itertools.count(1)

    # -- messages ---------------------------------------------------------------------------------------------------

    def ts(self) -> str:
        """A new message's ts: the time, later than any before."""
        self._last_ts = max(int(self.clock() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def writable(self, id: str) -> Channel:
        """The channel that the bot may write to; a person's id is their direct message."""
        channel = self.reachable(id)
        if channel.archived:
            raise Refused("is_archived")
        return channel

    def reachable(self, id: str) -> Channel:
        """The channel that the bot can see."""
        if id in self.people:
            return self.direct(id)
        channel = self.channels.get(id)
        if channel is None or (channel.private and not channel.joined):
            raise Refused("channel_not_found")
        return channel

    def readable(self, id: str) -> Channel:
        """The channel whose history the bot may read."""
        channel = self.reachable(id)
        if not channel.joined:
            raise Refused("not_in_channel")
        return channel

    def direct(self, person: str) -> Channel:
        """The bot's direct message with a person."""
        if self.people[person].deactivated:
            raise Refused("user_disabled")
        id = f"D{person[1:]}"
        return self.channels.setdefault(id, Channel(id, f"@{self.people[person].name}", person=person, private=True))

    def post(
        self,
        channel: Channel,
        text: str,
        blocks: Sequence[Json],
        *,
        thread_ts: str | None = None,
        metadata: Json | None = None,
        user: str = BOT,
        **more: Any,
    ) -> Json:
        """Post a message."""
        if thread_ts is not None and thread_ts not in channel.messages:
            raise Refused("thread_not_found")
        ts = self.ts()
        message: Json = {"type": "message", "channel": channel.id, "ts": ts, "user": user, "text": text, **more}
        if user == BOT:
            message["bot_id"] = BOT_ID
        if blocks:
            message["blocks"] = [
                {**block, "block_id": block.get("block_id") or secrets.token_hex(3)} for block in blocks
            ]
        if thread_ts is not None and thread_ts != ts:
            message["thread_ts"] = thread_ts
            channel.messages[thread_ts].setdefault("thread_ts", thread_ts)
        if metadata is not None:
            message["metadata"] = metadata
        channel.messages[ts] = message
        self._record.change()
        return message

    def update(self, channel: Channel, ts: str, text: str, blocks: Sequence[Json] | None) -> Json:
        """Replace a message of the bot; without blocks the blocks go."""
        message = self._own(channel, ts, "cant_update_message")
        message["text"] = text
        message["edited"] = {"user": BOT, "ts": self.ts()}
        if blocks:
            message["blocks"] = [
                {**block, "block_id": block.get("block_id") or secrets.token_hex(3)} for block in blocks
            ]
        else:
            message.pop("blocks", None)
        self._record.change()
        return message

    def delete(self, channel: Channel, ts: str) -> None:
        """Delete a message of the bot; a thread's root leaves a tombstone."""
        self._own(channel, ts, "cant_delete_message")
        if any(each.get("thread_ts") == ts and each["ts"] != ts for each in channel.messages.values()):
            channel.messages[ts] = {
                "type": "message",
                "subtype": "tombstone",
                "channel": channel.id,
                "ts": ts,
                "thread_ts": ts,
                "user": "USLACKBOT",
                "text": "This message was deleted.",
            }
        else:
            del channel.messages[ts]
        self._record.change()

    def _own(self, channel: Channel, ts: str, error: str) -> Json:
        message = channel.messages.get(ts)
        if message is None or message.get("subtype") == "tombstone":
            raise Refused("message_not_found")
        if message["user"] != BOT:
            raise Refused(error)
        return message

    def check(self, blocks: Sequence[Json]) -> None:
        """Refuse blocks that Slack would refuse."""
        if faults := message_faults(blocks):
            self.violation("invalid_blocks", faults)
            raise Refused("invalid_blocks", *faults)

    def violation(self, error: str, details: Sequence[str]) -> None:
        """Note that something was refused for its form."""
        self._record.note("violation", error=error, details=list(details))

    # -- ephemerals, triggers, modals -------------------------------------------------------------------------------

    def whisper(self, channel: str, user: str, text: str, blocks: Sequence[Json], thread_ts: str | None = None) -> str:
        """Show a message to one person only."""
        ts = self.ts()
        self.ephemerals.append(
            {"channel": channel, "user": user, "ts": ts, "text": text, "blocks": list(blocks), "thread_ts": thread_ts}
        )
        del self.ephemerals[:-500]
        self._record.change()
        return ts

    def trigger(self, user: str) -> str:
        """A new trigger: good for three seconds, once."""
        id = f"{next(self._ids)}.{secrets.token_hex(8)}"
        self._triggers[id] = (user, self.clock() + TRIGGER_LIFE)
        return id

    def open_view(self, trigger: str, view: Mapping[str, Any]) -> Json:
        """Open a modal for whoever made the trigger."""
        if trigger in self._used_triggers:
            raise Refused("exchanged_trigger_id")
        if trigger not in self._triggers:
            raise Refused("invalid_trigger_id")
        user, until = self._triggers[trigger]
        if self.clock() > until:
            raise Refused("expired_trigger_id")
        self.check_view(view)
        self._used_triggers.add(trigger)
        id = f"V{next(self._ids):08d}"
        opened = {**view, "id": id, "hash": secrets.token_hex(8), "user": user, "team_id": "T0SANDBOX"}
        self.views[id] = opened
        self._record.change()
        return opened

    def check_view(self, view: Mapping[str, Any]) -> None:
        """Refuse a modal that Slack would refuse."""
        if faults := view_faults(view):
            error = "view_too_large" if "view_too_large" in faults else "invalid_arguments"
            self.violation(error, faults)
            raise Refused(error, *faults)

    def close_view(self, id: str) -> None:
        """Close a modal."""
        self.views.pop(id, None)
        self._record.change()

    def response_url(self, channel: str, user: str, message_ts: str) -> str:
        """A new response URL for a click."""
        key = secrets.token_hex(12)
        self._response_urls[key] = _ResponseUrl(channel, user, message_ts, self.clock() + RESPONSE_URL_LIFE)
        return f"{self.config.base_url}/sandbox/slack/response/{key}"

    def respond(self, key: str, body: Mapping[str, Any]) -> None:
        """Take an answer at a response URL (https://docs.slack.dev/interactivity/handling-user-interaction)."""
        found = self._response_urls.get(key)
        if found is None or found.until < self.clock():
            raise Refused("expired_url")
        if found.uses <= 0:
            raise Refused("used_url")
        found.uses -= 1
        blocks = body.get("blocks") or []
        self.check(blocks)
        if body.get("delete_original") or body.get("replace_original"):
            self.ephemerals[:] = [each for each in self.ephemerals if each["ts"] != found.message_ts]
        if not body.get("delete_original"):
            if not body.get("text") and not blocks:
                raise Refused("no_text")
            self.whisper(found.channel, found.user, body.get("text", ""), blocks)
        self._record.change()
