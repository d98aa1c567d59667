"""The house: rooms that are not crowded, names that exist once, purity that is what it says."""

import ast
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import grimp

from tests.contracts import PACKAGES, ROOT, calls_itself_pure, name_of

MOST_FILES = 16


def files() -> Iterator[Path]:
    """Every Python file that is ours."""
    for package in (*PACKAGES, "tests", "bench"):
        yield from sorted((ROOT / package).rglob("*.py"))


def test_no_folder_is_crowded() -> None:
    crowd = Counter(file.parent.relative_to(ROOT).as_posix() for file in files())
    assert {folder: count for folder, count in crowd.items() if count > MOST_FILES} == {}


def test_a_class_name_exists_once() -> None:
    sources = {file: file.read_text() for file in files()}
    written = {file: re.findall(r"^class\s+(\w+)", source, re.MULTILINE) for file, source in sources.items()}
    times = Counter(name for names in written.values() for name in names)
    places: defaultdict[str, list[str]] = defaultdict(list)
    for file, names in written.items():
        for node in ast.parse(sources[file]).body if any(times[name] > 1 for name in names) else ():
            if isinstance(node, ast.ClassDef):
                places[node.name].append(file.relative_to(ROOT).as_posix())
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def stem(name: str) -> str:
    """A name without the endings that tell neighbours apart for nobody: trace and tracing, hand and hands."""
    return re.sub(r"(ings?|ers?|ed|es|s|e)$", "", name)


def test_no_two_neighbours_differ_by_an_ending_alone() -> None:
    neighbours: defaultdict[Path, set[str]] = defaultdict(set)
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*"):
            if (path.suffix == ".py" and path.stem != "__init__") or (path / "__init__.py").exists():
                neighbours[path.parent].add(path.stem)
    alike = [
        (folder.relative_to(ROOT).as_posix(), one, other)
        for folder, names in neighbours.items()
        for one, other in combinations(sorted(names), 2)
        if stem(one) == stem(other)
    ]
    assert alike == []


EFFECTS = frozenset(
    {
        *("httpx", "pymongo", "pathlib", "tempfile", "fcntl", "socket", "subprocess", "threading", "signal", "sys"),
        *("uvicorn", "starlette", "opentelemetry", "cyclopts", "rich", "uuid", "secrets", "pydantic_settings"),
    }
)
"""What else a module imports that reads or changes the world."""


def test_a_module_calls_itself_pure_exactly_if_it_is() -> None:
    """The import contract looks at what calls itself pure: nothing escapes it by keeping silent."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [contract] = [each for each in contracts if each["type"] == "pure"]
    direct, indirect = EFFECTS | set(contract["forbidden"]), set(contract["forbidden_indirectly"])
    graph = grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)
    wrong = {}
    for package in ("messages", "gateway", "workers", "ops"):
        for file in sorted((ROOT / package).rglob("*.py")):
            if file.stem in {"__init__", "__main__"}:
                continue
            name = name_of(file)
            impure = direct & graph.find_modules_directly_imported_by(name) | indirect & graph.find_upstream_modules(
                name
            )
            if calls_itself_pure(file) == bool(impure):
                wrong[name] = sorted(impure) or "could call itself pure"
    assert wrong == {}
