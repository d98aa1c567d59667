"""A log tells what went wrong, and no token, number or text that was at hand."""

import subprocess
import sys

import pytest

PROGRAM = """
import structlog
from messages.logs import configure_logging
configure_logging({log_format!r})
def call(token):
    raise RuntimeError("it failed")
try:
    call("-".join(["very", "secret"]))
except RuntimeError:
    structlog.get_logger().exception("broken")
"""


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_traceback_shows_no_local_variable(log_format: str) -> None:
    program = [sys.executable, "-c", PROGRAM.format(log_format=log_format)]
    said = subprocess.run(program, capture_output=True, check=True, text=True).stderr
    assert "it failed" in said
    assert "very-secret" not in said
