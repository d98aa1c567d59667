"""The lines, and how far each one's list at the provider was read."""

from collections.abc import Sequence
from datetime import datetime

from pymongo import ASCENDING

from messages.line import Inbox, Line
from workers.mongo.collection import Store, read, stored


class Lines(Store[Line]):
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
        fields = stored(line)
        await self._collection.replace_one({"_id": fields["_id"]}, fields, upsert=True)

    async def remove(self, number: str) -> bool:
        """Forget a line; False if there is none."""
        return bool((await self._collection.delete_one({"_id": number})).deleted_count)


class Inboxes(Store[Inbox]):
    """How far each line's texts were compared with the provider's."""

    kind = Inbox

    async def take(self, line: str, now: datetime, look_at: datetime) -> Inbox | None:
        """The line's inbox if it is time for a look, which nobody else takes before `look_at`; a new one begins now."""
        await self._ensure(Inbox(id=line, began_at=now, seen_at=now, look_at=now))
        due = {"_id": line, "look_at": {"$lte": now}}
        return read(Inbox, await self._collection.find_one_and_update(due, {"$set": {"look_at": look_at}}))

    async def set_seen(self, line: str, until: datetime, taken: Sequence[str]) -> None:
        """Record that all texts up to then are known or in a queue, and which of those that are listed still are."""
        await self._update({"_id": line}, {"$max": {"seen_at": until}, "$set": {"taken": list(taken)}})

    async def forget_taken(self) -> None:
        """Take in again what is not known: the queues began empty."""
        await self._collection.update_many({}, {"$unset": {"taken": ""}})

    async def put_off(self, line: str, look_at: datetime) -> None:
        """Take no look before then."""
        await self._update({"_id": line}, {"$max": {"look_at": look_at}})
