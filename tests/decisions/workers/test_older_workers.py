"""Operators are told which workers are older than what is published."""

from typing import Any

import pytest

from ops.checks import documents
from ops.checks.finding import Verdict
from ops.console import problems
from ops.documents.processes import RunningProcess
from tests.make import NOW


def process(kind: str, messages: int, release: str = "0.2.0", host: str = "web-1") -> RunningProcess:
    times: Any = {"started_at": NOW, "told_at": NOW, "seen_at": NOW}
    return RunningProcess(
        id=f"{kind}/{host}/{messages}", kind=kind, host=host, pid=1, release=release, messages=messages, **times
    )


OF_BEFORE = process("worker", 0, "", "web-2")


@pytest.mark.parametrize(
    ("processes", "named"),
    [
        ([process("gateway", 2), process("worker", 2), process("clock", 2)], ""),
        ([process("gateway", 1), process("worker", 2), process("clock", 1)], ""),
        ([process("gateway", 2), process("worker", 1, "0.1.0"), process("clock", 2)], "a worker is older"),
        ([process("gateway", 2), process("worker", 2), OF_BEFORE, process("clock", 2)], "of an earlier version"),
    ],
)
def test_workers_that_can_not_read_what_others_publish_are_named(processes: list[RunningProcess], named: str) -> None:
    found = [each for each in documents.of_processes(processes) if each.check == "versions"]
    said = [each for each in problems.of_processes(tuple(processes)) if "older than" in each.found]
    assert len(found) == len(said) == (1 if named else 0)
    assert all(named in each.found and each.state is Verdict.ADVICE for each in found)
