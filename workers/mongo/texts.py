"""The texts, inbound and outbound."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo import ASCENDING, DESCENDING
from pymongo.errors import DuplicateKeyError

from messages.conversation import Arrival
from messages.process.remembered import Lately
from messages.sms import Direction, Sms, State, found_late
from workers.mongo.collection import DocumentStore, RawCollection, stored

NOT_TO_SEND: Final = [State.NOTE, State.UNSENT, State.REFUSED]

LAST_PLACE: Final = 999_999_999

PAGE: Final = 50
"""How many texts are read at once."""

ALONE_AFTER: Final = timedelta(milliseconds=250)
"""So long after a contact's text another one comes alone, unless it has waited as long itself."""


def _place_key(seq: int) -> str:
    """The key of an inbound text's place in its conversation; the keys sort in the texts' order."""
    return f"{Direction.INBOUND}/{seq:09d}"


def _outbound_place_key(text: Sms) -> str:
    """The key of an outbound text's place: its message's `ts`, or the time of a text that is in no message."""
    return f"{text.direction}/{text.ts or _time_key(text, text.received_at)}"


def _time_key(text: Sms, at: datetime) -> str:
    return f"{at.timestamp():.6f}/{text.id}"


def _key_without_place(id: str) -> str:
    """The key of a text without a place."""
    return f"?/{id}"


_NO_PLACE: Final = {"$gte": _key_without_place(""), "$lt": _key_without_place("~")}
"""The keys of texts without a place."""


def _places_query(conversation: str, first: int = 1, last: int = LAST_PLACE) -> dict[str, Any]:
    """The query for a conversation's inbound texts `first`..`last`."""
    keys = {"$gte": _place_key(first), "$lte": _place_key(last)}
    return {"conversation": conversation, "place": keys}


def _ordered(at: datetime) -> dict[str, Any]:
    """The fields of a text that a person has ordered to be sent now, whatever the hour."""
    return {"exempt": True, "wanted_at": at}


def _still_open(text: Sms) -> dict[str, Any]:
    """The query for a text as it was read, if the contact does not have it for certain and it may still be sent."""
    as_read = {"_id": text.id, "state": text.state, "edited": text.edited, "undecided_at": None}
    return as_read if text.state is State.WAITING else {**as_read, "state": State.REFUSED, "late": True}


_ARRIVAL: Final = {"seq": 1, "received_at": 1, "stored_at": 1, "reaction": 1, "muted": 1, "wish": 1, "out": 1}


def _arrival(fields: Mapping[str, Any]) -> Arrival:
    """An inbound text, of which no more than the fields of `_ARRIVAL` were read."""
    came_at = fields["received_at"]
    found_at = found_late(came_at, fields.get("stored_at"))
    reaction, muted = fields.get("reaction", False), fields.get("muted", False)
    wish, out = fields.get("wish"), fields.get("out", False)
    return Arrival(fields["seq"], came_at, reaction, found_at=found_at, muted=muted, wish=wish, out=out)


