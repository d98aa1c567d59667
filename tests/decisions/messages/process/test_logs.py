"""A log tells what went wrong, and no token, number or text that was at hand."""

import subprocess
import sys

import pytest

PROGRAM = """
import structlog
from messages.process.logs import configure_logging
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


QUOTED = """
import logging
from dramatiq.broker import MessageProxy
from dramatiq.message import Message
from messages.process.logs import configure_logging
configure_logging({log_format!r})
message = Message("sms", "sms.send", (), {{"message": {{"body": "very-" + "secret"}}}}, {{}}, message_id="an-id")
logging.getLogger("dramatiq.worker.ConsumerThread(sms)").warning("Failed (%s): %s", MessageProxy(message), "why")
logging.getLogger("dramatiq.worker.ConsumerThread(sms)").error("It is %s.", message)
"""


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_message_that_dramatiq_logs_is_named_by_its_id(log_format: str) -> None:
    program = [sys.executable, "-c", QUOTED.format(log_format=log_format)]
    said = subprocess.run(program, capture_output=True, check=True, text=True).stderr
    assert "Failed (an-id): why" in said
    assert "It is an-id." in said
    assert "very-secret" not in said


QUIET = """
import structlog
from messages.process.logs import configure_logging
from ops.traces.log_trail import MemoryTrail, record_log
configure_logging({log_format!r}, quiet=True)
trail = MemoryTrail("run")
record_log(trail)
log = structlog.get_logger("clerk")
log.info("as it should be", correlation_id="c")
log.warning("look here", correlation_id="c")
print(*(line.event for line in trail.find(["c"])), sep=", ")
"""


def test_a_quiet_terminal_shows_what_asks_for_attention_and_the_trail_keeps_all() -> None:
    program = [sys.executable, "-c", QUIET.format(log_format="console")]
    said = subprocess.run(program, capture_output=True, check=True, text=True)
    assert "look here" in said.stderr
    assert "as it should be" not in said.stderr
    assert said.stdout == "as it should be, look here\n"
