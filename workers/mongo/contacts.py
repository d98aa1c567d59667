"""The contacts."""

import re
from collections.abc import Sequence
from datetime import datetime

from messages.conversation import Contact
from messages.formats.words import words
from workers.mongo.collection import DocumentStore, RawCollection
from workers.mongo.terms import Terms


class Contacts(DocumentStore[Contact]):
    """The people who text."""

    kind = Contact

    def __init__(
        self,
        collection: RawCollection,
        terms: RawCollection,
    ) -> None:
        super().__init__(collection)
        self._words = Terms(terms, "contact")

    async def ensure(self, number: str, now: datetime, *, is_new: bool = False) -> Contact:
        """The contact with this number, created if necessary; with `is_new` there is most likely none."""
        return await self._ensure(Contact(id=number, created_at=now), is_new=is_new)

    async def set_name(self, number: str, name: str, at: datetime, order: str | None = None) -> bool:
        """Record a contact's name since a time; False if there is a later one, or the order was carried out before."""
        earlier = {"_id": number, "$or": [{"named_at": None}, {"named_at": {"$lte": at}}]}
        await self._words.add(words(name), number)
        return await self._update_once(earlier, order, {"$set": {"name": name, "named_at": at}})

    async def set_zone(self, number: str, zone: str, at: datetime, order: str | None = None) -> bool:
        """Record a contact's zone since a time, blank for none; False if there is a later one, or the order is old."""
        earlier = {"_id": number, "$or": [{"zoned_at": None}, {"zoned_at": {"$lte": at}}]}
        return await self._update_once(earlier, order, {"$set": {"zone": zone, "zoned_at": at}})

    async def named(self, term: str, limit: int) -> list[str]:
        """The numbers of contacts with a name, present or past, in which a word begins like this."""
        return await self._words.keys(term, limit, whole=False)

    async def with_digits(self, digits: Sequence[str], limit: int) -> list[str]:
        """Contacts whose number has some of these digits in a row; for searches: it reads the index of all contacts."""
        pattern = "|".join(map(re.escape, digits))
        found = self._collection.find({"_id": {"$regex": pattern}}, {"_id": 1}, limit=limit)
        return [str(each["_id"]) async for each in found]
