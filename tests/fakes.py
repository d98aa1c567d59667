"""Fakes of our own ports: a queue that repeats, reorders and loses messages, and a Slack that can fail at any call."""

import functools
import inspect
import itertools
import random
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from messages.base import QueueMessage
from messages.formats.byline import Byline
from messages.formats.thread_replies import ThreadReply
from messages.process.publishing import Unpublished
from messages.process.settings import Settings
from messages.sms import SlackFile
from tests.make import NOW
from workers import clock
from workers.failures import Ambiguous, Permanent, SlackError, Temporary, TextingError, TooLarge, Unreachable
from workers.mongo import Stores
from workers.platforms.twilio.api import UNEQUAL_CLOCKS
from workers.ports import Attachment, ListedText, Ports, Posted, Renderable, SentText, Sight
from workers.runtime import HANDLERS, dispatch
from workers.wiring import load_actors

PORTS: Final = ("stores", "publisher", "slack", "texting")
"""What a worker can do something with."""


@dataclass
class FakeClock:
    """A clock that only tests move."""

    time: datetime = NOW

    def now(self) -> datetime:
        """The current time."""
        return self.time

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.time += timedelta(seconds=seconds)


class Queue:
    """What was published and not yet handled, with the time it is due."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.waiting: list[tuple[datetime, QueueMessage]] = []
        self.broken = False

    async def publish(self, message: QueueMessage, *, delay: timedelta | None = None) -> None:
        """Take a message, unless the broker is away."""
        if self.broken:
            raise Unpublished("the broker is away")
        self.waiting.append((self._clock.now() + (delay or timedelta()), message))

    def due(self) -> list[int]:
        """The places of the messages that can be handled now."""
        return [place for place, (at, _) in enumerate(self.waiting) if at <= self._clock.now()]

    def take(self, place: int) -> QueueMessage:
        """Take a message off."""
        return self.waiting.pop(place)[1]


class Crash(BaseException):
    """Raised where a worker dies."""


@dataclass(frozen=True)
class Nothing:
    """The text of a message that has only files."""

    text: str = ""
    blocks: tuple[Mapping[str, Any], ...] = ()
    byline: Byline | None = None


@dataclass
class FakeMessage:
    """A message in the fake Slack."""

    channel: str
    ts: str
    what: Renderable
    post_id: str
    thread_ts: str | None
    files: Sequence[str] = ()


@dataclass
class FakeFile:
    """A file in the fake Slack. Its message exists as soon as it is shared; Slack may report it later."""

    name: str
    content: bytes
    message: FakeMessage | None = None


@dataclass
class FakeSlack:
    """Channels in memory. `before` and `after` are called around each effect and may raise."""

    clock: FakeClock
    messages: list[FakeMessage] = field(default_factory=list)
    whispers: list[tuple[str, str]] = field(default_factory=list)
    replaced: list[tuple[str, str]] = field(default_factory=list)
    """The whispers that took the place of the one in which a person clicked."""
    views: list[Mapping[str, Any]] = field(default_factory=list)
    home_views: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    published: dict[str, int] = field(default_factory=dict)
    reactions: dict[Posted, set[str]] = field(default_factory=dict)
    files: dict[str, FakeFile] = field(default_factory=dict)
    slow_to_share: bool = False
    absent_from: set[str] = field(default_factory=set)
    posted_files: dict[str, SlackFile] = field(default_factory=dict)
    own_home: frozenset[str] = frozenset({"T0TEAM"})
    homes: dict[str, frozenset[str]] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)
    admins: set[str] = field(default_factory=set)
    deactivated: set[str] = field(default_factory=set)
    no_such_thread: str | None = "thread_not_found"
    """The error for a reply to a message that is gone; with None, it is posted outside any thread."""
    replies: list[tuple[str, ThreadReply]] = field(default_factory=list)
    private: dict[str, set[str]] = field(default_factory=dict)
    """The members of each private channel."""
    tells_nothing: bool = False
    """Whether Slack does not say who can see which channel."""
    refused: dict[str, SlackError] = field(default_factory=dict)
    before: Any = lambda method, channel: None
    after: Any = lambda method, channel: None
    meanwhile: Callable[[], Awaitable[None]] | None = None
    """What happens once, elsewhere, while a message is replaced."""
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    async def post(self, channel: str, what: Renderable, *, post_id: str, thread_ts: str | None = None) -> Posted:
        """Post."""
        self.before("post", channel)
        if channel in self.refused:
            raise self.refused[channel]
        thread_ts = self._thread(channel, thread_ts)
        channel = f"D{channel[1:]}" if channel.startswith("U") else channel
        message = FakeMessage(channel, f"{next(self._numbers)}.000000", what, post_id, thread_ts)
        self.messages.append(message)
        self.after("post", channel)
        return Posted(channel, message.ts, thread_ts)

    def _thread(self, channel: str, asked: str | None) -> str | None:
        """The thread in which a message lands; an error if there is no such thread."""
        if asked is None or any((each.channel, each.ts) == (channel, asked) for each in self.messages):
            return asked
        if self.no_such_thread is not None:
            raise Permanent(self.no_such_thread)
        return None

    async def find(self, channel: str, post_id: str, since: datetime, thread_ts: str | None = None) -> Posted | None:
        """Look a post up by its id."""
        self.before("find", channel)
        found = [each for each in self.messages if each.post_id == post_id]
        return Posted(found[0].channel, found[0].ts, found[0].thread_ts) if found else None

    async def replies_between(self, thread: Posted, after: str, before: str) -> Sequence[ThreadReply]:
        """What people wrote in a thread."""
        self.before("written", thread.channel)
        mine = [reply for channel, reply in self.replies if (channel, reply.thread_ts) == (thread.channel, thread.ts)]
        return sorted((reply for reply in mine if after < reply.ts < before), key=lambda reply: reply.ts)

    async def update(self, at: Posted, what: Renderable) -> None:
        """Replace a message."""
        self.before("update", at.channel)
        if meanwhile := self.meanwhile:
            self.meanwhile = None
            await meanwhile()
        self._at(at).what = what
        self.after("update", at.channel)

    async def delete(self, at: Posted) -> None:
        """Take a message away."""
        self.before("delete", at.channel)
        self.messages[:] = [each for each in self.messages if (each.channel, each.ts) != (at.channel, at.ts)]
        self.after("delete", at.channel)

    async def permalink(self, at: Posted) -> str:
        """The address of a message."""
        self.before("permalink", at.channel)
        return f"https://team.slack.com/archives/{at.channel}/p{at.ts.replace('.', '')}"

    async def open_view(self, trigger_id: str, view: Mapping[str, Any]) -> None:
        """Open a modal."""
        self.before("open_view", "")
        self.views.append(view)

    async def push_view(self, trigger_id: str, view: Mapping[str, Any]) -> None:
        """Lay a modal on another."""
        self.before("push_view", "")
        self.views.append(view)

    async def update_view(self, external_id: str, view: Mapping[str, Any]) -> None:
        """Replace a modal."""
        self.before("update_view", "")
        place = next((n for n, each in enumerate(self.views) if each.get("external_id") == external_id), None)
        if place is None:
            raise Permanent("not_found")
        self.views[place] = view

    async def publish_view(self, user: str, view: Mapping[str, Any], hash: str | None = None) -> None:
        """Replace what a person's Home shows; its hash is how often that was done."""
        self.before("publish_view", "")
        if hash is not None and hash != str(self.published.get(user, 0)):
            raise Permanent("hash_conflict")
        self.published[user] = self.published.get(user, 0) + 1
        self.home_views[user] = view

    async def respond(self, response_url: str, what: Renderable, *, replace: bool = False) -> None:
        """Answer a click."""
        self.whispers.append((response_url, what.text))
        if replace:
            self.replaced.append((response_url, what.text))

    async def whisper(self, channel: str, user: str, what: Renderable, thread_ts: str | None = None) -> None:
        """Send a message that one person sees."""
        self.whispers.append((user, what.text))

    async def upload(self, name: str, content: bytes) -> str:
        """Keep a file that is not shared yet."""
        self.before("upload", "")
        id = f"F{len(self.files)}"
        self.files[id] = FakeFile(name, content)
        self.after("upload", "")
        return id

    async def share(self, files: Sequence[str], channel: str, thread_ts: str, byline: Byline | None = None) -> None:
        """Show files in one message."""
        self.before("share", channel)
        if channel in self.refused:
            raise self.refused[channel]
        if any(self.files[id].message for id in files):
            raise Permanent("file_not_found")
        message = FakeMessage(
            channel,
            f"{next(self._numbers)}.000000",
            Nothing(byline=byline),
            f"/files/{files[0]}",
            self._thread(channel, thread_ts),
            files,
        )
        self.messages.append(message)
        for id in files:
            self.files[id].message = message
        self.after("share", channel)

    async def find_share(self, file: str, channel: str) -> Posted | None:
        """The message that shows a file."""
        self.before("shared", channel)
        message = self.files[file].message
        if message is None:
            raise Permanent("file_not_found")
        return None if self.slow_to_share else Posted(message.channel, message.ts, message.thread_ts)

    async def react(self, at: Posted, emoji: str) -> None:
        """Put a reaction on a message."""
        self.before("react", at.channel)
        self.reactions.setdefault(at, set()).add(emoji)
        self.after("react", at.channel)

    async def unreact(self, at: Posted, emoji: str) -> None:
        """Take a reaction away."""
        self.before("unreact", at.channel)
        self.reactions.setdefault(at, set()).discard(emoji)
        self.after("unreact", at.channel)

    async def close(self) -> None:
        """There are no connections to close."""

    async def is_member(self, channel: str) -> bool:
        """Whether the bot is in a channel."""
        self.before("info", channel)
        return channel not in self.absent_from

    async def file(self, id: str) -> SlackFile:
        """A file that a person posted."""
        self.before("file", "")
        if id not in self.posted_files:
            raise Permanent("file_not_found")
        return self.posted_files[id]

    async def home(self) -> frozenset[str]:
        """The ids of the workspace, and of its organisation."""
        return self.own_home

    async def home_of(self, user: str) -> frozenset[str]:
        """The ids of a user's workspace and organisation."""
        self.before("home_of", "")
        return self.homes.get(user, frozenset({"T0TEAM"}))

    async def user_name(self, user: str) -> str:
        """The display name of a user."""
        return user.lower()

    async def zone_of(self, user: str) -> str:
        """The time zone of a user."""
        self.before("zone", "")
        return self.zones.get(user, "")

    async def is_deactivated(self, user: str) -> bool:
        """Whether a user's account is deactivated."""
        self.before("deactivated", "")
        return user in self.deactivated

    async def is_admin(self, user: str) -> bool:
        """Whether a user is an admin."""
        self.before("admin", "")
        return user in self.admins

    async def sees(self, user: str, channels: Collection[str]) -> Sight:
        """Those of some channels that are public, or private with this member; nothing while Slack tells nothing."""
        if self.tells_nothing:
            return Sight(unsure=True)
        return Sight(frozenset(each for each in channels if user in self.private.get(each, {user})))

    def _at(self, at: Posted) -> FakeMessage:
        for each in self.messages:
            if (each.channel, each.ts) == (at.channel, at.ts):
                return each
        raise Permanent("message_not_found")

    def kind(self, kind: str) -> list[FakeMessage]:
        """The messages whose id says that they are of this kind: root, card, texts, line, unreachable."""
        return [each for each in self.messages if f"/{kind}" in each.post_id]


