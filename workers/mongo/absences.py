"""The lines' channels that the bot was removed from."""

from datetime import datetime

from messages.base import Document
from workers.mongo.collection import DocumentStore


class Absence(Document):
    """The bot is not a member of a line's channel (`id`), and was found to be absent at `since`."""

    id: str
    since: datetime


class Absences(DocumentStore[Absence]):
    """The channels in which the bot is absent."""

    kind = Absence

    async def begin(self, channel: str, now: datetime) -> None:
        """Record that the bot is absent; the time stays that of the first look."""
        await self._insert(Absence(id=channel, since=now))

    async def end(self, channel: str) -> None:
        """Record that the bot is a member."""
        await self._collection.delete_one({"_id": channel})
