"""The journal of `clerk run`: what is written before a webhook is answered, when it goes, and what comes back."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import dramatiq
import pytest
import structlog
from dramatiq.brokers.stub import StubBroker

from messages.base import QueueMessage
from messages.notification import RenderConversation, Whisper
from messages.process.publishing import Unpublished
from messages.process.settings import Misconfigured
from messages.queues import QUEUES
from ops.queues.in_memory import InMemory
from ops.queues.letters import Selection
from ops.repeating import attempt, repeat
from ops.running.journal import Journal, Journaled
from tests import make
from tests.servers import ROOT, wait_until
from workers.broker import InMemoryPublisher, in_memory
from workers.observe import Observed


class JournaledRun:
    """A `clerk run` as far as its queues go: its journal, broker and publisher, and one actor."""

    def __init__(self, folder: Path, does: Callable[[], None] = lambda: None, *, started: bool = True) -> None:
        self.journal = Journal(folder)
        self.broker: StubBroker = in_memory(Observed(), Journaled(self.journal))
        for queue in QUEUES:
            self.broker.declare_queue(queue)
        self.handled: list[str] = []
        self.publisher = InMemoryPublisher(self.broker, self.journal)

        def run(message: dict[str, str]) -> None:
            does()
            self.handled.append(message["text"])

        options = {"max_retries": 1, "min_backoff": 60_000, "max_backoff": 60_000, "throws": (LookupError,)}
        make_actor = dramatiq.actor(actor_name="sms.record_reply", queue_name="sms", broker=self.broker, **options)  # type: ignore[call-overload]
        make_actor(run)
        self.again = self.journal.publish_again(self.broker)
        self.journal.start()
        self.worker = dramatiq.Worker(self.broker, worker_threads=2, worker_timeout=20)
        if started:
            self.worker.start()

    def publish(self, *messages: QueueMessage, delay: timedelta | None = None) -> None:
        """Publish as the gateway does, all in one turn."""

        async def all_of_them() -> None:
            await asyncio.gather(*(self.publisher.publish(message, delay=delay) for message in messages))

        asyncio.run(all_of_them())

    def end(self) -> None:
        """End in good order: what is not handled stays in the journal."""
        self.worker.stop()
        self.journal.close()
        self.broker.close()


def left(folder: Path) -> int:
    """How many messages a journal holds."""
    run = JournaledRun(folder, started=False)
    run.journal.close()
    return run.again


def replies(count: int) -> list[QueueMessage]:
    return [make.reply_posted(ts=f"{n}.000001", text=f"{n}") for n in range(count)]


def test_what_was_not_handled_comes_again_at_the_next_start_in_order_and_then_no_more(tmp_path: Path) -> None:
    before = JournaledRun(tmp_path, started=False)
    before.publish(*replies(20))
    before.journal.close()
    after = JournaledRun(tmp_path)
    assert after.again == 20
    wait_until(lambda: len(after.handled) == 20, "all of them")
    after.end()
    assert sorted(after.handled, key=int) == [f"{n}" for n in range(20)]
    assert left(tmp_path) == 0


def test_what_the_documents_tell_the_clock_is_not_written(tmp_path: Path) -> None:
    run = JournaledRun(tmp_path, started=False)
    run.publish(RenderConversation(conversation="c"), Whisper(text="hello", user="U0ADA", channel="C1"))
    run.journal.close()
    assert left(tmp_path) == 1


def test_a_message_that_waits_for_its_next_try_or_its_time_is_kept(tmp_path: Path) -> None:
    failed = threading.Event()

    def fail() -> None:
        failed.set()
        raise ValueError

    run = JournaledRun(tmp_path, fail)
    run.publish(*replies(1))
    run.publish(make.reply_posted(text="later"), delay=timedelta(minutes=5))
    wait_until(lambda: failed.is_set() and run.broker.queues["sms.DQ"].unfinished_tasks == 2, "both wait")
    run.end()
    after = JournaledRun(tmp_path)
    assert after.again == 2
    wait_until(lambda: after.handled == ["0"], "the one whose time has come")
    assert after.broker.queues["sms.DQ"].unfinished_tasks == 1
    after.end()


def test_a_dead_letter_is_kept_until_somebody_drops_it(tmp_path: Path) -> None:
    def fail() -> None:
        raise LookupError

    run = JournaledRun(tmp_path, fail)
    run.publish(*replies(2))
    queues = InMemory(run.broker, QUEUES)
    replies_alone = Selection(queues=("sms",))  # their author is told, and nobody here takes that message
    wait_until(lambda: queues.dead(replies_alone, 0, 10, 10).total == 2, "two dead letters")
    [first, _] = queues.dead(replies_alone, 0, 10, 10).letters
    assert queues.drop(Selection(ids=(first.id,)), lambda _: True).done == 1
    run.end()
    assert left(tmp_path) == 1


def test_two_processes_never_have_one_journal(tmp_path: Path) -> None:
    run = JournaledRun(tmp_path, started=False)
    with pytest.raises(Misconfigured, match="CLERK_DATA_DIR"):
        Journal(tmp_path)
    run.journal.close()


def test_its_files_are_private(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").touch(0o644)
    run = JournaledRun(tmp_path, started=False)
    run.publish(*replies(1))
    assert {each.stat().st_mode & 0o777 for each in tmp_path.iterdir()} == {0o600}
    run.journal.close()


def test_a_disk_that_takes_nothing_is_said_and_the_webhook_is_not_acknowledged(tmp_path: Path) -> None:
    run = JournaledRun(tmp_path, started=False)
    run.journal._connection.execute("PRAGMA max_page_count = 1")
    run.journal._connection.execute("PRAGMA query_only = 1")
    with pytest.raises(Unpublished, match=r"journal\.sqlite"):
        run.publish(*replies(1))
    assert "journal.sqlite" in str(asyncio.run(run.publisher.probe()))
    run.journal._connection.execute("PRAGMA query_only = 0")
    run.journal._connection.execute("PRAGMA max_page_count = 1000000")
    assert asyncio.run(run.publisher.probe()) is None
    run.publish(*replies(1))
    run.journal.close()
    assert left(tmp_path) == 1


WRITER = """
import asyncio, sys
from pathlib import Path
from ops.running.journal import Journal

async def write(journal):
    number = 0
    while True:
        await asyncio.gather(*(journal.keep(f"{number}-{n}", b"x", None) for n in range(5)))
        print(number, flush=True)
        number += 1

journal = Journal(Path(sys.argv[1]))
journal.start()
asyncio.run(write(journal))
"""


def test_what_was_acknowledged_outlives_a_kill_at_any_moment(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        acknowledged = [writer.stdout.readline().strip() for _ in range(20)]
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged += [line.strip() for line in writer.stdout]
    journal = Journal(tmp_path)
    kept = {id for (id,) in journal._connection.execute("SELECT id FROM messages")}
    journal.start()
    journal.close()
    assert {f"{number}-{n}" for number in acknowledged for n in range(5)} <= kept


def test_a_thread_goes_on_whatever_its_work_raises_and_says_each_kind_once() -> None:
    errors = [ValueError(), ValueError(), KeyError(), None, ValueError(), None]
    stopping = threading.Event()

    def step() -> None:
        error = errors.pop(0)
        if not errors:
            stopping.set()
        if error is not None:
            raise error

    with structlog.testing.capture_logs() as logs:
        repeat(step, "do its work", timedelta(), stopping)
    assert [each["error"] for each in logs] == ["ValueError", "KeyError", "ValueError"]
    assert {each["event"] for each in logs} == {"this process can't do its work"}
    assert attempt(lambda: None, "do nothing") == ""
