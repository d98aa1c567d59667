"""Whole processes against the real broker.

They end with the last test of this folder: processes that wait for nothing cost the other tests processor time.
"""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.deployment import CHANNEL, Deployment, World, clerk_command
from tests.servers import WORKER, BackingServer, PrivateRabbit, database, empty, vhost
from tests.system.helpers import PatientLine, Place
from tests.wire_cutter import Wire

PATIENT_LINE = "+15550004444"


@pytest.fixture(scope="package")
def clerk(rabbit: BackingServer, mongo: BackingServer) -> Iterator[Deployment]:
    """Clerk with two workers, a window of two seconds and a cap of six; each test uses its own contacts."""
    own = vhost(rabbit, f"system{WORKER}")  # other tests of this folder look into queues
    empty(own.url)
    with Deployment("clerk", own.url, database(mongo.url, f"system{WORKER}"), workers=2) as deployment:
        yield deployment


@pytest.fixture
def world(clerk: Deployment) -> World:
    """The stand-ins of Slack and Twilio that this deployment talks to."""
    return clerk.world


@pytest.fixture
def patient_line(clerk: Deployment) -> Iterator[PatientLine]:
    """A line that announces no second text by itself while a test runs."""
    assert clerk_command(clerk, "lines", "add", PATIENT_LINE, "--channel", CHANNEL).returncode == 0
    assert clerk_command(clerk, "lines", "set", PATIENT_LINE, "--window", "3600", "--cap", "3600").returncode == 0
    yield PatientLine(clerk, PATIENT_LINE)
    assert clerk_command(clerk, "lines", "remove", PATIENT_LINE).returncode == 0


@pytest.fixture(scope="package")
def place(mongo: BackingServer) -> Iterator[Place]:
    """One worker, the clock, the gateway, and servers that a test may stop: it leaves them running again."""
    with ExitStack() as stack:
        rabbit = stack.enter_context(PrivateRabbit())
        wire = stack.enter_context(Wire(database(mongo.url, f"place{WORKER}")))
        where = {"CLERK_MANAGEMENT_URL": f"http://127.0.0.1:{rabbit.management_port}"}
        clerk = stack.enter_context(Deployment("place", rabbit.url, wire.url, workers=1, settings=where))
        yield Place(clerk, rabbit, wire)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a system test."""
    for item in items:
        if "tests/system/" in item.path.as_posix():
            item.add_marker(pytest.mark.system)
