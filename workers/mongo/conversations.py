"""The conversations: their threads, leases, debounce and redraw requests."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, ReturnDocument

from messages.answering import Answering
from messages.conversation import Blocking, Conversation, Debounce, SendingOutcome, Thread, conversation_id
from messages.opt_outs import Standing
from workers.mongo.collection import DocumentStore, stored


def superseding(id: str, wish: Standing) -> tuple[dict[str, Any], dict[str, Any]]:
    """The query for a document whose recorded wish is not a later one, and the change that records this one.

    Of two wishes at one time the opt-out counts, in whatever order and however often they are recorded.
    """
    same = {"opted_at": wish.since} if wish.out else {"opted_at": wish.since, "opted_out": {"$ne": True}}
    earlier = {"_id": id, "$or": [{"opted_at": None}, {"opted_at": {"$lt": wish.since}}, same]}
    return earlier, {"$set": {"opted_out": wish.out, "opted_at": wish.since}}


def _asked_at(now: datetime) -> dict[str, Any]:
    """The change that records when a message to put texts in order was asked for."""
    return {"$set": {"ordering.asked_at": now}}


def _found_thread(thread: Thread | None) -> dict[str, Any]:
    """The change that records what has been found out about a conversation's thread, if anything."""
    return {} if thread is None else {"$set": {"thread": stored(thread)}}


@dataclass(frozen=True)
class RedrawWish:
    """A wish, uttered now (`at`), that Slack show what has changed, at the latest by `by`.

    A message that was to say so before `lost`, and still waits, counts as lost.
    """

    at: datetime
    by: datetime
    lost: datetime


def _request(wish: RedrawWish) -> dict[str, Any]:
    """The change that requests a redraw."""
    return {"$inc": {"redraw.count": 1}, "$min": {"redraw.due_at": wish.by, "render_asked_at": wish.at}}


@dataclass(frozen=True)
class SavedDebounce:
    """What was found when a debounce was saved: the alerts, and whether a message must ask for a redraw.

    `is_watched` says whether the clock was to look at the newest ticket already.
    """

    asks: bool
    alerts: tuple[int, ...]
    is_watched: bool


@dataclass(frozen=True)
class OutboxNews:
    """What a worker that had the lease on an outbox has learnt: what became of the newest text of the team.

    Until `lead_until` the next text gives way to one of several segments.
    """

    lead_until: datetime | None = None
    outcome: SendingOutcome | None = None


@dataclass(frozen=True)
class ReleasedOutbox:
    """What was found at the release of an outbox's lease: whether a message must say that a redraw is wished for.

    It `was_awaited` if a look at the outbox is scheduled: another worker may have come for it meanwhile.
    """

    asks: bool
    was_awaited: bool


@dataclass(frozen=True)
class CardsShown:
    """The cards as Slack shows them now: they hold `until` somebody comes back who is away; None: until changed."""

    until: datetime | None = None


