"""The tickets, and the tags in use."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from pymongo import ASCENDING, DESCENDING, ReturnDocument
from pymongo.errors import DuplicateKeyError

from messages.deadlines.nudge import Nudge
from messages.deadlines.turn import NEWEST_FIRST, SNOOZED, WAITING, place
from messages.formats.words import words
from messages.ticket import CARRIED_OUT_BY, Status, Ticket
from workers.mongo.collection import DocumentStore, RawCollection, change_to, stored
from workers.mongo.past import Past
from workers.mongo.terms import Terms

TO_DO: Final = (Status.NEW, Status.OPEN, Status.PENDING, Status.ON_HOLD)
"""The statuses of tickets on which somebody has yet to do something."""

_COUNTER: Final = {"_id": "tickets"}
"""The counter whose `last` is the last ticket number that was given out."""


def _slot(ticket: Ticket) -> str:
    """The key that keeps a conversation to one ticket that is not Closed."""
    return f"{ticket.conversation}/{ticket.id}" if ticket.is_closed else f"{ticket.conversation}/open"


def _waits(ticket: Ticket) -> str:
    """The key by which the tickets of a status are sorted (`messages/deadlines/turn.py`).

    Tickets that no process of this version has saved have none, and come first. One that a process saves which knows no
    clocks has the key of its contact's wait, until its clock warns or falls due.
    """
    return place(ticket.id, ticket.clocks, ticket.waits_since, asleep=ticket.asleep is not None)


def _snoozed(ticket: Ticket) -> dict[str, Any]:
    """The change that lets the clock, and lists, find a ticket by when its snooze ends; only while it is snoozed."""
    if ticket.asleep is None:
        return {"$unset": {"snoozed": ""}}
    return {"$set": {"snoozed": ticket.asleep.until}}


def _settled(ticket: Ticket, slices: Collection[str]) -> dict[str, Any]:
    """The change that records that slices have carried out a ticket's version."""
    return {"$max": {f"settled.{each}": ticket.version for each in slices}}


def _assigned(user: str, lines: Collection[str]) -> dict[str, Any]:
    """The query for what an agent has to do on some lines."""
    mine = {"$elemMatch": {"$eq": user}}  # the embedded MongoDB finds it by no plain equality
    return {"assignees": mine, "status": {"$in": list(TO_DO)}, "line": {"$in": sorted(lines)}}


