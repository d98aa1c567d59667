"""What the wire tests share."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.standins import Pair, a_pair
from tests.webhooks import Served


@pytest.fixture(scope="module")
def shared() -> Iterator[Served]:
    """A gateway for the tests of one module."""
    with Served() as served:
        yield served


@pytest.fixture
def gateway(shared: Served) -> Served:
    """It, with nothing published so far and no trouble."""
    shared.publisher.trouble = None
    shared.publisher.take()
    return shared


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    """Both stand-ins, and a gateway that records what they send it."""
    async with a_pair() as made:
        yield made
