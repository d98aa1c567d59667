"""Whole processes against the real broker."""

from collections.abc import Iterator

import pytest

from tests.deployment import Deployment, World
from tests.servers import Server, database, empty


@pytest.fixture(scope="package")
def clerk(rabbit: Server, mongo: Server) -> Iterator[Deployment]:
    """Clerk with two workers, a window of two seconds and a cap of six; each test brings contacts of its own."""
    empty(rabbit.url)
    with Deployment("clerk", rabbit.url, database(mongo.url, "system"), workers=2) as deployment:
        yield deployment


@pytest.fixture
def world(clerk: Deployment) -> World:
    """The outside of that deployment."""
    return clerk.world


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a system test."""
    for item in items:
        if "tests/system/" in item.path.as_posix():
            item.add_marker(pytest.mark.system)
