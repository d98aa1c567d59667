"""When each line opens next, for its digest."""

from datetime import datetime

from pymongo import ReturnDocument

from messages.team.opening import Opening
from workers.mongo.collection import DocumentStore, change_to


class Openings(DocumentStore[Opening]):
    """The next opening of each line that has a calendar, and the lease of whoever posts its digest."""

    kind = Opening

    async def all(self) -> list[Opening]:
        """Every line's next opening."""
        return await self._find_readable({})

    async def save(self, opening: Opening) -> Opening | None:
        """Save an opening under the next version; None if somebody else has saved one since it was read."""
        saved = opening.model_copy(update={"version": opening.version + 1})
        if opening.version == 0:
            return saved if await self._insert(saved) else None
        found = await self._update({"_id": opening.id, "version": opening.version}, change_to(saved))
        return saved if found else None

    async def take_lease(self, line: str, holder: str, now: datetime, until: datetime) -> Opening | None:
        """A line's opening, leased until then; None if another holder's lease has not expired."""
        free = {"_id": line, "$or": [{"lease": None}, {"lease.until": {"$lte": now}}, {"lease.holder": holder}]}
        lease = {"$set": {"lease": {"holder": holder, "until": until}}}
        return await self._read(
            await self._collection.find_one_and_update(free, lease, return_document=ReturnDocument.AFTER)
        )

    async def renew_lease(self, line: str, holder: str, until: datetime) -> bool:
        """Extend the lease until then; False if another holder has it now."""
        return await self._update({"_id": line, "lease.holder": holder}, {"$set": {"lease.until": until}})

    async def release_lease(self, line: str, holder: str) -> None:
        """Release the lease."""
        await self._update({"_id": line, "lease.holder": holder}, {"$unset": {"lease": ""}})
