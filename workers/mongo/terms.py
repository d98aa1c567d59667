"""Search terms."""

from collections.abc import Iterable

from pymongo import ASCENDING

from workers.mongo.collection import RawCollection


class Terms:
    """Search terms: one small document for each term of each thing, with `kind:term/key` as its `_id`.

    They give candidates only: a term stays when its thing no longer has it. They are not an array in the thing, because
    the embedded server has no index on the elements of an array.
    """

    def __init__(self, collection: RawCollection, kind: str) -> None:
        self._collection, self._kind = collection, kind

    async def add(self, terms: Iterable[str], key: str) -> None:
        """Add search terms to a thing."""
        ids = {f"{self._kind}:{term}/{key}" for term in terms}
        if not ids:
            return
        known = {each["_id"] async for each in self._collection.find({"_id": {"$in": sorted(ids)}})}
        for id in sorted(ids - known):
            await self._collection.update_one({"_id": id}, {"$set": {"key": key}}, upsert=True)

    async def keys(self, term: str, limit: int, *, whole: bool) -> list[str]:
        """The keys of things with a term, or with one that begins like it, sorted by term and key."""
        first = f"{self._kind}:{term}{'/' if whole else ''}"
        cursor = self._collection.find({"_id": {"$gte": first, "$lt": f"{first}\U0010ffff"}}, limit=limit)
        return [str(each["key"]) async for each in cursor.sort("_id", ASCENDING)]
