"""A worker whose lease has lapsed, or soon will, begins nothing that can't be repeated."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from messages.notification import RenderConversation
from messages.sms import SendTexts
from tests import make
from tests.fakes import FakeWorkers
from workers.claim import CALL_TIMEOUT
from workers.lease import LEASE, Lease, LeaseLost
from workers.ports import Ports

RENDER = RenderConversation(conversation=make.CONVERSATION)


def steady(workers: FakeWorkers) -> Ports:
    """Ports whose monotonic clock is the test's, too."""
    return replace(workers.ports, monotonic=lambda: (workers.clock.now() - make.NOW).total_seconds())


class StandsStill:
    """A store (or all of them) whose call of one name takes effect at once, and is answered after something else."""

    def __init__(self, port: object, name: str, meanwhile: Callable[[], Awaitable[None]]) -> None:
        self._port, self._name, self._meanwhile = port, name, meanwhile

    def __getattr__(self, name: str) -> Any:
        """The call, stalled if it is the one."""
        found = getattr(self._port, name)
        if not inspect.iscoroutinefunction(found):
            return StandsStill(found, self._name, self._meanwhile) if not callable(found) else found
        if name != self._name:
            return found

        async def stalled(*given: Any, **named: Any) -> Any:
            result = await found(*given, **named)
            await self._meanwhile()
            return result

        return stalled


async def always(*given: Any) -> bool:
    """MongoDB grants a lease."""
    return True


async def test_a_worker_that_stood_still_after_its_claim_does_not_post(workers: FakeWorkers) -> None:
    await workers.handle(make.sms_received(received_at=workers.clock.now()))
    await workers.drain()
    ports = steady(workers)
    posted: list[int] = []
    stalls: list[bool] = []

    async def another_takes_over() -> None:
        if not stalls:
            stalls.append(True)
            workers.clock.forward(25)
            await workers.handle(RENDER, ports)
            posted.append(len(workers.slack.messages))

    workers.clock.forward(5)
    await workers.handle(make.sms_received(sid="SM2", body="text 2", after="SM1", received_at=workers.clock.now()))
    while due := [each for each in workers.queue.due() if workers.queue.waiting[each][1] != RENDER]:
        await workers.handle(workers.queue.take(due[0]))
    slow: Any = StandsStill(workers.ports.stores, "claim", another_takes_over)
    before = len(workers.slack.messages)
    await workers.handle(RENDER, replace(ports, stores=slow))
    assert posted == [before], "the other waits for what the first may be doing"
    assert len(workers.slack.messages) == before, "and the first does nothing any more"
    await workers.pass_time(120, step=10)
    assert [each.what.text for each in workers.slack.messages if each.thread_ts].count("text 2") == 1


async def test_what_slack_has_taken_is_stored_although_the_lease_is_lost(workers: FakeWorkers) -> None:
    await workers.handle(make.sms_received(received_at=workers.clock.now()))
    await workers.drain()
    workers.clock.forward(400)
    await workers.handle(make.sms_received(sid="SM2", body="text 2", after="SM1", received_at=workers.clock.now()))
    while due := [each for each in workers.queue.due() if workers.queue.waiting[each][1] != RENDER]:
        await workers.handle(workers.queue.take(due[0]))

    def stand_still(method: str, channel: str) -> None:
        workers.clock.forward(25)

    workers.slack.after = stand_still
    await workers.handle(RENDER, steady(workers))
    post = await workers.ports.stores.posts.get(f"{make.CONVERSATION}/texts/2")
    assert post is not None
    assert post.ts is not None, "nobody has to look for it"
    assert len(workers.slack.kind("card")) == 0


async def test_a_worker_that_stood_still_after_its_claim_does_not_send(workers: FakeWorkers) -> None:
    await workers.handle(make.sms_received(received_at=workers.clock.now()))
    await workers.drain()
    conversation = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert conversation is not None
    assert conversation.thread is not None
    place, ports = conversation.thread, steady(workers)
    ts = f"{workers.clock.now().timestamp():.6f}"
    await workers.handle(
        make.reply_posted(channel=place.channel, thread_ts=place.ts, ts=ts, received_at=workers.clock.now())
    )
    workers.clock.forward(2)

    async def stand_still() -> None:
        workers.clock.forward(25)

    slow: Any = StandsStill(workers.ports.stores, "claim", stand_still)
    await workers.handle(SendTexts(conversation=make.CONVERSATION), replace(ports, stores=slow))
    assert workers.texting.taken == []
    await workers.pass_time(60, step=5)
    assert len(workers.texting.taken) == 1


async def test_renewal_survives_errors_and_the_lease_lasts(workers: FakeWorkers) -> None:
    ports, renewed, done = steady(workers), [], asyncio.Event()

    async def renew(until: datetime) -> bool:
        renewed.append(until)
        if len(renewed) in {1, 4}:
            raise AutoReconnect("away")
        return True

    async def pause(seconds: float) -> None:
        workers.clock.forward(seconds)
        if len(renewed) >= 8:
            done.set()
            await asyncio.Event().wait()
        await asyncio.sleep(0)

    lease = Lease(always, renew, ports)
    await lease.take()
    async with lease.renewing(pause):
        await done.wait()
        assert lease.lasts(CALL_TIMEOUT)
        assert workers.clock.now() - make.NOW > LEASE


async def test_a_lease_that_is_another_workers_is_lost_at_once(workers: FakeWorkers) -> None:
    ports, asked = steady(workers), asyncio.Event()

    async def renew(until: datetime) -> bool:
        asked.set()
        return False

    async def pause(seconds: float) -> None:
        await asyncio.sleep(0)

    lease = Lease(always, renew, ports)
    await lease.take()
    lease.require(CALL_TIMEOUT)
    async with lease.renewing(pause):
        await asked.wait()
        await asyncio.sleep(0)
        with pytest.raises(LeaseLost):
            lease.require()


async def test_no_call_begins_that_could_outlast_the_lease(workers: FakeWorkers) -> None:
    lease = Lease(always, always, steady(workers))
    assert not lease.lasts(), "it was not taken"
    await lease.take()
    left = LEASE
    while lease.lasts(CALL_TIMEOUT):
        assert left >= CALL_TIMEOUT
        workers.clock.forward(1)
        left -= timedelta(seconds=1)
    assert lease.lasts(), "what can be repeated goes on for a while"
    assert await lease.renew()
    assert lease.lasts(CALL_TIMEOUT)
