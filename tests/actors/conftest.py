"""Actors with documents in memory that a MongoDB server checks, a fake queue and a fake Slack."""

import os
from collections.abc import AsyncIterator

import pytest

from tests import make
from tests.documents.checked import Checks, in_memory
from tests.fakes import FakeWorkers
from workers.mongo import Stores

ON_THE_SERVER = os.environ.get("CLERK_TEST_DOCUMENTS") == "server"
"""Whether all actors' documents are on the server, not those alone whose tests look at the server."""


@pytest.fixture
async def stores(request: pytest.FixtureRequest, checks: Checks) -> AsyncIterator[Stores]:
    """The stores of a new database: on the server where the test looks there, else in memory."""
    if ON_THE_SERVER or "mongo_url" in request.fixturenames:
        async with Stores.opened(request.getfixturevalue("mongo_url")) as stores:
            yield stores
    else:
        async with Stores.opened("", connect=lambda url: in_memory(checks)) as stores:
            yield stores
        checks.catch_up()


@pytest.fixture
async def workers(stores: Stores) -> FakeWorkers:
    """Workers with one line."""
    await stores.lines.add(make.line())
    return FakeWorkers(stores)