@dataclass(frozen=True)
class Taken:
    """A text that the fake provider took to send."""

    line: str
    contact: str
    callback: str
    sent: SentText
    media: tuple[str, ...] = ()


@dataclass
class FakeTexting:
    """A provider in memory. `before` and `after` are called around each sending and looking, and may raise."""

    clock: FakeClock
    taken: list[Taken] = field(default_factory=list)
    inbound: list[tuple[str, ListedText]] = field(default_factory=list)
    before: Any = lambda method: None
    after: Any = lambda method: None
    kept: dict[str, bytes | TextingError] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)

    async def send(self, *, line: str, contact: str, body: str, media: Sequence[str], callback: str) -> SentText:
        """Take a text."""
        self.before("send")
        sent = SentText(f"SM{len(self.taken):032d}", body, "queued", None, self.clock.now())
        self.taken.append(Taken(line, contact, callback, sent, tuple(media)))
        self.after("send")
        return sent

    async def find(self, *, line: str, contact: str, since: datetime) -> Sequence[SentText]:
        """The texts to a contact, newest first."""
        self.before("find")
        earliest = since - UNEQUAL_CLOCKS
        mine = [each.sent for each in self.taken if (each.line, each.contact) == (line, contact)]
        return [sent for sent in reversed(mine) if sent.at >= earliest]

    async def received(self, *, line: str, since: datetime, contact: str | None = None) -> Sequence[ListedText]:
        """The texts of the contacts, or of one, in order."""
        self.before("received")
        earliest = since - timedelta(minutes=1)
        mine = [text for to, text in self.inbound if to == line and contact in {None, text.contact}]
        return [text for text in mine if text.at >= earliest]

    async def close(self) -> None:
        """There are no connections to close."""

    async def media(self, url: str, most: int) -> Attachment:
        """The content at an address, or the reason why it can't be fetched."""
        self.fetched.append(url)
        found = self.kept.get(url, Unreachable(20404, "http_404"))
        if isinstance(found, TextingError):
            raise found
        if len(found) > most:
            raise TooLarge(None, "too_large")
        return Attachment(found, "image/png")

    def bodies(self, contact: str) -> list[str]:
        """The texts sent to a contact, in order."""
        return [each.sent.body for each in self.taken if each.contact == contact]


