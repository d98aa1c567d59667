"""A Slack workspace under Slack's rules: its people, channels, direct messages and their messages."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from sandbox.clock import SandboxClock
from sandbox.config import APP, BOT, BOT_ID, OTHER_BOT, SLACKBOT, TEAM, Person, SandboxConfig
from sandbox.json_object import Json
from sandbox.record import Record
from sandbox.slack.blockkit.block_checks import block_errors, too_long
from sandbox.slack.blockkit.block_ids import with_ids
from sandbox.slack.channel import WorkspaceChannel
from sandbox.slack.file_store import FileStore
from sandbox.slack.homes import PublishedHomes
from sandbox.slack.message_shapes import changed_event, count_reply, forget_reply, public_message
from sandbox.slack.modals import OpenModals
from sandbox.slack.refusals import MissingScope, SlackRefusal
from sandbox.slack.response_urls import ResponseUrls

MAX_MESSAGES: Final = 20_000
"""How many messages a channel keeps."""

MAX_EPHEMERALS: Final = 500


class Workspace:
    """The state of one workspace; `clock` and `real` give the seconds since the epoch, in the sandbox and outside.

    `scopes` are the scopes of the bot token; `revoked` says that the token no longer works. `no_such_thread` is the
    error for a reply to a message that is gone; with None, such a reply is posted outside any thread, without an error,
    as Slack does it. All may be changed.
    """

    def __init__(self, config: SandboxConfig, record: Record, clock: SandboxClock) -> None:
        self.config = config
        self.clock, self.real = clock.seconds, clock.real
        self._record = record
        self.people: dict[str, Person] = {each.id: each for each in config.people}
        self.channels = {
            each.id: WorkspaceChannel(
                each.id,
                each.name,
                each.private,
                each.joined,
                members=set(self._active() if each.members is None else each.members),
            )
            for each in config.all_channels()
        }
        self.scopes = set(config.scopes)
        self.revoked = False
        self.no_such_thread: str | None = "thread_not_found"
        self.ephemerals: list[Json] = []
        self.modals = OpenModals(record, self.clock)
        self.homes = PublishedHomes(record, config.home_tab)
        self.response_urls = ResponseUrls(f"{config.here}/slack/response", self.clock)
        self.files = FileStore(f"{config.here}/slack", TEAM, self.clock)
        self.posted: list[Callable[[WorkspaceChannel, Json], None]] = []
        self.last_ts = 0

    def _active(self) -> list[str]:
        return [each.id for each in self.people.values() if not each.deactivated]

    # -- permissions ------------------------------------------------------------------------------------------------

    def require(self, scope: str) -> None:
        """Refuse a call for which the token lacks the scope."""
        if scope not in self.scopes:
            raise MissingScope(scope, self.scopes)

    def visible_channel(self, id: str) -> WorkspaceChannel:
        """Return a channel that the bot can see."""
        channel = self.channels.get(id)
        if channel is None or (channel.private and not channel.joined):
            raise SlackRefusal("channel_not_found")
        return channel

    def writable_channel(self, id: str) -> WorkspaceChannel:
        """Return a channel that the bot may write to; a person's id means their direct message."""
        channel = self.direct_message(id) if id[:1] in {"U", "W"} else self.visible_channel(id)
        if channel.archived:
            raise SlackRefusal("is_archived")
        if not channel.joined and "chat:write.public" not in self.scopes:
            raise SlackRefusal("not_in_channel")
        return channel

    def joined_channel(self, id: str) -> WorkspaceChannel:
        """Return a channel that the bot is a member of."""
        channel = self.visible_channel(id)
        if not channel.joined:
            raise SlackRefusal("not_in_channel")
        return channel

    def readable_channel(self, id: str) -> WorkspaceChannel:
        """Return a channel whose history the bot may read."""
        channel = self.joined_channel(id)
        self.require(f"{channel.kind}:history")
        return channel

    def direct_message(self, person: str) -> WorkspaceChannel:
        """Return the bot's direct message with a person; open it if needed."""
        if person in {BOT, OTHER_BOT, SLACKBOT}:
            raise SlackRefusal("cannot_dm_bot")
        if person not in self.people:
            raise SlackRefusal("channel_not_found")
        if self.people[person].deactivated:
            raise SlackRefusal("user_disabled")
        id = f"D{person[1:]}"
        if id not in self.channels:
            self.channels[id] = WorkspaceChannel(
                id, f"@{self.people[person].name}", person=person, private=True, members={person}
            )
        return self.channels[id]

    # -- messages ---------------------------------------------------------------------------------------------------

    def ts(self) -> str:
        """The ts of a new message: the time, and later than every ts before."""
        self.last_ts = max(int(self.clock() * 1_000_000), self.last_ts + 1)
        return f"{self.last_ts // 1_000_000}.{self.last_ts % 1_000_000:06d}"

    def post(
        self,
        channel: WorkspaceChannel,
        text: str,
        blocks: Sequence[Json],
        *,
        thread_ts: str | None = None,
        metadata: Json | None = None,
        user: str = BOT,
        broadcast: bool = False,
        **more: Any,
    ) -> Json:
        """Post a message; a reply's ts as `thread_ts` means that reply's thread."""
        root = self._root(channel, thread_ts)
        ts = self.ts()
        message: Json = {"type": "message", "channel": channel.id, "ts": ts, "user": user, "team": TEAM, "text": text}
        if user == BOT:
            message |= {"bot_id": BOT_ID, "app_id": APP}
        message |= more
        if blocks:
            message["blocks"] = with_ids(blocks)
        if root is not None:
            message |= {"thread_ts": root["ts"], "parent_user_id": root["user"]}
            count_reply(root, user, ts)
            if broadcast:
                message |= {"subtype": "thread_broadcast", "root": public_message(root)}
        if metadata:
            message["metadata"] = metadata
        channel.messages[ts] = message
        if len(channel.messages) > MAX_MESSAGES:
            del channel.messages[next(iter(channel.messages))]
        self._notify_listeners(channel, message)
        return message

    def _root(self, channel: WorkspaceChannel, thread_ts: str | None) -> Json | None:
        if thread_ts is None:
            return None
        found = channel.messages.get(thread_ts)
        if found is None:
            if self.no_such_thread is None:
                return None
            raise SlackRefusal(self.no_such_thread)
        return channel.messages.get(found.get("thread_ts", thread_ts), found)

    def update(
        self, channel: WorkspaceChannel, ts: str, text: str, blocks: Sequence[Json] | None, metadata: Json | None = None
    ) -> Json:
        """Replace a message of the bot; without blocks the message loses its blocks.

        It loses another name than the app's, too (https://github.com/slackapi/node-slack-sdk/issues/944).
        """
        message = self._own(channel, ts, "cant_update_message")
        before = {**message}
        if message.get("subtype") == "bot_message":
            for name in ("subtype", "username", "icons"):
                message.pop(name, None)
        message["text"] = text
        message["edited"] = {"user": BOT, "ts": self.ts()}
        message.pop("blocks", None)
        if blocks:
            message["blocks"] = with_ids(blocks)
        if metadata is not None:
            message["metadata"] = metadata
        self._notify_listeners(channel, changed_event(message, before, self.ts()))
        return message

    def delete(self, channel: WorkspaceChannel, ts: str) -> None:
        """Delete a message of the bot; a thread's root leaves a tombstone."""
        self._own(channel, ts, "cant_delete_message")
        self.remove(channel, ts)

    def remove(self, channel: WorkspaceChannel, ts: str) -> Json:
        """Remove a message and return the event of its removal."""
        before = channel.messages[ts]
        if before.get("reply_count"):
            thread = {name: value for name, value in before.items() if name.startswith(("reply", "latest", "thread"))}
            channel.messages[ts] = {
                "type": "message",
                "subtype": "tombstone",
                "channel": channel.id,
                "ts": ts,
                "user": SLACKBOT,
                "text": "This message was deleted.",
                "hidden": True,
                **thread,
            }
            event = changed_event(channel.messages[ts], before, self.ts())
        else:
            del channel.messages[ts]
            forget_reply(channel, before)
            moment = self.ts()
            event = {
                "type": "message",
                "subtype": "message_deleted",
                "hidden": True,
                "deleted_ts": ts,
                "previous_message": public_message(before),
                "ts": moment,
                "event_ts": moment,
            }
        self._notify_listeners(channel, event)
        return event

    def _own(self, channel: WorkspaceChannel, ts: str, error: str) -> Json:
        message = channel.messages.get(ts)
        if message is None or message.get("subtype") == "tombstone":
            raise SlackRefusal("message_not_found")
        if message["user"] != BOT:
            raise SlackRefusal(error)
        return message

    def mark_changed(self) -> None:
        """Tell the listeners that something has changed."""
        self._record.change()

    def _notify_listeners(self, channel: WorkspaceChannel, event: Json) -> None:
        self._record.change()
        for each in self.posted:
            each(channel, event)

    def post_ephemeral(
        self, channel: str, user: str, text: str, blocks: Sequence[Json], thread_ts: str | None = None
    ) -> str:
        """Show a message to one person only; return its ts, which can't be used to update it."""
        ts = self.ts()
        self.ephemerals.append(
            {
                "channel": channel,
                "user": user,
                "ts": ts,
                "text": text,
                "blocks": with_ids(blocks),
                "thread_ts": thread_ts,
            }
        )
        del self.ephemerals[:-MAX_EPHEMERALS]
        self._record.change()
        return ts

    def dismiss(self, user: str, ts: str) -> None:
        """Put away what only this person sees; they alone can do it."""
        self.ephemerals[:] = [each for each in self.ephemerals if (each["user"], each["ts"]) != (user, ts)]
        self._record.change()

    # -- for the other modules --------------------------------------------------------------------------------------

    def check(self, blocks: Sequence[Json]) -> None:
        """Refuse blocks that Slack would refuse."""
        if faults := block_errors(blocks):
            raise SlackRefusal("invalid_blocks", *faults)
        if too_long(blocks):
            raise SlackRefusal("msg_blocks_too_long")

    def violation(self, error: str, details: Sequence[str], **fields: Any) -> None:
        """Record that the app sent something malformed or broke one of Slack's rules."""
        self._record.note("violation", **{"api": "slack", "error": error, "details": list(details), **fields})

    @property
    def views(self) -> dict[str, Json]:
        """The open modals by id."""
        return self.modals.views

    def close_view(self, id: str) -> None:
        """Close a modal."""
        self.modals.close(id)

    def trigger(self, user: str, cause: int | None = None) -> str:
        """Make a trigger; it works once, within three seconds."""
        return self.modals.trigger(user, cause=cause)

    def response_url(self, channel: str, user: str, message_ts: str, cause: int | None = None) -> str:
        """Issue a response URL for a click or command."""
        return self.response_urls.make(channel, user, message_ts, cause)
