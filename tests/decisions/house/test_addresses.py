"""The repository names no registry of packages, and no folder of somebody's machine."""

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[3]
FOLDERS: Final = (
    *("messages", "gateway", "workers", "ops", "sandbox", "tests", "bench"),
    *("docs", "deploy", ".ci", ".github"),
)
WRONG: Final = re.compile(r"pypi\.(?:org|python)|python" + r"hosted\.org|registry\.npm" + r"js|(?<![\w.}])/root/")
HERE: Final = Path(__file__)


def wrong_lines(text: str) -> list[str]:
    """The lines that name one."""
    return [line.strip() for line in text.splitlines() if WRONG.search(line)]


def files() -> list[Path]:
    """The repository's files, without what the tests and tools leave behind."""
    inside = [each for folder in FOLDERS for each in (ROOT / folder).rglob("*") if "__pycache__" not in each.parts]
    above = [each for each in ROOT.iterdir() if each.suffix in {".md", ".toml", ".lock", ".yml", ".yaml", ".txt"}]
    named = [ROOT / name for name in ("Makefile", "Dockerfile", ".env.example")]
    return [each for each in (*inside, *above, *named) if each.is_file() and each != HERE]


def test_no_file_names_a_registry_or_a_machines_folder() -> None:
    found = {each.relative_to(ROOT).as_posix(): wrong_lines(each.read_text(errors="ignore")) for each in files()}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("[holidays](https://pypi.org/project/holidays/)", True),
        ("--index-url https://pypi.python.org/simple", True),
        ("cd /root/clerk", True),
        ("[holidays](https://holidays.readthedocs.io)", False),
        ("post {id}/root/2", False),
        ("WORKDIR /home/clerk", False),
    ],
)
def test_which_lines_do(line: str, wrong: bool) -> None:
    assert bool(wrong_lines(line)) is wrong
