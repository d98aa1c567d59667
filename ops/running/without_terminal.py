"""Starts processes that stay without what only a terminal needs: it would be in their memory for good."""

import sys
from importlib import import_module
from typing import Final

TERMINAL: Final = ("pygments", "rich")
"""What structlog and httpx import if it is there, to show errors on a terminal and for a command of httpx's own."""


def import_without_terminal(*names: str) -> None:
    """Import libraries as if those for terminals were not installed; others may import these later all the same."""
    absent = [each for each in TERMINAL if each not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # https://docs.python.org/3/reference/import.html#the-module-cache
    try:
        for name in names:
            import_module(name)
    finally:
        for each in absent:
            del sys.modules[each]