class Fate:
    """Whether the worker that handles a message dies at its next step; a dead worker takes no further steps."""

    def __init__(self, dice: random.Random, odds: float) -> None:
        self._dice, self._odds = dice, odds
        self.dead = False

    def step(self) -> None:
        """Continue, or die here."""
        if self.dead or self._dice.random() < self._odds:
            self.dead = True
            raise Crash


class DiesAt(Fate):
    """A worker that dies at one of its steps."""

    def __init__(self, step: int) -> None:
        super().__init__(random.Random(0), 0)
        self._left = step

    def step(self) -> None:
        """Continue, or die here."""
        self.dead, self._left = self._left <= 0, self._left - 1
        super().step()


class Stepwise:
    """A port (or store) with a step before and a step after each call."""

    def __init__(self, port: object, fate: Fate) -> None:
        self._port, self._fate = port, fate

    def __getattr__(self, name: str) -> Any:
        """A call between two steps; any other attribute is a port itself."""
        found = getattr(self._port, name)
        if not inspect.iscoroutinefunction(found):
            return Stepwise(found, self._fate)

        @functools.wraps(found)
        async def call(*args: Any, **kwargs: Any) -> Any:
            self._fate.step()
            result = await found(*args, **kwargs)
            self._fate.step()
            return result

        return call


