"""docs/time.md names a test that exists for each promise."""

import re
from typing import Final

from tests.servers import ROOT

TEXT: Final = (ROOT / "docs" / "time.md").read_text()


def rows() -> list[str]:
    """The rows of all tables, without their heads."""
    lines = [line for line in TEXT.splitlines() if line.startswith("| ")]
    return [line for line in lines if line != "| promise | shown by |"]


def test_every_promise_about_time_names_tests_that_exist() -> None:
    tests = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^ *(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    assert len(rows()) > 80
    for row in rows():
        promise, shown_by = re.fullmatch(r"\| (.+) \| (.+) \|", row).groups()  # type: ignore[union-attr]
        named = re.findall(r"`(test_\w+)`", shown_by)
        assert named, promise
        assert set(named) <= tests, (promise, set(named) - tests)


def test_no_promise_is_made_twice() -> None:
    promises = [row.split(" | ")[0] for row in rows()]
    assert len(promises) == len(set(promises))


def test_every_table_is_in_the_list_at_the_beginning() -> None:
    headings = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)
    listed = re.findall(r"\(#([\w-]+)\)", TEXT.partition("\n## ")[0])
    assert listed == [each.lower().replace(" ", "-") for each in headings]
