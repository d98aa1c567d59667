"""No request leaves Clerk by a way of its own: each asks which proxy leads to its address."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
VERBS = {"delete", "get", "head", "patch", "post", "put", "request"}
SOURCES = [path for folder in ("gateway", "workers") for path in sorted((ROOT / folder).rglob("*.py"))]


def requests_without_proxy(source: str) -> Iterator[int]:
    """The lines of requests of aiohttp (`async with session.get(…)`) that do not say `proxy=`."""
    for node in ast.walk(ast.parse(source)):
        for item in node.items if isinstance(node, ast.AsyncWith) else ():
            call = item.context_expr
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
                continue
            if call.func.attr in VERBS and "proxy" not in {each.arg for each in call.keywords}:
                yield call.lineno


def test_the_search_finds_a_request_without_a_proxy() -> None:
    assert list(
        requests_without_proxy("async def f(s):\n async with s.get('x') as a, s.post('y', proxy=1):\n  pass")
    ) == [2]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_request_of_gateway_and_workers_names_its_proxy(path: Path) -> None:
    assert list(requests_without_proxy(path.read_text())) == []


def test_doctor_reaches_out_by_one_client() -> None:
    checks = ROOT / "ops" / "checks"
    assert [path.name for path in sorted(checks.glob("*.py")) if "httpx.Client(" in path.read_text()] == ["outward.py"]
