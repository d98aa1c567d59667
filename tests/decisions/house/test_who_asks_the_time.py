"""Whoever asks the machine for the time of day is listed here with the reason; all others are handed a clock.

What a command shows of documents, or decides about them, is by the sandbox's clock where that was moved.
Only the sandbox's clock can be moved, and only `clerk run` with the sandbox has one.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.contracts import ROOT

ASKING: Final = {
    "gateway/app.py": "the clock of a gateway that is handed none",
    "gateway/arrivals/shared.py": "which of two texts came first: other gateways go by their machines' clocks, too",
    "messages/process/publishing.py": "when a message was published: Dramatiq's delays are real",
    "ops/checks/documents.py": "how far this machine's clock and MongoDB's are apart",
    "ops/commands/dead.py": "how old messages are: queues go by the machine's clock",
    "ops/commands/doctor.py": "whether certificates are valid, and other machines' clocks right",
    "ops/commands/peek.py": "how old messages are: queues go by the machine's clock",
    "ops/console/dead_letters.py": "how old messages are: queues go by the machine's clock",
    "ops/console/signing_in/session.py": "how long people stay signed in",
    "ops/console/view.py": "the times of queues and processes; those of documents are by `documents_now`",
    "ops/documents/reader.py": "which processes have reported lately, if MongoDB's own time is not known",
    "ops/documents/quick/updates.py": "$currentDate, which a MongoDB fills in by its own machine's clock",
    "ops/documents/transfer.py": "when the documents were exported",
    "ops/environment.py": "`documents_now`, whom all commands ask, adds how far the sandbox's clock is ahead",
    "ops/metrics/recorder.py": "when metrics were read",
    "ops/queues/amqp/connection.py": "how old messages are: queues go by the machine's clock",
    "ops/queues/amqp/replay_and_drop.py": "when a message was published again: Dramatiq's delays are real",
    "ops/queues/in_memory.py": "how old messages are: queues go by the machine's clock",
    "ops/queues/management_api.py": "how old messages are: queues go by the machine's clock",
    "ops/queues/rabbitmq.py": "when the queues were looked at",
    "ops/running/internals.py": "when a message was handled: the sandbox page shows it beside the log",
    "ops/running/presence.py": "when a process has reported",
    "ops/traces/log_trail.py": "when log lines were written",
    "ops/traces/timeline.py": "when a message was found of which nobody knows when it was published",
    "sandbox/clock.py": "the real time that the sandbox's clock is ahead of",
    "sandbox/record.py": "when a call was made: a log, beside the times at which queue messages were handled",
    "sandbox/standins.py": "the real time of the stand-ins that tests serve",
    "sandbox/state/folder.py": "the name of a folder that was moved aside",
    "workers/broker.py": "when a message was published again: Dramatiq's delays are real",
    "workers/mongo/migrations.py": "when a step was done: a record about the deployment",
    "workers/observe.py": "how long messages wait: a metric",
    "workers/platforms/twilio/api.py": "the time of a text that Twilio lists without any: it never does",
    "workers/ports.py": "the clock of the actors, outside the sandbox",
}
CLOCKS: Final = {("datetime", "now"), ("datetime", "utcnow"), ("time", "time"), ("time", "time_ns"), ("date", "today")}
NAMED: Final = re.compile("|".join(rf"\b{owner}\s*\.\s*{name}\b" for owner, name in sorted(CLOCKS)))


def files(*packages: str) -> Iterator[Path]:
    for package in packages:
        yield from sorted((ROOT / package).rglob("*.py"))


def names(file: Path) -> Iterator[tuple[str, str]]:
    """What a file reads of modules and classes, as in ("datetime", "now"); nothing of one that names no clock."""
    source = file.read_text()
    for node in ast.walk(ast.parse(source)) if NAMED.search(source) else ():
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield node.value.id, node.attr


def test_nobody_else_asks_the_machine_for_the_time_of_day() -> None:
    found = {
        file.relative_to(ROOT).as_posix()
        for file in files("messages", "gateway", "workers", "ops", "sandbox")
        if CLOCKS & set(names(file))
    }
    assert found == set(ASKING)


def test_only_clerk_run_with_the_sandbox_has_a_clock_that_can_be_moved() -> None:
    making = {
        file.name: file.read_text()
        for file in files("messages", "gateway", "workers", "ops", "sandbox")
        if "SandboxClock(" in file.read_text().replace("class SandboxClock", "")
    }
    assert set(making) == {"run.py", "standins.py"}
    assert making["run.py"].count("SandboxClock(") == 1
    assert "SandboxClock() if settings.sandbox else None" in making["run.py"]
