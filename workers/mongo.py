"""The documents in MongoDB, and the indexes that serve every query; the only importer of motor.

Each write is one atomic operation on one document. Whoever changes a document that others change too compares
what it read (a version, a lease, a missing field) and is told by False or None that it lost.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final, Self

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorDatabase
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError
from pymongo.uri_parser import parse_uri

from messages.base import Document, QueueMessage
from messages.conversation import Contact, Conversation, Debounce, Thread, conversation_id
from messages.line import Inbox, Line
from messages.notification import Kind, Post
from messages.sms import Direction, Sms, State
from messages.ticket import CARRIED_OUT_BY, Status, Ticket
from messages.words import words

type Fields = Mapping[str, Any]

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
        IndexModel([("status", ASCENDING), ("_id", DESCENDING)], name="status"),
        IndexModel([("contact", ASCENDING), ("_id", DESCENDING)], name="contact"),
    ],
    "conversations": [
        IndexModel([("debounce.due_at", ASCENDING)], name="announce", sparse=True),
        IndexModel([("redraw.due_at", ASCENDING)], name="redraw", sparse=True),
        IndexModel([("thread.ts", ASCENDING)], name="thread", sparse=True),
    ],
    "posts": [
        IndexModel([("conversation", ASCENDING), ("kind", ASCENDING), ("ticket", ASCENDING)], name="shown"),
        IndexModel([("channel", ASCENDING), ("ts", ASCENDING)], name="message"),
    ],
    "tags": [IndexModel([("used_at", DESCENDING)], name="recent")],
}
"""No unique index is partial: the embedded server would look through the whole collection at each write. So a key
that only some documents compete for is a string of its own: `place` is a text's in its conversation's order, or one
of its own while it has none; `slot` is shared by a conversation's tickets that are not Closed."""


class Stores:
    """All collections of one database."""

    def __init__(self, url: str) -> None:
        self._client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
            url, tz_aware=True, serverSelectionTimeoutMS=5000, socketTimeoutMS=20000, retryWrites=False
        )
        name = parse_uri(url)["database"] or "clerk"
        self._database: AsyncIOMotorDatabase[dict[str, Any]] = self._client[name]
        self.lines = Lines(self._database["lines"])
        self.inboxes = Inboxes(self._database["inboxes"])
        self.contacts = Contacts(self._database["contacts"], self._database["terms"])
        self.conversations = Conversations(self._database["conversations"])
        self.texts = Texts(self._database["sms"])
        self.tickets = Tickets(self._database["tickets"], self._database["tags"], self._database["terms"])
        self.posts = Posts(self._database["posts"])
        self.channels = Channels(self._database["channels"])
        self.events = Events(self._database["events"])

    async def prepare(self) -> None:
        """Make the indexes that are missing."""
        for name, indexes in INDEXES.items():
            await self._database[name].create_indexes(indexes)

    async def ping(self) -> None:
        """Return once the server has answered; pymongo's errors otherwise."""
        await self._database.command("ping")

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    @classmethod
    @asynccontextmanager
    async def opened(cls, url: str) -> AsyncIterator[Self]:
        """The stores, prepared, for the length of a block."""
        stores = cls(url)
        try:
            await stores.prepare()
            yield stores
        finally:
            stores.close()


def _fields(document: Document) -> dict[str, Any]:
    """A document as MongoDB holds it: `id` as `_id`; what is None is absent, so that sparse indexes leave it out."""
    fields: dict[str, Any] = _without_none(document.model_dump())
    if "id" in fields:
        fields["_id"] = fields.pop("id")
    return fields


def _without_none(value: Any) -> Any:
    """Without the fields that are None, at any depth but in lists: what stands in a list is in no sparse index."""
    if isinstance(value, dict):
        return {name: _without_none(each) for name, each in value.items() if each is not None}
    return list(value) if isinstance(value, tuple) else value


