"""What an operator reads of Clerk's documents. This is the only place where `ops` opens MongoDB clients."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, Self

from pymongo import ASCENDING, DESCENDING, MongoClient
from pymongo.database import Database
from pymongo.errors import AutoReconnect, ConfigurationError, OperationFailure, PyMongoError

from messages.base import Document
from messages.calendar import Calendar
from messages.conversation import Contact, Conversation
from messages.deadlines.alert import Alert, AlertBoard, AlertState
from messages.deadlines.turn import late_places
from messages.line import Inbox, Line
from messages.notification import Post
from messages.opt_outs import PoolOptOut
from messages.planned import LIVE, Planned, PlannedState
from messages.sms import Sms
from messages.team.agent import Agent
from messages.team.opening import Opening
from messages.ticket import Entry, Note, Status, Ticket
from ops.documents.backlog import Backlog
from ops.documents.processes import RunningProcess
from workers.mongo import INDEXES
from workers.mongo.address import database_name, in_words, refusing_what_the_driver_refuses
from workers.mongo.posts import Absence, ThrottledChannel
from workers.mongo.unreadable import Unreadable, parsed

type Fields = Mapping[str, Any]

WITHIN: Final = timedelta(seconds=3)
"""How long to wait for MongoDB: an operator wants an answer, not to wait."""


PAGE: Final = 1000
"""How many documents are read at once of a whole collection."""

KINDS: Final[Mapping[str, type[Document]]] = {
    "lines": Line,
    "calendars": Calendar,
    "agents": Agent,
    "openings": Opening,
    "inboxes": Inbox,
    "contacts": Contact,
    "conversations": Conversation,
    "opt_outs": PoolOptOut,
    "tickets": Ticket,
    "sms": Sms,
    "planned": Planned,
    "alerts": Alert,
    "alert_boards": AlertBoard,
    "posts": Post,
    "channels": ThrottledChannel,
    "absences": Absence,
    "notes": Note,
    "history": Entry,
}
"""What the collections of the workers hold."""

DUE: Final = (
    ("sms", "due_at"),
    ("tickets", "due_at"),
    ("planned", "look_at"),
    ("alerts", "look_at"),
    ("alerts", "show_at"),
    ("alert_boards", "look_at"),
    ("conversations", "redraw.due_at"),
    ("conversations", "debounce.due_at"),
    ("conversations", "answering.due_at"),
)
"""Where the clock finds what is due."""


class DocumentsAway(Exception):
    """MongoDB can't be reached at present; the text says why."""


def why_away(error: PyMongoError) -> str:
    """Why MongoDB can't be used at present, in a sentence: without what the driver adds for its developers."""
    why = str(error).partition(", Timeout")[0].partition(" (configured timeouts")[0].partition(", full error")[0]
    if isinstance(error, ConfigurationError):  # of a URL that the driver takes: only its name is left to look up
        return f"CLERK_MONGO_URL: its name can't be looked up in DNS now: {why}"
    if isinstance(error, OperationFailure):  # it answered
        return f"MongoDB refuses: {why}"
    return f"MongoDB can't be reached: {in_words(why)}"


@contextmanager
def _explaining_errors() -> Iterator[None]:
    try:
        yield
    except PyMongoError as error:
        raise DocumentsAway(why_away(error)) from None


def persistently[T](call: Callable[[], T], pause: Callable[[float], None] = time.sleep) -> T:
    """What a call that can be repeated gives, even if the server is busy, or away for some seconds."""
    for wait in (1.0, 2.0, 4.0, 8.0):
        try:
            return call()
        except AutoReconnect:
            pause(wait)
    return call()


def at_places(ranges: Iterable[tuple[str, str]]) -> Fields:
    """The query for tickets whose places in lists are in one of these ranges (`messages/deadlines/turn.py`)."""
    return {"$or": [{"waits": {"$gte": first, "$lt": last}} for first, last in ranges]}


