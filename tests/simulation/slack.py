"""A Slack workspace, and the workers' client of it over a wire that fails."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from messages.formats.byline import Byline
from messages.formats.thread_replies import MessageEdit, ThreadReply
from messages.sms import SlackFile
from tests.simulation.virtual_time import SimulatedProcess
from tests.simulation.wires import FaultyWire
from workers.failures import Permanent
from workers.platforms.message_addresses import MessageAddresses
from workers.platforms.slack_api import UNEQUAL_CLOCKS
from workers.ports import Posted, Renderable, Sight

TRIGGER_LIVES: Final = 3.0


@dataclass(eq=False)
class WorkspaceMessage:
    """A message of Clerk's in the workspace."""

    channel: str
    ts: str
    at: datetime
    text: str
    blocks: Sequence[Mapping[str, Any]]
    post_id: str
    thread_ts: str | None
    deleted: bool = False
    reactions: set[str] = field(default_factory=set)

    @property
    def kind(self) -> str:
        """What it shows, from its id: root, card, texts, line, outcome, written, unreachable."""
        return self.post_id.split("/")[1]


@dataclass(frozen=True)
class Told:
    """Something that one person was told in private."""

    user: str
    response_url: str
    text: str
    at: datetime


class SimulatedWorkspace:
    """Slack's side: what was posted, written and shown. `found_wrong` hears of broken promises at once."""

    def __init__(self, now: Callable[[], datetime], found_wrong: Callable[[str, str], None]) -> None:
        self.now, self._found_wrong = now, found_wrong
        self.messages: list[WorkspaceMessage] = []
        self.replies: list[tuple[str, ThreadReply]] = []
        self.reactions: dict[tuple[str, str], set[str]] = {}
        self.told: list[Told] = []
        self.triggers: dict[str, datetime] = {}
        self.opened: dict[str, Mapping[str, Any]] = {}
        self.unanswered: list[datetime] = []
        """When Slack did not say what was written in a thread."""
        self.deactivated: set[str] = set()
        """Whose accounts are deactivated."""
        self.poison: str | None = None
        """A text that Slack accepts in no thread."""
        self._last = 0

    def new_ts(self) -> str:
        """The `ts` of a message that is written now: unique, and later than all others."""
        self._last = max(self._last + 1, round(self.now().timestamp() * 1_000_000))
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def living(self) -> list[WorkspaceMessage]:
        """Clerk's messages that were not deleted."""
        return [each for each in self.messages if not each.deleted]

    def post(self, channel: str, what: Renderable, post_id: str, thread_ts: str | None) -> Posted:
        """Post a message."""
        if thread_ts is not None and not any(each.ts == thread_ts for each in self.living()):
            raise Permanent("thread_not_found")
        if self.poison in what.text.splitlines() and "/texts/" in post_id:
            raise Permanent("invalid_blocks")
        if any(each.post_id == post_id for each in self.living()):
            self._found_wrong("posted twice", post_id)
        channel = f"D{channel[1:]}" if channel.startswith("U") else channel
        message = WorkspaceMessage(channel, self.new_ts(), self.now(), what.text, list(what.blocks), post_id, thread_ts)
        self.messages.append(message)
        return Posted(channel, message.ts, thread_ts)

    def find(self, post_id: str, since: datetime) -> Posted | None:
        """The message with an id, if it was posted after a time, less what the real client takes off."""
        for each in self.living():
            if each.post_id == post_id and each.at >= since - UNEQUAL_CLOCKS:
                return Posted(each.channel, each.ts, each.thread_ts)
        return None

    def at(self, place: Posted) -> WorkspaceMessage:
        """The message at a place."""
        for each in self.living():
            if (each.channel, each.ts) == (place.channel, place.ts):
                return each
        raise Permanent("message_not_found")

    def update(self, place: Posted, what: Renderable) -> None:
        """Replace a message."""
        message = self.at(place)
        message.text, message.blocks = what.text, list(what.blocks)

    def delete(self, place: Posted) -> None:
        """Delete a message."""
        for each in self.living():
            if (each.channel, each.ts) == (place.channel, place.ts):
                each.deleted = True

    def open_view(self, trigger: str, view: Mapping[str, Any]) -> None:
        """Open a modal, within three seconds of the click."""
        clicked = self.triggers.get(trigger)
        if clicked is None or (self.now() - clicked).total_seconds() > TRIGGER_LIVES:
            raise Permanent("expired_trigger_id")
        if trigger in self.opened:
            raise Permanent("exchanged_trigger_id")
        self.opened[trigger] = view

    def tell(self, user: str, response_url: str, text: str) -> None:
        """Tell one person something."""
        self.told.append(Told(user, response_url, text, self.now()))

    def react(self, place: Posted, emoji: str) -> None:
        """Add a reaction."""
        self.reactions.setdefault((place.channel, place.ts), set()).add(emoji)

    def unreact(self, place: Posted, emoji: str) -> None:
        """Remove a reaction."""
        self.reactions.setdefault((place.channel, place.ts), set()).discard(emoji)

    def change(self, channel: str, ts: str, text: str | None) -> tuple[ThreadReply, ThreadReply | None] | None:
        """Edit a person's reply, or (None) delete it: what it was and what it is, or None if it is deleted already."""
        for place, (where, reply) in enumerate(self.replies):
            if (where, reply.ts) == (channel, ts):
                del self.replies[place]
                if text is None:
                    return reply, None
                edited = MessageEdit(user=reply.user or "", ts=self.new_ts())
                changed = reply.model_copy(update={"text": text, "edited": edited})
                self.replies.insert(place, (where, changed))
                return reply, changed
        return None

    def between(self, thread: Posted, after: str, before: str) -> Sequence[ThreadReply]:
        """What people wrote in a thread between two moments."""
        mine = (reply for channel, reply in self.replies if (channel, reply.thread_ts) == (thread.channel, thread.ts))
        return sorted((reply for reply in mine if after < reply.ts < before), key=lambda reply: reply.ts)


