"""The alerts, tried with Prometheus's own tool where it is installed, and the counters that they look at."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest
import yaml
from prometheus_client import REGISTRY

from gateway.app import Gateway
from messages.process.publishing import AmqpPublisher
from messages.process.settings import Settings
from tests.fakes import FakeWorkers
from tests.servers import ROOT
from workers.broker import in_memory
from workers.mongo import Stores
from workers.observe import Observed
from workers.platforms.slack_api import SlackApi
from workers.platforms.twilio.api import TwilioApi
from workers.wiring import add_actors

ALERTS: Final = ROOT / "deploy" / "alerts.yml"
PROMTOOL: Final = shutil.which("promtool")


def run(*arguments: str | Path) -> str:
    """What promtool says; an AssertionError with it if it finds fault."""
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(PROMTOOL is None, reason="there is no promtool: Debian's package prometheus has it")
def test_the_alerts_fire_when_they_should_and_only_then() -> None:
    run("check", "rules", ALERTS)
    run("test", "rules", Path(__file__).parent / "alerts.yml")


def wanted() -> set[tuple[str, str, str]]:
    """The counters, labels and values of labels that alerts look for."""
    rules = yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]
    found = set()
    for rule in rules:
        for name, selectors in re.findall(r"(clerk_\w+_total)\{([^}]*)\}", rule["expr"]):
            for label, values in re.findall(r'(\w+)=~?"([^"]*)"', selectors):
                found |= {(name, label, value) for value in values.split("|")}
    return found


@pytest.fixture
def started(stores: Stores) -> None:
    """What a gateway and a worker make known at their start."""
    Gateway(Settings(sandbox=True), AmqpPublisher("amqp://127.0.0.1:1/"))
    SlackApi("token", "http://127.0.0.1:1/")
    TwilioApi("AC1", "token", "http://127.0.0.1:1")
    add_actors(in_memory(Observed()), FakeWorkers(stores).ports)


@pytest.mark.usefixtures("started")
def test_whatever_an_alert_looks_for_is_counted_from_zero() -> None:
    counted = {
        (sample.name, label, value)
        for metric in REGISTRY.collect()
        for sample in metric.samples
        for label, value in sample.labels.items()
    }
    assert len(wanted()) > 8
    assert wanted() - counted == set()


@pytest.mark.usefixtures("started")
def test_every_counter_with_labels_has_some_before_anything_happened() -> None:
    """Of the types of events that Clerk does not use, only Slack knows which there will be."""
    empty = {
        metric.name
        for metric in REGISTRY.collect()
        if metric.type == "counter" and metric.name.startswith("clerk_") and not metric.samples
    }
    assert empty <= {"clerk_events_dropped"}
