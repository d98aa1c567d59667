"""Servers for the whole run, what every kind of test shares, and who runs which test."""

import contextlib
import gc
import importlib
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings
from pymongo import MongoClient

from tests.documents.checked import Checks
from tests.servers import ROOT, WORKER, BackingServer, database, empty, mongodb, vhost
from tests.shared import SharedRabbit, leaving_nothing_behind, shared_rabbit
from workers.mongo import Stores

# A slow example on a busy machine is not a failure. The quick profile tries the same examples each time: what a run
# finds
# does not depend on chance. The thorough one, of `make chaos`, tries new ones.
settings.register_profile(
    "quick", max_examples=15, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
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

WITH_SERVERS: Final = ("tests/system/", "tests/browser/")


def pytest_configure(config: pytest.Config) -> None:
    """Own what the run shares, unless this is a worker of pytest-xdist."""
    gc.disable()  # modules and tests all stay: to look for those that do not takes a third of the collection's time
    if not hasattr(config, "workerinput"):
        shared = contextlib.ExitStack()
        config.add_cleanup(shared.close)
        shared.enter_context(leaving_nothing_behind())
        config.stash[OWNER] = shared.enter_context(SharedRabbit())


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where to ask for what the run shares."""
    node.workerinput[ADDRESS] = node.config.stash[OWNER].address


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand out the tests in groups."""
    from tests.scheduling import GroupScheduling  # needs pytest-xdist

    return GroupScheduling(config, log)


def pytest_collection(session: pytest.Session) -> None:
    """Where several processes run all tests, let each begin with other modules.

    In a fresh clone pytest rewrites each module's asserts, and keeps the result: this way one process does it, not all.
    """
    if WORKER and session.config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        from tests.scheduling import begun_elsewhere

        files = sorted(each.relative_to(ROOT) for each in (ROOT / "tests").rglob("test_*.py"))
        names = [".".join(each.with_suffix("").parts) for each in files]
        for name in begun_elsewhere(names, WORKER, int(os.environ["PYTEST_XDIST_WORKER_COUNT"])):
            try:
                importlib.import_module(name)
            except pytest.skip.Exception:
                continue
            except Exception:  # noqa: BLE001 - the collection meets it again, and reports it
                return


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs servers, and put groups in order where several processes run."""
    for item in items:
        if NEED_SERVERS & set(getattr(item, "fixturenames", ())) or item.nodeid.startswith(WITH_SERVERS):
            item.add_marker(pytest.mark.server)
    if WORKER:
        from tests.scheduling import group, in_order

        groups = list(dict.fromkeys(group(item.nodeid) for item in items))
        order = in_order(groups, int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))
        items.sort(key=lambda item: order.index(group(item.nodeid)))


def pytest_collection_finish() -> None:
    """Look for garbage among what the tests make, and no longer among the tests."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def rabbit(pytestconfig: pytest.Config) -> BackingServer:
    """A RabbitMQ for the whole run; each process that runs tests has its own part of it."""
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
def mongo() -> Iterator[BackingServer]:
    """A MongoDB for all tests that this process runs."""
    with mongodb() as server:
        USED["MongoDB"] = server.what
        yield server


@pytest.fixture(scope="session")
def checks(mongo: BackingServer) -> Iterator[Checks]:
    """What the server has checked of the documents in memory."""
    checks = Checks(mongo.url)
    yield checks
    checks.close()


@pytest.fixture
def mongo_url(mongo: BackingServer) -> Iterator[str]:
    """A new database, which is deleted afterwards."""
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
