"""The lines, and how far each line's texts were compared with the provider's list."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING

from messages.deadlines.interruption import Interruption
from messages.line import Inbox, Line
from messages.process.remembered import Remembered
from workers.mongo.collection import REMEMBERED_FOR, DocumentStore, RawCollection, change_to, stored
from workers.mongo.team.leased import LeasedStore


def _next_version(line: Line) -> dict[str, dict[str, Any]]:
    """The change that makes a stored line equal to this one, but for what workers learn, as its next version."""
    return {**change_to(line, keep=("pool", "pool_at")), "$inc": {"version": 1}}


class Lines(DocumentStore[Line]):
    """The team's phone numbers."""

    kind = Line

    def __init__(self, collection: RawCollection, remember: timedelta = REMEMBERED_FOR) -> None:
        super().__init__(collection)
        self._remembered: Remembered[Line | None] = Remembered(remember)
        self._all: Remembered[list[Line]] = Remembered(remember)

    async def get(self, id: str) -> Line | None:
        """The line with this number, as it was a second ago or later."""
        return await self._remembered.get(id, super().get)

    async def all(self) -> list[Line]:
        """Every line, by number."""
        return await self._find_readable({}, [("_id", ASCENDING)])

    async def known(self) -> list[Line]:
        """Every line, by number, as they were a second ago or later."""
        return await self._all.get("", lambda _: self.all())

    async def add(self, line: Line) -> bool:
        """Store a new line; False if the number is already a line."""
        added = await self._insert(line)
        self._forget()
        return added

    async def save(self, line: Line) -> None:
        """Store a line, new or changed, but for what workers learn of it."""
        await self._collection.update_one({"_id": line.id}, _next_version(line), upsert=True)
        self._forget()

    async def versioned(self, number: str) -> tuple[Line, int] | None:
        """The line with this number as it is now, and its version: that grows whenever somebody changes it."""
        fields = await self._collection.find_one({"_id": number})
        line = await self._read(fields)
        return None if fields is None or line is None else (line, int(fields.get("version", 0)))

    async def change(self, line: Line, read: int) -> bool:
        """Store a changed line as `save` does; False, and nothing changes, if it has another version than was read."""
        version = {"version": read} if read else {"$or": [{"version": 0}, {"version": {"$exists": False}}]}
        done = await self._update({"_id": line.id, **version}, _next_version(line))
        self._forget()
        return done

    async def move_channel(self, former: str, channel: str) -> None:
        """Let the lines of a channel have another."""
        await self._collection.update_many({"channel": former}, {"$set": {"channel": channel}})
        self._forget()

    async def set_pool(self, line: str, pool: str, at: datetime) -> None:
        """Record which Messaging Service a webhook of that time named for a line, unless a later one is recorded."""
        earlier = {"_id": line, "pool": {"$ne": pool}, "$or": [{"pool_at": None}, {"pool_at": {"$lt": at}}]}
        await self._update(earlier, {"$set": {"pool": pool, "pool_at": at}})
        self._forget()

    async def in_pool(self, pool: str) -> list[str]:
        """The numbers of the lines that are in a Messaging Service."""
        return [line.id for line in await self.all() if line.pool == pool]

    async def remove(self, number: str) -> bool:
        """Delete a line; False if it does not exist."""
        found = await self._collection.delete_one({"_id": number})
        self._forget()
        return bool(found.deleted_count)

    def _forget(self) -> None:
        self._remembered.forget()
        self._all.forget()


class Inboxes(LeasedStore[Inbox]):
    """How far each line's texts were compared with the provider's list."""

    kind = Inbox

    async def take(self, line: str, now: datetime, look_at: datetime) -> Inbox | None:
        """The line's inbox if a comparison is due, with the next one at `look_at`; a new inbox begins now.

        It begins with the whole second: the provider's times have no parts of it.
        """
        began_at = now.replace(microsecond=0)
        await self._ensure(Inbox(id=line, began_at=began_at, seen_at=began_at, look_at=now))
        due = {"_id": line, "look_at": {"$lte": now}}
        looks = {"$set": {"look_at": look_at, "looked_at": now}}
        return await self._read(await self._collection.find_one_and_update(due, looks))

    async def set_seen(self, line: str, until: datetime, taken: Sequence[str]) -> None:
        """Record that all texts up to then are stored or queued, and which of the listed ones are only queued."""
        await self._update({"_id": line}, {"$max": {"seen_at": until}, "$set": {"taken": list(taken)}})

    async def forget_taken(self) -> None:
        """Forget which texts were queued: the queues started empty."""
        await self._collection.update_many({}, {"$unset": {"taken": ""}})

    async def put_off(self, line: str, look_at: datetime) -> None:
        """Make no comparison before then."""
        await self._update({"_id": line}, {"$max": {"look_at": look_at}})

    async def change_interruption(
        self, line: str, change: Callable[[Inbox], Interruption | None]
    ) -> Interruption | None:
        """Save what follows of a line's interruption from its inbox, as it is now; returns that, None without any.

        A line that no clock has looked at has no inbox, and nothing is saved.
        """
        while (inbox := await self.get(line)) is not None:
            before, after = inbox.interruption, change(inbox)
            if after is before or after is None:
                return before
            same = {"interruption": None} if before is None else {"interruption.version": before.version}
            if await self._update({"_id": line, **same}, {"$set": {"interruption": stored(after)}}):
                return after
        return None

    async def interrupted(self, now: datetime) -> list[Inbox]:
        """The inboxes of the lines whose channels are to be told of an interruption by now."""
        return await self._find_readable({"interruption.tell_at": {"$lte": now}})
