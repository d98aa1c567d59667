"""The agents: their hours, and until when each is away."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING

from messages.process.remembered import Remembered
from messages.team.agent import Agent, TimeAway, away
from workers.mongo.collection import REMEMBERED_FOR, RawCollection
from workers.mongo.team.calendars import Calendars
from workers.mongo.team.leased import LeasedStore


def _before(at: datetime) -> dict[str, Any]:
    """The query for an account of which nothing later is known."""
    return {"$or": [{"account_at": None}, {"account_at": {"$lt": at}}]}


class Agents(LeasedStore[Agent]):
    """What is known of agents; whoever has no document is always there."""

    kind = Agent

    def __init__(self, collection: RawCollection, calendars: Calendars, remember: timedelta = REMEMBERED_FOR) -> None:
        super().__init__(collection)
        self._calendars = calendars
        self._remembered: Remembered[list[Agent]] = Remembered(remember)

    async def all(self) -> list[Agent]:
        """Every agent of whom something is known, by id."""
        return await self._find_readable({}, [("_id", ASCENDING)])

    async def named(self, users: Iterable[str]) -> list[Agent]:
        """What is known of some Slack users, as it was a second ago or later; nobody named costs nothing."""
        wanted = sorted(set(users))
        return await self._remembered.get(" ".join(wanted), lambda _: self.by_ids(wanted)) if wanted else []

    async def away(self, named: Iterable[str], now: datetime) -> Mapping[str, TimeAway]:
        """Who of some users is away; a channel among them never is."""
        agents = await self.named(each for each in named if each[:1] in {"U", "W"})
        ids = sorted({each.hours for each in agents if each.hours})
        calendars = dict(zip(ids, await asyncio.gather(*map(self._calendars.get, ids)), strict=True))
        found = {each.id: away(each, calendars.get(each.hours), now) for each in agents}
        return {id: each for id, each in found.items() if each is not None}

    async def say_away(
        self, user: str, until: datetime, note: str, *, zone: str, at: datetime, order: str | None
    ) -> bool:
        """Record that an agent said, at a time, that they are away; False if they have said otherwise later."""
        change = {"$set": {"away_until": until, "away_note": note, "asked": False, "since": at}}
        if zone:
            change["$set"]["zone"] = zone
        return await self._say(user, at, order, change)

    async def say_back(self, user: str, *, at: datetime, order: str | None) -> bool:
        """Record that an agent said, at a time, that they are back; False if they have said otherwise later."""
        change = {"$set": {"away_note": "", "asked": False, "since": at}, "$unset": {"away_until": ""}}
        return await self._say(user, at, order, change)

    async def _say(self, user: str, at: datetime, order: str | None, change: Mapping[str, Any]) -> bool:
        """Apply what an agent said, once for an order; whether it is their latest word."""
        await self._ensure(Agent(id=user))
        earlier = {"_id": user, "$or": [{"since": None}, {"since": {"$lte": at}}]}
        applied = await self._update_once(earlier, order, change)
        self._remembered.forget()
        if applied:
            return True
        found = await self.get(user)
        return found is not None and found.since == at

    async def deactivate(self, user: str, at: datetime, hand_on_at: datetime) -> bool:
        """Record that an account was deactivated at a time; False if that is known, or something later is."""
        await self._ensure(Agent(id=user))
        earlier = {"_id": user, "deactivated": {"$ne": True}, **_before(at)}
        done = await self._update(earlier, {"$set": {"deactivated": True, "account_at": at, "hand_on_at": hand_on_at}})
        self._remembered.forget()
        return done

    async def activate(self, user: str, at: datetime) -> bool:
        """Record that an account was active at a time; False if nothing else is known of it, or something later is."""
        change = {"$set": {"deactivated": False, "account_at": at}, "$unset": {"hand_on_at": ""}}
        done = await self._update({"_id": user, "deactivated": True, **_before(at)}, change)
        self._remembered.forget()
        return done

    async def to_hand_on(self, now: datetime, again_at: datetime) -> list[Agent]:
        """Agents whose accounts were deactivated, and of whom the channels were not told; each again at `again_at`."""
        return await self._due("hand_on_at", now, again_at, 100)

    async def handed_on(self, agent: Agent) -> None:
        """Record that the channels were told what an agent had in hand when their account was deactivated."""
        await self._update({"_id": agent.id, "account_at": agent.account_at}, {"$unset": {"hand_on_at": ""}})

    async def set_hours(self, user: str, hours: str) -> None:
        """Let an agent's hours be those of a calendar; blank: always."""
        await self._collection.update_one({"_id": user}, {"$set": {"hours": hours}}, upsert=True)
        self._remembered.forget()

    async def set_asked(self, agent: Agent, *, asked: bool = True) -> bool:
        """Record that an agent who is away is asked whether they are back; False if somebody has done that before."""
        before = {"_id": agent.id, "since": agent.since, "asked": {"$ne": asked}}
        done = await self._update(before, {"$set": {"asked": asked}})
        self._remembered.forget()
        return done
