"""What the wire tests share."""

from collections.abc import Iterator

import pytest

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
