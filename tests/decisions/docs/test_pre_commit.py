"""The hooks of .pre-commit-config.yaml run what `make check` runs, out of the same environment."""

import re
from typing import Any, Final

import yaml

from tests.servers import ROOT

CONFIG: Final[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
HOOKS: Final[list[dict[str, Any]]] = [hook for repo in CONFIG["repos"] for hook in repo["hooks"]]
TESTS: Final = re.compile(r"(?:\.venv/bin/(?:python -m )?pytest|(?:make|\$\(MAKE\))) (?:quick|\.venv/quick-passed)\b")


def commands_of(target: str) -> list[str]:
    """The commands of a target of the Makefile."""
    makefile = (ROOT / "Makefile").read_text().replace("$(BIN)", ".venv/bin")
    recipe = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe is not None
    return [line.strip("\t@") for line in recipe[1].splitlines()]


def test_the_hooks_run_each_command_that_the_gate_runs() -> None:
    entries = {hook["entry"] for hook in HOOKS}
    commands = commands_of("check")
    assert [each for each in commands if each not in entries and not TESTS.match(each)] == []
    assert any(TESTS.match(entry) for entry in entries)


def test_the_hooks_fetch_nothing_and_look_at_the_whole_repository() -> None:
    assert {repo["repo"] for repo in CONFIG["repos"]} == {"local"}
    assert {hook["language"] for hook in HOOKS} == {"system"}
    assert {hook["pass_filenames"] for hook in HOOKS} == {False}
