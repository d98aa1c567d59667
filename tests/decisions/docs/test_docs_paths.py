"""What the documents name is there, and docs/architecture.md leaves out no folder, message or collection."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from messages.queues import QUEUES
from tests.servers import ROOT
from workers.runtime import HANDLERS
from workers.wiring import load_actors

ARCHITECTURE: Final = (ROOT / "docs" / "architecture.md").read_text()
DECISIONS: Final = sorted((ROOT / "docs" / "decisions").glob("*.md"))
DOCUMENTS: Final = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/architecture.md")),
    ROOT / "docs" / "operations.md",
    ROOT / "docs" / "growing.md",
    *DECISIONS,
]
IGNORED: Final = {".git", *(line.strip("/") for line in (ROOT / ".gitignore").read_text().split())}


def is_ours(folder: Path) -> bool:
    """Whether a folder is kept in the repository."""
    return folder.is_dir() and not any(folder.match(pattern) for pattern in IGNORED)


def folders() -> Iterator[Path]:
    """The folders at the top, the packages and folders in them, and the packages of the program below those."""
    for top in filter(is_ours, ROOT.iterdir()):
        yield top
        for room in filter(is_ours, top.iterdir()):
            yield room
            if top.name != "tests":
                yield from (each for each in filter(is_ours, room.iterdir()) if (each / "__init__.py").exists())


def section(heading: str) -> str:
    return ARCHITECTURE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def rows(heading: str) -> dict[str, str]:
    """A section's table: its rows, by what their first cell names."""
    return dict(re.findall(r"^\| `([^`]+)` \|(.*)$", section(heading), re.MULTILINE))


def named(text: str) -> set[str]:
    """The paths that a document names: below one of our folders, or a file at the top."""
    tops = "|".join(re.escape(top.name) for top in filter(is_ours, ROOT.iterdir()))
    return set(re.findall(rf"`((?:{tops})/[\w./@-]*|[\w.-]+\.(?:md|toml|yml|yaml|lock)|Makefile|Dockerfile)`", text))


def anchors(document: Path) -> set[str]:
    """What a link into a document may have after its #."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_path_that_a_document_names_is_there(document: Path) -> None:
    missing = {name for name in named(document.read_text()) if "NAME" not in name and not (ROOT / name).exists()}
    assert missing == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", document.read_text()):
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_folder_has_a_line_in_the_layout() -> None:
    there = {f"{folder.relative_to(ROOT)}/" for folder in folders()}
    layout = set(rows("The layout"))
    assert there - layout == set(), "folders without a line"
    assert layout - there == set(), "lines without a folder"


def test_every_message_is_in_the_line_of_its_queue() -> None:
    load_actors()
    queues = rows("Queues")
    assert set(queues) == set(QUEUES)
    for handler in HANDLERS.values():
        assert f"`{handler.handles.__name__}`" in queues[handler.handles.queue()]
    assert sum(len(re.findall(r"`[A-Z]\w+`", row)) for row in queues.values()) == len(HANDLERS)


def test_every_collection_has_a_line() -> None:
    sources = [*(ROOT / "workers" / "mongo").rglob("*.py"), *(ROOT / "ops").rglob("*.py")]
    opened = {name for path in sources for name in re.findall(r'database\["(\w+)"\]', path.read_text())}
    assert set(rows("Documents")) == opened


@pytest.mark.parametrize("record", DECISIONS, ids=lambda record: record.name)
def test_a_decision_record_says_why_what_and_what_follows(record: Path) -> None:
    text = record.read_text()
    assert text.startswith(f"# {int(record.name[:4])}. ")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings[:3] == ["Context", "Decision", "Consequences"]


def test_decision_records_are_numbered_without_gaps() -> None:
    assert [int(record.name[:4]) for record in DECISIONS] == list(range(1, len(DECISIONS) + 1))
