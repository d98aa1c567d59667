"""When each line opens next, for its digest."""

from messages.team.opening import Opening
from workers.mongo.collection import change_to
from workers.mongo.team.leased import LeasedStore


class Openings(LeasedStore[Opening]):
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
