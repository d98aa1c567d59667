"""One simulation: machines, servers and people on one virtual clock, the faults of a schedule, and the verdict."""

import asyncio
import logging
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

import structlog

from messages.planned import PlannedState
from messages.sms import Sms
from tests import make
from tests.simulation.machines import Judgement
from tests.simulation.people.doing import InhabitedDeployment
from tests.simulation.people.shops import LONGEST_TARGET
from tests.simulation.virtual_time import NothingLeftToHappen

QUIET_WITHIN: Final = 1800.0
"""So long after the last fault and the last act everything must be quiet."""
LOOK_EVERY: Final = 5.0
OPENED_FOR: Final = 60.0
"""So long after a line has opened its digest must be there, if nothing is at fault."""
WATCHED_FOR: Final = 120.0
"""So long after the last target has passed, whoever is to be told of it has been."""


class SimulatedWorld(InhabitedDeployment):
    """Everything that there is in a simulation, from the beginning to the end."""

    def run(self) -> Judgement:
        """Have everything happen; what was wrong."""
        before = random.getstate()
        random.seed(self.schedule.seed)  # the jitter of Dramatiq's retries
        try:
            with _silence():
                self.loop.run_until_complete(self._happen())
        except NothingLeftToHappen:
            self.found_wrong("not quiet", "nothing happens any more")
        finally:
            random.setstate(before)
            self._close()
        self.verdict.seconds = self.loop.time()
        return self.verdict

    async def _happen(self) -> None:
        await self.stores.prepare()
        shop = self.schedule.shop
        if shop.calendar is not None:
            await self.stores.calendars.add(shop.calendar)
        await self.stores.lines.add(shop.line)
        long_ago = make.NOW - timedelta(hours=1)
        await self.stores.inboxes.take(shop.line.id, long_ago, make.NOW)  # Clerk looks for no text from before that
        for machine in self.gateways.values():
            self.start_gateway(machine)
        for machine in self.workers.values():
            self.start_worker(machine)
        for fault in self.schedule.faults:
            self.loop.call_at(fault.at, self.begin, fault)
        for act in self.schedule.acts:
            self._begin(self._act(act))
        if any(each.kind == "resends" for each in self.schedule.faults):
            self._begin(self._resend())
        await asyncio.sleep(max((each.at + each.lasts for each in self.schedule.faults), default=0.0) + 1)
        while self._still:
            working, self._still = self._still, []
            await asyncio.gather(*working)
        if self.schedule.shop.opens_at is not None:
            opens_in = (self.schedule.shop.opens_at - self.now()).total_seconds()
            await asyncio.sleep(max(opens_in, 0) + OPENED_FOR)
        if shop.line.policy.targets:
            await asyncio.sleep(LONGEST_TARGET.total_seconds() + WATCHED_FOR)
        until = self.loop.time() + QUIET_WITHIN
        while (left := self._unquiet()) and self.loop.time() < until:  # noqa: ASYNC110 - time is virtual here
            await asyncio.sleep(LOOK_EVERY)
        if left:
            self.found_wrong("not quiet", left)

    def _unquiet(self) -> str:
        """What is still to be done; empty if nothing is."""
        documents = self.server.collection
        for name, fields in _OPEN_WORK.items():
            for each in documents(name).documents.values():
                if each["_id"] == "bad":
                    continue
                for field_ in fields:
                    outer, _, inner = field_.partition(".")
                    if (each.get(outer) or {}).get(inner) if inner else each.get(outer):
                        return f"{name} {each['_id']} has {field_}"
        for each in documents("tickets").documents.values():
            snooze = each.get("snooze")
            soon = self.now() + timedelta(seconds=QUIET_WITHIN)
            if snooze is not None and snooze.get("ended_at") is None and snooze["until"] < soon:
                return f"ticket #{each['_id']} is snoozed until {snooze['until']}"
        known = documents("sms").documents
        for each in documents("planned").documents.values():
            if each["state"] == PlannedState.PLANNED or (
                each["state"] == PlannedState.RELEASED and each.get("look_at")
            ):
                return f"the planned text {each['_id']} is {each['state']}"
        missing = [text.sid for _, text in self.network.inbound if text.sid not in known]
        if missing:
            return f"texts that are not stored: {missing}"
        return "" if self.broker.is_empty else "the queues"

    def _close(self) -> None:
        for machine in (*self.workers.values(), *self.gateways.values()):
            if machine.process is not None:
                machine.process.die()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        with _silence():
            self.loop.run_until_complete(asyncio.sleep(0))
            for _ in range(20):
                if not asyncio.all_tasks(self.loop):
                    break
                self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()

    def texts(self) -> Mapping[str, Sms]:
        """The stored texts, by id."""
        found = self.server.collection("sms").documents
        return {id: Sms.model_validate({**each, "id": id}) for id, each in found.items() if id != "bad"}


_OPEN_WORK: Final[Mapping[str, tuple[str, ...]]] = {
    "sms": ("due_at", "outbox", "unshown"),
    "tickets": ("due_at",),
    "conversations": ("redraw.due_at", "debounce.due_at", "answering.due_at"),
    "alerts": ("show_at",),
    "agents": ("hand_on_at",),
}
"""The fields that say that something is still to be done."""


@contextmanager
def _silence() -> Iterator[None]:
    """Have nobody log: a trace says what happens."""
    before, disabled = structlog.get_config(), logging.root.manager.disable
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        structlog.configure(**before)
        logging.disable(disabled)