def _read[D: Document](kind: type[D], fields: Fields | None) -> D | None:
    return None if fields is None else kind.model_validate({**fields, "id": fields["_id"]})


class _Store[D: Document]:
    """A collection of one kind of document."""

    kind: type[D]

    def __init__(self, collection: AsyncIOMotorCollection[dict[str, Any]]) -> None:
        self._all = collection

    async def get(self, id: Any) -> D | None:
        """The document with this id."""
        return _read(self.kind, await self._all.find_one({"_id": id}))

    async def _insert(self, document: D, **more: Any) -> bool:
        """Store a new document; False if its id, or another unique key of it, is taken."""
        try:
            await self._all.insert_one({**_fields(document), **more})
        except DuplicateKeyError:
            return False
        return True

    async def _ensure(self, document: D) -> D:
        """The stored document with this id; this one if there was none."""
        id = getattr(document, "id")  # noqa: B009 - every stored document has an id
        found = await self.get(id)
        if found is None:
            await self._insert(document)
            found = await self.get(id)
        assert found is not None
        return found

    async def _find(self, query: Fields, order: Sequence[tuple[str, int]] = (), limit: int = 0) -> list[D]:
        cursor = self._all.find(query, limit=limit)
        if order:
            cursor = cursor.sort(list(order))
        return [self.kind.model_validate({**fields, "id": fields["_id"]}) async for fields in cursor]

    async def among(self, ids: Collection[Any]) -> list[D]:
        """The documents with these ids."""
        return await self._find({"_id": {"$in": list(ids)}}) if ids else []

    async def _update(self, query: Fields, change: Fields) -> bool:
        """Apply a change to the one document that matches; False if none does."""
        return bool((await self._all.update_one(query, change)).matched_count)

    async def _due(self, field: str, now: datetime, again_at: datetime, limit: int) -> list[D]:
        """The documents whose time has come, put off until `again_at` so that the next look finds others first."""
        due = await self._find({field: {"$lte": now}}, [(field, ASCENDING)], limit)
        if due:
            ids = [getattr(document, "id") for document in due]  # noqa: B009 - every stored document has an id
            await self._all.update_many({"_id": {"$in": ids}, field: {"$lte": now}}, {"$set": {field: again_at}})
        return due


class _Terms:
    """What things are found by: one small document for each term of each thing, its `_id` being `kind:term/key`.

    They only propose: terms that a thing does not have any more stay. A document each, and no array in the thing,
    because the embedded server can't look into arrays by an index.
    """

    def __init__(self, collection: AsyncIOMotorCollection[dict[str, Any]], kind: str) -> None:
        self._all, self._kind = collection, kind

    async def add(self, terms: Iterable[str], key: str) -> None:
        """Have a thing found by these terms, too."""
        ids = {f"{self._kind}:{term}/{key}" for term in terms}
        if not ids:
            return
        known = {each["_id"] async for each in self._all.find({"_id": {"$in": sorted(ids)}})}
        for id in sorted(ids - known):
            await self._all.update_one({"_id": id}, {"$set": {"key": key}}, upsert=True)

    async def keys(self, term: str, limit: int, *, whole: bool) -> list[str]:
        """The things that have a term, or one that begins like it, by term and key."""
        first = f"{self._kind}:{term}{'/' if whole else ''}"
        cursor = self._all.find({"_id": {"$gte": first, "$lt": f"{first}\U0010ffff"}}, limit=limit)
        return [str(each["key"]) async for each in cursor.sort("_id", ASCENDING)]


class Lines(_Store[Line]):
    """The team's phone numbers."""

    kind = Line

    async def all(self) -> list[Line]:
        """Every line, by number."""
        return await self._find({}, [("_id", ASCENDING)])

    async def add(self, line: Line) -> bool:
        """Store a new line; False if the number is one already."""
        return await self._insert(line)

    async def save(self, line: Line) -> None:
        """Store a line, new or changed."""
        fields = _fields(line)
        await self._all.replace_one({"_id": fields["_id"]}, fields, upsert=True)

    async def remove(self, number: str) -> bool:
        """Forget a line; False if there is none."""
        return bool((await self._all.delete_one({"_id": number})).deleted_count)


