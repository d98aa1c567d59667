"""What commands import when they start: each library costs every process time and memory, used or not."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

from ops import exit_status
from ops.cli import COMMANDS, module_of
from tests.commands import clerk_in_process, clerk_program
from tests.servers import ROOT

HEAVY: Final = (
    "aiohttp",
    "emoji",
    "mongoeco",
    "opentelemetry",
    "requests",
    "sandbox.app",
    "slack_sdk",
    "twilio",
    "urllib3",
)
"""What only those need who call Slack or Twilio, trace, or have no MongoDB."""

NEED_THEM: Final = {"run", "clock"}
"""`clerk worker` needs them as well, but only in the processes that it starts."""

AFTER_THE_FORK: Final = """import multiprocessing, sys
from ops.running.worker_command import import_all_that_workers_need
def start():
    before = set(sys.modules)
    import workers.boot
    import ops.running.worker_process
    print(*sorted(set(sys.modules) - before), flush=True)
import_all_that_workers_need()
worker = multiprocessing.get_context("fork").Process(target=start)
worker.start()
worker.join()"""

FOR_TERMINALS: Final = ("cyclopts", "pygments", "rich")
"""What only the command line needs."""

OF_A_PROCESS: Final = """import sys
from ops.__main__ import process
process(sys.argv[1])
print(*[each for each in sys.argv[2].split() if each in sys.modules])"""

OF_A_WORKER: Final = """import sys
from ops.running.worker_command import import_all_that_workers_need
import_all_that_workers_need()
print(*[each for each in sys.argv[1].split() if each in sys.modules])"""

LOOK: Final = """import sys
from importlib import import_module
for name in sys.argv[1].split():
    import_module(name)
print(*[each for each in sys.argv[2].split() if each in sys.modules])"""


def test_no_command_imports_the_clients_of_slack_and_twilio_unless_it_calls_them() -> None:
    modules = [module_of(name) for name in COMMANDS if name not in NEED_THEM]
    assert printed(LOOK, " ".join(modules), " ".join(HEAVY)) == []


def test_a_worker_process_imports_only_what_it_runs_at_its_start(tmp_path: Path) -> None:
    where = {"CLERK_AMQP_URL": "amqp://127.0.0.1:1/", "CLERK_MONGO_URL": "mongodb://127.0.0.1:1/clerk"}
    where |= {"CLERK_HEARTBEAT_DIR": str(tmp_path), "CLERK_TRAIL_DAYS": "0"}
    assert printed(AFTER_THE_FORK, **where) == ["ops.running.worker_process", "workers.boot"]


@pytest.mark.parametrize(("module", "name"), exit_status.STATUSES)
def test_each_failure_with_a_status_of_its_own_is_where_it_is_looked_for(module: str, name: str) -> None:
    kind = getattr(import_module(module), name)
    assert (kind.__module__, issubclass(kind, Exception)) == (module, True)


@pytest.mark.parametrize("command", ["gateway", "clock"])
def test_a_process_without_options_leaves_out_what_only_terminals_need(command: str) -> None:
    assert printed(OF_A_PROCESS, command, " ".join(FOR_TERMINALS)) == []


def test_worker_processes_leave_out_what_only_terminals_need() -> None:
    assert printed(OF_A_WORKER, " ".join(FOR_TERMINALS)) == []


@pytest.mark.parametrize("command", ["gateway", "clock"])
def test_a_process_without_options_fails_as_the_command_line_does(command: str) -> None:
    ended, with_options = clerk_program({}, command), clerk_in_process({}, command)
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", with_options.stderr)
    assert ended.stderr.startswith("CLERK_AMQP_URL: not set")


def printed(code: str, *arguments: str, **environment: str) -> list[str]:
    """The words that a program prints."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("CLERK_")}
    ended = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env={**others, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    return ended.stdout.split()
