"""The user `clerk` of deploy/rabbitmq may do on a real RabbitMQ what Clerk does, and nothing else."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Final

import httpx
import pika
import pika.exceptions
import pytest
from pika.adapters.blocking_connection import BlockingChannel

from messages.queues import QUEUES, declarations
from ops.broker import LAYOUT
from tests.servers import PLAIN, ROOT, BackingServer, empty
from tests.wire.gateway.connected import gateway, hear_each_other, until

USER: Final = "clerk-with-least-rights"


@pytest.fixture(scope="module")
def url(rabbit: BackingServer) -> Iterator[str]:
    """The URL of a user with the rights of deploy/rabbitmq, in the tests' part of RabbitMQ."""
    if rabbit.management is None:
        pytest.skip(f"{rabbit.what} has no management API to make a user with")
    definitions = json.loads((ROOT / "deploy" / "rabbitmq" / "definitions.json").read_text())
    [rights] = [each for each in definitions["permissions"] if each["user"] == "clerk"]
    [user] = [each for each in definitions["users"] if each["name"] == "clerk"]
    at = httpx.URL(rabbit.url.replace("amqp://", "http://", 1))
    vhost = at.raw_path.decode().removeprefix("/") or "%2F"
    empty(rabbit.url)
    with httpx.Client(base_url=f"{rabbit.management}/api", timeout=30, trust_env=False, verify=PLAIN) as api:
        api.put(f"/users/{USER}", json={"password": "secret", "tags": ",".join(user["tags"])}).raise_for_status()
        allowed = {right: rights[right] for right in ("configure", "write", "read")}
        api.put(f"/permissions/{vhost}/{USER}", json=allowed).raise_for_status()
        yield str(at.copy_with(username=USER, password="secret")).replace("http://", "amqp://", 1)
        api.delete(f"/users/{USER}").raise_for_status()


@pytest.fixture
def channel(url: str) -> Iterator[BlockingChannel]:
    connection = pika.BlockingConnection(pika.URLParameters(url))
    yield connection.channel()
    connection.close()


def test_clerk_declares_fills_and_empties_its_queues(channel: BlockingChannel) -> None:
    channel.confirm_delivery()
    for queue in QUEUES:
        for name, arguments in declarations(queue).items():
            channel.queue_declare(name, durable=True, arguments=arguments)
            channel.basic_publish("", name, b"a message", mandatory=True)
            method, _, body = channel.basic_get(name)
            assert body == b"a message"
            channel.basic_ack(method.delivery_tag)


async def test_clerks_gateways_hear_each_other(url: str) -> None:
    async with gateway(url) as one, gateway(url) as other:
        await until(partial(hear_each_other, one, other))


def test_clerk_moves_dead_letters(channel: BlockingChannel) -> None:
    channel.queue_declare(LAYOUT.lock, exclusive=True)
    channel.queue_declare(LAYOUT.claims, durable=True, arguments={"x-queue-type": "quorum"})
    channel.queue_delete(LAYOUT.claims)


@pytest.mark.parametrize("name", ["somebody.else", "slack.other", "amq.topic"])
def test_what_is_not_clerks_is_closed_to_clerk(name: str, channel: BlockingChannel) -> None:
    with pytest.raises(pika.exceptions.ChannelClosedByBroker, match="403"):
        channel.exchange_declare(name, "topic", durable=True)


def test_clerk_sees_what_rabbitmq_counts_and_may_administer_nothing(url: str, rabbit: BackingServer) -> None:
    assert rabbit.management is not None
    at = httpx.URL(rabbit.management).copy_with(username=USER, password="secret")
    with httpx.Client(base_url=f"{at}/api", timeout=30, trust_env=False, verify=PLAIN) as api:
        assert api.get("/queues").status_code == 200
        assert api.get("/overview").status_code == 200
        assert api.get("/users").status_code == 401
