"""A ticket's past: its earlier notes and the earlier entries of its history, each in a document of its own.

The ticket holds the newest few. A save moves the others here first, under ids that follow from the ticket, so that a
move can be repeated, and killed at any point. Only what was saved before is moved. A process of an earlier version adds
to the ticket's own lists, and the next save by a later one moves what is too much.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pymongo import ASCENDING
from pymongo.errors import BulkWriteError

from messages.ticket import Entry, Note, Ticket
from workers.mongo.collection import RawCollection, read_whole

NOTES_KEPT: Final = 5
ENTRIES_KEPT: Final = 10
"""How many of the newest notes and entries a ticket itself holds: every text reads and writes them."""

MOVED_AT_ONCE: Final = 1500
"""The most notes, and the most entries, that one save moves: a long past of before takes a few saves."""

BATCH: Final = 100
DUPLICATE_KEY: Final = 11000
"""https://www.mongodb.com/docs/manual/reference/error-codes/"""


def _key(ticket: int, number: int) -> str:
    """The id of a ticket's note, by its place, or of an entry, by its version; the ids sort in order."""
    return f"{ticket:012d}/{number:09d}"


class Past:
    """The earlier notes and history entries of all tickets."""

    def __init__(self, notes: RawCollection, history: RawCollection, most: int = MOVED_AT_ONCE) -> None:
        self._notes, self._history, self._most = notes, history, most

    async def move_from(self, ticket: Ticket) -> Ticket:
        """The ticket without its oldest notes and entries, which are stored here; only the newest stay in the end."""
        notes, entries = ticket.notes[:-NOTES_KEPT][: self._most], ticket.history[:-ENTRIES_KEPT][: self._most]
        if not notes and not entries:
            return ticket
        first = ticket.earlier_notes
        await _store(self._notes, [_document(ticket.id, number, note) for number, note in enumerate(notes, first)])
        await _store(self._history, [_document(ticket.id, entry.version, entry) for entry in entries])
        return ticket.model_copy(
            update={
                "notes": ticket.notes[len(notes) :],
                "history": ticket.history[len(entries) :],
                "earlier_notes": ticket.earlier_notes + len(notes),
                "earlier_entries": ticket.earlier_entries + len(entries),
            }
        )

    async def keep(self, ticket: int, entry: Entry) -> None:
        """Store an entry that the ticket still holds, so that `of_order` finds it."""
        await _store(self._history, [_document(ticket, entry.version, entry)])

    async def of_order(self, order: str) -> Entry | None:
        """The entry of an agent's order, on whichever ticket."""
        found = await self._history.find_one({"order": order})
        return None if found is None else await read_whole(Entry, self._history, found)

    async def entries_since(self, ticket: Ticket, version: int) -> list[Entry]:
        """The entries after `version` that the ticket itself no longer holds, in order."""
        first = ticket.history[0].version if ticket.history else ticket.version + 1
        if not ticket.earlier_entries or first <= version + 1:
            return []
        found = await _between(self._history, ticket.id, version + 1, first)
        return [await read_whole(Entry, self._history, fields) for fields in found]

    async def notes_before(self, ticket: Ticket, most: int) -> list[Note]:
        """The newest of the notes that the ticket itself no longer holds, in order; with its own they are `most`."""
        first = max(0, ticket.earlier_notes - max(0, most - len(ticket.notes)))
        if first >= ticket.earlier_notes:
            return []
        found = await _between(self._notes, ticket.id, first, ticket.earlier_notes)
        return [await read_whole(Note, self._notes, fields) for fields in found]


def _document(ticket: int, number: int, part: Note | Entry) -> dict[str, Any]:
    """A note or entry as stored: without an order that is None, so that the sparse index leaves it out."""
    fields = {name: value for name, value in part.model_dump().items() if name != "order" or value is not None}
    return {"_id": _key(ticket, number), "ticket": ticket, **fields}


async def _between(collection: RawCollection, ticket: int, first: int, end: int) -> list[Mapping[str, Any]]:
    """The documents `first`..`end` of a ticket, without the last, in order."""
    ids = {"$gte": _key(ticket, first), "$lt": _key(ticket, end)}
    return [fields async for fields in collection.find({"_id": ids}).sort("_id", ASCENDING)]


async def _store(collection: RawCollection, documents: Sequence[dict[str, Any]]) -> None:
    """Store new documents; those that are stored already stay as they are."""
    for start in range(0, len(documents), BATCH):
        try:
            await collection.insert_many(documents[start : start + BATCH], ordered=False)
        except BulkWriteError as error:
            codes = {each["code"] for each in error.details["writeErrors"]}
            if codes != {DUPLICATE_KEY} or error.details.get("writeConcernErrors"):
                raise
