"""Facts that are stored as they came."""

from collections.abc import Mapping
from typing import Any

from pymongo.errors import DuplicateKeyError

from messages.base import QueueMessage
from workers.mongo.collection import RawCollection


class Events:
    """Facts that are stored as they came."""

    def __init__(self, collection: RawCollection) -> None:
        self._collection = collection

    async def add(self, id: str, event: QueueMessage) -> bool:
        """Store an event; False if it is stored already."""
        try:
            await self._collection.insert_one({"_id": id, "actor": event.actor, **event.model_dump()})
        except DuplicateKeyError:
            return False
        return True

    async def note(self, id: str, **fields: str) -> None:
        """Store what is so now, in place of what was so before."""
        await self._collection.update_one({"_id": id}, {"$set": fields}, upsert=True)

    async def find(self, id: str) -> Mapping[str, Any] | None:
        """The fields of a stored event; None if there is none."""
        return await self._collection.find_one({"_id": id})