class Inboxes(_Store[Inbox]):
    """How far each line's texts were compared with the provider's."""

    kind = Inbox

    async def take(self, line: str, now: datetime, look_at: datetime) -> Inbox | None:
        """The line's inbox if it is time for a look, which nobody else takes before `look_at`; a new one begins now."""
        await self._ensure(Inbox(id=line, seen_at=now, look_at=now))
        due = {"_id": line, "look_at": {"$lte": now}}
        return _read(Inbox, await self._all.find_one_and_update(due, {"$set": {"look_at": look_at}}))

    async def set_seen(self, line: str, until: datetime) -> None:
        """Record that all texts up to then are known."""
        await self._update({"_id": line}, {"$max": {"seen_at": until}})

    async def put_off(self, line: str, look_at: datetime) -> None:
        """Take no look before then."""
        await self._update({"_id": line}, {"$max": {"look_at": look_at}})


class Contacts(_Store[Contact]):
    """The people who text."""

    kind = Contact

    def __init__(
        self,
        collection: AsyncIOMotorCollection[dict[str, Any]],
        terms: AsyncIOMotorCollection[dict[str, Any]],
    ) -> None:
        super().__init__(collection)
        self._words = _Terms(terms, "contact")

    async def ensure(self, number: str, now: datetime) -> Contact:
        """The contact with this number, new if need be."""
        return await self._ensure(Contact(id=number, created_at=now))

    async def set_name(self, number: str, name: str, at: datetime) -> bool:
        """Record what a contact is called since a time; False if somebody said otherwise later."""
        earlier = {"_id": number, "$or": [{"named_at": None}, {"named_at": {"$lte": at}}]}
        await self._words.add(words(name), number)
        return await self._update(earlier, {"$set": {"name": name, "named_at": at}})

    async def named(self, term: str, limit: int) -> list[str]:
        """The numbers of contacts of whose name a word begins, or began, like this."""
        return await self._words.keys(term, limit, whole=False)

    async def set_opted_out(self, number: str, opted_out: bool, at: datetime) -> bool:
        """Record that the contact wanted no texts, or wanted them again, at a time; False if they said so later."""
        earlier = {"_id": number, "$or": [{"opted_at": None}, {"opted_at": {"$lte": at}}]}
        return await self._update(earlier, {"$set": {"opted_out": opted_out, "opted_at": at}})


