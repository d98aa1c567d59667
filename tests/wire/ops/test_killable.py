"""Workers that the sandbox's page can kill."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Final

import dramatiq
import pytest
from dramatiq.brokers.stub import StubBroker

from ops.running.killable import Killable
from workers.broker import in_memory

WITHIN: Final = 60.0


class Bench:
    """Workers on a broker, and an actor that waits inside a task of its own until it may end."""

    def __init__(self) -> None:
        self.deaths = threading.Semaphore(0)
        self.begun, self.may_end = threading.Semaphore(0), threading.Event()
        self.happened: list[str] = []
        self.killable = Killable(self.deaths.release)
        self.broker: StubBroker = in_memory(self.killable)
        dramatiq.actor(broker=self.broker, actor_name="act", queue_name="q")(self._act)
        self.worker = dramatiq.Worker(self.broker, worker_threads=2, worker_timeout=50)

    async def _act(self) -> None:
        self.happened.append("begun")
        beside = asyncio.create_task(self._wait())
        self.begun.release()
        try:
            await asyncio.shield(beside)
            self.happened.append("done")
        finally:
            self.happened.append("cleaned up")

    async def _wait(self) -> None:
        await asyncio.to_thread(self.may_end.wait)
        self.happened.append("waited")


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    made.worker.start()
    try:
        yield made
    finally:
        made.may_end.set()
        made.worker.stop(5000)


def test_a_killed_message_does_nothing_more_and_is_handled_again(bench: Bench) -> None:
    bench.broker.get_actor("act").send()
    assert bench.begun.acquire(timeout=WITHIN)
    for _ in range(2):
        asyncio.run(bench.killable.kill())
        assert bench.deaths.acquire(timeout=WITHIN)
        assert bench.begun.acquire(timeout=WITHIN)
    bench.may_end.set()
    bench.broker.join("q", timeout=int(WITHIN * 1000))
    assert bench.happened == ["begun"] * 3 + ["waited", "done", "cleaned up"]


def test_killing_idle_workers_changes_nothing(bench: Bench) -> None:
    asyncio.run(bench.killable.kill())
    bench.may_end.set()
    bench.broker.get_actor("act").send()
    bench.broker.join("q", timeout=int(WITHIN * 1000))
    assert bench.happened == ["begun", "waited", "done", "cleaned up"]
    assert not bench.deaths.acquire(blocking=False)
