"""The image holds Clerk and what it needs, and nothing else."""

import re
import tomllib
from typing import Final

from tests.servers import ROOT

DOCKERFILE: Final = (ROOT / "Dockerfile").read_text()


def test_the_image_has_every_package_and_only_what_the_locks_name() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        packages = tomllib.load(file)["tool"]["setuptools"]["packages"]["find"]["include"]
    copied = set(re.findall(r"^COPY (\w+) \1$", DOCKERFILE, re.MULTILINE))
    assert copied == {package.removesuffix("*") for package in packages}
    lines = [line for line in DOCKERFILE.replace("\\\n", " ").splitlines() if line.startswith("RUN ")]
    commands = [command for line in lines for command in line.removeprefix("RUN ").split("&&")]
    installs = [command for command in commands if re.search(r"\bpip\b.* install ", command)]
    assert len(installs) == 3
    assert all("--require-hashes" in command or "--no-index" in command for command in installs)
    assert "--no-build-isolation" in DOCKERFILE
    assert any("-m venv --without-pip /venv" in command for command in commands)


def test_the_image_runs_clerk_as_an_unprivileged_user() -> None:
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert last.startswith("python:3.13-slim")
    assert "\nUSER clerk\n" in last
    assert 'ENTRYPOINT ["clerk"]' in last


def test_the_image_is_built_from_what_is_let_in() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        each for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE) for each in line.split()[:-1]
    }
    assert copied == let_in
