"""Actors with real documents, a fake queue and a fake Slack."""

import pytest

from tests import make
from tests.fakes import FakeWorkers
from workers.mongo import Stores


@pytest.fixture
async def workers(stores: Stores) -> FakeWorkers:
    """Workers with one line."""
    await stores.lines.add(make.line())
    return FakeWorkers(stores)
