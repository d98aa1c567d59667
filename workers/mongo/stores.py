"""All collections of one database, and the indexes that serve every query."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final, Self

from pymongo import ASCENDING, DESCENDING, IndexModel

from workers.mongo.collection import REMEMBERED_FOR, Database, connected
from workers.mongo.contacts import Contacts
from workers.mongo.conversations import Conversations
from workers.mongo.deadlines.alerts import AlertBoards, Alerts
from workers.mongo.events import Events
from workers.mongo.migrations import migrate, migrate_again
from workers.mongo.opt_outs import OptOuts
from workers.mongo.past import Past
from workers.mongo.planned import PlannedTexts
from workers.mongo.posts import Absences, Channels, Posts
from workers.mongo.team.agents import Agents
from workers.mongo.team.calendars import Calendars
from workers.mongo.team.lines import Inboxes, Lines
from workers.mongo.team.openings import Openings
from workers.mongo.texts import Texts
from workers.mongo.tickets import Tickets

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    "sms": [
        IndexModel([("conversation", ASCENDING), ("place", ASCENDING)], unique=True, name="place"),
        IndexModel([("due_at", ASCENDING)], name="due", sparse=True),
        IndexModel([("outbox", ASCENDING)], name="outbox", sparse=True),
        IndexModel([("unshown", ASCENDING)], name="unshown", sparse=True),
        IndexModel([("unattached", ASCENDING)], name="unattached", sparse=True),
        IndexModel([("sid", ASCENDING)], name="sid", sparse=True),
        IndexModel([("correlation_id", ASCENDING)], name="cause", sparse=True),
    ],
    "tickets": [
        IndexModel([("slot", ASCENDING)], unique=True, name="slot"),
        IndexModel([("conversation", ASCENDING), ("_id", DESCENDING)], name="newest"),
        IndexModel([("due_at", ASCENDING)], name="due", sparse=True),
        IndexModel([("close_at", ASCENDING)], name="close", sparse=True),
        IndexModel([("clocks_at", ASCENDING)], name="clocks", sparse=True),
        IndexModel([("rules", ASCENDING)], name="rules", sparse=True),
        IndexModel([("status", ASCENDING), ("_id", DESCENDING)], name="status"),
        IndexModel([("status", ASCENDING), ("waits", ASCENDING)], name="waits"),
        IndexModel([("waits", ASCENDING)], name="queue"),
        IndexModel([("snoozed", ASCENDING)], name="snooze", sparse=True),
        IndexModel([("nudge.due_at", ASCENDING)], name="nudge", sparse=True),
        IndexModel([("contact", ASCENDING), ("_id", DESCENDING)], name="contact"),
        IndexModel([("assignees", ASCENDING), ("status", ASCENDING), ("waits", ASCENDING)], name="assignee"),
    ],
    "conversations": [
        IndexModel([("debounce.due_at", ASCENDING)], name="announce", sparse=True),
        IndexModel([("redraw.due_at", ASCENDING)], name="redraw", sparse=True),
        IndexModel([("answering.due_at", ASCENDING)], name="answer", sparse=True),
        IndexModel([("watch_at", ASCENDING)], name="watch", sparse=True),
        IndexModel([("cards_until", ASCENDING)], name="cards", sparse=True),
        IndexModel([("thread.ts", ASCENDING)], name="thread", sparse=True),
    ],
    "posts": [
        IndexModel([("conversation", ASCENDING), ("kind", ASCENDING), ("ticket", ASCENDING)], name="shown"),
        IndexModel([("channel", ASCENDING), ("ts", ASCENDING)], name="message"),
        IndexModel([("refused", ASCENDING)], name="refused", sparse=True),
        IndexModel([("told", ASCENDING)], name="told", sparse=True),
    ],
    "history": [IndexModel([("order", ASCENDING)], name="order", sparse=True)],
    "planned": [
        IndexModel([("look_at", ASCENDING)], name="look", sparse=True),
        IndexModel([("conversation", ASCENDING), ("state", ASCENDING)], name="conversation"),
        IndexModel([("by", ASCENDING), ("state", ASCENDING), ("due_at", ASCENDING)], name="author"),
        IndexModel([("state", ASCENDING), ("due_at", ASCENDING)], name="state"),
    ],
    "alerts": [
        IndexModel([("ticket", ASCENDING)], name="ticket"),
        IndexModel([("look_at", ASCENDING)], name="look", sparse=True),
        IndexModel([("show_at", ASCENDING)], name="show", sparse=True),
        IndexModel([("line", ASCENDING), ("state", ASCENDING)], name="line"),
    ],
    "alert_boards": [IndexModel([("look_at", ASCENDING)], name="look", sparse=True)],
    "agents": [IndexModel([("hand_on_at", ASCENDING)], name="hand_on", sparse=True)],
    "tags": [IndexModel([("used_at", DESCENDING)], name="recent")],
}
"""No unique index is partial, because the embedded server would scan the whole collection at each write. A key for
which only some documents compete is a separate string: `place` is a text's place in its conversation's order, or a
unique string while it has none; a conversation's tickets that are not Closed have the same `slot`."""