class Conversations(DocumentStore[Conversation]):
    """The conversations, and the leases for their outboxes and for rendering them."""

    kind = Conversation

    async def ensure(self, line: str, contact: str, now: datetime, *, is_new: bool = False) -> Conversation:
        """The conversation between a line and a contact, created if necessary, as is most likely with `is_new`."""
        id = conversation_id(line, contact)
        new = Conversation(id=id, line=line, contact=contact, created_at=now, own_opt_out=True)
        return await self._ensure(new, is_new=is_new)

    async def save_debounce(
        self, id: str, read: Debounce, debounce: Debounce, wish: RedrawWish, watch_at: datetime | None = None
    ) -> SavedDebounce | None:
        """Save the debounce and, in the same write, request a redraw.

        At `watch_at` at the latest the newest ticket's alerts are considered. None, and nothing changes, if the
        debounce has changed since `read`.
        """
        change = {"$set": {"debounce": stored(debounce)}, "$unset": {"announce_at": ""}, **_request(wish)}
        unsaved = {"$in": [0, None]} if read.version == 0 else read.version
        if watch_at is not None:
            change["$min"] = {**change["$min"], "watch_at": watch_at}
        before = await self._collection.find_one_and_update({"_id": id, "debounce.version": unsaved}, change)
        if before is None:
            return None
        asks, watched = await self._is_to_be_asked(before, id, wish), before.get("watch_at") is not None
        return SavedDebounce(asks, tuple(before.get("alerts", ())), watched)

    async def save_answering(self, id: str, read: Answering, answering: Answering) -> bool:
        """Save what is remembered of automatic texts; False, and nothing changes, if it has changed since `read`."""
        unsaved = {"$in": [0, None]} if read.version == 0 else read.version
        saved = {"$set": {"answering": stored(answering)}, "$unset": {"answer_at": ""}}
        return await self._update({"_id": id, "answering.version": unsaved}, saved)

    async def change_answering(self, id: str, change: Callable[[Answering], Answering]) -> bool:
        """Save a change of what is remembered of automatic texts, unless it changes nothing.

        False if others have changed it before each save; a retry changes it then.
        """
        for _ in range(10):
            conversation = await self.get(id)
            after = change(conversation.answering) if conversation else None
            if conversation is None or after is None or after is conversation.answering:
                return True
            if await self.save_answering(id, conversation.answering, after):
                return True
        return False

    async def answering_due(
        self, now: datetime, again_at: datetime, lines: Collection[str] | None = None, limit: int = 500
    ) -> list[Conversation]:
        """Conversations in which an automatic text may be due; each again at `again_at`, until it is decided."""
        overdue = {"answering.due_at": {"$lte": now}, "$or": [{"answer_at": None}, {"answer_at": {"$lte": now}}]}
        return await self._take_due(overdue, "answering.due_at", {"answer_at": again_at}, limit, lines)

    async def request_redraw(self, id: str, wish: RedrawWish) -> bool:
        """Request a redraw; True if a message must say so, False if one waits or the conversation does not exist."""
        before = await self._collection.find_one_and_update({"_id": id}, _request(wish))
        return before is not None and await self._is_to_be_asked(before, id, wish)

    async def request_pass(self, id: str, by: datetime) -> None:
        """Request of whoever has the conversation's lease that another pass follow, by `by` at the latest."""
        await self._update({"_id": id}, {"$inc": {"redraw.count": 1}, "$min": {"redraw.due_at": by}})

    async def _is_to_be_asked(self, before: Mapping[str, Any], id: str, wish: RedrawWish) -> bool:
        """Whether a message must say that a redraw is wished for, as the conversation was before."""
        asked = before.get("render_asked_at")
        return asked is None or (asked <= wish.lost and await self.mark_render_requested(id, wish.at, wish.lost))

    async def request_ordering(self, id: str, now: datetime, lost: datetime) -> bool | None:
        """Count a new text; True if nobody will see it without a message: none waits, and no worker is at it.

        A message or worker from before `lost` does not count. None if the conversation does not exist.
        """
        counted = {"$inc": {"ordering.count": 1}, "$min": {"ordering.asked_at": now}}
        before = await self._collection.find_one_and_update({"_id": id}, counted)
        if before is None:
            return None
        asked = before.get("ordering", {}).get("asked_at")
        if asked is None:
            return True
        return asked <= lost and await self._update({"_id": id, "ordering.asked_at": asked}, _asked_at(now))

    async def begin_ordering(self, id: str, now: datetime) -> None:
        """Record that a worker is at it, which nobody had asked for: the clock found something due."""
        await self._update({"_id": id}, _asked_at(now))

    async def end_ordering(self, id: str, count: int) -> bool:
        """Record that the texts up to `count` are in order; False, and nothing changes, if more have come since."""
        counted = {"_id": id, "ordering.count": count if count else {"$in": [0, None]}}
        return await self._update(counted, {"$unset": {"ordering.asked_at": ""}})

    async def forget_ordering(self, id: str) -> None:
        """Record that no message waits: the one that was asked for could not be published."""
        await self._update({"_id": id}, {"$unset": {"ordering.asked_at": ""}})

    async def by_thread(self, channel: str, ts: str) -> Conversation | None:
        """The conversation that has this thread."""
        found = await self._find({"thread.ts": ts, "thread.channel": channel}, limit=1)
        return found[0] if found else None

    async def take_outbox(self, id: str, holder: str, now: datetime, until: datetime) -> Conversation | None:
        """The conversation, with the lease on its outbox taken until then; None if another holder has it."""
        free = [{"sending": None}, {"sending.until": {"$lte": now}}, {"sending.holder": holder}]
        lease = {"$set": {"sending": {"holder": holder, "until": until}}}
        return await self._read(
            await self._collection.find_one_and_update(
                {"_id": id, "$or": free}, lease, return_document=ReturnDocument.AFTER
            )
        )

    async def renew_outbox(self, id: str, holder: str, until: datetime) -> bool:
        """Extend the lease on the outbox until then; False if another holder has it now."""
        return await self._update({"_id": id, "sending.holder": holder}, {"$set": {"sending.until": until}})

    async def release_outbox(
        self, id: str, holder: str, now: datetime, news: OutboxNews | None = None, wish: RedrawWish | None = None
    ) -> ReleasedOutbox | None:
        """Release the lease on the outbox, record what is new, and request a redraw; None if it is another's by now.

        An outcome that is none of a failure takes no failure's place: a pass does that, and has people told.
        """
        query: dict[str, Any] = {"_id": id, "sending.holder": holder}
        change: dict[str, Any] = {"$unset": {"sending": ""}, **(_request(wish) if wish else {})}
        if news is not None and news.lead_until is not None:
            change["$set"] = {"lead_until": news.lead_until}
        before = None
        if news is not None and news.outcome is not None:
            told = {**change, "$set": {**change.get("$set", {}), "outcome": stored(news.outcome)}}
            unfailed = {**query, "outcome.failed": {"$in": ["", None]}}
            before = await self._collection.find_one_and_update(unfailed, told)
        if before is None:
            before = await self._collection.find_one_and_update(query, change)
        if before is None:
            return None
        scheduled = before.get("send_at")
        asks = wish is not None and await self._is_to_be_asked(before, id, wish)
        return ReleasedOutbox(asks, was_awaited=scheduled is not None and scheduled > now)

    async def schedule_sending(self, id: str, now: datetime, at: datetime) -> bool:
        """Schedule a look at the outbox; False if an earlier one is already scheduled."""
        return await self._schedule("send_at", id, now, at)

    async def mark_render_requested(self, id: str, now: datetime, lost: datetime) -> bool:
        """Record that a render is requested; False if one requested after `lost` still waits."""
        free = [{"render_asked_at": None}, {"render_asked_at": {"$lte": lost}}]
        return await self._update({"_id": id, "$or": free}, {"$set": {"render_asked_at": now}})

    async def begin_render(self, id: str) -> Conversation | None:
        """The conversation, with its render request cleared: the next change needs a new one."""
        asked = {"$unset": {"render_asked_at": ""}}
        return await self._read(
            await self._collection.find_one_and_update({"_id": id}, asked, return_document=ReturnDocument.AFTER)
        )

    async def schedule_render(self, id: str, now: datetime, at: datetime) -> bool:
        """Schedule a render; False if an earlier one is already scheduled."""
        return await self._schedule("render_at", id, now, at)

    async def _schedule(self, field: str, id: str, now: datetime, at: datetime) -> bool:
        free = [{field: None}, {field: {"$lte": now}}, {field: {"$gt": at}}]
        return await self._update({"_id": id, "$or": free}, {"$set": {field: at}})

    async def take_lease(self, id: str, holder: str, now: datetime, until: datetime) -> Conversation | None:
        """The conversation, leased until then; None if another holder's lease has not expired.

        The holder sees all that was requested: its render request is cleared, as by `begin_render`.
        """
        free = {"_id": id, "$or": [{"lease": None}, {"lease.until": {"$lte": now}}, {"lease.holder": holder}]}
        lease = {"$set": {"lease": {"holder": holder, "until": until}}, "$unset": {"render_asked_at": ""}}
        return await self._read(
            await self._collection.find_one_and_update(free, lease, return_document=ReturnDocument.AFTER)
        )

    async def renew_lease(self, id: str, holder: str, until: datetime) -> bool:
        """Extend a lease until then; False if another holder has it now."""
        return await self._update({"_id": id, "lease.holder": holder}, {"$set": {"lease.until": until}})

    async def release_lease(
        self,
        id: str,
        holder: str,
        count: int,
        posted: int = 0,
        thread: Thread | None = None,
        *,
        cards: CardsShown | None = None,
    ) -> bool:
        """Release the lease with all requests up to `count` done; False, and still leased, if a newer one exists.

        The texts up to `posted` are in the thread; `thread` is the thread, if more is known of it than is recorded.
        `cards` are the cards as they are shown now, if this was looked at.
        """
        done = {"lease": "", "redraw.due_at": "", "redraw.tries": "", "redraw.again_at": ""}
        change: dict[str, dict[str, Any]] = {"$unset": done, "$max": {"posted": posted}, **_found_thread(thread)}
        if cards is not None and cards.until is None:
            change["$unset"]["cards_until"] = ""
        elif cards is not None:
            change["$set"] = {**change.get("$set", {}), "cards_until": cards.until}
        query = {"_id": id, "lease.holder": holder, "redraw.count": count if count else {"$in": [0, None]}}
        return await self._update(query, change)

    async def postpone(
        self,
        id: str,
        holder: str,
        due_at: datetime,
        again_at: datetime,
        tries: int,
        posted: int = 0,
        thread: Thread | None = None,
    ) -> None:
        """Release the lease with requests left, to continue at `again_at`; the clock finds them at `due_at`.

        `posted` and `thread` are as for `release_lease`.
        """
        later = {"redraw.due_at": due_at, "redraw.again_at": again_at, "redraw.tries": tries}
        found = _found_thread(thread).get("$set", {})
        change = {"$unset": {"lease": ""}, "$set": later | found, "$max": {"posted": posted}}
        await self._update({"_id": id, "lease.holder": holder}, change)

    async def set_opted_out(self, id: str, wish: Standing) -> bool:
        """Record a contact's wish about the line; False if a later one is recorded, or there is no conversation."""
        return await self._update(*superseding(id, wish))

    async def set_blocking(self, id: str, blocking: Blocking) -> bool:
        """Record whether the contact is blocked; False if what a later order says is recorded, or the same."""
        before = [
            {"blocking": None},
            {"blocking.ticket": {"$lt": blocking.ticket}},
            {"blocking.ticket": blocking.ticket, "blocking.version": {"$lt": blocking.version}},
        ]
        fields = {f"blocking.{name}": value for name, value in stored(blocking).items() if value is not None}
        return await self._update({"_id": id, "$or": before}, {"$set": fields})

    async def set_thread(self, id: str, thread: Thread) -> None:
        """Record the conversation's Slack thread."""
        await self._update({"_id": id}, {"$set": {"thread": stored(thread)}})

    async def forget_thread(self, id: str, thread: Thread) -> None:
        """Record that the conversation's thread is a former one, and that it has none now."""
        change = {"$set": {"former": stored(thread)}, "$unset": {"thread": ""}}
        await self._update({"_id": id, "thread.channel": thread.channel, "thread.ts": thread.ts}, change)

    async def move_channel(self, former: str, channel: str) -> None:
        """Let the threads in a channel, and what is announced there, name another id of it; links are asked again."""
        moved = {"$set": {"thread.channel": channel}, "$unset": {"thread.permalink": ""}}
        await self._collection.update_many({"thread.channel": former}, moved)
        await self._collection.update_many({"former.channel": former}, {"$set": {"former.channel": channel}})
        names_it = {"debounce.latest.targets": {"$elemMatch": {"$eq": former}}}
        for fields in await self._raw(names_it, (), 0):
            targets = fields["debounce"]["latest"]["targets"]
            now = list(dict.fromkeys(channel if each == former else each for each in targets))
            renamed = {"$set": {"debounce.latest.targets": now}, "$inc": {"debounce.version": 1}}
            await self._update({"_id": fields["_id"], **names_it}, renamed)

    async def set_unreachable(self, id: str, targets: Sequence[str]) -> None:
        """Record the targets that the thread has reported as unreachable."""
        await self._update({"_id": id}, {"$set": {"unreachable": list(targets)}})

    async def set_outcome(self, id: str, outcome: SendingOutcome) -> None:
        """Record what became of the newest agent's text that has an outcome."""
        await self._update({"_id": id}, {"$set": {"outcome": stored(outcome)}})

    async def expect_planned(self, id: str, planned: str) -> None:
        """Record that a planned text is about to be stored, or may change: the conversation's passes look at it."""
        await self._update({"_id": id}, {"$addToSet": {"planned": planned}})

    async def settle_planned(self, id: str, planned: Collection[str]) -> None:
        """Record that these planned texts have ended, and that the thread shows it."""
        if planned:
            await self._update({"_id": id}, {"$pull": {"planned": {"$in": sorted(planned)}}})

    async def set_alerts(self, id: str, ticket: int, *, live: bool) -> None:
        """Record whether a ticket has alerts that are not over."""
        await self._update({"_id": id}, {"$addToSet" if live else "$pull": {"alerts": ticket}})

    async def watched(
        self, now: datetime, again_at: datetime, lines: Collection[str] | None = None, limit: int = 500
    ) -> list[Conversation]:
        """Conversations whose newest ticket's alerts are to be considered; each again at `again_at`."""
        return await self._due("watch_at", now, again_at, limit, lines)

    async def end_watch(self, read: Conversation) -> None:
        """Watch a conversation no more, unless its debounce has taken something into account since it was read."""
        version = {"$in": [0, None]} if read.debounce.version == 0 else read.debounce.version
        await self._update({"_id": read.id, "debounce.version": version}, {"$unset": {"watch_at": ""}})

    async def to_announce_before(self, until: datetime, limit: int = 500) -> list[Conversation]:
        """Conversations whose unannounced texts must be announced by then."""
        return await self._find_readable({"debounce.due_at": {"$lte": until}}, [("debounce.due_at", ASCENDING)], limit)

    async def announcements_due(
        self, now: datetime, again_at: datetime, lines: Collection[str] | None = None, limit: int = 500
    ) -> list[Conversation]:
        """Conversations whose unannounced texts must be announced; each again at `again_at`, until it is decided."""
        overdue = {"debounce.due_at": {"$lte": now}, "$or": [{"announce_at": None}, {"announce_at": {"$lte": now}}]}
        return await self._take_due(overdue, "debounce.due_at", {"announce_at": again_at}, limit, lines)

    async def cards_over(
        self, now: datetime, again_at: datetime, lines: Collection[str] | None = None, limit: int = 500
    ) -> list[Conversation]:
        """Conversations whose cards say of somebody that they are away who is back; each again at `again_at`."""
        return await self._due("cards_until", now, again_at, limit, lines)

    async def redraws_due(
        self, now: datetime, again_at: datetime, lines: Collection[str] | None = None, limit: int = 500
    ) -> list[Conversation]:
        """Conversations whose redraw request is overdue."""
        return await self._due("redraw.due_at", now, again_at, limit, lines)
