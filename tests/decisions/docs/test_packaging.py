"""The distribution: its name, its requirements and their locks. (`python -m tests.package` builds it and runs it.)"""

import re
import subprocess
import tomllib
from fnmatch import fnmatch
from typing import Any, Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from messages.release import DISTRIBUTION
from tests.servers import ROOT

PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS: Final[dict[str, list[str]]] = PROJECT["project"]["optional-dependencies"]
PRIVATE: Final = {"dramatiq", "pika", "uvicorn", "mongoeco"}
"""Clerk builds on private names of these."""


def locked(name: str) -> dict[str, str]:
    """The versions in a lock, by name."""
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))


def test_the_distribution_is_called_alike_everywhere() -> None:
    assert PROJECT["project"]["name"] == DISTRIBUTION
    assert PROJECT["project"]["scripts"] == {"clerk": "ops.__main__:main"}


@pytest.mark.parametrize("text", [*PROJECT["project"]["dependencies"], *EXTRAS["embedded"], *EXTRAS["dev"]])
def test_each_requirement_has_a_range_and_what_is_locked_is_in_it(text: str) -> None:
    requirement = Requirement(text)
    bounds = {each.operator: Version(each.version) for each in requirement.specifier}
    assert set(bounds) == {">=", "<"}
    found = locked("requirements-dev.lock")[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(found)
    if requirement.name in PRIVATE:
        assert bounds["<"].release == (bounds[">="].major, bounds[">="].minor + 1)
    else:
        assert bounds["<"].major <= bounds[">="].major + 1


def test_the_locks_agree_and_the_image_has_no_embedded_database() -> None:
    image, embedded, dev = (locked(f"requirements{each}.lock") for each in ("", "-embedded", "-dev"))
    assert image.items() < embedded.items() < dev.items()
    assert "mongoeco" in embedded
    assert {"mongoeco", "numpy", "shapely"} & image.keys() == set()


def test_every_file_of_a_package_goes_into_the_wheel() -> None:
    tool = PROJECT["tool"]["setuptools"]
    folders = [each.removesuffix("*") for each in tool["packages"]["find"]["include"]]
    listed = subprocess.run(["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True)
    left_out = [
        file
        for file in listed.stdout.splitlines()
        if not file.endswith(".py")
        and not any(
            fnmatch(file, f"{package}/{pattern.replace('**/', '')}")
            for package, patterns in tool["package-data"].items()
            for pattern in patterns
        )
    ]
    assert left_out == []