class Stores:
    """All collections of one database; what hardly ever changes is remembered for a while."""

    def __init__(
        self, url: str, *, connect: Callable[[str], Database] = connected, remember: timedelta = REMEMBERED_FOR
    ) -> None:
        self._database = connect(url)
        self.lines = Lines(self._database["lines"], remember)
        self.calendars = Calendars(self._database["calendars"], remember)
        self.agents = Agents(self._database["agents"], self.calendars, remember)
        self.openings = Openings(self._database["openings"])
        self.inboxes = Inboxes(self._database["inboxes"])
        self.contacts = Contacts(self._database["contacts"], self._database["terms"])
        self.conversations = Conversations(self._database["conversations"])
        self.opt_outs = OptOuts(
            self._database["opt_outs"], self.lines, self.calendars, self.contacts, self.conversations
        )
        self.texts = Texts(self._database["sms"])
        self.planned = PlannedTexts(self._database["planned"])
        self.alerts = Alerts(self._database["alerts"])
        self.alert_boards = AlertBoards(self._database["alert_boards"])
        self.past = Past(self._database["notes"], self._database["history"])
        self.tickets = Tickets(
            self._database["tickets"],
            self._database["tags"],
            self._database["terms"],
            self._database["counters"],
            self.past,
        )
        self.posts = Posts(self._database["posts"])
        self.channels = Channels(self._database["channels"], remember)
        self.absences = Absences(self._database["absences"], remember)
        self.events = Events(self._database["events"])

    async def prepare(self) -> None:
        """Create the missing indexes, and migrate the documents of earlier versions."""
        for name, indexes in INDEXES.items():
            await self._database[name].create_indexes(indexes)
        await self.migrate()

    async def migrate(self, *, again: bool = False) -> bool:
        """Run the migrations that are not done, or `again` all of them; whether all are done now."""
        return await (migrate_again if again else migrate)(self._database)

    async def ping(self) -> None:
        """Return once the server has answered; raises pymongo's errors."""
        await self._database.command("ping")

    async def move_channel(self, former: str, channel: str) -> None:
        """Let lines, threads, posts, texts and tickets' lists name `channel` where they name `former`.

        It may be done again. The lines come last, so that no thread is taken for one that its line has left.
        """
        await self.conversations.move_channel(former, channel)
        await self.posts.move_channel(former, channel)
        await self.texts.move_channel(former, channel)
        await self.tickets.move_channel(former, channel)
        await self.lines.move_channel(former, channel)
        await self.absences.end(former)

    def close(self) -> None:
        """Close the connections."""
        self._database.client.close()

    @classmethod
    @asynccontextmanager
    async def opened(
        cls, url: str, *, connect: Callable[[str], Database] = connected, remember: timedelta = REMEMBERED_FOR
    ) -> AsyncIterator[Self]:
        """The stores, with their indexes, for the duration of a block."""
        stores = cls(url, connect=connect, remember=remember)
        try:
            await stores.prepare()
            yield stores
        finally:
            stores.close()