class FakeWorkers:
    """All actors with a fake queue, stores and a fake Slack, one message at a time."""

    def __init__(self, stores: Stores) -> None:
        load_actors()
        self.clock = FakeClock()
        self.queue = Queue(self.clock)
        self.slack = FakeSlack(self.clock)
        self.texting = FakeTexting(self.clock)
        self.ports = Ports(
            settings=Settings(),
            stores=stores,
            publisher=self.queue,
            slack=self.slack,
            texting=self.texting,
            now=self.clock.now,
        )

    async def handle(self, message: QueueMessage, ports: Ports | None = None) -> None:
        """Handle a message as a worker would: from its JSON."""
        assert message.actor in HANDLERS
        await dispatch(message.actor, message.model_dump(mode="json"), ports or self.ports)

    async def handle_or_die(self, message: QueueMessage, fate: Fate) -> bool:
        """Handle a message in a worker with this fate; whether the worker survived.

        If not, the broker redelivers it.
        """
        ports: Any = {name: Stepwise(getattr(self.ports, name), fate) for name in PORTS}
        try:
            await self.handle(message, replace(self.ports, **ports))
        except Crash:
            return False
        return True

    async def drain(self, times: int = 1) -> None:
        """Handle what is due, each message `times` times, until nothing is."""
        while due := self.queue.due():
            message = self.queue.take(due[0])
            for _ in range(times):
                await self.handle(message)

    async def pass_time(self, seconds: float, step: float = 15) -> None:
        """Let time pass, with the clock looking for due work as it goes."""
        until = self.clock.now() + timedelta(seconds=seconds)
        while self.clock.now() < until:
            self.clock.forward(min(step, (until - self.clock.now()).total_seconds()))
            await clock.sweep(self.ports)
            await self.drain()

    async def storm(self, dice: random.Random) -> None:
        """Handle what is due in any order; some messages come twice, some are lost, some workers die on the way."""

        def before(method: str, channel: str) -> None:
            if dice.random() < 0.06:
                raise dice.choice((Crash(), Ambiguous("TimeoutError"), Temporary("service_unavailable")))

        def after(method: str, channel: str) -> None:
            if dice.random() < 0.06:
                raise dice.choice((Crash(), Ambiguous("TimeoutError")))

        self.slack.before, self.slack.after = before, after
        try:
            while due := self.queue.due():
                message = self.queue.take(dice.choice(due))
                if dice.random() < 0.1:
                    continue
                for _ in range(dice.choice((1, 1, 1, 2))):
                    try:
                        await self.handle(message)
                    except Crash:
                        self.clock.forward(0.2)
                if dice.random() < 0.3:
                    self.clock.forward(dice.random())
        finally:
            self.slack.before = self.slack.after = lambda method, channel: None
