"""What commands import when they start: each library costs every process time and memory, used or not."""

import subprocess
import sys
from typing import Final

from ops.cli import COMMANDS
from tests.servers import ROOT

HEAVY: Final = (
    "aiohttp",
    "emoji",
    "mongoeco",
    "opentelemetry",
    "requests",
    "sandbox.app",
    "slack_sdk",
    "twilio",
    "urllib3",
)
"""What only those need who call Slack or Twilio, trace, or have no MongoDB."""

NEED_THEM: Final = {"run", "clock"}
"""`clerk worker` needs them as well, but only in the processes that it starts."""

LOOK: Final = """import sys
from importlib import import_module
for name in sys.argv[1].split():
    import_module(f"ops.commands.{name}")
print(*[each for each in sys.argv[2].split() if each in sys.modules])"""


def test_no_command_imports_the_clients_of_slack_and_twilio_unless_it_calls_them() -> None:
    modules = [{"import": "import_"}.get(name, name) for name in COMMANDS if name not in NEED_THEM]
    found = subprocess.run(
        [sys.executable, "-c", LOOK, " ".join(modules), " ".join(HEAVY)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    assert found.stdout.split() == []
