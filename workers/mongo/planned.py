"""The planned texts."""

from datetime import datetime
from typing import Final

from pymongo import ASCENDING

from messages.planned import LIVE, MOST_IN_CONVERSATION, MOST_OF_AUTHOR, Planned, PlannedState
from workers.mongo.collection import DocumentStore, change_to

_LIVE: Final = {"$in": list(LIVE)}
_SHOWN: Final = ("shown",)
"""What a pass records by itself."""


class PlannedTexts(DocumentStore[Planned]):
    """What agents want sent later."""

    kind = Planned

    async def add(self, planned: Planned) -> bool:
        """Store a new planned text; False if it is stored already."""
        return await self._insert(planned)

    async def save(self, planned: Planned, read: Planned) -> bool:
        """Store a changed planned text; False, and nothing changes, if another worker changed it since it was read."""
        query = {"_id": read.id, "version": read.version, "state": read.state}
        change = change_to(planned, keep=_SHOWN)
        return await self._update(query, {**change, "$unset": {**change.get("$unset", {}), "woken_at": ""}})

    async def set_settled(self, planned: Planned) -> None:
        """Record that a released text is in the outbox: the clock looks after that now."""
        await self._update({"_id": planned.id, "version": planned.version}, {"$unset": {"look_at": "", "woken_at": ""}})

    async def look_again(self, planned: Planned, at: datetime) -> None:
        """Have the clock look after a planned text then, unless it was changed since it was read."""
        query = {"_id": planned.id, "version": planned.version, "state": planned.state}
        await self._update(query, {"$set": {"look_at": at}, "$unset": {"woken_at": ""}})

    async def set_shown(self, planned: Planned) -> None:
        """Record that the thread shows this version of a planned text."""
        await self._update({"_id": planned.id}, {"$max": {"shown": planned.version}})

    async def of_author(self, author: str, limit: int = 0) -> list[Planned]:
        """The texts that an agent planned and that may still be sent, the next one first."""
        return await self._find_readable({"by": author, "state": _LIVE}, [("due_at", ASCENDING)], limit)

    async def count_of_author(self, author: str) -> int:
        """How many texts an agent planned that may still be sent, up to as many as there may be."""
        return len(await self._raw({"by": author, "state": _LIVE}, (), MOST_OF_AUTHOR))

    async def count_of_conversation(self, conversation: str) -> int:
        """How many planned texts of a conversation may still be sent, up to as many as there may be."""
        return len(await self._raw({"conversation": conversation, "state": _LIVE}, (), MOST_IN_CONVERSATION))

    async def next_ones(self, line: str | None, limit: int) -> list[Planned]:
        """The texts that may still be sent (from a line), the next one first."""
        of_line = {} if line is None else {"line": line}
        return await self._find_readable({"state": _LIVE, **of_line}, [("due_at", ASCENDING)], limit)

    async def held(self, line: str, since: datetime, until: datetime, limit: int) -> list[Planned]:
        """A line's texts that wait for a person and were due between two moments, the first one first."""
        due = {"state": PlannedState.HELD, "line": line, "due_at": {"$gte": since, "$lte": until}}
        return await self._find_readable(due, [("due_at", ASCENDING)], limit)

    async def between(self, since: datetime, after: str, until: datetime, limit: int) -> list[Planned]:
        """The planned texts that are due by `until`, the next one first, from `since` on: then only ids `after` one."""
        later = [{"due_at": {"$gt": since, "$lte": until}}, {"due_at": since, "_id": {"$gt": after}}]
        order = [("due_at", ASCENDING), ("_id", ASCENDING)]
        return await self._find_readable({"state": PlannedState.PLANNED, "$or": later}, order, limit)

    async def due(self, now: datetime, again_at: datetime, limit: int = 500) -> list[Planned]:
        """The planned texts to look after, each again at `again_at` unless that was done."""
        overdue = {"look_at": {"$lte": now}, "$or": [{"woken_at": None}, {"woken_at": {"$lte": now}}]}
        return await self._take_due(overdue, "look_at", {"woken_at": again_at}, limit, None)

    async def live(self, conversation: str) -> list[Planned]:
        """A conversation's planned texts that may still be sent, or are not in the outbox yet, the next one first.

        Those that are due at the same time, as the replies of a night are, come as they were written.
        """
        waiting = [{"state": _LIVE}, {"look_at": {"$exists": True}}]
        order = [("due_at", ASCENDING), ("created_at", ASCENDING), ("_id", ASCENDING)]
        return await self._find({"conversation": conversation, "$or": waiting}, order)