class Documents:
    """The documents of one database."""

    def __init__(self, url: str) -> None:
        try:
            with refusing_what_the_driver_refuses(url):
                client: MongoClient[dict[str, Any]] = MongoClient(
                    url,
                    tz_aware=True,
                    serverSelectionTimeoutMS=int(WITHIN / timedelta(milliseconds=1)),
                    # connectTimeoutMS stays at its 20 seconds: where the driver's own look at the server takes longer
                    # than that, it cancels what waits for an answer.
                    socketTimeoutMS=20_000,
                    retryWrites=False,
                )
        except ConfigurationError as error:
            raise DocumentsAway(why_away(error)) from None
        self._client = client
        self._unreadable: dict[str, Unreadable] = {}
        self.database: Database[dict[str, Any]] = client[database_name(url)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def version(self) -> str:
        """MongoDB's version; DocumentsAway if it does not answer."""
        with _explaining_errors():
            return str(self.database.command("buildInfo")["version"])

    def server_time(self) -> datetime | None:
        """The time by MongoDB's clock; None if MongoDB does not say."""
        with _explaining_errors():
            found = self.database.command("hello").get("localTime")
        return found.replace(tzinfo=UTC) if isinstance(found, datetime) and found.tzinfo is None else found

    def missing_indexes(self) -> list[str]:
        """The indexes that Clerk's queries need and that do not exist."""
        with _explaining_errors():
            return [
                f"{collection}.{index.document['name']}"
                for collection, indexes in INDEXES.items()
                for index in indexes
                if index.document["name"] not in self.database[collection].index_information()
            ]

    def version_of_documents(self) -> int:
        """The last migration that is done; 0 if none is."""
        return max((int(each["_id"]) for each in self.raw("migrations", {}, 0)), default=0)

    def _page(self, collection: str, query: Fields, limit: int) -> list[dict[str, Any]]:
        return list(self.database[collection].find(query, limit=limit, sort=[("_id", ASCENDING)]))

    def next_due(self) -> dict[str, datetime]:
        """When the next delayed work of a slice is due, for the slices whose documents say so."""
        found = {}
        for queue, field in (("notifications", "debounce.due_at"), ("slack", "redraw.due_at")):
            with _explaining_errors():
                first = self.database["conversations"].find_one({field: {"$gt": datetime(1970, 1, 1, tzinfo=UTC)}},
                                                                {field: 1}, sort=[(field, ASCENDING)])  # fmt: skip
            if first is not None:
                name, _, part = field.partition(".")
                found[queue] = first[name][part]
        return found

    def lines(self) -> list[Line]:
        """Every line, by number."""
        return self._find(Line, "lines", {}, [("_id", ASCENDING)])

    def calendars(self) -> list[Calendar]:
        """Every calendar, by id."""
        return self._find(Calendar, "calendars", {}, [("_id", ASCENDING)])

    def calendars_of_lines(self) -> dict[str, Calendar]:
        """The calendar of each line that has one, by the line's number."""
        calendars = {each.id: each for each in self.calendars()}
        return {line.id: calendars[line.calendar] for line in self.lines() if line.calendar in calendars}

    def agents(self) -> list[Agent]:
        """Every agent of whom something is known, by id."""
        return self._find(Agent, "agents", {}, [("_id", ASCENDING)])

    def tickets_by_status(self) -> dict[Status, int]:
        """How many tickets there are in each status."""
        with _explaining_errors():
            return {status: self._count("tickets", {"status": status.value}) for status in Status}

    def _count(self, collection: str, query: Fields) -> int:
        """How many documents match; the embedded server reads all of them for an aggregation, and refuses many."""
        return int(self.database.command("count", collection, query=dict(query))["n"])

    def counts(self, leave_out: Collection[str] = ()) -> dict[str, int]:
        """How many documents there are, by collection; empty collections are left out."""
        with _explaining_errors():
            names = sorted(set(self.database.list_collection_names()) - set(leave_out))
            found = {name: self._count(name, {}) for name in names}
        return {name: count for name, count in found.items() if count}

    def every(self, collection: str, page: int = PAGE) -> Iterator[dict[str, Any]]:
        """Every document of a collection, by its id; all its ids are of one type.

        It reads a page at a time: the embedded server holds all that match before it gives the first.
        """
        query: dict[str, Any] = {}
        while True:
            with _explaining_errors():
                found = persistently(partial(self._page, collection, query, page))
            yield from found
            if len(found) < page:
                return
            query = {"_id": {"$gt": found[-1]["_id"]}}

    def pending(self, limit: int) -> list[Conversation]:
        """Conversations with texts that wait to be announced, the next due first."""
        due = {"debounce.due_at": {"$exists": True}}
        return self._find(Conversation, "conversations", due, [("debounce.due_at", ASCENDING)], limit)

    def behind(self, before: datetime, limit: int) -> list[Conversation]:
        """Conversations that were due to be shown in Slack before then and are not shown yet."""
        late = {"redraw.due_at": {"$lte": before}}
        return self._find(Conversation, "conversations", late, [("redraw.due_at", ASCENDING)], limit)

    def throttled(self, now: datetime) -> dict[str, datetime]:
        """The Slack channels that take no posts until a time, and that time."""
        with _explaining_errors():
            found = list(self.database["channels"].find({"retry_at": {"$gt": now}}, limit=200))
        return {str(each["_id"]): each["retry_at"] for each in found}

    def absent(self) -> list[str]:
        """The lines' Slack channels that the bot was found not to be in."""
        of_lines = {"_id": {"$in": sorted({line.channel for line in self.lines()})}}
        with _explaining_errors():
            return sorted(str(each["_id"]) for each in self.database["absences"].find(of_lines, limit=200))

    def home_refused(self) -> str | None:
        """Why Slack has not shown the last Home; blank if it has, None if nobody has opened one."""
        with _explaining_errors():
            found = self.database["events"].find_one({"_id": "home"})
        return None if found is None else str(found.get("refused", ""))

    def refusing(self) -> dict[str, str]:
        """The Slack channels that refused the last post, and the error that Slack gave."""
        query = {"refused": {"$exists": True}}
        return {post.target: post.refused for post in self.posts(query, 500) if post.refused is not None}

    def not_shown(self, since: datetime) -> list[Post]:
        """Clerk's Slack messages, begun since then, in whose place a line says that they are or may be missing."""
        return self.posts({"told": {"$exists": True}, "created_at": {"$gte": since}}, 500)

    def texts(self, query: Fields, limit: int) -> list[Sms]:
        """Texts that match, newest first."""
        return self._find(Sms, "sms", query, [("received_at", DESCENDING)], limit)

    def tickets(self, query: Fields, limit: int) -> list[Ticket]:
        """Tickets that match, newest first."""
        return self._find(Ticket, "tickets", query, [("_id", DESCENDING)], limit)

    def tickets_by_turn(self, query: Fields, limit: int, skip: int = 0) -> list[Ticket]:
        """Tickets that match, in the order of their turns (`messages/deadlines/turn.py`)."""
        return self._find(Ticket, "tickets", query, [("waits", ASCENDING)], limit, skip)

    def late_tickets(self, now: datetime) -> tuple[int, Fields]:
        """How many tickets are late now, and the query that finds them."""
        query = at_places(late_places(now))
        with _explaining_errors():
            return self._count("tickets", query), query

    def backlog(self, now: datetime) -> Backlog:
        """What waits for people now; counted in indexes, so that it costs what is late and not what there is."""
        with _explaining_errors():
            lines = [str(each["_id"]) for each in self.database["lines"].find({}, {"_id": 1})]
            alerts = {"line": {"$in": lines}, "state": AlertState.STANDS.value}
            return Backlog(
                late=self._count("tickets", at_places(late_places(now))),
                alerts=self._count("alerts", alerts),
                held=self._count("planned", {"state": PlannedState.HELD.value}),
            )

    def current_tickets(self, conversations: Collection[str]) -> dict[str, int]:
        """The newest ticket of each of these conversations, by the conversation."""
        query = {"conversation": {"$in": sorted(conversations)}}
        with _explaining_errors():
            found = list(self.database["tickets"].find(query, {"conversation": 1}).sort([("_id", ASCENDING)]))
        return {str(each["conversation"]): int(each["_id"]) for each in found}

    def by_ids(self, collection: str, ids: Collection[str]) -> list[dict[str, Any]]:
        """Documents with these ids, as MongoDB holds them."""
        return self.raw(collection, {"_id": {"$in": sorted(ids)}}, len(ids)) if ids else []

    def history(self, ticket: Ticket) -> list[Entry]:
        """A ticket's whole history, also what is in documents of its own, in order."""
        with _explaining_errors():
            found = self.database["history"].find({"_id": {"$gte": f"{ticket.id:012d}/", "$lt": f"{ticket.id:012d}0"}})
            entries = self._readable(Entry, "history", found)
        return sorted(
            {each.version: each for each in (*entries, *ticket.history)}.values(), key=lambda each: each.version
        )

    def posts(self, query: Fields, limit: int) -> list[Post]:
        """Clerk's Slack messages that match."""
        return self._find(Post, "posts", query, [], limit)

    def conversation(self, id: str) -> Conversation | None:
        """The conversation with this id."""
        found = self._find(Conversation, "conversations", {"_id": id}, [], 1)
        return found[0] if found else None

    def running_processes(self) -> list[RunningProcess]:
        """The processes that have reported lately, by MongoDB's clock."""
        now = self.server_time() or datetime.now(UTC)
        found = self._find(RunningProcess, "processes", {}, [], 1000)
        return sorted((each for each in found if each.is_running(now)), key=lambda each: each.id)

    def unreadable(self, limit: int) -> list[Unreadable]:
        """Documents that this version can't read: those that a process met and left, and those met here."""
        found = [(each["collection"], each["document"]) for each in self.raw("unreadable", {}, limit)]
        met = {(each.collection, each.id) for each in self._unreadable.values()}
        self._unreadable.clear()
        for collection, id in dict.fromkeys((*found, *met)):
            if (kind := KINDS.get(collection)) is not None:
                self._readable(kind, collection, self.raw(collection, {"_id": id}, 1))
        return list(self._unreadable.values())

    def stranded(self, before: datetime) -> dict[str, int]:
        """The numbers that are no line any more, and how much has been due on them since before then."""
        lines = [str(each["_id"]) for each in self.raw("lines", {}, 0)]
        counts: Counter[str] = Counter()
        for collection, field in DUE:
            query = {field: {"$lte": before}, "line": {"$nin": lines}}
            counts.update(str(each.get("line")) for each in self.raw(collection, query, 10_000))
        return dict(counts)

    def planned(self, limit: int) -> list[Planned]:
        """The planned texts that may still be sent, the next one first."""
        return self._find(Planned, "planned", {"state": {"$in": list(LIVE)}}, [("due_at", 1)], limit)

    def overdue_plans(self, before: datetime) -> int:
        """How many texts that were planned for a time before then have neither left nor are held; 100 at most."""
        query = {"state": PlannedState.PLANNED, "due_at": {"$lte": before}}
        return len(self.raw("planned", query, 100))

    def overdue_clocks(self, before: datetime) -> int:
        """On how many tickets a clock warned or fell due before then, as nobody has noted; 100 at most."""
        return len(self.raw("tickets", {"clocks_at": {"$lte": before}}, 100))

    def raw(self, collection: str, query: Fields, limit: int) -> list[dict[str, Any]]:
        """Documents as MongoDB holds them."""
        with _explaining_errors():
            return list(self.database[collection].find(query, limit=limit))

    def _find[D: Document](
        self, kind: type[D], collection: str, query: Fields, order: list[tuple[str, int]], limit: int = 0, skip: int = 0
    ) -> list[D]:
        with _explaining_errors():
            cursor = self.database[collection].find(query, limit=limit, skip=skip)
            if order:
                cursor = cursor.sort(order)
            found = list(cursor)
        return self._readable(kind, collection, found)

    def _readable[D: Document](self, kind: type[D], collection: str, found: Iterable[Fields]) -> list[D]:
        """What can be read of these; the rest is named by `unreadable`."""
        readable = []
        for fields in found:
            try:
                readable.append(parsed(kind, collection, fields))
            except Unreadable as error:
                self._unreadable[str(error)] = error
        return readable
