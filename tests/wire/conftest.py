"""What the wire tests share."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.wire.gateway.helpers import Served
from tests.wire.platforms.helpers import FakeTwilio, reaching, serving
from tests.wire.sandbox.helpers import Pair, a_pair
from workers.platforms.twilio.api import TwilioApi


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
