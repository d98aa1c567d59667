"""The README names what there is: every variable, command, route, file."""

import re
from typing import Final

from messages.process.settings import Settings, variable
from ops.cli import app
from ops.settings import OpsSettings
from tests.servers import ROOT

README: Final = (ROOT / "README.md").read_text()
DOCUMENTS: Final = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]


def first_cells(heading: str) -> str:
    """The first column of the tables under a heading."""
    section = README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return "\n".join(re.split(r"(?<!\\)\|", line)[1] for line in section.splitlines() if line.startswith("| "))


def test_every_variable_is_listed() -> None:
    variables = {variable(name) for name in (*Settings.model_fields, *OpsSettings.model_fields)}
    assert set(re.findall(r"CLERK_\w+|\b[A-Z]+_PROXY\b", first_cells("Settings"))) == variables


def test_every_command_is_listed_and_there() -> None:
    commands = {name for name in app if not name.startswith("-")}
    assert set(re.findall(r"`clerk (\w+)", first_cells("Operate"))) == commands


def test_every_command_that_is_mentioned_is_there() -> None:
    commands = {name for name in app if not name.startswith("-")}
    mentioned = {name for path in DOCUMENTS for name in re.findall(r"(?:`|bin/|gateway )clerk (\w+)", path.read_text())}
    assert mentioned - commands == set()


def test_every_make_target_that_is_mentioned_is_there() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"run", "test", "check", "bench"} <= set(re.findall(r"^make (\w+)", README, re.MULTILINE)) <= targets


def test_every_webhook_is_listed() -> None:
    source = (ROOT / "gateway" / "app.py").read_text()
    served = set(re.findall(r'^\s+"(/[a-z/]+)": ', source, re.MULTILINE))
    assert served
    assert served - set(re.findall(r"`(/[a-z/]+)[`{]", first_cells("Operate"))) == set()


def test_every_file_and_folder_that_is_named_is_there() -> None:
    named = re.findall(r"`((?:messages|gateway|workers|ops|sandbox|tests|docs)/[\w./-]*)`", README)
    linked = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert named and linked
    missing = [name for name in (*named, *linked) if "NAME" not in name and not (ROOT / name).exists()]
    assert missing == []


def test_files_named_in_the_decisions_are_there() -> None:
    for path in (ROOT / "docs" / "decisions").glob("*.md"):
        for name in re.findall(r"`((?:messages|gateway|workers|ops|tests)/[\w./-]+)`", path.read_text()):
            assert (ROOT / name).exists(), f"{path.name} names {name}"
