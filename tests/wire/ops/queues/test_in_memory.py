"""The queues of a broker in memory, as the commands see them through the console of a `clerk run`."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dramatiq
import pytest
from dramatiq.brokers.stub import StubBroker

from messages.conversation import SequenceTexts
from messages.process.publishing import envelope
from messages.process.settings import Settings
from messages.queues import QUEUES
from ops.broker import LAYOUT, open_broker
from ops.console.client import Remote
from ops.documents import data_folder
from ops.queues.broker import BrokerAway
from ops.queues.in_memory import InMemory
from ops.queues.letters import Selection
from tests.servers import free_port, wait_until
from tests.wire.ops.helpers import TOKEN, console
from workers.broker import in_memory
from workers.observe import Observed

ALL = 1_000_000


@pytest.fixture
def broker() -> Iterator[StubBroker]:
    """A broker with every queue and one actor, which fails for good until the test repairs it."""
    broker = in_memory(Observed())
    for queue in QUEUES:
        broker.declare_queue(queue)
    yield broker
    broker.close()


@pytest.fixture
def remote(broker: StubBroker, mongo_url: str) -> Iterator[Remote]:
    with console(None, mongo_url, InMemory(broker, LAYOUT.queues)) as address:
        yield Remote(address, TOKEN)


def publish(broker: StubBroker, conversation: str, **more: Any) -> str:
    _, body = envelope(SequenceTexts(conversation=conversation))
    message = dramatiq.Message[None].decode(body)
    broker.enqueue(message, **more)
    return message.message_id


def test_waiting_messages_are_counted_and_shown_without_being_taken(broker: StubBroker, remote: Remote) -> None:
    first, second = publish(broker, "a"), publish(broker, "b")
    publish(broker, "c", delay=60_000)
    state = next(each for each in remote.snapshot().queues if each.name == "ingestion")
    assert (state.ready, state.delayed, state.dead) == (2, 1, 0)
    assert state.next_due_at is not None
    assert state.oldest is not None
    for _ in range(2):
        assert [letter.id for letter in remote.peek("ingestion", 10)] == [first, second]
    assert remote.peek("ingestion.DQ", 10)[0].due_at == state.next_due_at


def test_a_dead_letter_is_replayed_with_its_id_and_the_rest_dropped(broker: StubBroker, remote: Remote) -> None:
    handled: list[str] = []
    broken = True

    def sequence(message: dict[str, str]) -> None:
        if broken:
            raise RuntimeError(message["conversation"])
        handled.append(message["conversation"])

    make = dramatiq.actor(
        actor_name="ingestion.sequence", queue_name="ingestion", broker=broker, throws=(RuntimeError,)
    )
    make(sequence)
    worker = dramatiq.Worker(broker, worker_threads=1, worker_timeout=50)
    worker.start()
    try:
        first, second = publish(broker, "a"), publish(broker, "b")
        page = wait_until(lambda: found if (found := remote.dead(Selection(), 0, 10, ALL)).total == 2 else None, "two")
        assert page is not None
        assert {letter.id for letter in page.letters} == {first, second}
        assert all("RuntimeError" in (letter.reason or "") for letter in page.letters)
        assert remote.rehearse(Selection(ids=(second, "nowhere")), lambda _: True).done == 1
        broken = False
        tally = remote.replay(Selection(ids=(first, "nowhere")), lambda _: True)
        assert (tally.done, tally.missing) == (1, ("nowhere",))
        wait_until(lambda: handled == ["a"], "the replayed message is handled")
        assert remote.drop(Selection(), lambda _: True).done == 1
        assert remote.dead(Selection(), 0, 10, ALL).total == 0
        assert handled == ["a"]
    finally:
        worker.stop()


def test_the_commands_explain_a_wrong_token_and_an_absent_console(remote: Remote) -> None:
    with pytest.raises(BrokerAway, match="CLERK_OPS_TOKEN"):
        Remote(remote.url, "wrong").snapshot()
    with pytest.raises(BrokerAway, match="clerk run"):
        Remote(f"http://127.0.0.1:{free_port()}", TOKEN).snapshot()


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ({"pid": os.getpid()}, "is starting or ending, and does not answer. Try again in some seconds."),
        ({"pid": 4_999_999}, "which can't be reached"),
        ({}, "which can't be reached"),
    ],
)
def test_a_run_that_has_just_been_started_is_not_called_away(left: dict[str, int], said: str, tmp_path: Path) -> None:
    """It holds its folder, but does not listen yet; one that was killed has left the same, and runs no more."""
    here = f"http://127.0.0.1:{free_port()}"
    (tmp_path / data_folder.LOCK).write_text(json.dumps({"url": here, **left}))
    (tmp_path / data_folder.TOKEN).write_text(TOKEN)
    for settings in (Settings(data_dir=tmp_path), Settings(data_dir=tmp_path, port=int(here.rpartition(":")[2]))):
        with pytest.raises(BrokerAway, match=re.escape(f"`clerk run` at {here}")) as refused:
            open_broker(settings).snapshot()
        assert said in str(refused.value)
