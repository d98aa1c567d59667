"""A witness sees each document as it is stored, and says at once what must never be."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from messages.deadlines.alert import TURN, AlertCause, AlertState
from messages.deadlines.snooze import SnoozeEnd
from messages.planned import PlannedState
from tests.simulation.documents.queries import Stored
from tests.simulation.documents.server import MemoryServer
from tests.simulation.faults import DrawnFault

AHEAD: Final = timedelta(seconds=16)
"""How far the clocks of machines may be ahead of the true time."""

AT_ONCE: Final = timedelta(seconds=20)
"""So long before a worker saves what it has decided, it has read all that it decides from."""

STANDSTILL: Final = timedelta(seconds=90)
"""How much longer that takes a worker that stands still meanwhile, or whose database does."""

SLOW: Final = ("stall", "slow", "away", "lost", "outage", "cut", "throttle", "timed out")
"""What is in the names of faults that make a worker slow between a look and what it does."""

type Moments = dict[str, datetime]


@dataclass
class WitnessedCalls:
    """Who was called about a ticket, and when, from `since` on until somebody had it or the line opened."""

    since: datetime
    ended_at: datetime | None = None
    at: Moments = field(default_factory=dict)


class Witness:
    """Sees what workers store. `now` is the true time, and `found_wrong` hears of broken promises.

    `gone` are those whose accounts are deactivated, and since when the documents say so; `blocked` the conversations
    whose contacts are, and `spans` the times in which they were. `woken` are the snoozes that ended by themselves.
    `calls` are the alerts that called who is on call.
    """

    def __init__(
        self,
        server: MemoryServer,
        faults: tuple[DrawnFault, ...],
        now: Callable[[], datetime],
        found_wrong: Callable[[str, str], None],
    ) -> None:
        self._server, self._now, self._found_wrong = server, now, found_wrong
        slow = any(word in each.kind for each in faults for word in SLOW)
        self.margin = AT_ONCE + (STANDSTILL if slow else timedelta())
        self.gone: Moments = {}
        self.left: set[str] = set()
        self.blocked: Moments = {}
        self.spans: dict[str, list[tuple[datetime, datetime]]] = {}
        self.woken: list[tuple[int, datetime, datetime]] = []
        self.calls: dict[str, WitnessedCalls] = {}
        self._away: dict[str, tuple[datetime, datetime]] = {}
        for name, look in (
            ("tickets", self._ticket),
            ("agents", self._agent),
            ("conversations", self._conversation),
            ("planned", self._planned),
            ("alerts", self._alert),
        ):
            server.collection(name).watch(look)

    def _long(self, since: datetime | None) -> bool:
        """Whether something has been so for so long that every worker knows it."""
        return since is not None and since < self._now() - self.margin

    def _ticket(self, after: Stored, before: Stored | None) -> None:
        snooze, former = after.get("snooze"), (before or {}).get("snooze")
        if snooze is None:
            return
        ended = snooze.get("ended")
        asleep = ended is None and snooze.get("wake_on_text", True)
        if asleep and after["last_text"] > snooze["last_text"] and after["conversation"] not in self.spans:
            self._found_wrong("a snooze slept through a text", f"ticket #{after['_id']}")
        if ended == SnoozeEnd.TIME and former is not None and former.get("ended") is None:
            if snooze["until"] > self._now() + AHEAD:
                self._found_wrong("woke too soon", f"ticket #{after['_id']}, snoozed until {snooze['until']}")
            found = after["_id"], snooze["at"], snooze["until"]
            if found in self.woken:
                self._found_wrong("woke twice", f"ticket #{after['_id']}, snoozed until {snooze['until']}")
            self.woken.append(found)

    def _agent(self, after: Stored, before: Stored | None) -> None:
        user, now = after["_id"], self._now()
        if not after.get("deactivated"):
            self.gone.pop(user, None)
        else:
            self.gone.setdefault(user, now)
            self.left.add(user)
        until = after.get("away_until")
        if until is None:
            self._away.pop(user, None)
        elif before is None or before.get("away_until") != until:
            self._away[user] = now, until

    def _conversation(self, after: Stored, before: Stored | None) -> None:
        self._blocking(after)
        latest, former = _latest(after), _latest(before)
        if latest is None or (former is not None and former["number"] == latest["number"]):
            return
        texts = [
            each
            for each in self._server.collection("sms").documents.values()
            if each.get("conversation") == after["_id"] and latest["first"] <= (each.get("seq") or 0) <= latest["last"]
        ]
        if texts and all(each.get("muted") for each in texts):
            self._found_wrong("a blocked contact's text was announced", f"{[each['body'] for each in texts]}")
        for target in latest["targets"]:
            if self._long(self.gone.get(target)):
                self._found_wrong("notified although gone", f"{target} of {after['_id']}")
            since, until = self._away.get(target, (None, None))
            if self._long(since) and until is not None and until > self._now() + AHEAD:
                self._found_wrong("notified although away", f"{target} of {after['_id']}, until {until}")

    def _blocking(self, after: Stored) -> None:
        id, now, blocking = after["_id"], self._now(), after.get("blocking") or {}
        if blocking.get("on") and id not in self.blocked:
            self.blocked[id] = now
            self.spans.setdefault(id, []).append((now, datetime.max.replace(tzinfo=UTC)))
        elif not blocking.get("on") and id in self.blocked:
            self.spans[id][-1] = self.blocked.pop(id), now

    def _planned(self, after: Stored, before: Stored | None) -> None:
        released = after["state"] == PlannedState.RELEASED and (before or {}).get("state") != PlannedState.RELEASED
        gone = self.gone.get(after["by"])
        by_itself = after.get("changed_by") is None and gone is not None and after["since"] <= gone
        if released and by_itself and self._long(gone):  # unless somebody has decided since that it leaves
            self._found_wrong("planned text of somebody who is gone left", after["body"])
        if released and self._long(self.blocked.get(after["conversation"])):
            self._found_wrong("planned text to a blocked contact left", after["body"])

    def _alert(self, after: Stored, before: Stored | None) -> None:
        new = set(after.get("targets") or ()) - set((before or {}).get("targets") or ())
        for target in sorted(new):
            if self._long(self.gone.get(target)):
                self._found_wrong("alerted although gone", f"{target} of {after['_id']}")
        if after["cause"] == AlertCause.ON_CALL:
            self._call(after, new)

    def _call(self, alert: Stored, new: set[str]) -> None:
        """One after the other is called, each a turn later than the one before."""
        now, line = self._now(), self._server.collection("lines").documents[alert["line"]]
        found = self.calls.get(alert["_id"])
        if found is None:
            if alert["state"] != AlertState.STANDS or alert.get("posted_at") is None:
                return
            found = self.calls[alert["_id"]] = WitnessedCalls(alert["posted_at"])
        for turn, target in enumerate((*line["on_call"], line["channel"])):
            if target in new and found.ended_at is None:
                found.at[target] = now
                if found.since + turn * TURN > now + AHEAD:
                    self._found_wrong(
                        "called too soon", f"{target} of {alert['_id']}, which called since {found.since}"
                    )
        if alert["state"] != AlertState.STANDS or alert.get("acted_at") is not None:
            found.ended_at = found.ended_at or now


def _latest(conversation: Stored | None) -> dict[str, Any] | None:
    """The last announcement of a conversation."""
    debounce = (conversation or {}).get("debounce") or {}
    return debounce.get("latest")
