"""Servers for the whole run, what every kind of test shares, and who runs which test."""

import contextlib
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from itertools import chain
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings
from pymongo import MongoClient

from tests.servers import WORKER, BackingServer, PrivateRabbit, database, empty, mongodb, vhost
from tests.shared import SharedRabbit, leaving_nothing_behind, shared_rabbit
from workers.mongo import Stores

# On a busy machine a slow example is no fault. The quick profile tries the same examples each time: what a run finds
# does not depend on chance. The thorough one, of `make chaos`, tries new ones.
settings.register_profile(
    "quick", max_examples=25, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "thorough", max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("quick")

OWNER: Final = pytest.StashKey[SharedRabbit]()
ADDRESS: Final = "clerk_rabbit"
USED: Final[dict[str, str]] = {}
NEED_SERVERS: Final = {"rabbit", "only_rabbit", "mongo", "chromium"}
"""Fixtures of servers; a test that uses none of them, and is not marked, needs none."""

TOGETHER: Final = {
    "place": "place",
    "tests/browser/": "browser",
    "tests/system/conversations/test_the_conversation_goes_both_ways.py": "replies",
    "tests/system/conversations/test_pictures_go_both_ways.py": "replies",
    "clerk": "clerk",
    "tests/system/faults/test_nothing_lost_nothing_twice.py": "storm",
    "only_rabbit": "own rabbit",
}
"""Fixtures or paths whose tests run one after the other in one process: they share what takes long to start.

In this order they begin, those that take longest first.
"""


def pytest_configure(config: pytest.Config) -> None:
    """Own what the run shares, unless this is a worker of pytest-xdist."""
    if not hasattr(config, "workerinput"):
        shared = contextlib.ExitStack()
        config.add_cleanup(shared.close)
        shared.enter_context(leaving_nothing_behind())
        config.stash[OWNER] = shared.enter_context(SharedRabbit())


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where to ask for what the run shares."""
    node.workerinput[ADDRESS] = node.config.stash[OWNER].address


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs servers, so that the rest can run without them, and what runs together."""
    groups: dict[pytest.Item, str] = {}
    for item in items:
        uses = set(getattr(item, "fixturenames", ()))
        if NEED_SERVERS & uses:
            item.add_marker(pytest.mark.server)
        where = item.path.relative_to(item.config.rootpath).as_posix()
        if where.startswith(("tests/system/", "tests/browser/")):
            item.add_marker(pytest.mark.server)
        for what, group in TOGETHER.items():
            if what in uses or where.startswith(what):
                groups[item] = group
                item.add_marker(pytest.mark.xdist_group(group))
                break
    if WORKER:
        workers = int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
        alone = [item for item in items if item not in groups]
        names = list(dict.fromkeys(TOGETHER.values()))
        order = [[item for item in items if groups.get(item) == name] for name in names]
        # Each process gets one group, and at once another test to go on with, behind which no long group should wait.
        order[workers:workers] = [alone[:workers]]
        items[:] = [*chain.from_iterable(order), *alone[workers:]]


@pytest.fixture(scope="session")
def rabbit(pytestconfig: pytest.Config) -> BackingServer:
    """A RabbitMQ for the whole run, of which each process that runs tests has a part of its own."""
    if WORKER:
        workerinput: dict[str, Any] = getattr(pytestconfig, "workerinput")  # noqa: B009 - only pytest-xdist has it
        server = vhost(shared_rabbit(workerinput[ADDRESS]), WORKER)
    else:
        server = pytestconfig.stash[OWNER].get()
    USED["RabbitMQ"] = server.what
    return server


@pytest.fixture
def amqp_url(rabbit: BackingServer) -> str:
    """The RabbitMQ without any queue of ours."""
    empty(rabbit.url)
    return rabbit.url


@pytest.fixture(scope="session")
def only_rabbit() -> Iterator[PrivateRabbit]:
    """A RabbitMQ that may be stopped and blocked: each test leaves it as it was."""
    with PrivateRabbit() as node:
        yield node


@pytest.fixture
def own_rabbit(only_rabbit: PrivateRabbit) -> PrivateRabbit:
    """A RabbitMQ that may be stopped and blocked, without any queue of ours."""
    empty(only_rabbit.url)
    return only_rabbit


@pytest.fixture(scope="session")
def mongo() -> Iterator[BackingServer]:
    """A MongoDB for all tests that this process runs."""
    with mongodb() as server:
        USED["MongoDB"] = server.what
        yield server


@pytest.fixture
def mongo_url(mongo: BackingServer) -> Iterator[str]:
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


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the owner of the run what the tests of this worker ran on."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["used"] = USED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear what the tests of a worker ran on."""
    USED.update(getattr(node, "workeroutput", {}).get("used", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the tests ran on."""
    for name, what in USED.items():
        terminalreporter.write_line(f"{name}: {what}")
