"""Servers for the whole run, and what every kind of test shares."""

import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from tests.servers import Server, database, empty, mongodb, rabbitmq
from workers.mongo import Stores

USED: dict[str, str] = {}


@pytest.fixture(scope="session")
def rabbit() -> Iterator[Server]:
    """A RabbitMQ for the whole run."""
    with rabbitmq() as server:
        USED["RabbitMQ"] = server.what
        yield server


@pytest.fixture
def amqp_url(rabbit: Server) -> str:
    """The RabbitMQ without any queue of ours."""
    empty(rabbit.url)
    return rabbit.url


@pytest.fixture(scope="session")
def mongo() -> Iterator[Server]:
    """A MongoDB for the whole run."""
    with mongodb() as server:
        USED["MongoDB"] = server.what
        yield server


@pytest.fixture
def mongo_url(mongo: Server) -> Iterator[str]:
    """A database that nobody has used, and that is gone afterwards."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield database(mongo.url, name)
    with MongoClient[dict[str, Any]](mongo.url) as client:
        client.drop_database(name)


@pytest.fixture
async def stores(mongo_url: str) -> AsyncIterator[Stores]:
    """The stores of a new database."""
    async with Stores.opened(mongo_url) as stores:
        yield stores


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the tests ran on."""
    for name, what in USED.items():
        terminalreporter.write_line(f"{name}: {what}")
