"""What the command line says: help with words for all, listings of 80 columns, and a quiet end behind `head`."""

import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from cyclopts import App
from rich.console import Console

from ops.cli import COMMANDS, app
from ops.commands.options import in_one_line
from ops.commands.queues import draw
from ops.counting import counted
from ops.examples import EXAMPLES
from ops.exit_status import ENDED_BY_SIGPIPE
from ops.queues.broker import QueueState, Snapshot
from tests.commands import clerk_in_process
from tests.servers import ROOT

WIDTH: Final = 80


def all_commands(of: App, *path: str) -> Iterator[tuple[str, ...]]:
    """Each command with its group, such as ("dead", "list")."""
    for name in of:
        if name.startswith("-"):
            continue
        each = of[name]
        yield from all_commands(each, *path, name) if each.default_command is None else ((*path, name),)


EVERY: Final = sorted(all_commands(app))


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_every_option_has_words(path: tuple[str, ...]) -> None:
    command = app
    for name in path:
        command = command[name]
    arguments = command.assemble_argument_collection(parse_docstring=True)
    assert [each.name for each in arguments if each.show and not each.parameter.help] == []


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_no_option_is_offered_that_only_empties_another(path: tuple[str, ...]) -> None:
    command = app
    for name in path:
        command = command[name]
    arguments = command.assemble_argument_collection(parse_docstring=True)
    assert [name for each in arguments if each.show for name in each.negatives if name.startswith("--empty")] == []


@pytest.mark.parametrize(("name", "lines"), EXAMPLES.items(), ids=list(EXAMPLES))
def test_the_examples_of_a_command_are_taken(name: str, lines: tuple[str, ...]) -> None:
    for line in lines:
        program, *arguments = shlex.split(line)
        assert (program, arguments[0]) == ("clerk", name)
        app.parse_args(arguments, exit_on_error=False, print_error=False)
    assert "Examples" in clerk_in_process({}, name, "--help").stdout


def test_run_is_the_first_command_and_completion_knows_them_all() -> None:
    shown = clerk_in_process({}, "--help").stdout
    names = re.findall(r"^│ ([a-z]+) ", shown, re.MULTILINE)
    assert names == [*COMMANDS, "version"]
    assert "--install-completion" in shown
    for shell in ("bash", "zsh", "fish"):
        script = app.generate_completion(shell=shell)
        assert [name for name in COMMANDS if name not in script] == []


def test_whoever_stops_reading_is_told_nothing() -> None:
    reads, writes = os.pipe()
    os.close(reads)
    ended = subprocess.run([sys.executable, "-m", "ops", "dead", "list", "--help"], cwd=ROOT, stdout=writes,
                           stderr=subprocess.PIPE, check=False)  # fmt: skip
    os.close(writes)
    assert (ended.stderr, ended.returncode in {1, ENDED_BY_SIGPIPE}) == (b"", True)


def test_the_table_of_queues_fits_80_columns() -> None:
    busy = QueueState(name="notifications", ready=99_999, held=160, delayed=1_385, dead=1_500, consumers=16,
                      next_due_at=datetime.now(UTC) + timedelta(seconds=170), rate_in=12.5, rate_out=12.5,
                      oldest=3_000, oldest_at_least=True)  # fmt: skip
    console = Console(width=WIDTH, file=io.StringIO())
    with console.capture() as shown:
        console.print(draw(Snapshot(at=datetime.now(UTC), source="a test", queues=(busy,))))
    head, row, source = shown.get().splitlines()
    assert "consumers" in head
    assert "…" not in row
    assert source.endswith("from a test")


def test_a_reason_is_cut_for_a_terminal_alone() -> None:
    reason = "    Permanent:\n  " + "is_archived " * 20
    terminal, pipe = Console(width=WIDTH, force_terminal=True), Console(width=WIDTH, force_terminal=False)
    cut = in_one_line(reason, terminal, wide=False).plain
    assert (len(cut), cut[:14], cut[-1]) == (WIDTH, "    Permanent:", "…")
    for console, wide in ((terminal, True), (pipe, False)):
        assert in_one_line(reason, console, wide=wide).plain.endswith("is_archived")


def test_one_thing_is_one_thing() -> None:
    assert [counted(number, "dead letter") for number in (0, 1, 2)] == [
        "0 dead letters",
        "1 dead letter",
        "2 dead letters",
    ]
