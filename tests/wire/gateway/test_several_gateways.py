"""Gateways tell each other through a real RabbitMQ which texts they take."""

import asyncio
from collections.abc import Iterator
from functools import partial

import httpx
import pika
import pika.exceptions
import pytest
from structlog.testing import capture_logs

from gateway.arrivals.exchange import EXCHANGE
from tests.make import sms_received
from tests.servers import PLAIN, BackingServer
from tests.wire.gateway.connected import gateway, hear_each_other, until
from tests.wire_cutter import Wire

USER = "may-not-declare"


@pytest.fixture
def no_declarations(rabbit: BackingServer, amqp_url: str) -> Iterator[str]:
    """The URL of a user who may declare nothing."""
    if rabbit.management is None:
        pytest.skip(f"{rabbit.what} has no management API to make a user with")
    at = httpx.URL(amqp_url.replace("amqp://", "http://", 1))
    vhost = at.raw_path.decode().removeprefix("/") or "%2F"
    with httpx.Client(base_url=f"{rabbit.management}/api", timeout=30, trust_env=False, verify=PLAIN) as api:
        api.put(f"/users/{USER}", json={"password": "swordfish", "tags": ""}).raise_for_status()
        allowed = {"configure": "^$", "write": ".*", "read": ".*"}
        api.put(f"/permissions/{vhost}/{USER}", json=allowed).raise_for_status()
        yield str(at.copy_with(username=USER, password="swordfish")).replace("http://", "amqp://", 1)
        api.delete(f"/users/{USER}").raise_for_status()


async def test_each_gateway_knows_which_text_came_before_through_another_one(amqp_url: str) -> None:
    async with gateway(amqp_url) as one, gateway(amqp_url) as other, gateway(amqp_url) as third:
        for pair in ((one, other), (other, third), (third, one)):
            await until(partial(hear_each_other, *pair))


async def test_a_gateway_that_lost_its_connection_knows_no_last_text_and_then_hears_the_others(amqp_url: str) -> None:
    with Wire(amqp_url) as wire:
        async with gateway(amqp_url) as one, gateway(wire.url) as other:
            await until(partial(hear_each_other, one, other))
            contact = "+15550100002"
            old, _ = other.takes(contact)
            await until(partial(hear_each_other, one, other))
            wire.cut()
            assert one.takes(contact)[1] == old
            wire.mend()
            await until(other.can_publish)
            assert other.takes(contact)[1] is None
            await until(partial(hear_each_other, one, other))


async def test_no_queue_is_left_of_gateways_that_ended(amqp_url: str) -> None:
    async with gateway(amqp_url) as one, gateway(amqp_url) as other:
        await until(partial(hear_each_other, one, other))
    await until(partial(asyncio.to_thread, _nobody_hears, amqp_url))


def _nobody_hears(amqp_url: str) -> bool:
    """Whether what a gateway tells the others would reach no queue."""
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    channel = connection.channel()
    channel.confirm_delivery()
    try:
        channel.basic_publish(EXCHANGE, "", b"to nobody", mandatory=True)
    except pika.exceptions.UnroutableError:
        return True
    finally:
        connection.close()
    return False


async def test_a_gateway_that_may_declare_nothing_publishes_all_the_same_and_says_what_it_lacks(
    amqp_url: str, no_declarations: str
) -> None:
    async with gateway(amqp_url):
        pass  # an administrator's: it declares the queues
    with capture_logs() as logs:
        async with gateway(no_declarations) as one:
            await one.publisher.publish(sms_received())
    [said] = [each for each in logs if "can't hear each other" in each["event"]]
    assert "ACCESS_REFUSED" in said["error"]
    assert "swordfish" not in str(logs)
