"""docs/operations.md names tests that exist, and quotes what Clerk says."""

import re
from typing import Final

from tests.servers import ROOT

TEXT: Final = (ROOT / "docs" / "operations.md").read_text()
OF_A_CASE: Final = re.compile(r"\S*…\S*|: \w+$|\+1\S*")
"""What differs from case to case in words that are quoted."""


def said() -> str:
    """All that the program may say: its source, with the strings that are written in pieces put together."""
    sources = [
        path.read_text()
        for top in ("messages", "gateway", "workers", "ops")
        for pattern in ("*.py", "*.html")
        for path in (ROOT / top).rglob(pattern)
    ]
    return re.sub(r'"\s+f?"', "", "\n".join(sources))


def quoted() -> list[str]:
    """The words that are quoted as Clerk's, but for what differs from case to case."""
    prose = re.sub(r"`[^`]*`", "", TEXT)
    words = [part.strip(" ,:") for each in re.findall(r'"([^"\n]+)"', prose) for part in OF_A_CASE.split(each)]
    return [each for each in words if each]


def test_every_promise_names_a_test_that_exists() -> None:
    tests = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    rows = TEXT.partition("## What each promise rests on")[2].strip().splitlines()
    promises = [row for row in rows if row.startswith("|")][2:]
    assert len(promises) > 10
    for promise in promises:
        shown_by = re.findall(r"`(test_\w+)`", promise)
        assert shown_by, promise
        assert set(shown_by) <= tests, set(shown_by) - tests


def test_what_is_quoted_is_what_clerk_says() -> None:
    source = said()
    assert [words for words in quoted() if words not in source] == []
    assert len(quoted()) > 5
