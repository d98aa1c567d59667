"""What the wire tests share."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.servers import PrivateRabbit, made_new
from tests.wire.gateway.helpers import Served
from tests.wire.platforms.helpers import FakeTwilio, reaching, serving
from tests.wire.sandbox.helpers import Pair, a_pair
from workers.platforms.twilio.api import TwilioApi


@pytest.fixture(scope="package")
def only_rabbit() -> Iterator[PrivateRabbit]:
    """A RabbitMQ that may be stopped and blocked: each test leaves it as it was."""
    with PrivateRabbit() as node:
        yield node


@pytest.fixture
def own_rabbit(only_rabbit: PrivateRabbit) -> PrivateRabbit:
    """A RabbitMQ that may be stopped and blocked, without any queue of ours."""
    made_new(only_rabbit)
    return only_rabbit


@pytest.fixture(scope="module")
def shared() -> Iterator[Served]:
    """A gateway for the tests of one module."""
    with Served() as served:
        yield served


@pytest.fixture
def gateway(shared: Served) -> Served:
    """The shared gateway, with nothing published and no fault set."""
    shared.publisher.trouble = None
    shared.publisher.take()
    return shared


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    """Both stand-ins, and a gateway that records what they send it."""
    async with a_pair() as made:
        yield made


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    """A server in place of Twilio's API."""
    async with serving() as server:
        yield server


@pytest.fixture
async def storage() -> AsyncIterator[FakeTwilio]:
    """A server in place of the storage that keeps Twilio's media."""
    async with serving() as server:
        yield server


@pytest.fixture
async def api(twilio: FakeTwilio) -> AsyncIterator[TwilioApi]:
    """Twilio's API as Clerk reaches it."""
    async with reaching(twilio.url + "/twilio") as api:
        yield api