class Conversations(_Store[Conversation]):
    """The conversations, and the lease under which Slack is brought into line with one."""

    kind = Conversation

    async def ensure(self, line: str, contact: str, now: datetime) -> Conversation:
        """The conversation between a line and a contact, new if need be."""
        id = conversation_id(line, contact)
        return await self._ensure(Conversation(id=id, line=line, contact=contact, created_at=now))

    async def save_debounce(self, id: str, read: Debounce, debounce: Debounce, redraw_by: datetime | None) -> bool:
        """Save the debounce if nobody did since it was read; with `redraw_by`, in the same write wish for a redraw."""
        change: dict[str, Any] = {"$set": {"debounce": _fields(debounce)}}
        if redraw_by is not None:
            change |= {"$inc": {"redraw.count": 1}, "$min": {"redraw.due_at": redraw_by}}
        unsaved = {"$in": [0, None]} if read.version == 0 else read.version
        return await self._update({"_id": id, "debounce.version": unsaved}, change)

    async def wish_redraw(self, id: str, by: datetime) -> bool:
        """Have Slack brought into line by `by` at the latest; False if there is no such conversation."""
        return await self._update({"_id": id}, {"$inc": {"redraw.count": 1}, "$min": {"redraw.due_at": by}})

    async def by_thread(self, channel: str, ts: str) -> Conversation | None:
        """The conversation that has this thread."""
        found = await self._find({"thread.ts": ts, "thread.channel": channel}, limit=1)
        return found[0] if found else None

    async def take_outbox(self, id: str, holder: str, now: datetime, until: datetime) -> bool:
        """Whether the conversation's outbox is this holder's alone until then."""
        free = [{"sending": None}, {"sending.until": {"$lte": now}}, {"sending.holder": holder}]
        return await self._update({"_id": id, "$or": free}, {"$set": {"sending": {"holder": holder, "until": until}}})

    async def release_outbox(self, id: str, holder: str) -> None:
        """Give the outbox back."""
        await self._update({"_id": id, "sending.holder": holder}, {"$unset": {"sending": ""}})

    async def take_lease(self, id: str, holder: str, now: datetime, until: datetime) -> Conversation | None:
        """The conversation, to be worked on alone until then; None if another holder's time has not passed."""
        free = {"_id": id, "$or": [{"lease": None}, {"lease.until": {"$lte": now}}, {"lease.holder": holder}]}
        lease = {"$set": {"lease": {"holder": holder, "until": until}}}
        return _read(
            Conversation, await self._all.find_one_and_update(free, lease, return_document=ReturnDocument.AFTER)
        )

    async def renew_lease(self, id: str, holder: str, until: datetime) -> bool:
        """Keep a lease until then; False if it is another's by now."""
        return await self._update({"_id": id, "lease.holder": holder}, {"$set": {"lease.until": until}})

    async def release_lease(self, id: str, holder: str, count: int) -> bool:
        """Give the lease back with every wish up to `count` fulfilled; False, and still held, if a new wish came."""
        return await self._update(
            {"_id": id, "lease.holder": holder, "redraw.count": count if count else {"$in": [0, None]}},
            {"$unset": {"lease": "", "redraw.due_at": "", "redraw.tries": ""}},
        )

    async def postpone(self, id: str, holder: str, until: datetime, tries: int) -> None:
        """Give the lease back with wishes unfulfilled; the clock takes them up at `until`."""
        await self._update(
            {"_id": id, "lease.holder": holder},
            {"$unset": {"lease": ""}, "$set": {"redraw.due_at": until, "redraw.tries": tries}},
        )

    async def set_thread(self, id: str, thread: Thread | None) -> None:
        """Record which Slack thread is the conversation's."""
        change = {"$set": {"thread": _fields(thread)}} if thread else {"$unset": {"thread": ""}}
        await self._update({"_id": id}, change)

    async def set_posted(self, id: str, seq: int) -> None:
        """Record that the texts up to `seq` stand in the thread."""
        await self._update({"_id": id}, {"$max": {"posted": seq}})

    async def set_unreachable(self, id: str, targets: Sequence[str]) -> None:
        """Record the targets of which the thread has been told that they can't be reached."""
        await self._update({"_id": id}, {"$set": {"unreachable": list(targets)}})

    async def announcements_due(self, now: datetime, limit: int = 500) -> list[Conversation]:
        """Conversations whose unannounced texts must be announced."""
        return await self._find({"debounce.due_at": {"$lte": now}}, [("debounce.due_at", ASCENDING)], limit)

    async def redraws_due(self, now: datetime, again_at: datetime, limit: int = 500) -> list[Conversation]:
        """Conversations whose wish for a redraw was not fulfilled in time."""
        return await self._due("redraw.due_at", now, again_at, limit)


def _place(seq: int) -> str:
    """The key of an inbound text's place in its conversation: sorts as the texts do."""
    return f"{Direction.INBOUND}/{seq:09d}"


def _written_at(text: Sms) -> str:
    """The key of an outbound text's place: that of its message, or of when it was written elsewhere."""
    return f"{text.direction}/{text.ts or f'{text.received_at.timestamp():.6f}/{text.id}'}"


