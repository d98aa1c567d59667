"""The modules of ops/queues with the queues of an application that is not Clerk."""

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import dramatiq
import pika
import pytest
from dramatiq.brokers.stub import StubBroker

from ops.queues.amqp import Amqp
from ops.queues.broker import Tally
from ops.queues.in_memory import InMemory
from ops.queues.layout import Layout, dead, delayed
from ops.queues.letters import Selection
from tests.servers import ROOT

ALL = 1_000_000
NAMES = ("parcels", "returns")


def declarations(queue: str) -> Mapping[str, Mapping[str, object]]:
    """The queues that the depot declares."""
    return {
        queue: {"x-queue-type": "quorum", "x-max-length": 50_000},
        delayed(queue): {"x-queue-type": "quorum"},
        dead(queue): {"x-queue-type": "quorum"},
    }


DEPOT = Layout("depot", NAMES, declarations)


def message(number: int, queue: str) -> bytes:
    """A message of the depot's with positional arguments, as any Dramatiq application may send it."""
    fields: Mapping[str, Any] = {
        "queue_name": queue,
        "actor_name": "deliver",
        "args": [number],
        "kwargs": {"street": "Long Lane"},
        "options": {"retries": 2, "traceback": "Traceback ..."},
        "message_id": str(uuid.UUID(int=number)),
        "message_timestamp": 1_700_000_000_000 + number,
    }
    return json.dumps(fields).encode()


def go_on(_: Tally) -> bool:
    return True


@pytest.fixture
def depot(amqp_url: str) -> Iterator[str]:
    """A broker with the depot's queues: three parcels and two returns are dead."""
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    channel = connection.channel()
    channel.confirm_delivery()
    names = [name for queue in NAMES for name in declarations(queue)]
    for queue in NAMES:
        for name, arguments in declarations(queue).items():
            channel.queue_delete(name)
            channel.queue_declare(name, durable=True, arguments=dict(arguments))
    for number, queue in enumerate(("parcels", "parcels", "parcels", "returns", "returns")):
        channel.basic_publish("", dead(queue), message(number, queue), mandatory=True)
    yield amqp_url
    for name in (*names, DEPOT.claims):
        channel.queue_delete(name)
    connection.close()


def test_another_applications_queues_are_counted_and_listed(depot: str) -> None:
    amqp = Amqp(depot, DEPOT)
    assert [(state.name, state.dead, state.ready) for state in amqp.states()] == [("parcels", 3, 0), ("returns", 2, 0)]
    assert amqp.faults() == []
    assert [letter.actor for letter in amqp.peek("parcels.XQ", 10)] == ["deliver"] * 3
    assert amqp.dead(Selection(), 0, 10, ALL).total == 5


def test_another_applications_dead_letters_are_replayed_and_dropped(depot: str) -> None:
    amqp = Amqp(depot, DEPOT)
    assert amqp.replay(Selection(queues=("parcels",)), go_on).done == 3
    assert [letter.id for letter in amqp.peek("parcels", 10)] == [str(uuid.UUID(int=number)) for number in range(3)]
    assert amqp.drop(Selection(), go_on).done == 2
    assert [(state.ready, state.dead) for state in amqp.states()] == [(3, 0), (0, 0)]


def test_a_queue_whose_declaration_differs_from_the_layout_is_named(depot: str) -> None:
    def longer(queue: str) -> Mapping[str, Mapping[str, object]]:
        return {**declarations(queue), queue: {"x-queue-type": "quorum", "x-max-length": 60_000}}

    faults = Amqp(depot, Layout("depot", NAMES, longer)).faults()
    assert [fault.partition(" ")[0] for fault in faults] == list(NAMES)


def test_the_in_memory_queues_of_another_application_are_counted() -> None:
    broker = StubBroker(middleware=[])
    for queue in NAMES:
        broker.declare_queue(queue)
    broker.enqueue(dramatiq.Message("returns", "deliver", (1,), {}, {}))
    states = InMemory(broker, NAMES).snapshot().queues
    assert [(state.name, state.ready) for state in states] == [("parcels", 0), ("returns", 1)]
    broker.close()


def test_ops_queues_imports_nothing_else_of_clerks() -> None:
    code = (
        "import sys, ops.queues.rabbitmq, ops.queues.in_memory\n"
        "ours = {'messages', 'gateway', 'workers', 'sandbox'}\n"
        "print(sorted(name for name in sys.modules if name.partition('.')[0] in ours\n"
        "    or name.startswith('ops.') and not name.startswith('ops.queues')))"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
