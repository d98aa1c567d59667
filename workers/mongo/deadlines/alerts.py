"""The alerts of tickets, and how each line shows them."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from pymongo import ASCENDING, ReturnDocument

from messages.deadlines.alert import Alert, AlertBoard, AlertState
from workers.mongo.collection import DocumentStore, change_to

MOST_AT_ONCE: Final = 200
"""How many alerts of a line are brought to Slack in one pass, the ones that wait longest first."""


class Alerts(DocumentStore[Alert]):
    """What stands, stood or will stand about tickets that wait too long."""

    kind = Alert

    async def of_ticket(self, ticket: int) -> list[Alert]:
        """The alerts of a ticket, those that are over, too."""
        return await self._find({"ticket": ticket})

    async def save(self, alert: Alert) -> bool:
        """Save an alert under the next version; False if somebody else has saved or forgotten it since it was read."""
        saved = alert.model_copy(update={"version": alert.version + 1})
        if alert.version == 0:
            return await self._insert(saved)
        return await self._update({"_id": alert.id, "version": alert.version}, change_to(saved))

    async def forget(self, alert: Alert) -> bool:
        """Delete an alert that nobody has seen; False if somebody else has saved or forgotten it since it was read."""
        found = await self._collection.delete_one({"_id": alert.id, "version": alert.version})
        return bool(found.deleted_count)

    async def due(
        self, now: datetime, again_at: datetime, lines: Collection[str] | None = None, limit: int = 500
    ) -> list[Alert]:
        """Alerts (of these lines) that are to be considered again."""
        return await self._due("look_at", now, again_at, limit, lines)

    async def to_show_since(
        self, now: datetime, again_at: datetime, lines: Collection[str] | None = None, limit: int = 500
    ) -> list[Alert]:
        """Alerts (of these lines) that Slack does not show as they are; each again at `again_at`."""
        return await self._due("show_at", now, again_at, limit, lines)

    async def to_show(self, line: str) -> list[Alert]:
        """Alerts of a line that Slack does not show as they are."""
        query = {"line": line, "show_at": {"$exists": True}}
        return await self._find_readable(query, [("show_at", ASCENDING)], MOST_AT_ONCE)

    async def in_state(self, line: str, *states: AlertState, limit: int = 0) -> list[Alert]:
        """The alerts of a line in some states, what fell due first first."""
        query = {"line": line, "state": {"$in": sorted(states)}}
        return await self._find_readable(query, [("since", ASCENDING)], limit)

    async def set_shown(self, alert: Alert) -> bool:
        """Record that Slack shows this version of an alert; False if there is a later one."""
        return await self._update({"_id": alert.id, "version": alert.version}, {"$unset": {"show_at": ""}})

    async def show_again(self, alert: Alert, at: datetime) -> None:
        """Have an alert brought to Slack at a time."""
        await self._update({"_id": alert.id, "version": alert.version}, {"$set": {"show_at": at}})


class AlertBoards(DocumentStore[AlertBoard]):
    """How each line shows its alerts, and the lease of whoever brings them to Slack."""

    kind = AlertBoard

    async def take_lease(self, line: str, holder: str, now: datetime, until: datetime) -> AlertBoard | None:
        """A line's board, leased until then; None if another holder's lease has not expired."""
        await self._ensure(AlertBoard(id=line))
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

    async def save(self, board: AlertBoard) -> AlertBoard | None:
        """Save a board under the next version; None if somebody else has saved it since it was read."""
        saved = board.model_copy(update={"version": board.version + 1})
        found = await self._update({"_id": board.id, "version": board.version}, change_to(saved))
        return saved if found else None

    async def due(
        self, now: datetime, again_at: datetime, lines: Collection[str], limit: int = 500
    ) -> list[AlertBoard]:
        """Boards of these lines that are to be looked at again."""
        query = {"look_at": {"$lte": now}, "_id": {"$in": sorted(lines)}}
        found = await self._find_readable(query, [("look_at", ASCENDING)], limit)
        for each in found:
            await self._update({"_id": each.id, "look_at": each.look_at}, {"$set": {"look_at": again_at}})
        return found