def _unplaced(id: str) -> str:
    """The key of a text that has no place yet."""
    return f"?/{id}"


def _places(conversation: str, first: int = 1, last: int = 999_999_999) -> dict[str, Any]:
    """The query for a conversation's inbound texts `first`..`last`."""
    keys = {"$gte": _place(first), "$lte": _place(last)}
    return {"conversation": conversation, "place": keys}


class Texts(_Store[Sms]):
    """The texts, either way."""

    kind = Sms

    async def add(self, text: Sms) -> bool:
        """Store a new text; False if it is known already."""
        if text.direction is Direction.OUTBOUND:
            return await self._insert(text, place=_written_at(text))
        place = _unplaced(text.id) if text.seq is None else _place(text.seq)
        return await self._insert(text, place=place)

    async def unplaced_after_placed(self, conversation: str) -> list[Sms]:
        """The conversation's texts without a place yet, by time of arrival; `after` only where that has none either."""
        query = {"conversation": conversation, "place": {"$gte": _unplaced(""), "$lt": _unplaced("~")}}
        unplaced = sorted(await self._find(query), key=lambda text: (text.received_at, text.id))
        waiting = {text.id for text in unplaced}
        before = {text.after for text in unplaced if text.after is not None} - waiting
        known = await self._find({"_id": {"$in": list(before)}}) if before else []
        placed = {text.id for text in known if text.seq is not None}
        return [text.model_copy(update={"after": None}) if text.after in placed else text for text in unplaced]

    async def place(self, text: Sms, seq: int) -> bool:
        """Give a text its place; False if it has one already, or the place is taken."""
        place = {"place": _place(seq), "seq": seq}
        try:
            return await self._update({"_id": text.id, "place": _unplaced(text.id)}, {"$set": place})
        except DuplicateKeyError:
            return False

    async def newest(self, conversation: str) -> int:
        """The highest place given out; 0 if none was."""
        found = await self._find(_places(conversation), [("place", DESCENDING)], 1)
        return found[0].seq or 0 if found else 0

    async def between(self, conversation: str, first: int, last: int, limit: int = 0) -> list[Sms]:
        """The inbound texts `first`..`last`, in order."""
        if first > last:
            return []
        return await self._find(_places(conversation, first, last), [("place", ASCENDING)], limit)

    async def numbered(self, conversation: str, seq: int) -> Sms | None:
        """The inbound text with this place."""
        found = await self._find({"conversation": conversation, "place": _place(seq)}, limit=1)
        return found[0] if found else None

    async def set_filed(self, conversation: str, first: int, last: int) -> None:
        """Record that the texts `first`..`last` are under a ticket: the clock need not look after them any more."""
        if first <= last:
            await self._all.update_many(
                {**_places(conversation, first, last), "due_at": {"$exists": True}},
                {"$unset": {"due_at": ""}},
            )

    async def due(self, now: datetime, again_at: datetime, limit: int = 500) -> list[Sms]:
        """Inbound texts that should be under a ticket by now, and outbound ones that should be decided."""
        return await self._due("due_at", now, again_at, limit)

    async def unattached(self, conversation: str) -> list[Sms]:
        """The conversation's texts whose attachments are not in the thread yet, in order."""
        return await self._find({"unattached": conversation}, [("place", ASCENDING)])

    async def set_attached(self, text: Sms) -> None:
        """Record that a text's attachments stand in the thread, or that it says why not."""
        await self._update({"_id": text.id}, {"$unset": {"unattached": ""}})

    # -- outbound -------------------------------------------------------------------------------------------------

    async def outbox(self, conversation: str, limit: int = 0) -> list[Sms]:
        """The conversation's texts that are to be sent, or of which it is open whether they were, in order."""
        return await self._find({"outbox": conversation}, [("place", ASCENDING)], limit)

    async def claim(self, text: Sms, now: datetime, due_at: datetime) -> bool:
        """Note that a text is about to be sent; False if it is not waiting any more."""
        state = {"state": State.SENDING, "rank": State.SENDING.rank, "claimed_at": now, "due_at": due_at}
        shown = {"unshown": text.conversation}
        change = {"$set": {**state, **shown}, "$inc": {"attempts": 1}, "$unset": {"retry_at": ""}}
        return await self._update({"_id": text.id, "state": State.WAITING}, change)

    async def unclaim(self, text: Sms, retry_at: datetime, due_at: datetime) -> None:
        """Note that a claimed text was surely not sent: it waits again, until `retry_at` at least."""
        state = {"state": State.WAITING, "rank": State.WAITING.rank, "retry_at": retry_at, "due_at": due_at}
        await self._update({"_id": text.id, "state": State.SENDING}, {"$set": state, "$unset": {"claimed_at": ""}})

    async def put_off(self, text: Sms, retry_at: datetime) -> None:
        """Leave a text in the outbox alone until then."""
        await self._update({"_id": text.id, "outbox": {"$exists": True}}, {"$set": {"retry_at": retry_at}})

    async def resend(self, text: Sms, due_at: datetime) -> bool:
        """Have a text sent again; False if it is known by now what became of it."""
        state = {"state": State.WAITING, "rank": State.WAITING.rank, "due_at": due_at, "words": ""}
        shown = {"unshown": text.conversation, "outbox": text.conversation}
        change = {"$set": {**state, **shown}, "$unset": {"claimed_at": "", "retry_at": ""}}
        return await self._update({"_id": text.id, "state": State.UNKNOWN}, change)

    async def move(self, text: Sms, state: State, **fields: Any) -> bool:
        """Move a text on, with these fields; False if it is as far already. It leaves the outbox."""
        given = {name: value for name, value in fields.items() if value is not None}
        change = {
            "$set": {**given, "state": state, "rank": state.rank, "unshown": text.conversation},
            "$unset": {"outbox": "", "due_at": ""},
        }
        return await self._update({"_id": text.id, "rank": {"$lt": state.rank}}, change)

    async def set_sid(self, text: Sms, sid: str) -> None:
        """Record the provider's sid of a text."""
        await self._update({"_id": text.id}, {"$set": {"sid": sid}})

    async def known(self, ids: Sequence[str]) -> set[str]:
        """Those of the ids that are texts already."""
        return {text.id for text in await self._find({"_id": {"$in": list(ids)}})}

    async def known_sids(self, sids: Sequence[str]) -> set[str]:
        """Those of the provider's sids that are texts of ours already."""
        return {text.sid for text in await self._find({"sid": {"$in": list(sids)}}) if text.sid is not None}

    async def unshown(self, conversation: str) -> list[Sms]:
        """The conversation's texts whose state Slack does not show, in order."""
        return await self._find({"unshown": conversation}, [("place", ASCENDING)])

    async def set_shown(self, text: Sms, mark: str | None) -> bool:
        """Record that Slack shows a text's state by a reaction; False, and still unshown, if it has moved on."""
        await self._update({"_id": text.id}, {"$set": {"mark": mark}} if mark else {"$unset": {"mark": ""}})
        return await self._update({"_id": text.id, "state": text.state}, {"$unset": {"unshown": ""}})