class Texts(DocumentStore[Sms]):
    """The texts, inbound and outbound."""

    kind = Sms

    def __init__(self, collection: RawCollection) -> None:
        super().__init__(collection)
        self._lately = Lately(ALONE_AFTER)

    async def comes_alone(self, conversation: str, came_at: datetime, now: datetime) -> bool:
        """Note that a conversation's text is taken in; whether it is likely that no other one is under way.

        It came just before, so that no long queue waits, and this process has noted none just before. It says what is
        cheaper, and no more.
        """
        lately = self._lately.heard(conversation, now)
        return not lately and now - came_at < ALONE_AFTER

    async def add(self, text: Sms) -> bool:
        """Store a new text; False if it is stored already."""
        if text.direction is Direction.OUTBOUND:
            return await self._insert(text, place=_outbound_place_key(text))
        place = _key_without_place(text.id) if text.seq is None else _place_key(text.seq)
        return await self._insert(text, place=place)

    async def to_put_in_order(self, conversation: str, placed: int) -> tuple[Sms | None, list[Sms]]:
        """The inbound text with the highest place, and those without a place, as `without_place` has them.

        Texts have places up to `placed`, and mostly not many more.
        """
        places = {"$gte": _place_key(placed), "$lte": _place_key(placed + PAGE)}
        found = await self._find({"conversation": conversation, "$or": [{"place": _NO_PLACE}, {"place": places}]})
        newest = max((text for text in found if text.seq is not None), key=lambda text: text.seq or 0, default=None)
        if newest is not None and newest.seq == placed + PAGE:
            newest = await self.newest(conversation)
        unplaced = [text for text in found if text.seq is None]
        return newest, await self._with_known_predecessors(unplaced, newest)

    async def if_alone(self, text: Sms, placed: int) -> tuple[Sms | None, list[Sms]]:
        """As `to_put_in_order` for a stored text; no text at all if another one has no place either."""
        newest, unplaced = await self.to_put_in_order(text.conversation, placed)
        return newest, unplaced if [each.id for each in unplaced] == [text.id] else []

    async def without_place(self, conversation: str, newest: Sms | None = None) -> list[Sms]:
        """The conversation's texts without a place, by arrival; `after` is None if that text has a place.

        That the `newest` text has one is known.
        """
        unplaced = await self._find({"conversation": conversation, "place": _NO_PLACE})
        return await self._with_known_predecessors(unplaced, newest)

    async def _with_known_predecessors(self, unplaced: Sequence[Sms], newest: Sms | None) -> list[Sms]:
        """Texts without a place, by arrival, without an `after` that has its place."""
        waiting = {text.id for text in unplaced}
        placed = {newest.id} if newest else set()
        before = {text.after for text in unplaced if text.after is not None} - waiting - placed
        known = await self._find({"_id": {"$in": list(before)}}) if before else []
        placed |= {text.id for text in known if text.seq is not None}
        by_arrival = sorted(unplaced, key=lambda text: (text.received_at, text.id))
        return [text.model_copy(update={"after": None}) if text.after in placed else text for text in by_arrival]

    async def set_answered(self, text: Sms, after: str | None = None) -> None:
        """Record that the texts before a text were asked for, and which of them was found to come right before it."""
        before = {} if after is None else {"after": after}
        await self._update({"_id": text.id}, {"$set": {"asking": False, **before}})

    async def place(self, text: Sms, seq: int) -> bool:
        """Give a text its place, with what it has become by then; False if it has one, or the place is taken."""
        place: dict[str, Any] = {"place": _place_key(seq), "seq": seq, "asking": text.asking}
        place |= {name: True for name in ("reaction", "muted", "out") if getattr(text, name)}
        if text.words:
            place |= {"words": text.words, "unshown": text.conversation}
        try:
            return await self._update({"_id": text.id, "place": _key_without_place(text.id)}, {"$set": place})
        except DuplicateKeyError:
            return False

    async def newest(self, conversation: str) -> Sms | None:
        """The inbound text with the highest place."""
        found = await self._find(_places_query(conversation), [("place", DESCENDING)], 1)
        return found[0] if found else None

    async def between(self, conversation: str, first: int, last: int, limit: int = 0) -> list[Sms]:
        """The inbound texts `first`..`last`, in order."""
        if first > last:
            return []
        return await self._find(_places_query(conversation, first, last), [("place", ASCENDING)], limit)

    async def inbound_since(self, conversation: str, at: datetime) -> list[Sms]:
        """The contact's texts that came, or were found, after then: the newest page, and those without a place yet."""
        newest = await self._find(_places_query(conversation), [("place", DESCENDING)], PAGE)
        unplaced = await self._find({"conversation": conversation, "place": _NO_PLACE})
        return [text for text in (*newest, *unplaced) if text.noticed_at > at]

    async def are_silent(self, conversation: str, first: int, last: int) -> bool:
        """Whether all inbound texts `first`..`last` are reactions to ours, or came while the contact was blocked."""
        query = {**_places_query(conversation, first, last), "reaction": {"$ne": True}, "muted": {"$ne": True}}
        return await self._collection.find_one(query, {"_id": 1}) is None

    async def newest_sent(self, conversation: str, limit: int) -> list[Sms]:
        """The newest texts to the contact, sent or not, newest first."""
        place = {"$gte": f"{Direction.OUTBOUND}/", "$lt": f"{Direction.OUTBOUND}/~"}
        return await self._find({"conversation": conversation, "place": place}, [("place", DESCENDING)], limit)

    async def arrivals(self, conversation: str, first: int, last: int) -> list[Arrival]:
        """The inbound texts `first`..`last`, in order: no more of each than when it came."""
        if first > last:
            return []
        cursor = self._collection.find(_places_query(conversation, first, last), _ARRIVAL)
        return [_arrival(each) async for each in cursor.sort("place", ASCENDING)]

    async def arrivals_after(self, conversation: str, at: datetime, first: int, last: int) -> list[Arrival]:
        """The arrivals of the newest of the inbound texts `first`..`last`, back to those that were there before `at`.

        Times follow the places but for the difference between the gateways' clocks: a page without a later text ends
        the search.
        """
        found: list[Arrival] = []
        while first <= last:
            page = await self.arrivals(conversation, max(first, last - PAGE + 1), last)
            found = [*page, *found]
            if all(each.noticed_at <= at for each in page):
                break
            last -= PAGE
        return found

    async def at_place(self, conversation: str, seq: int) -> Sms | None:
        """The inbound text with this place."""
        found = await self._find({"conversation": conversation, "place": _place_key(seq)}, limit=1)
        return found[0] if found else None

    async def of_pass(self, conversation: str, places: Collection[int]) -> list[Sms]:
        """What a pass looks at, in order: the inbound texts at these places, and all that Slack is yet to show."""
        keys = [_place_key(seq) for seq in sorted(places)]
        looked_at = [{"place": {"$in": keys}}, {"unattached": conversation}, {"unshown": conversation}]
        return await self._find({"conversation": conversation, "$or": looked_at}, [("place", ASCENDING)])

    async def set_considered(self, conversation: str, first: int, last: int) -> None:
        """Record that the texts `first`..`last` are under a ticket, and considered: they are no longer due."""
        if first <= last:
            await self._collection.update_many(
                {**_places_query(conversation, first, last), "due_at": {"$exists": True}},
                {"$unset": {"due_at": ""}},
            )

    async def due(
        self, now: datetime, again_at: datetime, lines: Collection[str] | None = None, limit: int = 500
    ) -> list[Sms]:
        """Overdue texts (of these lines): inbound ones without a ticket, outbound ones without an outcome."""
        return await self._due("due_at", now, again_at, limit, lines)

    async def is_taking_in(self, line: str) -> bool:
        """Whether a text to a line is stored and not under a ticket, or not considered, yet."""
        waits = {"due_at": {"$exists": True}, "line": line, "direction": Direction.INBOUND}
        return await self._collection.find_one(waits, {"_id": 1}) is not None

    async def set_attached(self, text: Sms) -> None:
        """Record that the thread shows a text's attachments, or says why not."""
        await self._update({"_id": text.id}, {"$unset": {"unattached": ""}})

    # -- outbound -------------------------------------------------------------------------------------------------

    async def outbox(self, conversation: str, limit: int = 0) -> list[Sms]:
        """The conversation's texts that are to be sent, or whose outcome is unknown, in order."""
        return await self._find({"outbox": conversation}, [("place", ASCENDING)], limit)

    async def newest_reply(self, conversation: str, before: str) -> Sms | None:
        """The last reply to be sent in the conversation's thread before a moment, given as `ts`."""
        place = {"$gte": f"{Direction.OUTBOUND}/", "$lt": f"{Direction.OUTBOUND}/{before}"}
        query = {"conversation": conversation, "place": place, "ts": {"$exists": True}, "state": {"$nin": NOT_TO_SEND}}
        found = await self._find(query, [("place", DESCENDING)], 1)
        return found[0] if found else None

    async def newest_outbound(self, conversation: str, limit: int) -> list[Sms]:
        """The last texts to the contact, notes included, newest first."""
        place = {"$gte": f"{Direction.OUTBOUND}/", "$lt": f"{Direction.OUTBOUND}0"}
        return await self._find({"conversation": conversation, "place": place}, [("place", DESCENDING)], limit)

    async def claim(self, text: Sms, now: datetime, due_at: datetime, allowed_since: datetime | None = None) -> bool:
        """Record that a worker is about to send a text; False if it waits no more, or was edited or tried meanwhile.

        `allowed_since` is when the contact's wish was decided that allows it, if they had one.
        """
        first = text.claimed_at or text.undecided_at or now
        state = {"state": State.SENDING, "rank": State.SENDING.rank, "due_at": due_at}
        allowed = {} if allowed_since is None else {"allowed_since": allowed_since}
        tried = {"claimed_at": first, "called_at": now, "unshown": text.conversation, **allowed}
        change = {"$set": {**state, **tried}, "$inc": {"attempts": 1}, "$unset": {"retry_at": ""}}
        attempts = text.attempts if text.attempts else {"$in": [0, None]}
        as_read = {"_id": text.id, "state": State.WAITING, "edited": text.edited, "attempts": attempts}
        return await self._update(as_read, change)

    async def withdraw(self, text: Sms, now: datetime) -> bool:
        """Record that its author took a text back, and forget what it said; False if that is too late, or too early.

        A worker that claims the text, and whoever edits it, changes the same document: one of them is first.
        """
        withdrawn = {"state": State.UNSENT, "rank": State.UNSENT.rank, "withdrawn_at": now}
        forgotten = {"body": "", "files": [], "words": "", "unshown": text.conversation}
        gone = dict.fromkeys(("outbox", "due_at", "retry_at"), "")
        return await self._update(_still_open(text), {"$set": withdrawn | forgotten, "$unset": gone})

    async def change(self, text: Sms, changed: Sms) -> bool:
        """Let a text say what its author has edited it to; False if it is no longer as it was read."""
        said = ("body", "files", "state", "rank", "words", "late", "edited", "unshown")
        names = (*said, "outbox", "due_at", "retry_at", "hold_until", "withdrawn_at")
        fields = stored(changed)
        given, gone = {name: fields[name] for name in names if name in fields}, set(names) - fields.keys()
        change = {"$set": given, "$unset": dict.fromkeys(sorted(gone), "")}
        return await self._update(_still_open(text), {name: each for name, each in change.items() if each})

    async def unclaim(self, text: Sms, retry_at: datetime, due_at: datetime) -> None:
        """Record that nothing came of the call just made: the text waits again, at least until `retry_at`.

        An earlier call without an answer is not forgotten.
        """
        state = {"state": State.WAITING, "rank": State.WAITING.rank, "retry_at": retry_at, "due_at": due_at}
        if text.undecided_at is None:
            change = {"$set": state, "$unset": {"claimed_at": "", "called_at": ""}}
        else:
            change = {"$set": {**state, "called_at": text.undecided_at}}
        await self._update({"_id": text.id, "state": State.SENDING}, change)

    async def set_undecided(self, text: Sms, called_at: datetime, retry_at: datetime) -> None:
        """Record that the call of that time had no answer, and do nothing with the text until `retry_at`."""
        lost = {"undecided_at": called_at, "retry_at": retry_at}
        await self._update({"_id": text.id, "state": State.SENDING}, {"$set": lost})

    async def put_off(self, text: Sms, retry_at: datetime) -> None:
        """Do nothing with a text in the outbox until then."""
        await self._update({"_id": text.id, "outbox": {"$exists": True}}, {"$set": {"retry_at": retry_at}})

    async def tell(self, text: Sms, words: str) -> bool:
        """Let the thread say something of a text that the provider has and has not sent; False if it has."""
        still = {"_id": text.id, "rank": {"$lte": State.QUEUED.rank}, "words": {"$ne": words}}
        return await self._update(still, {"$set": {"words": words, "unshown": text.conversation}})

    async def hold(self, text: Sms, until: datetime) -> bool:
        """Send a waiting text at that time, after all that is written before it; False if it waits no more."""
        later = {"place": f"{Direction.OUTBOUND}/{_time_key(text, until)}", "wanted_at": until}
        waits = {"retry_at": until, "due_at": until, "unshown": text.conversation}
        return await self._update({"_id": text.id, "state": State.WAITING}, {"$set": later | waits})

    async def resend(self, text: Sms, due_at: datetime, order: str | None = None) -> bool:
        """Put a text into the outbox again; False if its outcome is known, it was tried again, or the order is old."""
        lost = text.undecided_at or text.called_at or text.claimed_at or text.received_at
        state = {"state": State.WAITING, "rank": State.WAITING.rank, "due_at": due_at, "words": "", **_ordered(due_at)}
        shown = {"unshown": text.conversation, "outbox": text.conversation, "undecided_at": lost}
        change = {"$set": {**state, **shown}, "$unset": {"retry_at": ""}}
        attempts = text.attempts if text.attempts else {"$in": [0, None]}
        return await self._update_once({"_id": text.id, "state": State.UNKNOWN, "attempts": attempts}, order, change)

    async def send_late(self, text: Sms, due_at: datetime, order: str | None = None) -> bool:
        """Put a text that came late into the outbox; False if it is not waiting for that, or the order is old."""
        state = {"state": State.WAITING, "rank": State.WAITING.rank, "due_at": due_at, "words": "", "late": False}
        state |= _ordered(due_at)
        shown = {"unshown": text.conversation, "outbox": text.conversation}
        late = {"_id": text.id, "state": State.REFUSED, "late": True}
        return await self._update_once(late, order, {"$set": {**state, **shown}})

    async def ignore(self, text: Sms, order: str) -> None:
        """Record that an order to resend a text, which is waiting or settled, was carried out: it changes nothing."""
        await self._update_once({"_id": text.id, "state": {"$ne": State.UNKNOWN}}, order, {})

    async def refuse_resend(self, text: Sms, order: str) -> None:
        """Record that an order to resend a text was refused: it sends nothing when it comes again later, either."""
        await self._update_once({"_id": text.id, "state": State.UNKNOWN}, order, {})

    async def move(self, text: Sms, state: State, **fields: Any) -> bool:
        """Move a text to a state of higher rank, and out of the outbox, with these fields; False if it is as far.

        A field that is None is removed.
        """
        given = {name: value for name, value in fields.items() if value is not None}
        change = {
            "$set": {**given, "state": state, "rank": state.rank, "unshown": text.conversation},
            "$unset": {"outbox": "", "due_at": "", **dict.fromkeys(fields.keys() - given.keys(), "")},
        }
        return await self._update({"_id": text.id, "rank": {"$lt": state.rank}}, change)

    async def set_sid(self, text: Sms, sid: str) -> None:
        """Record the provider's sid of a text."""
        await self._update({"_id": text.id}, {"$set": {"sid": sid}})

    async def known(self, ids: Sequence[str]) -> set[str]:
        """The ids that are stored."""
        return {str(fields["_id"]) async for fields in self._collection.find({"_id": {"$in": list(ids)}}, {"_id": 1})}

    async def known_sids(self, sids: Sequence[str]) -> set[str]:
        """The provider's sids that belong to stored outbound texts."""
        return {fields["sid"] async for fields in self._collection.find({"sid": {"$in": list(sids)}}, {"sid": 1})}

    async def known_replies(self, conversation: str, written: Sequence[str]) -> set[str]:
        """Of the replies in a thread with these `ts`, those that are stored, under whichever id of their channel."""
        places = {f"{Direction.OUTBOUND}/{ts}": ts for ts in written}
        query = {"conversation": conversation, "place": {"$in": sorted(places)}}
        return {places[fields["place"]] async for fields in self._collection.find(query, {"place": 1})}

    async def move_channel(self, former: str, channel: str) -> None:
        """Let the texts that were written in a channel name another id of it."""
        await self._collection.update_many({"channel": former}, {"$set": {"channel": channel}})

    async def in_doubt(self, text: Sms, since: datetime, until: datetime) -> list[Sms]:
        """The conversation's other texts, written in this time, that were tried, and whose outcome nobody knows."""
        first, last = (f"{Direction.OUTBOUND}/{at.timestamp():.6f}" for at in (since, until))
        query = {"conversation": text.conversation, "place": {"$gte": first, "$lte": last}}
        open_states = {"$in": [State.SENDING, State.UNKNOWN]}
        return await self._find({**query, "state": open_states, "sid": None, "_id": {"$ne": text.id}})

    async def disown(self, sid: str, owner: str, words: str) -> list[str]:
        """Let only one text have a sid, as the provider says; the conversations of others that were taken for it."""
        others = await self._find({"sid": sid, "_id": {"$ne": owner}})
        unknown = {"state": State.UNKNOWN, "rank": State.UNKNOWN.rank, "words": words}
        for each in others:
            change = {"$set": {**unknown, "unshown": each.conversation}, "$unset": {"sid": "", "error_code": ""}}
            await self._update({"_id": each.id, "sid": sid}, change)
        return [each.conversation for each in others]

    async def unshown(self, conversation: str) -> list[Sms]:
        """The conversation's texts whose state Slack does not show, in order."""
        return await self._find({"unshown": conversation}, [("place", ASCENDING)])

    async def set_marking(self, text: Sms, mark: str) -> None:
        """Record a reaction before it is added to a text, so that it can be removed whatever happens."""
        await self._update({"_id": text.id}, {"$set": {"marking": sorted({*text.marking, mark})}})

    async def set_shown(self, text: Sms, mark: str | None) -> bool:
        """Record that Slack shows a text's state by a reaction; False, and still unshown, if the state has changed."""
        marked = {"$set": {"mark": mark}} if mark else {}
        gone = {"marking": ""} if mark else {"mark": "", "marking": ""}
        shown = {**marked, "$unset": {**gone, "unshown": ""}}
        if await self._update({"_id": text.id, "state": text.state}, shown):
            return True
        await self._update({"_id": text.id}, {**marked, "$unset": gone})
        return False
