"""The calendars: the hours that lines and agents name."""

from datetime import timedelta

from pymongo import ASCENDING

from messages.calendar import Calendar
from messages.process.remembered import Remembered
from workers.mongo.collection import REMEMBERED_FOR, DocumentStore, RawCollection, change_to


class Calendars(DocumentStore[Calendar]):
    """The hours that lines and agents name, by the id that they are named by."""

    kind = Calendar

    def __init__(self, collection: RawCollection, remember: timedelta = REMEMBERED_FOR) -> None:
        super().__init__(collection)
        self._remembered: Remembered[Calendar | None] = Remembered(remember)

    async def get(self, id: str) -> Calendar | None:
        """The calendar with this id, as it was a second ago or later."""
        return await self._remembered.get(id, super().get)

    async def fresh(self, id: str) -> Calendar | None:
        """The calendar with this id as it is now: what changes it begins with this one."""
        return await super().get(id)

    async def all(self) -> list[Calendar]:
        """Every calendar, by id."""
        return await self._find_readable({}, [("_id", ASCENDING)])

    async def add(self, calendar: Calendar) -> bool:
        """Store a new calendar; False if its id is taken."""
        added = await self._insert(calendar)
        self._remembered.forget()
        return added

    async def save(self, calendar: Calendar) -> Calendar | None:
        """Save a changed calendar under the next version; None if somebody else has saved or removed it meanwhile.

        `calendar.version` is the one that was read.
        """
        saved = calendar.model_copy(update={"version": calendar.version + 1})
        found = await self._update({"_id": calendar.id, "version": calendar.version}, change_to(saved))
        self._remembered.forget()
        return saved if found else None

    async def remove(self, id: str) -> bool:
        """Delete a calendar; False if it does not exist."""
        found = await self._collection.delete_one({"_id": id})
        self._remembered.forget()
        return bool(found.deleted_count)