_NEWEST_FIRST: Final = 9_999_999_999
"""A ticket's number taken from this sorts the newest first."""


def _slot(ticket: Ticket) -> str:
    """The key that only one ticket of a conversation can have while it is not Closed."""
    return f"{ticket.conversation}/{ticket.id}" if ticket.is_closed else f"{ticket.conversation}/open"


class Tickets(_Store[Ticket]):
    """The tickets, and the tags in use."""

    kind = Ticket

    def __init__(
        self,
        collection: AsyncIOMotorCollection[dict[str, Any]],
        tags: AsyncIOMotorCollection[dict[str, Any]],
        terms: AsyncIOMotorCollection[dict[str, Any]],
    ) -> None:
        super().__init__(collection)
        self._tags = tags
        self._terms = {kind: _Terms(terms, kind) for kind in ("word", "assignee")}

    async def newest(self, conversation: str) -> Ticket | None:
        """The conversation's newest ticket."""
        found = await self._find({"conversation": conversation}, [("_id", DESCENDING)], 1)
        return found[0] if found else None

    async def next_number(self) -> int:
        """One more than the highest number given out."""
        found = await self._find({}, [("_id", DESCENDING)], 1)
        return found[0].id + 1 if found else 1

    async def add(self, ticket: Ticket) -> bool:
        """Store a new ticket; False if its number is taken or the conversation has another that is not Closed."""
        return await self._insert(ticket, slot=_slot(ticket))

    async def save(self, ticket: Ticket, read: int) -> bool:
        """Save a ticket if it still is at version `read`."""
        fields = _fields(ticket)
        del fields["_id"], fields["settled"]
        absent = {name: "" for name in ("close_at", "due_at", "follows") if name not in fields}
        change: dict[str, Any] = {"$set": {**fields, "slot": _slot(ticket)}}
        if absent:
            change["$unset"] = absent
        return await self._update({"_id": ticket.id, "version": read}, change)

    async def settle(self, ticket: Ticket, slice: str) -> None:
        """Record that a slice has carried out a ticket's version; once all have, nothing is due any more."""
        if ticket.settled.get(slice, 0) >= ticket.version:
            return
        after = await self._all.find_one_and_update(
            {"_id": ticket.id}, {"$max": {f"settled.{slice}": ticket.version}}, return_document=ReturnDocument.AFTER
        )
        settled = (after or {}).get("settled", {})
        if after and "due_at" in after and all(settled.get(each, 0) >= after["version"] for each in CARRIED_OUT_BY):
            await self._update({"_id": ticket.id, "version": after["version"]}, {"$unset": {"due_at": ""}})

    async def unsettle(self, ticket: Ticket, slice: str, due_at: datetime) -> None:
        """Have a slice carry out a ticket's present version again, by `due_at` at the latest."""
        change = {f"settled.{slice}": ticket.version - 1, "due_at": due_at}
        await self._update({"_id": ticket.id, "version": ticket.version}, {"$set": change})

    async def unsettled(self, conversation: str, slice: str) -> list[Ticket]:
        """The conversation's tickets of which a slice has not carried out the present version, oldest first."""
        tickets = await self._find({"conversation": conversation, "due_at": {"$exists": True}}, [("_id", ASCENDING)])
        return [ticket for ticket in tickets if ticket.settled.get(slice, 0) < ticket.version]

    async def due(self, now: datetime, again_at: datetime, limit: int = 500) -> list[Ticket]:
        """Tickets of which some slice should have carried out the present version by now."""
        return await self._due("due_at", now, again_at, limit)

    async def closing(self, now: datetime, limit: int = 500) -> list[Ticket]:
        """Solved tickets whose time has passed."""
        return await self._find({"close_at": {"$lte": now}}, [("close_at", ASCENDING)], limit)

    async def index(self, ticket: Ticket) -> None:
        """Have a ticket found by its subject, tags and assignees."""
        key = f"{_NEWEST_FIRST - ticket.id:010d}"
        await self._terms["word"].add((term for text in (ticket.subject, *ticket.tags) for term in words(text)), key)
        await self._terms["assignee"].add(ticket.assignees, key)

    async def indexed(self, kind: str, term: str, limit: int, *, whole: bool = True) -> list[Ticket]:
        """Tickets that have, or had, a term, or one that begins like it; of one term the newest first."""
        keys = await self._terms[kind].keys(term, limit, whole=whole)
        return await self.among({_NEWEST_FIRST - int(key) for key in keys})

    async def in_status(self, status: Status, limit: int) -> list[Ticket]:
        """The newest tickets in a status."""
        return await self._find({"status": status}, [("_id", DESCENDING)], limit)

    async def of_contacts(self, contacts: Collection[str], limit: int) -> list[Ticket]:
        """The newest tickets of some contacts."""
        return await self._find({"contact": {"$in": list(contacts)}}, [("_id", DESCENDING)], limit)

    async def newest_of_all(self, limit: int) -> list[Ticket]:
        """The newest tickets."""
        return await self._find({}, [("_id", DESCENDING)], limit)

    async def remember_tags(self, tags: Sequence[str], now: datetime) -> None:
        """Offer these tags first from now on."""
        for tag in tags:
            await self._tags.update_one({"_id": tag}, {"$max": {"used_at": now}}, upsert=True)

    async def known_tags(self, limit: int = 100) -> list[str]:
        """The tags in use, most recently used first."""
        return [str(each["_id"]) async for each in self._tags.find({}, limit=limit).sort("used_at", DESCENDING)]


