"""Our messages in Slack, and the channels that Slack throttles."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from messages.base import Document
from messages.notification import Post, PostKind
from workers.mongo.collection import DocumentStore


def _change(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The change that stores new values of some fields; None removes a value."""
    given = {name: value for name, value in fields.items() if value is not None}
    absent = {name: "" for name, value in fields.items() if value is None}
    return {operator: each for operator, each in (("$set", given), ("$unset", absent)) if each}


class Posts(DocumentStore[Post]):
    """Our messages in Slack."""

    kind = Post

    async def claim(self, post: Post) -> tuple[Post, bool]:
        """The stored post with this id, and whether this call stored it."""
        found = await self.get(post.id)
        if found is not None:
            return found, False
        return (post, True) if await self._insert(post) else (await self._ensure(post), False)

    async def set(self, post: Post, **fields: Any) -> Post:
        """Store new values of some fields of a post, and return it with them; None removes a value."""
        await self._update({"_id": post.id}, _change(fields))
        return post.model_copy(update=fields)

    async def obey(self, post: Post, order: str | None, **fields: Any) -> bool:
        """Store what an agent orders about a post, as in `set`, once; False if the order was carried out before."""
        return await self._update_once({"_id": post.id}, order, _change(fields))

    async def cards(self, conversation: str, tickets: Sequence[int]) -> list[Post]:
        """The conversation's root and the cards of some of its tickets."""
        roots = await self._find({"conversation": conversation, "kind": PostKind.ROOT})
        cards = await self._find(
            {"conversation": conversation, "kind": PostKind.CARD, "ticket": {"$in": list(tickets)}}
        )
        return [*roots, *cards]

    async def forget_renderings(self, conversation: str) -> None:
        """Forget what the conversation's cards show, so that they are drawn again."""
        for kind in (PostKind.ROOT, PostKind.CARD):
            await self._collection.update_many(
                {"conversation": conversation, "kind": kind}, {"$set": {"rendering": ""}}
            )

    async def by_message(self, channel: str, ts: str) -> Post | None:
        """The post behind a Slack message."""
        found = await self._find({"channel": channel, "ts": ts}, limit=1)
        return found[0] if found else None


class ThrottledChannel(Document):
    """A Slack channel that accepts no writes until `retry_at`."""

    id: str
    retry_at: datetime


class Channels(DocumentStore[ThrottledChannel]):
    """The throttled Slack channels."""

    kind = ThrottledChannel

    async def throttled(self, now: datetime) -> dict[str, datetime]:
        """The channels that accept no writes now, and until when."""
        return {each.id: each.retry_at for each in await self._find_readable({"retry_at": {"$gt": now}})}

    async def throttle(self, channel: str, until: datetime) -> None:
        """Write nothing to a channel until then."""
        await self._collection.update_one({"_id": channel}, {"$max": {"retry_at": until}}, upsert=True)
