"""What things are found by."""

from collections.abc import Iterable

from pymongo import ASCENDING

from workers.mongo.collection import RawCollection


class Terms:
    """What things are found by: one small document for each term of each thing, its `_id` being `kind:term/key`.

    They only propose: terms that a thing does not have any more stay. A document each, and no array in the thing,
    because the embedded server can't look into arrays by an index.
    """

    def __init__(self, collection: RawCollection, kind: str) -> None:
        self._collection, self._kind = collection, kind

    async def add(self, terms: Iterable[str], key: str) -> None:
        """Have a thing found by these terms, too."""
        ids = {f"{self._kind}:{term}/{key}" for term in terms}
        if not ids:
            return
        known = {each["_id"] async for each in self._collection.find({"_id": {"$in": sorted(ids)}})}
        for id in sorted(ids - known):
            await self._collection.update_one({"_id": id}, {"$set": {"key": key}}, upsert=True)

    async def keys(self, term: str, limit: int, *, whole: bool) -> list[str]:
        """The things that have a term, or one that begins like it, by term and key."""
        first = f"{self._kind}:{term}{'/' if whole else ''}"
        cursor = self._collection.find({"_id": {"$gte": first, "$lt": f"{first}\U0010ffff"}}, limit=limit)
        return [str(each["key"]) async for each in cursor.sort("_id", ASCENDING)]
