"""docs/operations.md names tests and commands that exist."""

import re

from tests.servers import ROOT

TEXT = (ROOT / "docs" / "operations.md").read_text()


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
