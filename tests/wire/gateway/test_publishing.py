"""Publishing to the real RabbitMQ: confirmed, pipelined, and with an error for every message that is not safe."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pika
import pytest
from dramatiq import Message

from messages.inbound import SmsReceived
from messages.process.publishing import CONFIRM_WITHIN, AmqpPublisher, Unpublished, correlation
from messages.process.settings import Misconfigured
from messages.queues import QUEUES, dead, delayed
from tests import make
from tests.servers import PLAIN, PrivateRabbit, depths
from tests.wire_cutter import Wire

PATIENTLY = timedelta(seconds=60)
"""Within this a message is confirmed also on a machine that is busy with tests."""

PROMPTLY = CONFIRM_WITHIN.total_seconds() + 20
"""A webhook is answered within two seconds; a machine that is busy with tests gets many more."""


@pytest.fixture
async def publisher(amqp_url: str) -> AsyncIterator[AmqpPublisher]:
    publisher = await _connected(amqp_url)
    yield publisher
    await publisher.close()


async def _connected(amqp_url: str, confirm_within: timedelta = PATIENTLY) -> AmqpPublisher:
    """A publisher that has its queues: a busy node takes longer to make eighteen than a first publish waits."""
    publisher = AmqpPublisher(amqp_url, confirm_within)
    await _until(lambda: _works(publisher))
    return publisher


def _taken(amqp_url: str, queue: str) -> list[dict[str, Any]]:
    """Take every message out of a queue."""
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    channel = connection.channel()
    found = []
    while (got := channel.basic_get(queue, auto_ack=True))[0] is not None:
        found.append({"properties": got[1], "body": json.loads(got[2])})
    connection.close()
    return found


def _sids(amqp_url: str) -> list[str]:
    """Take the texts out of `ingestion`; their sids."""
    return [taken["body"]["kwargs"]["message"]["sid"] for taken in _taken(amqp_url, "ingestion")]


async def _holds(amqp_url: str, queue: str, messages: int) -> bool:
    return depths(amqp_url)[queue] == messages


def _delete(amqp_url: str, queue: str) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    connection.channel().queue_delete(queue)
    connection.close()


async def _until(look: Callable[[], Awaitable[bool]], within: float = 120) -> None:
    async with asyncio.timeout(within):
        while not await look():  # noqa: ASYNC110 - it polls the broker
            await asyncio.sleep(0.02)


async def test_a_published_message_is_in_its_queue_persistent_and_as_dramatiq_reads_it(
    publisher: AmqpPublisher, amqp_url: str
) -> None:
    correlation.set("cause-1")
    text = make.sms_received(body="Héllo 👋\x00", received_at=datetime(2026, 3, 2, 9, 30, tzinfo=UTC))
    await publisher.publish(text)
    (taken,) = _taken(amqp_url, "ingestion")
    assert taken["properties"].delivery_mode == 2
    read = Message.decode(json.dumps(taken["body"]).encode())
    assert (read.queue_name, read.actor_name, read.args) == ("ingestion", "ingestion.receive", ())
    assert read.options["correlation_id"] == "cause-1"
    assert set(read.kwargs) == {"message"}
    assert SmsReceived.model_validate(read.kwargs["message"]) == text
    assert abs(read.message_timestamp / 1000 - time.time()) < 60


async def test_a_delayed_message_waits_in_the_delay_queue_until_its_time_and_never_ten_minutes(
    publisher: AmqpPublisher, amqp_url: str
) -> None:
    before = time.time() * 1000 - 1
    for delay in (timedelta(seconds=5), timedelta(days=1)):
        await publisher.publish(make.sms_received(), delay=delay)
    after = time.time() * 1000 + 1
    soon, late = _taken(amqp_url, delayed("ingestion"))
    assert before + 5000 <= soon["body"]["options"]["eta"] <= after + 5000
    assert soon["body"]["queue_name"] == "ingestion.DQ"
    assert late["body"]["options"]["eta"] < after + 600_000


async def test_many_messages_at_once_are_all_confirmed_and_keep_their_order(
    publisher: AmqpPublisher, amqp_url: str
) -> None:
    await asyncio.gather(*(publisher.publish(make.sms_received(sid=f"SM{number}")) for number in range(1000)))
    assert _sids(amqp_url) == [f"SM{number}" for number in range(1000)]


async def test_no_message_waits_for_the_confirm_of_another(amqp_url: str) -> None:
    with Wire(amqp_url) as wire:
        publisher = await _connected(wire.url, timedelta(seconds=5))
        await publisher.publish(make.sms_received(sid="SMfirst"))
        with wire.holding_back_answers():
            publishes = (publisher.publish(make.sms_received(sid=f"SM{number}")) for number in range(100))
            outcomes = await asyncio.gather(*publishes, return_exceptions=True)
            assert [str(outcome) for outcome in outcomes] == ["RabbitMQ does not confirm"] * 100
            await _until(lambda: _holds(amqp_url, "ingestion", 101))
        await publisher.publish(make.sms_received(sid="SMlast"))
        await publisher.close()
    assert _sids(amqp_url) == ["SMfirst", *(f"SM{number}" for number in range(100)), "SMlast"]


@pytest.mark.parametrize("size", [0, 1, 131_000, 131_064, 131_065, 262_200, 1_000_000])
async def test_a_message_of_any_size_arrives_whole(publisher: AmqpPublisher, amqp_url: str, size: int) -> None:
    await publisher.publish(make.sms_received(body="x" * size))
    (taken,) = _taken(amqp_url, "ingestion")
    assert len(taken["body"]["kwargs"]["message"]["body"]) == size


async def test_every_queue_exists_once_the_publisher_is_connected(publisher: AmqpPublisher, amqp_url: str) -> None:
    assert await publisher.probe() is None
    assert set(depths(amqp_url)) == {name for queue in QUEUES for name in (queue, delayed(queue), dead(queue))}


async def test_a_message_without_a_queue_fails_and_the_queue_is_declared_again(
    publisher: AmqpPublisher, amqp_url: str
) -> None:
    await publisher.publish(make.sms_received())
    _delete(amqp_url, "ingestion")
    with pytest.raises(Unpublished, match="no queue ingestion"):
        await publisher.publish(make.sms_received())
    await publisher.publish(make.sms_received(sid="SMagain"))
    (taken,) = _taken(amqp_url, "ingestion")
    assert taken["body"]["kwargs"]["message"]["sid"] == "SMagain"


async def test_publishing_a_message_that_the_broker_refuses_fails(publisher: AmqpPublisher, rabbit: Any) -> None:
    """A quorum queue that is full and rejects what is published to it nacks (overflow reject-publish)."""
    await publisher.publish(make.sms_received())
    connection = pika.BlockingConnection(pika.URLParameters(rabbit.url))
    channel = connection.channel()
    channel.queue_delete("sms")
    full = {"x-queue-type": "quorum", "x-max-length": 1, "x-overflow": "reject-publish"}
    channel.queue_declare("sms", durable=True, arguments=full)
    report = make.reply_posted()
    with pytest.raises(Unpublished, match="refused"):
        for _ in range(50):
            await publisher.publish(report)
    await publisher.publish(make.sms_received())
    channel.queue_delete("sms")
    connection.close()


async def test_a_queue_of_the_wrong_type_is_reported_and_used_again_once_it_is_replaced(amqp_url: str) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    connection.channel().queue_declare("ingestion", durable=True)
    publisher = AmqpPublisher(amqp_url)
    started = time.monotonic()
    with pytest.raises(Unpublished, match="ingestion"):
        await publisher.publish(make.sms_received())
    assert time.monotonic() - started < PROMPTLY
    connection.channel().queue_delete("ingestion")
    connection.close()
    await _until(lambda: _works(publisher))
    await publisher.close()


async def _works(publisher: AmqpPublisher) -> bool:
    return await publisher.probe() is None


async def _takes(publisher: AmqpPublisher) -> bool:
    with suppress(Unpublished):
        await publisher.publish(make.sms_received())
        return True
    return False


async def test_publishing_without_a_broker_fails_promptly_and_says_why() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    publisher = AmqpPublisher(f"amqp://guest:swordfish@127.0.0.1:{port}/")
    started = time.monotonic()
    with pytest.raises(Unpublished) as error:
        await publisher.publish(make.sms_received())
    assert time.monotonic() - started < PROMPTLY
    assert "can't reach RabbitMQ" in str(error.value)
    assert "swordfish" not in str(error.value)
    assert await publisher.probe() == "can't reach RabbitMQ: Connection refused"
    await publisher.close()


async def test_the_publisher_does_not_wait_for_a_broker_that_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        publisher = AmqpPublisher(f"amqp://guest:guest@127.0.0.1:{mute.getsockname()[1]}/")
        started = time.monotonic()
        with pytest.raises(Unpublished):
            await publisher.publish(make.sms_received())
        assert time.monotonic() - started < PROMPTLY
        await publisher.close()


async def test_waiting_messages_fail_when_the_broker_stops_and_publishing_resumes_when_it_is_back(
    own_rabbit: PrivateRabbit,
) -> None:
    publisher = await _connected(own_rabbit.url, CONFIRM_WITHIN)
    stopping = asyncio.create_task(asyncio.to_thread(own_rabbit.stop))
    try:
        with pytest.raises(Unpublished):
            while True:
                await publisher.publish(make.sms_received())
        await stopping

        async def unreachable() -> bool:
            return "can't reach RabbitMQ" in str(await publisher.probe())

        await _until(unreachable)
    finally:
        await stopping
        await asyncio.to_thread(own_rabbit.start)
    await _until(lambda: _takes(publisher))
    await publisher.close()


async def test_publishing_to_a_blocked_broker_fails_at_once_and_resumes_when_it_is_unblocked(
    own_rabbit: PrivateRabbit,
) -> None:
    publisher = await _connected(own_rabbit.url, CONFIRM_WITHIN)
    await asyncio.to_thread(own_rabbit.control, "set_vm_memory_high_watermark", "absolute", "1")
    try:
        started = time.monotonic()
        with pytest.raises(Unpublished):
            await publisher.publish(make.sms_received())
        assert time.monotonic() - started < PROMPTLY

        async def blocked() -> bool:
            return "takes no messages" in str(await publisher.probe())

        await _until(blocked)
        # At once: after a wait the error would be that RabbitMQ does not confirm.
        with pytest.raises(Unpublished, match="takes no messages at present"):
            await publisher.publish(make.sms_received())
    finally:
        await asyncio.to_thread(own_rabbit.control, "set_vm_memory_high_watermark", "0.6")
    await _until(lambda: _takes(publisher))
    await publisher.close()


async def test_closing_waits_for_outstanding_confirms(publisher: AmqpPublisher, amqp_url: str) -> None:
    await publisher.publish(make.sms_received())
    waiting = [asyncio.create_task(publisher.publish(make.sms_received())) for _ in range(100)]
    await asyncio.sleep(0)
    await publisher.close()
    await asyncio.gather(*waiting)
    assert len(_taken(amqp_url, "ingestion")) == 101


async def test_closing_while_it_connects_leaves_no_connection_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        publisher = AmqpPublisher(f"amqp://guest:guest@127.0.0.1:{mute.getsockname()[1]}/")
        publisher.start()
        loop = asyncio.get_running_loop()
        mute.setblocking(False)
        peer, _ = await loop.sock_accept(mute)
        with peer:
            peer.setblocking(False)
            assert (await loop.sock_recv(peer, 8)).startswith(b"AMQP")
            await publisher.close()
            assert peer.recv(1) == b""


async def test_closing_leaves_no_connection_open(own_rabbit: PrivateRabbit) -> None:
    async with httpx.AsyncClient(base_url=f"{own_rabbit.management}/api", trust_env=False, verify=PLAIN) as api:

        async def connected() -> bool:
            found: list[object] = (await api.get("/connections")).raise_for_status().json()
            return bool(found)

        async def none() -> bool:
            return not await connected()

        publisher = await _connected(own_rabbit.url)
        await publisher.publish(make.sms_received())
        await _until(connected)
        await publisher.close()
        await _until(none)


@pytest.mark.parametrize("url", ["amqp://host:port/", "amqp://host:99999999/", "amqp://host/?heartbeat=soon"])
def test_an_invalid_broker_url_is_named_at_start(url: str) -> None:
    with pytest.raises(Misconfigured, match="CLERK_AMQP_URL"):
        AmqpPublisher(url)