class Tickets(DocumentStore[Ticket]):
    """The tickets, and the tags in use."""

    kind = Ticket

    def __init__(
        self,
        collection: RawCollection,
        tags: RawCollection,
        terms: RawCollection,
        counters: RawCollection,
        past: Past,
    ) -> None:
        super().__init__(collection)
        self._past = past
        self._counters = counters
        self._tags = tags
        self._terms = {kind: Terms(terms, kind) for kind in ("word", "assignee")}

    async def newest(self, conversation: str) -> Ticket | None:
        """The conversation's newest ticket."""
        found = await self._find({"conversation": conversation}, [("_id", DESCENDING)], 1)
        return found[0] if found else None

    async def next_number(self) -> int:
        """A number that this call alone gets; some numbers are never used."""
        while True:
            counter = await self._counters.find_one_and_update(
                _COUNTER, {"$inc": {"last": 1}}, return_document=ReturnDocument.AFTER
            )
            if counter is not None:
                return int(counter["last"])
            await self._raise_counter()

    async def _raise_counter(self) -> None:
        """Let the counter go on above the highest number in use: a process of an earlier version takes one more."""
        highest = await self._collection.find_one({}, {"_id": 1}, sort=[("_id", DESCENDING)])
        change = {"$max": {"last": highest["_id"] if highest else 0}}
        try:
            await self._counters.update_one(_COUNTER, change, upsert=True)
        except DuplicateKeyError:  # another worker has just made it
            await self._counters.update_one(_COUNTER, change)

    async def add(self, ticket: Ticket) -> bool:
        """Store a new ticket; False if its number is taken or the conversation has another that is not Closed."""
        keys = {"slot": _slot(ticket), "waits": _waits(ticket), **_snoozed(ticket).get("$set", {})}
        if await self._insert(ticket, **keys):
            return True
        if await self._collection.find_one({"_id": ticket.id}, {"_id": 1}) is not None:
            await self._raise_counter()
        return False

    async def move_channel(self, former: str, channel: str) -> None:
        """Let the tickets that notify a channel name another id of it."""
        names_it = {"notify": {"$elemMatch": {"$eq": former}}}  # the embedded MongoDB finds it by no plain equality
        for fields in await self._raw(names_it, (), 0):
            notify = [channel if each == former else each for each in fields["notify"]]
            await self._update({"_id": fields["_id"], **names_it}, {"$set": {"notify": list(dict.fromkeys(notify))}})

    async def save(self, ticket: Ticket, read: int) -> bool:
        """Save a ticket if the stored one is still at version `read`; `settle` alone changes what is settled.

        One without a due time stays due if it is. All but the newest notes and entries move to documents of their own.
        """
        kept = {"settled"} if ticket.due_at is not None else {"settled", "due_at"}
        change = change_to(await self._past.move_from(ticket), keep=kept)
        change["$set"] |= {"slot": _slot(ticket), "waits": _waits(ticket)}
        for operator, each in _snoozed(ticket).items():
            change[operator] = {**change.get(operator, {}), **each}
        return await self._update({"_id": ticket.id, "version": read}, change)

    async def save_clocks(self, ticket: Ticket, read: int) -> bool:
        """Save a ticket's clocks alone, if the stored one is still at version `read`, as the next version.

        Slices that have carried out the one before have carried out this: whoever changes clocks alone asks for a
        redraw. The others still have all to do since the version that they have carried out.
        """
        fields = stored(ticket)
        names = ("clocks", "clocks_at", "marks", "rules")
        given = {name: fields[name] for name in names if name in fields} | {"waits": _waits(ticket)}
        done = [each for each in CARRIED_OUT_BY if ticket.settled.get(each, 0) >= read]
        gone = dict.fromkeys(sorted(set(names) - given.keys()), "")
        change: dict[str, Any] = {
            "$set": {**given, "waits": _waits(ticket)},
            "$inc": {"version": 1},
            **({"$max": {f"settled.{each}": read + 1 for each in done}} if done else {}),
            **({"$unset": gone} if gone else {}),
        }
        return await self._update({"_id": ticket.id, "version": read}, change)

    async def clocks_due(self, now: datetime, limit: int = 500) -> list[Ticket]:
        """Tickets of which a clock has warned or fallen due, as nobody has noted."""
        return await self._find_readable({"clocks_at": {"$lte": now}}, [("clocks_at", ASCENDING)], limit)

    async def has_clocks(self) -> bool:
        """Whether any ticket has a clock that runs."""
        return await self._collection.find_one({"rules": {"$gt": ""}}, {"_id": 1}) is not None

    async def outdated(self, current: Collection[str], limit: int = 500) -> list[Ticket]:
        """Tickets with clocks that run under other rules than these.

        The cost grows with them and with the number of `current` rules, not with the tickets whose clocks run: nothing
        is looked for but what lies between two current ones, and nothing is sorted.
        """
        found: list[Ticket] = []
        bounds = ["", *sorted(current)]
        for above, below in zip(bounds, [*bounds[1:], None], strict=True):
            between = {"$gt": above} if below is None else {"$gt": above, "$lt": below}
            found += await self._find_readable({"rules": between}, limit=limit - len(found))
            if len(found) >= limit:
                break
        return found

    async def settle(self, ticket: Ticket, *slices: str) -> None:
        """Record that slices have carried out a ticket's version; when all have, the ticket is no longer due."""
        if all(ticket.settled.get(each, 0) >= ticket.version for each in slices):
            return
        if await self._settle_last(ticket, slices):
            return
        after = await self._collection.find_one_and_update(
            {"_id": ticket.id}, _settled(ticket, slices), return_document=ReturnDocument.AFTER
        )
        settled = (after or {}).get("settled", {})
        if after and "due_at" in after and all(settled.get(each, 0) >= after["version"] for each in CARRIED_OUT_BY):
            await self._update({"_id": ticket.id, "version": after["version"]}, {"$unset": {"due_at": ""}})

    async def _settle_last(self, ticket: Ticket, slices: Collection[str]) -> bool:
        """Record that slices, as the last of all, have carried out a ticket's version; False if others have not."""
        others = [each for each in CARRIED_OUT_BY if each not in slices]
        if any(ticket.settled.get(each, 0) < ticket.version for each in others):
            return False
        last = {f"settled.{each}": {"$gte": ticket.version} for each in others}
        change = {**_settled(ticket, slices), "$unset": {"due_at": ""}}
        return await self._update({"_id": ticket.id, "version": ticket.version, **last}, change)

    async def require_again(self, ticket: Ticket, slice: str, due_at: datetime) -> None:
        """Require that a slice carry out a ticket's present version again, by `due_at` at the latest."""
        change = {f"settled.{slice}": ticket.version - 1, "due_at": due_at}
        await self._update({"_id": ticket.id, "version": ticket.version}, {"$set": change})

    async def unsettled(self, conversation: str, slice: str) -> list[Ticket]:
        """The conversation's tickets whose present version a slice has not carried out, oldest first."""
        tickets = await self._find({"conversation": conversation, "due_at": {"$exists": True}}, [("_id", ASCENDING)])
        return [ticket for ticket in tickets if ticket.is_unsettled(slice)]

    async def due(
        self, now: datetime, again_at: datetime, lines: Collection[str] | None = None, limit: int = 500
    ) -> list[Ticket]:
        """Tickets (of these lines) whose present version is overdue in some slice."""
        return await self._due("due_at", now, again_at, limit, lines)

    async def closing(self, now: datetime, limit: int = 500) -> list[Ticket]:
        """Solved tickets whose time has passed."""
        return await self._find_readable({"close_at": {"$lte": now}}, [("close_at", ASCENDING)], limit)

    async def nudges_due(
        self, now: datetime, again_at: datetime, lines: Collection[str] | None = None, limit: int = 500
    ) -> list[Ticket]:
        """Pending tickets (of these lines) whose contacts may have to be asked again; each again at `again_at`."""
        overdue = {"nudge.due_at": {"$lte": now}, "$or": [{"nudge_at": None}, {"nudge_at": {"$lte": now}}]}
        return await self._take_due(overdue, "nudge.due_at", {"nudge_at": again_at}, limit, lines)

    async def save_nudge(self, ticket: Ticket, nudge: Nudge | None) -> bool:
        """Save when a ticket's contact is asked again, if the stored ticket is still at the version that was read."""
        gone = {"nudge_at": ""} | ({"nudge": ""} if nudge is None else {})
        change: dict[str, Any] = {"$unset": gone, **({} if nudge is None else {"$set": {"nudge": stored(nudge)}})}
        return await self._update({"_id": ticket.id, "version": ticket.version}, change)

    async def waking(self, now: datetime, lines: Collection[str], limit: int = 500) -> list[Ticket]:
        """The tickets of these lines whose snooze is over."""
        query = {"snoozed": {"$lte": now}, "line": {"$in": sorted(lines)}}
        return await self._find_readable(query, [("snoozed", ASCENDING)], limit)

    async def snoozed_between(self, since: datetime, last: int, until: datetime, limit: int) -> list[Ticket]:
        """The tickets that wake between two moments, in order; of those that wake at `since`, the ones after `last`."""
        after = {"$or": [{"snoozed": {"$gt": since, "$lte": until}}, {"snoozed": since, "_id": {"$gt": last}}]}
        return await self._find_readable(after, [("snoozed", ASCENDING), ("_id", ASCENDING)], limit)

    async def snoozed(self, lines: Collection[str], limit: int, skip: int = 0) -> list[Ticket]:
        """The tickets of these lines that are snoozed, from the one that wakes first."""
        query = {"snoozed": {"$exists": True}, "line": {"$in": sorted(lines)}}
        return (await self._find_readable(query, [("snoozed", ASCENDING)], limit + skip))[skip:]

    async def count_snoozed(self, most: int, lines: Collection[str]) -> int:
        """How many tickets of these lines are snoozed, counted up to `most`."""
        query = {"snoozed": {"$exists": True}, "line": {"$in": sorted(lines)}}
        return len(await self._collection.find(query, {"_id": 1}, limit=most).to_list(most))

    async def waiting(self, line: str, wrote_since: datetime, limit: int = 500) -> list[Ticket]:
        """The tickets of a line whose contacts wait and wrote last since then, in the order of their turns.

        It leaves out at last those that are only to be solved by some time.
        """
        first, last = WAITING
        query = {"waits": {"$gte": first, "$lt": last}, "line": line, "newest.at": {"$gte": wrote_since}}
        found = await self._find_readable(query, [("waits", ASCENDING)], limit)
        return [each for each in found if each.waits_since is not None]

    async def update_search_terms(self, ticket: Ticket) -> None:
        """Add a ticket's subject, tags and assignees to the search terms."""
        key = f"{NEWEST_FIRST - ticket.id:010d}"
        await self._terms["word"].add((term for text in (ticket.subject, *ticket.tags) for term in words(text)), key)
        await self._terms["assignee"].add(ticket.assignees, key)

    async def by_search_term(self, kind: str, term: str, limit: int, *, whole: bool = True) -> list[Ticket]:
        """Tickets that have, or had, a term or one that begins like it; the newest first for each term."""
        keys = await self._terms[kind].keys(term, limit, whole=whole)
        return await self.by_ids({NEWEST_FIRST - int(key) for key in keys})

    async def in_status(
        self, status: Status, limit: int, skip: int = 0, lines: Collection[str] | None = None
    ) -> list[Ticket]:
        """The tickets (of these lines) in a status, in the order of their turns."""
        of_lines = {} if lines is None else {"line": {"$in": sorted(lines)}}
        order = [("waits", ASCENDING)]
        return (await self._find_readable({"status": status, **of_lines}, order, limit + skip))[skip:]

    async def count_in_status(
        self, status: Status, most: int, lines: Collection[str] | None = None, *, awake: bool = False
    ) -> int:
        """How many tickets (of these lines) are in a status (and not snoozed), counted up to `most`."""
        of_lines: dict[str, Any] = {} if lines is None else {"line": {"$in": sorted(lines)}}
        if awake:
            of_lines["waits"] = {"$lt": SNOOZED[0]}
        found = self._collection.find({"status": status, **of_lines}, {"_id": 1}, limit=most)
        return len(await found.to_list(most))

    async def of_assignee(self, user: str, lines: Collection[str], limit: int, skip: int = 0) -> list[Ticket]:
        """The tickets (of these lines) that an agent has and that are neither Solved nor Closed, by their turns."""
        return (await self._find_readable(_assigned(user, lines), [("waits", ASCENDING)], limit + skip))[skip:]

    async def count_of_assignee(self, user: str, lines: Collection[str], most: int) -> int:
        """How many tickets (of these lines) an agent has that are neither Solved nor Closed, counted up to `most`."""
        return len(await self._collection.find(_assigned(user, lines), {"_id": 1}, limit=most).to_list(most))

    async def of_contacts(self, contacts: Collection[str], limit: int) -> list[Ticket]:
        """The newest tickets of some contacts."""
        return await self._find_readable({"contact": {"$in": list(contacts)}}, [("_id", DESCENDING)], limit)

    async def newest_of_all(self, limit: int) -> list[Ticket]:
        """The newest tickets."""
        return await self._find_readable({}, [("_id", DESCENDING)], limit)

    async def remember_tags(self, tags: Sequence[str], now: datetime) -> None:
        """Offer these tags first from now on."""
        for tag in tags:
            await self._tags.update_one({"_id": tag}, {"$max": {"used_at": now}}, upsert=True)

    async def known_tags(self, limit: int = 100) -> list[str]:
        """The tags in use, most recently used first."""
        return [str(each["_id"]) async for each in self._tags.find({}, limit=limit).sort("used_at", DESCENDING)]
