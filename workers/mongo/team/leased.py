"""Documents that one worker at a time has, for some seconds."""

from datetime import datetime
from typing import Any

from pymongo import ReturnDocument

from messages.base import Document
from workers.mongo.collection import DocumentStore


class LeasedStore[D: Document](DocumentStore[D]):
    """A collection whose documents have a lease (`workers/lease.py`)."""

    async def take_lease(self, id: str, holder: str, now: datetime, until: datetime) -> D | None:
        """The document, leased until then; None if another holder's lease has not expired."""
        expired = [{"lease": None}, {"lease.until": {"$lte": now}}, {"lease.holder": holder}]
        lease: dict[str, Any] = {"$set": {"lease": {"holder": holder, "until": until}}}
        free = {"_id": id, "$or": expired}
        found = await self._collection.find_one_and_update(free, lease, return_document=ReturnDocument.AFTER)
        return await self._read(found)

    async def renew_lease(self, id: str, holder: str, until: datetime) -> bool:
        """Extend the lease until then; False if another holder has it now."""
        return await self._update({"_id": id, "lease.holder": holder}, {"$set": {"lease.until": until}})

    async def release_lease(self, id: str, holder: str) -> None:
        """Release the lease."""
        await self._update({"_id": id, "lease.holder": holder}, {"$unset": {"lease": ""}})
