"""Our messages in Slack, and its channels: which Slack throttles, and from which the bot was removed."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo import DESCENDING, UpdateOne
from pymongo.errors import BulkWriteError

from messages.base import Document
from messages.notification import Post, PostKind
from messages.process.remembered import Remembered
from workers.mongo.collection import REMEMBERED_FOR, DocumentStore, RawCollection, stored

DUPLICATE_KEY: Final = 11000
"""MongoDB's code of a write that a unique key refuses."""

NOT_POSTED: Final = {
    "channel": None,
    "ts": None,
    "permalink": None,
    "attempted_at": None,
    "called_at": None,
    "undecided_at": None,
    "retry_at": None,
    "unsure_at": None,
    "failed": None,
    "told": None,
}
"""The fields of a post that is to be posted, and was not attempted."""


def _change(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The change that stores new values of some fields; None removes a value."""
    given = {name: value for name, value in fields.items() if value is not None}
    absent = {name: "" for name, value in fields.items() if value is None}
    return {operator: each for operator, each in (("$set", given), ("$unset", absent)) if each}


def _writes(changes: Sequence[tuple[Post, Mapping[str, Any]]]) -> list[UpdateOne]:
    """The writes that store new values of some fields of posts, unless they were hidden since they were read."""
    return [UpdateOne({"_id": post.id, "hidden_by": post.hidden_by}, _change(fields)) for post, fields in changes]


def moved_card(post: Post, former: str, channel: str) -> Post | None:
    """The card of a notification under the id that it has in the channel; None if it has that, or is no card."""
    place = f"/{former}"
    if post.kind not in {PostKind.CARD, PostKind.PAST_CARD} or not post.id.endswith(place):
        return None
    return post.model_copy(update={"id": f"{post.id.removesuffix(place)}/{channel}"})


class Posts(DocumentStore[Post]):
    """Our messages in Slack."""

    kind = Post

    async def claim(
        self, post: Post, *, is_new: bool = False, also: Sequence[tuple[Post, Mapping[str, Any]]] = ()
    ) -> tuple[Post, bool]:
        """The stored post with this id, and whether this call stored it; `also` stores changes, as `set_all` does.

        With `is_new` the caller has looked for it in vain, and it is most likely still not stored: then it and the
        changes are one command.
        """
        found = None if is_new else await self.get(post.id)
        if found is not None:
            await self.set_all(also)
            return found, False
        is_stored = await self._insert_with(post, also) if also else await self._insert(post)
        return (post, True) if is_stored else (await self._ensure(post), False)

    async def _insert_with(self, post: Post, changes: Sequence[tuple[Post, Mapping[str, Any]]]) -> bool:
        """Store changes of posts and, after these, a new post, in one command; False if its id is taken."""
        fields = stored(post)
        new = UpdateOne({"_id": fields.pop("_id")}, {"$setOnInsert": fields}, upsert=True)
        try:
            result = await self._collection.bulk_write([*_writes(changes), new])
        except BulkWriteError as error:
            if any(each["code"] != DUPLICATE_KEY for each in error.details["writeErrors"]):
                raise
            return False
        return bool(result.upserted_count)

    async def set(self, post: Post, **fields: Any) -> Post:
        """Store new values of some fields of a post, and return it with them; None removes a value."""
        await self._update({"_id": post.id}, _change(fields))
        return post.model_copy(update=fields)

    async def set_all(self, changes: Sequence[tuple[Post, Mapping[str, Any]]]) -> None:
        """Store new values of some fields of several posts, in one command: of those that were not hidden meanwhile."""
        if changes:
            await self._collection.bulk_write(_writes(changes))

    async def obey(self, post: Post, order: str | None, **fields: Any) -> bool:
        """Store what an agent orders about a post, as in `set`, once; False if the order was carried out before."""
        return await self._update_once({"_id": post.id}, order, _change(fields))

    async def try_set(self, post: Post, **fields: Any) -> Post | None:
        """As `set`, but None, and nothing stored, if another worker has tried to post it since it was read."""
        attempt = {name: getattr(post, name) for name in ("ts", "attempted_at", "called_at", "undecided_at")}
        matched = await self._update({"_id": post.id, **attempt}, _change(fields))
        return post.model_copy(update=fields) if matched else None

    async def set_removed(self, post: Post) -> None:
        """Record that a hidden card was deleted; if its Hide was undone meanwhile, that it must be posted again."""
        deleted = _change({"removed": True, "kind": PostKind.PAST_CARD})
        if not await self._update({"_id": post.id, "hidden_by": post.hidden_by}, deleted):
            await self._update({"_id": post.id, "ts": post.ts}, _change(NOT_POSTED))

    async def show_again(self, post: Post, order: str | None) -> None:
        """Record that a post is no longer hidden, once for an order; a card that was deleted must be posted again."""
        shown = {"hidden_by": None, "hidden_during": None}
        kind = PostKind.ROOT if post.kind is PostKind.ROOT else PostKind.CARD
        anew = {**shown, **NOT_POSTED, "removed": False, "kind": kind}
        while not (
            await self._update_once({"_id": post.id, "removed": True}, order, _change(anew))
            or await self._update_once({"_id": post.id, "removed": {"$ne": True}}, order, _change(shown))
        ):
            found = await self.get(post.id)
            if found is None or order in found.orders:
                return

    async def shown(self, conversation: str, begun: str, tickets: Collection[int], limit: int) -> list[Post]:
        """What a pass looks at: the post `begun`, if it is stored, the roots of the conversation, and its newest cards.

        Of each of these tickets they are the newest cards that are not past, newest first.
        """
        looked_at = {"$or": [{"_id": begun}, {"kind": {"$in": [PostKind.ROOT, PostKind.CARD]}}]}
        order = [("kind", DESCENDING), ("announcement", DESCENDING)]
        found = await self._find({"conversation": conversation, **looked_at}, order, limit)
        cards = [post for post in found if post.kind is PostKind.CARD and post.ticket in tickets]
        if len(found) == limit:
            newest = [("announcement", DESCENDING)]
            cards = [
                post
                for ticket in tickets
                for post in await self._find(
                    {"conversation": conversation, "kind": PostKind.CARD, "ticket": ticket}, newest, limit
                )
            ]
        return [*(post for post in found if post.kind is not PostKind.CARD), *cards]

    async def present_cards(self, conversation: str, limit: int) -> list[Post]:
        """The conversation's cards, of all its tickets, that are not past, the newest tickets' first."""
        return await self._find({"conversation": conversation, "kind": PostKind.CARD}, [("ticket", DESCENDING)], limit)

    async def of_alert(self, alert: str) -> list[Post]:
        """The messages that showed an alert, wherever they are."""
        return await self._find({"conversation": alert, "kind": PostKind.ALERT})

    async def forget_renderings(self, conversation: str) -> None:
        """Forget what the conversation's cards show, so that they are drawn again."""
        for kind in (PostKind.ROOT, PostKind.CARD):
            await self._collection.update_many(
                {"conversation": conversation, "kind": kind}, {"$set": {"rendering": ""}}
            )

    async def has_unrecorded_root(self, channel: str) -> bool:
        """Whether a thread's root may be in a channel without a record of its place."""
        unposted = {"channel": None, "ts": None, "kind": PostKind.ROOT, "target": channel}
        return bool(await self._raw({**unposted, "attempted_at": {"$exists": True}}, (), 1))

    async def move_channel(self, former: str, channel: str) -> None:
        """Let our messages in a channel name another id of it; a card gets the id that it has there."""
        for post in await self._find_readable({"kind": {"$in": [PostKind.CARD, PostKind.PAST_CARD]}, "target": former}):
            moved = moved_card(post, former, channel)
            if moved is not None:
                await self._insert(moved)
                await self._collection.delete_one({"_id": post.id})
        await self._collection.update_many(
            {"channel": former}, {"$set": {"channel": channel}, "$unset": {"permalink": ""}}
        )
        await self._collection.update_many({"target": former}, {"$set": {"target": channel}})

    async def by_message(self, channel: str, ts: str) -> Post | None:
        """The post behind a Slack message."""
        found = await self._find({"channel": channel, "ts": ts}, limit=1)
        return found[0] if found else None


def throttle_key(channel: str, method: str = "") -> str:
    """The id under which a channel is throttled: for all writes, or only for a method other than posting."""
    return f"{channel} {method}" if method else channel


class ThrottledChannel(Document):
    """A Slack channel that accepts no writes until `retry_at`, or no calls of one method (`throttle_key`)."""

    id: str
    retry_at: datetime


class Channels(DocumentStore[ThrottledChannel]):
    """The throttled Slack channels."""

    kind = ThrottledChannel

    def __init__(self, collection: RawCollection, remember: timedelta = REMEMBERED_FOR) -> None:
        super().__init__(collection)
        self._remembered: Remembered[list[ThrottledChannel]] = Remembered(remember)

    async def throttled(self, now: datetime) -> dict[str, datetime]:
        """The channels that accept no writes now, or no calls of one method, by `throttle_key`, and until when.

        What another worker was told in the last second may be missing.
        """
        found = await self._remembered.get("all", lambda _: self._find_readable({"retry_at": {"$gt": now}}))
        return {each.id: each.retry_at for each in found if each.retry_at > now}

    async def throttle(self, key: str, until: datetime) -> None:
        """Make no such calls (`throttle_key`) until then."""
        await self._collection.update_one({"_id": key}, {"$max": {"retry_at": until}}, upsert=True)
        self._remembered.forget()


class Absence(Document):
    """The bot is not a member of a line's channel (`id`), and was found to be absent at `since`."""

    id: str
    since: datetime


class Absences(DocumentStore[Absence]):
    """The channels in which the bot is absent."""

    kind = Absence

    def __init__(self, collection: RawCollection, remember: timedelta = REMEMBERED_FOR) -> None:
        super().__init__(collection)
        self._remembered: Remembered[list[Absence]] = Remembered(remember)

    async def of(self, channel: str) -> Absence | None:
        """The absence from a channel, as it was a second ago or later."""
        return next((each for each in await self.known() if each.id == channel), None)

    async def known(self) -> list[Absence]:
        """All absences, as they were a second ago or later."""
        return await self._remembered.get("all", lambda _: self._find_readable({}))

    async def begin(self, channel: str, now: datetime) -> None:
        """Record that the bot is absent; the time stays that of the first look."""
        await self._insert(Absence(id=channel, since=now))
        self._remembered.forget()

    async def end(self, channel: str) -> None:
        """Record that the bot is a member."""
        await self._collection.delete_one({"_id": channel})
        self._remembered.forget()