class WiredSlack:
    """One process's client of Slack."""

    def __init__(self, process: SimulatedProcess, workspace: SimulatedWorkspace, wire: FaultyWire) -> None:
        self._process, self._workspace, self._wire = process, workspace, wire
        self._addresses = MessageAddresses(self._ask_permalink)

    async def _do(self, what: str, effect: Callable[[], Any]) -> Any:
        return await self._wire.call(self._process, what, effect)

    async def _read(self, what: str, effect: Callable[[], Any]) -> Any:
        return await self._wire.call(self._process, what, effect, reads=True)

    async def post(self, channel: str, what: Renderable, *, post_id: str, thread_ts: str | None = None) -> Posted:
        """Post."""
        effect = lambda: self._workspace.post(channel, what, post_id, thread_ts)  # noqa: E731
        posted: Posted = await self._do(f"post {post_id}", effect)
        return posted

    async def find(self, channel: str, post_id: str, since: datetime, thread_ts: str | None = None) -> Posted | None:
        """Look a post up."""
        found: Posted | None = await self._read(f"find {post_id}", lambda: self._workspace.find(post_id, since))
        return found

    async def replies_between(self, thread: Posted, after: str, before: str) -> Sequence[ThreadReply]:
        """What people wrote in a thread."""
        answered = False
        try:
            found: Sequence[ThreadReply] = await self._read(
                "replies", lambda: self._workspace.between(thread, after, before)
            )
            answered = True
            return found
        finally:
            if not answered:
                self._workspace.unanswered.append(self._workspace.now())

    async def update(self, at: Posted, what: Renderable) -> None:
        """Replace a message."""
        await self._do(f"update {at.ts}", lambda: self._workspace.update(at, what))

    async def delete(self, at: Posted) -> None:
        """Delete a message."""
        await self._do(f"delete {at.ts}", lambda: self._workspace.delete(at))

    async def permalink(self, at: Posted) -> str:
        """The address of a message."""
        return await self._addresses.of(at)

    async def _ask_permalink(self, at: Posted) -> str:
        address = f"https://team.slack.com/archives/{at.channel}/p{at.ts.replace('.', '')}"
        link: str = await self._read("permalink", lambda: address)
        return link

    async def open_view(self, trigger_id: str, view: Mapping[str, Any]) -> None:
        """Open a modal."""
        await self._do(f"open {trigger_id}", lambda: self._workspace.open_view(trigger_id, view))

    async def push_view(self, trigger_id: str, view: Mapping[str, Any]) -> None:
        """Open a modal on another."""
        await self._do(f"push {trigger_id}", lambda: self._workspace.open_view(trigger_id, view))

    async def update_view(self, external_id: str, view: Mapping[str, Any]) -> None:
        """Replace a modal: nobody fills one here."""
        await self._do("update view", lambda: None)

    async def publish_view(self, user: str, view: Mapping[str, Any], hash: str | None = None) -> None:
        """Show a view in a person's Home: nobody opens it here."""
        await self._do("publish view", lambda: None)

    async def respond(self, response_url: str, what: Renderable, *, replace: bool = False) -> None:
        """Answer a click."""
        await self._do("respond", lambda: self._workspace.tell("", response_url, what.text))

    async def whisper(self, channel: str, user: str, what: Renderable, thread_ts: str | None = None) -> None:
        """Tell one person."""
        await self._do("whisper", lambda: self._workspace.tell(user, "", what.text))

    async def upload(self, name: str, content: bytes) -> str:
        """Nobody sends files here."""
        raise NotImplementedError

    async def share(self, files: Sequence[str], channel: str, thread_ts: str, byline: Byline | None = None) -> None:
        """Nobody sends files here."""
        raise NotImplementedError

    async def find_share(self, file: str, channel: str) -> Posted | None:
        """Nobody sends files here."""
        raise NotImplementedError

    async def react(self, at: Posted, emoji: str) -> None:
        """Add a reaction."""
        await self._do(f"react {emoji}", lambda: self._workspace.react(at, emoji))

    async def unreact(self, at: Posted, emoji: str) -> None:
        """Remove a reaction."""
        await self._do(f"unreact {emoji}", lambda: self._workspace.unreact(at, emoji))

    async def is_member(self, channel: str) -> bool:
        """Nobody removes the bot here."""
        return True

    async def file(self, id: str) -> SlackFile:
        """Nobody sends files here."""
        raise NotImplementedError

    async def home(self) -> frozenset[str]:
        """The ids of the workspace."""
        return frozenset({"T0TEAM"})

    async def home_of(self, user: str) -> frozenset[str]:
        """The ids of a user's workspace."""
        return frozenset({"T0TEAM"})

    async def user_name(self, user: str) -> str:
        """A user's name."""
        return user.lower()

    async def is_admin(self, user: str) -> bool:
        """Whether a user is an admin: nobody is."""
        return False

    async def is_deactivated(self, user: str) -> bool:
        """Whether a user's account is deactivated."""
        found: bool = await self._read("users.info", lambda: user in self._workspace.deactivated)
        return found

    async def zone_of(self, user: str) -> str:
        """Nobody's zone is known."""
        return ""

    async def sees(self, user: str, channels: Collection[str]) -> Sight:
        """All channels are public."""
        return Sight(frozenset(channels))

    async def close(self) -> None:
        """There are no connections."""
