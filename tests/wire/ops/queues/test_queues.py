"""The queues' figures from RabbitMQ's management API and from AMQP, on a private node."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pika
import pytest

from messages.process.publishing import AmqpPublisher
from messages.queues import QUEUES
from ops.broker import rabbit
from ops.checks import broker as checks
from ops.checks.finding import Verdict
from ops.queues.broker import BrokerAway, QueueState, Snapshot
from ops.queues.letters import Selection
from ops.queues.management_api import estimated_age, management_address, stalled, state
from ops.queues.rabbitmq import Rabbit
from ops.settings import OpsSettings
from tests.servers import PrivateRabbit, wait_until
from tests.wire.ops.helpers import declare, letter, put
from workers.broker import rabbitmq


@pytest.fixture
def node(own_rabbit: PrivateRabbit) -> PrivateRabbit:
    """A node with every queue, whose management API can be reached."""
    declare(own_rabbit.url)
    return own_rabbit


@pytest.fixture
def broker(node: PrivateRabbit) -> Rabbit:
    return rabbit(node.url, OpsSettings(management_url=node.management))


def queue(snapshot: Snapshot, name: str) -> QueueState:
    return next(each for each in snapshot.queues if each.name == name)


def test_the_management_api_gives_depths_unacknowledged_messages_and_the_oldest_age(
    node: PrivateRabbit, broker: Rabbit
) -> None:
    put(node.url, "tickets", [letter(number, queue_name="tickets") for number in range(20)])
    connection = pika.BlockingConnection(pika.URLParameters(node.url))
    channel = connection.channel()
    for _ in range(3):
        channel.basic_get("tickets")

    def counted() -> QueueState | None:
        found = queue(broker.snapshot(), "tickets")
        return found if (found.ready, found.held) == (17, 3) and found.oldest and found.stalled else None

    found = wait_until(counted, "the management API has counted", 30)
    connection.close()
    assert found is not None
    assert found.oldest is not None
    assert found.stalled is not None
    assert 0 <= found.oldest < 60
    assert 0 <= found.stalled < 60
    assert "management API" in broker.snapshot().source
    assert [each.name for each in broker.snapshot().queues] == list(QUEUES)


def test_a_worker_counts_from_the_moment_in_which_it_consumes(node: PrivateRabbit, broker: Rabbit) -> None:
    """The management API counts every five seconds: `clerk doctor` called workers missing that ran."""
    connection = pika.BlockingConnection(pika.URLParameters(node.url))
    channel = connection.channel()
    channel.basic_consume("sms", lambda *_: None)
    found = broker.snapshot()
    connection.close()
    assert {each.name for each in found.queues if each.consumers} == {"sms"}
    assert "management API" in found.source
    assert found.source.endswith("which counts every five seconds"), "dead letters are listed before they are counted"


def test_without_the_management_api_amqp_gives_fewer_figures_and_the_reason(node: PrivateRabbit) -> None:
    put(node.url, "sms", [letter(1, queue_name="sms")])
    for where in ("http://127.0.0.1:1", f"http://nobody:wrong@127.0.0.1:{node.management_port}"):
        snapshot = rabbit(node.url, OpsSettings(management_url=where)).snapshot()
        assert snapshot.source.startswith("AMQP")
        assert queue(snapshot, "sms").ready >= 1
        assert queue(snapshot, "sms").held is None
    assert "monitoring" in snapshot.source


def test_the_doctor_reports_an_alarm(node: PrivateRabbit, broker: Rabbit) -> None:
    wait_until(lambda: "alarms" not in {each.check for each in checks.check(broker)}, "no alarm", 30)
    node.control("set_vm_memory_high_watermark", "absolute", "1MB")
    try:
        found = wait_until(lambda: [each for each in checks.check(broker) if each.check == "alarms"], "an alarm", 30)
    finally:
        node.control("set_vm_memory_high_watermark", "0.4")
    assert found[0].state is Verdict.BAD
    assert "memory alarm" in found[0].found


def reported_queue(published: list[tuple[int, int]], ready: int) -> dict[str, Any]:
    """A queue as the API reports it: `published` has the totals at so many seconds ago, newest first."""
    now = datetime.now(UTC).timestamp()
    samples = [{"sample": count, "timestamp": int((now - ago) * 1000)} for ago, count in published]
    stats = {"publish": published[0][1], "publish_details": {"samples": samples, "rate": 2.5}, "ack_details": {}}
    return {"name": "slack", "messages_ready": ready, "message_stats": stats, "messages_unacknowledged": 1}


@pytest.mark.parametrize(
    ("published", "ready", "oldest", "at_least"),
    [
        ([(0, 100), (5, 90), (10, 50), (15, 50)], 0, None, False),
        ([(0, 100), (5, 90), (10, 50), (15, 50)], 5, 0, False),
        ([(0, 100), (5, 90), (10, 50), (15, 50)], 20, 5, False),
        ([(0, 100), (5, 90), (10, 50), (15, 50)], 50, 5, False),
        ([(0, 100), (5, 90), (10, 50), (15, 50)], 60, 15, True),
        ([(0, 100), (5, 90), (10, 50), (15, 0)], 999, 10, False),
    ],
)
def test_the_oldest_messages_age_counts_from_its_publishing(
    published: list[tuple[int, int]], ready: int, oldest: float | None, at_least: bool
) -> None:
    before = datetime.now(UTC).timestamp()
    found = estimated_age(reported_queue(published, ready), ready)
    took = datetime.now(UTC).timestamp() - before
    assert found["oldest_at_least"] is at_least
    assert found["oldest"] is None if oldest is None else -0.01 <= found["oldest"] - oldest <= took + 0.01


def in_hand(held: list[tuple[int, int]], acknowledged: list[tuple[int, int]]) -> dict[str, Any]:
    """A queue as the API reports it, with its counts at so many seconds before AT, newest first."""

    def samples(counts: list[tuple[int, int]]) -> dict[str, Any]:
        return {"samples": [{"sample": count, "timestamp": int((AT - ago) * 1000)} for ago, count in counts]}

    stats = {"ack_details": samples(acknowledged)} if acknowledged else {}
    return {
        "messages_unacknowledged": held[0][1],
        "messages_unacknowledged_details": samples(held),
        "message_stats": stats,
    }


AT = 1_800_000_000.0


@pytest.mark.parametrize(
    ("held", "acknowledged", "expected"),
    [
        ([(0, 0), (5, 3)], [(0, 9), (5, 9)], None),
        ([(0, 3), (5, 3), (10, 0), (15, 2)], [(0, 9), (5, 9), (10, 9), (15, 8)], 10),
        ([(0, 3), (5, 3), (10, 3), (15, 3)], [(0, 9), (5, 8), (10, 8), (15, 8)], 0),
        ([(0, 3), (5, 3), (10, 3), (15, 3)], [(0, 9), (5, 9), (10, 9), (15, 8)], 10),
        ([(0, 3), (5, 3), (10, 3), (15, 3)], [(0, 9), (5, 9), (10, 9), (15, 9)], 15),
        ([(0, 3), (5, 0)], [], 5),
        ([(0, 3)], [], 0),
    ],
)
def test_stuck_workers_are_recognized_by_unacknowledged_and_acknowledged_counts(
    held: list[tuple[int, int]], acknowledged: list[tuple[int, int]], expected: float | None
) -> None:
    assert stalled(in_hand(held, acknowledged), datetime.fromtimestamp(AT, UTC)) == expected


def test_a_queue_that_the_api_does_not_know_is_empty() -> None:
    assert state("slack", {}) == QueueState(name="slack", held=0, rate_in=0, rate_out=0)
    assert state("slack", {"slack": reported_queue([(0, 1)], 1)}).rate_in == 2.5


@pytest.mark.parametrize(
    ("amqp", "management", "expected"),
    [
        ("amqp://u:p%40@host:5672/", None, ("http://host:15672", ("u", "p@"), "/")),
        ("amqps://u:p@host/v%2Fw", None, ("https://host:15671", ("u", "p"), "v/w")),
        ("amqp://u:p@host/v", "http://a:b@other:8080/rabbit/", ("http://other:8080/rabbit", ("a", "b"), "v")),
        ("amqp://host", "https://other", ("https://other", ("guest", "guest"), "/")),
    ],
)
def test_the_management_api_is_on_the_brokers_host_by_default(
    amqp: str, management: str | None, expected: tuple[str, tuple[str, str], str]
) -> None:
    assert management_address(amqp, management) == expected


def test_a_snapshot_is_unchanged_after_its_way_through_the_console() -> None:
    snapshot = Snapshot(at=datetime.now(UTC), source="a test", queues=(QueueState(name="slack", oldest=1.5),))
    assert Snapshot.model_validate(json.loads(snapshot.model_dump_json())) == snapshot


def test_a_user_who_may_not_declare_queues_uses_those_that_are_there(node: PrivateRabbit, broker: Rabbit) -> None:
    for path, what in (
        ("users/reader", {"password": "p@ss/w", "tags": "monitoring"}),
        ("permissions/%2F/reader", {"configure": "^$", "write": ".*", "read": ".*"}),
    ):
        httpx.put(f"{node.management}/api/{path}", json=what, trust_env=False).raise_for_status()
    url = f"amqp://reader:p%40ss%2Fw@127.0.0.1:{node.port}/%2F;amqp://guest:guest@127.0.0.1:1/"

    async def publish(url: str = url) -> str | None:
        publisher = AmqpPublisher(url)
        try:
            return await publisher.probe()
        finally:
            await publisher.close()

    wait_until(lambda: asyncio.run(publish()) is None, "it publishes")
    workers = rabbitmq(url)
    workers.declare_queue("slack", ensure=True)
    workers.declare_queue("tickets", ensure=True)
    workers.close()
    theirs = rabbit(url, OpsSettings(management_url=node.management))
    assert theirs.amqp.faults() == []
    assert (theirs.amqp.may_declare(), broker.amqp.may_declare()) == (False, True)
    with pytest.raises(BrokerAway, match=r"may not declare the queues clerk\.dead-letters"):
        theirs.dead(Selection(), 0, 1, 1)
    channel = pika.BlockingConnection(pika.URLParameters(node.url)).channel()
    channel.queue_delete("slack.DQ")
    assert "slack.DQ is missing" in theirs.amqp.faults()
    why = "there is no queue slack.DQ, and the user of CLERK_AMQP_URL may not declare it"
    only = url.partition(";")[0]  # of two nodes it says what is wrong with the last that it tried
    wait_until(lambda: why in str(asyncio.run(publish(only))), "it says why it can't publish")
    channel.connection.close()


def test_the_address_of_a_broker_that_is_away_is_written_as_in_its_url() -> None:
    away = rabbit("amqp://guest:guest@[::1]:1/", OpsSettings(management_url="http://[::1]:1"), timedelta(seconds=1))
    with pytest.raises(BrokerAway, match=r"RabbitMQ at \[::1\]:1 is away"):
        away.dead(Selection(), 0, 1, 1)
