"""The change log lists releases, the newest first, and the version is in one place."""

import json
import re
import tomllib

import pytest

from messages.release import DOCUMENTS, MESSAGES, VERSION
from ops.cli import version
from tests.servers import ROOT

HEADINGS = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_the_change_log_has_releases_as_semantic_versions_the_newest_first() -> None:
    first, *releases = HEADINGS
    assert first == "[Unreleased]"
    found = [re.fullmatch(r"\[(\d+)\.(\d+)\.(\d+)\] - (\d{4}-\d{2}-\d{2})", each) for each in releases]
    assert all(found), releases
    numbers = [tuple(map(int, each.groups()[:3])) for each in found if each is not None]
    assert numbers == sorted(set(numbers), reverse=True)
    assert releases[0].startswith(f"[{VERSION}]")


def test_the_package_takes_its_version_from_the_code() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    assert "version" not in project["project"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "messages.release.VERSION"}


def test_clerk_says_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    version()
    assert capsys.readouterr().out == f"clerk {VERSION} (messages {MESSAGES}, documents {DOCUMENTS})\n"
    version(as_json=True)
    assert json.loads(capsys.readouterr().out) == {"version": VERSION, "messages": MESSAGES, "documents": DOCUMENTS}