class Posts(_Store[Post]):
    """Our messages in Slack."""

    kind = Post

    async def claim(self, post: Post) -> tuple[Post, bool]:
        """The stored post with this id, and whether it was stored by this call."""
        found = await self.get(post.id)
        if found is not None:
            return found, False
        return (post, True) if await self._insert(post) else (await self._ensure(post), False)

    async def set(self, post: Post, **fields: Any) -> Post:
        """Store new values of some fields of a post, and return it with them; None takes a value away."""
        given = {name: value for name, value in fields.items() if value is not None}
        absent = {name: "" for name, value in fields.items() if value is None}
        change: dict[str, Any] = {}
        if given:
            change["$set"] = given
        if absent:
            change["$unset"] = absent
        await self._update({"_id": post.id}, change)
        return post.model_copy(update=fields)

    async def cards(self, conversation: str, tickets: Sequence[int]) -> list[Post]:
        """The conversation's root and the cards of some of its tickets."""
        roots = await self._find({"conversation": conversation, "kind": Kind.ROOT})
        cards = await self._find({"conversation": conversation, "kind": Kind.CARD, "ticket": {"$in": list(tickets)}})
        return [*roots, *cards]

    async def outdate(self, conversation: str) -> None:
        """Have the conversation's cards drawn again, whatever they are known to show."""
        for kind in (Kind.ROOT, Kind.CARD):
            await self._all.update_many({"conversation": conversation, "kind": kind}, {"$set": {"rendering": ""}})

    async def at(self, channel: str, ts: str) -> Post | None:
        """The post that is this Slack message."""
        found = await self._find({"channel": channel, "ts": ts}, limit=1)
        return found[0] if found else None


class Events:
    """Facts that are kept as they came."""

    def __init__(self, collection: AsyncIOMotorCollection[dict[str, Any]]) -> None:
        self._all = collection

    async def add(self, id: str, event: QueueMessage) -> bool:
        """Keep an event; False if it is known already."""
        try:
            await self._all.insert_one({"_id": id, "actor": event.actor, **event.model_dump()})
        except DuplicateKeyError:
            return False
        return True


class Channel(Document):
    """A Slack channel that wants to be left alone until `retry_at`."""

    id: str
    retry_at: datetime


class Channels(_Store[Channel]):
    """Which Slack channels must not be written to at present."""

    kind = Channel

    async def throttled(self, now: datetime) -> dict[str, datetime]:
        """The channels that must not be written to, and until when."""
        return {each.id: each.retry_at for each in await self._find({"retry_at": {"$gt": now}})}

    async def throttle(self, channel: str, until: datetime) -> None:
        """Leave a channel alone until then."""
        await self._all.update_one({"_id": channel}, {"$max": {"retry_at": until}}, upsert=True)
